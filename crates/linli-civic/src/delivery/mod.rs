//! 出站: everything that leaves the house, through one outbox.
//!
//! Rules
//! - Whoever wants something sent writes a row ([`enqueue`]) in the transaction of what it follows from; nothing is sent from
//!   inside a command. Rows are made by consumers of the feed ([`consume`]): a known `dedup` key makes no second row.
//! - One sender at a time for each target, by a lease that a crash lets go of; oldest first. A delivery that fails holds back
//!   its own case only.
//! - A target that failed is tried by one delivery at a time until one goes through; after that at most `rate` a second.
//! - A delivery is tried [`MOST_ATTEMPTS`] times over about three days, later each time. Then it is a dead letter, which somebody
//!   sends again or gives up by hand; it is never dropped in silence.
//! - At least once: a crash between sending and noting sends again, so every receiver is given an id to recognise it by.
//! - Private and loopback addresses are refused unless the partner's file allows them; redirects are not followed.
//!
//! What it deliberately does not do: it keeps no addresses of people. A channel reads them when it sends, so that whoever said
//! no in the meantime is not written to.

pub mod consume;
pub mod http;
pub mod model;
pub mod store;
mod view;
pub mod web;
pub mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

pub use model::{Delivery, DeliveryState, MOST_ATTEMPTS, NewDelivery, Outcome};
pub use store::enqueue;

use crate::app::App;

/// 渠道: how something is sent.
pub trait Channel: Send + Sync {
    /// The word in `delivery.channel`.
    fn name(&self) -> &'static str;
    /// Sends it. Called on a thread that may block; at most a minute, or another sender takes the delivery over.
    fn deliver(&self, app: &App, delivery: &Delivery) -> Outcome;
}

/// Every channel that this server has; the server adds them when it starts.
#[derive(Default)]
pub struct Channels(RwLock<BTreeMap<&'static str, Arc<dyn Channel>>>);

impl Channels {
    /// Adds a channel, in place of one with the same name.
    pub fn add(&self, channel: Arc<dyn Channel>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(channel.name(), channel);
    }

    /// The channel with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<dyn Channel>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }
}

impl std::fmt::Debug for Channels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.read().unwrap_or_else(PoisonError::into_inner).keys()).finish()
    }
}
