//! 一图: the picture of it all, for a duty room and for leaders.
//!
//! Rules
//! - It counts matters of areas and shows what is late, down to the case. "Today" is the day of Beijing.
//! - Whoever looks sees their own areas only, by the same rule as every list.
//!
//! What it deliberately does not do: it shows nobody's name or contact, no person on the map, and compares no people.

pub mod http;
mod view;
