//! 查看记录: who looked at whose contact, when and for what. Read by auditors, written by those who look.
//!
//! Rules
//! - An auditor reads the looks at cases of their own areas, newest first; nobody else reads them.
//! - It names who looked and why; of the resident it tells the case only.
//!
//! What it deliberately does not do: it is no record of what people do all day; only looks at residents' contacts are kept.

pub mod http;
