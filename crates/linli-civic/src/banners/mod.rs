//! 公告横幅: a line above the pages of an area: a snow warning, a number that is out of order, an office that is closed.
//!
//! Rules
//! - Whoever administers banners puts one up for an area of theirs, for some faces, from a moment until a moment.
//! - A page of a place shows the banners of that place and of everything above it. A page of no place shows those of the whole
//!   city. Staff see those of where they work.
//! - A banner is changed or taken down by an event like every fact; who said what to the city stays known.
//!
//! What it deliberately does not do: no banner is aimed at a person or a group of people, and nobody counts who saw it.

pub mod http;
pub mod model;
pub mod store;
