//! 指标: figures of what was done, which anybody can check.
//!
//! Rules
//! - What is counted, and how, is written in the playbook (`indicators.toml`); the page shows those words beside the figure.
//! - Figures follow from the feed and from nothing else. A consumer reads it, folds the history of each case that an event is
//!   about ([`fold`]), and writes what the case now counts for in place of what it counted for before ([`count`]). So an exclusion
//!   that is granted later, a reopening, a ruling correct the figures of earlier days, exactly.
//! - `indicator_fact` holds what each case counts for; `indicator_rollup` is the sum of it by scope and day, and nothing more. Both
//!   can be dropped and made again; other definitions, or another way to count, make them again by themselves.
//! - A case counts where it is (of what is not public: where it is answered), for every area above that, and for the unit that had
//!   it at that moment. Days are those of Beijing.
//! - Every figure opens its cases, and says how far the consumer is behind.
//! - A place is compared with its own past and with the middle half of like places. Nothing is listed by its figures but
//!   departments, and those only where a playbook says so. Nobody's name stands beside a figure.
//!
//! What it deliberately does not do: it rates no one, sums no points, and keeps no figure of a person.

pub mod basis;
pub mod board;
pub mod check;
pub mod codec;
pub mod consumer;
pub mod count;
pub mod counted;
pub mod day;
pub mod fold;
pub mod http;
pub mod like;
pub mod load;
pub mod scope;
pub mod sheet;
pub mod store;
pub mod tally;
#[cfg(test)]
mod tests;
pub mod view;

pub use basis::Basis;
