//! 工作法 on the shelf: the versions that cases are pinned to, and the one that new cases get.
//!
//! Rules
//! - A version never changes once a case can be pinned to it: its whole content is stored under its version.
//! - A case is interpreted by the version that it began under for as long as it runs, unless somebody moves it on purpose.

pub mod http;
mod shelf;

pub use shelf::{OnShelf, Shelf};
