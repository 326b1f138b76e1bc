//! The capabilities of linli, one folder each.

pub mod areas;
