//! 一图: the picture of it all.

pub mod http;
