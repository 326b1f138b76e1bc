//! 通知: who is told what when something happened to a case, and by which way.
//!
//! Rules
//! - The rules are the playbook's (`notices.toml`), those of new cases: they are how the house speaks, not what it promised.
//! - One notice for each event, rule and recipient, however often the event is read. Whoever did a thing is not told of it.
//! - The first way by which somebody can be reached is taken; what is in the app is always there too. In the quiet hours news
//!   waits for their end, unless the rule is urgent.
//! - Residents are told only if they said yes for this case, and never more than the page of the case shows to its code.
//! - The log shows for every notice by which rule it came, how it went and why not. Addresses are read when something is sent, kept
//!   sealed, and shown masked.
//!
//! What it deliberately does not do: it keeps no time at which anybody read anything, and shows to nobody else whether they did.
//! Nothing is counted by person.

pub mod channels;
mod choice;
pub mod consumer;
pub mod digest;
pub mod http;
mod mine_http;
pub mod model;
mod recipients;
mod reporter_http;
mod send;
pub mod store;
mod words;
