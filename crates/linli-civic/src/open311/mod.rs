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

use std::path::Path;

mod catalogue;
pub mod client;
mod config;
mod conversation;
mod date;
pub mod desk;
mod element;
mod fault;
mod filter;
mod form;
pub mod http;
mod intake;
mod key;
mod node;
pub mod pictures;
pub mod publish;
mod reading;
mod status;
mod store;
mod view;

pub use config::{BadConfig, Open311Config};
pub use key::{Client, ClientTerms, Clients};

use client::Servers;
use key::Rates;

use crate::partners::{PartnerFault, Partners};

/// What Open311 is made of beside the application.
#[derive(Debug)]
pub struct Endpoint {
    /// What the operator says of it.
    pub config: Open311Config,
    /// Who may write to us.
    pub clients: Clients,
    /// To whom we write.
    pub servers: Servers,
    rates: Rates,
}

/// Why Open311 cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    /// The endpoint's own settings.
    #[error(transparent)]
    Config(#[from] BadConfig),
    /// A partner's table.
    #[error("{0}")]
    Partner(PartnerFault),
}

impl Endpoint {
    /// From `DATA/open311.toml` and the partners' tables.
    ///
    /// # Errors
    /// The first fault of any of them.
    pub fn open(data: &Path, partners: &Partners) -> Result<Self, CannotOpen> {
        Ok(Self {
            config: Open311Config::load(data)?,
            clients: Clients::of(partners).map_err(CannotOpen::Partner)?,
            servers: Servers::of(partners).map_err(CannotOpen::Partner)?,
            rates: Rates::default(),
        })
    }
}
