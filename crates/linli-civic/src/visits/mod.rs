//! 走访记录: what was seen on a visit, a patrol, an inspection, at a meeting.
//!
//! Rules
//! - A record is written once. It is never changed; a second look is a second record. Retention takes its text after two years
//!   and its point after 90 days.
//! - A finding becomes a case in the same command, through the ordinary report (channel `visit`), with place, photos and people
//!   filled in; the visit knows its case, and a case's visits are found by it.
//! - Records of a grid are read by its worker and by those who send people there, no further up.
//! - A place is a printed code, words, an area; a point only when whoever was there tapped it, and of it no more than about 100 m.
//! - `captured_at` is what the clock of the one who noted it said: it is shown. Records are ordered by when they were received.
//! - 走访问题: where notes of one place keep saying much the same, that is proposed to whoever heads the place ([`recurring`]):
//!   place, shared words, visits, a case to open. They decide ([`problem`]); by itself nothing becomes a case. Proposals name no
//!   resident and no worker.
//!
//! What it deliberately does not do: no track, no check-in, no photo that must be taken, no count of anybody's visits.

pub mod command;
pub mod http;
pub mod model;
pub mod problem;
pub mod problem_http;
pub mod problem_store;
pub mod problem_view;
pub mod recurring;
pub mod store;
mod unnamed;
pub mod view;

pub use model::{BELIEVED_MS, Visit, worked_at};
