//! 事项: everything that needs an answer, from the moment it is said to the moment the resident says it is settled.
//!
//! Rules
//! - One record, one public code (一案一码). Nothing about a case changes without an event in its history.
//! - The flow of the pinned playbook says who may do what when; [`act`] interprets it. What the API offers and
//!   what it accepts come from the same function.
//! - Deadlines are rows in working time. A comment moves none of them; asking the resident pauses them; a breached one fires
//!   an ordinary transition by linli itself ([`sweep`], [`by_itself`]).
//! - An open case always has a running clock: where all ran out and nobody took it further, it is looked at again.
//! - Whoever handled a case does not verify it.
//! - A resident needs no account: the public code is the key to follow, answer, rate and reopen.
//! - A case whose handler left (account disabled, post ended) stands in the box 无人经办 of everybody who may see it: [`unattended`].
//! - Several cases may be moved by one request ([`bulk`]): each goes through its own command and answers for itself.
//! - A running case goes by the version of the playbook that it began under until somebody moves it on purpose ([`version`]).
//! - Two people who act at once: the first wins, the other is told what happened (409 with the present state).
//!
//! What it deliberately does not do: it keeps no priorities of persons, sends no messages itself (jobs do), and
//! knows nothing of screens.

pub mod act;
pub mod acted;
pub mod boxes;
pub mod bulk;
pub mod bulk_offers;
mod by_itself;
pub mod call;
pub mod callbacks;
pub mod command;
pub mod contact;
pub mod count;
pub mod deadline;
pub mod dossier;
pub mod dossier_view;
pub mod effects;
pub mod entries;
pub mod entries_http;
pub mod erase;
pub mod form;
pub mod found;
pub mod fresh;
pub mod hot_spots;
pub mod hot_spots_http;
pub mod http;
pub mod list;
pub mod model;
pub mod paper;
pub mod picked;
pub mod proactive;
pub mod public;
pub mod publicity;
mod reached;
pub mod reader;
mod relatives;
pub mod report;
pub mod routing;
pub mod row;
pub mod seats;
pub mod similar;
pub mod similar_http;
pub mod store;
pub mod surroundings;
pub mod sweep;
pub mod task;
pub mod task_command;
pub mod task_http;
pub mod task_store;
pub mod task_view;
mod tell;
#[cfg(test)]
pub(crate) mod tests;
pub mod unattended;
pub mod version;
pub mod version_http;
pub mod view;
pub mod words;
pub mod work_order;
pub mod work_order_check;
pub mod work_order_http;

pub use act::{Doer, World};
pub use deadline::Deadline;
pub use model::{Case, Draft, Rating, Reply, Reporter, Seat, Why};
