//! 离线同步: phones that go on working with no network, and what becomes of what they note.
//!
//! Rules
//! - The server decides. A phone keeps what its owner did as commands, numbered one after the other, and sends them when it
//!   can ([`push`]); it keeps a copy of the rows that they may see and work on ([`pull`]).
//! - Each command's effect and its outcome are one transaction. Sent again, it is answered with the same outcome.
//! - The commands of one phone are done in their order. One that comes before its turn is held, nothing is lost; after five
//!   days it is done all the same, and its outcome says so ([`sweep`]).
//! - What a phone's clock says is kept and shown; the server orders by receipt.
//! - A pull says first what to take off the phone. When a grant begins or ends, the scope has another version, and all that
//!   is no longer the caller's is taken off by name.
//! - The key of what lies on a phone has a half here, lent for 72 hours to a phone that was not revoked.
//!
//! What it deliberately does not do: it merges no documents, trusts no clock of a phone, and keeps no position of anyone.
//! A new type of command is one line in [`kinds::KINDS`].

pub mod care;
pub mod cursor;
pub mod http;
pub mod kinds;
pub mod model;
mod news;
pub mod pull;
pub mod push;
pub mod records;
pub mod registry;
pub mod rows;
pub mod store;
pub mod sweep;

pub use model::{Device, Outcome, SyncCommand};
