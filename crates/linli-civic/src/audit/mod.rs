//! 查看记录: who looked at whose contact, when and for what. Read by auditors, written by those who look.
//!
//! What it deliberately does not do: it is no record of what people do all day; only looks at residents' contacts are kept.

pub mod http;
