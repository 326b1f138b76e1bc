//! 查找: one box that understands the number of a case, a hotline's order, a place in Chinese or pinyin, and words.
//!
//! Rules
//! - Within the caller's scope, always: what is found is read through the same keys as every list.
//! - What bears the number typed comes first; then what is at the place named and has the other words; then what has all words in
//!   what was said; then what has them anywhere. Within each, the newest first. Every hit shows where it was found.
//! - The index ([`index`], `case_term`) leads to cases that may fit; whether they do is told by their text as it stands now. What it
//!   knows too much of costs a look and shows nothing, so terms are only added, and taken out where a text is erased.
//! - What the index has not taken in yet is read one by one: a case is found from the moment that it is reported.
//! - Pages are of rank and row: what comes in meanwhile moves nothing.
//!
//! What it deliberately does not do: it looks for nobody. Phone numbers have a search of their own that asks for a purpose; names of
//! reporters, and with whom a matter was talked about, are not in it.

pub mod find;
mod fold;
pub mod http;
pub mod index;
mod members;
mod plan;
mod query;
mod snippet;
mod terms;
#[cfg(test)]
mod tests;

pub use find::{Hit, Mark, Outcome, Search, find};
pub use plan::{Plan, Rank};
pub use query::{Asked, Placed};
