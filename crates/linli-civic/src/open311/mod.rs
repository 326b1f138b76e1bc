//! 开放接口 Open311 `GeoReport` v2: other systems hand reports in, read what became of them and hear of every change; and we
//! do the same with theirs.
//!
//! Rules
//! - Strict in what we say, lenient in what we hear. Ids, codes and zip codes go out as text, dates in UTC without fractions, every
//!   field of the specification is there; what comes in may be wrapped, repeated, numbered, empty or called otherwise.
//! - What everybody may read is a copy made for it ([`publish`]): category, area, status, promise, published answer. Not the
//!   resident's own words, not the flat, not the point; those only the client that handed them in sees, with its key.
//! - A request's id is its own. The case's public code would let whoever reads the list act for the resident.
//! - Private cases, and cases that nobody has put a category to yet, are not in it.
//! - An update is found by the time of its publication: a window of time never gains a row after it was asked for.
//! - What is sent twice is entered once, by the sender's own number.
//!
//! What it deliberately does not do: it knows no accounts and no devices of reporters, follows nobody, publishes no photos, and
//! never lets another system settle, verify or rate anything.

use std::sync::Arc;

mod catalogue;
mod config;
mod conversation;
mod date;
mod element;
mod fault;
mod filter;
mod form;
pub mod http;
mod intake;
mod key;
mod node;
mod pictures;
pub mod publish;
mod reading;
mod status;
mod store;
mod view;

pub use config::{BadConfig, Open311Config};
pub use key::{Client, ClientTerms, Keys, NoKeys};

use key::Rates;

/// What the endpoint is made of beside the application.
pub struct Endpoint {
    /// What the operator says of it.
    pub config: Open311Config,
    /// Who may write.
    pub keys: Arc<dyn Keys>,
    rates: Rates,
}

impl Endpoint {
    /// From what the operator says and who may write.
    #[must_use]
    pub fn new(config: Open311Config, keys: Arc<dyn Keys>) -> Self {
        Self { config, keys, rates: Rates::default() }
    }
}
