//! 试演: a draft of a way of working is tried on what happened, before it counts.
//!
//! Rules
//! - A past case is replayed twice from its history alone: by the version that it began under, and by the draft. What differs
//!   between the two is what the draft would change; how well a replay can be is the same on both sides.
//! - The deeds are those that were done, at the moments at which they were done, by someone who stood to the case as the doer did
//!   then. The draft decides what comes of them: who answers, by when, what is allowed, what happens by itself.
//! - A clock that both versions know runs out when it ran out in truth; any other at its own time.
//! - A deed that the draft would not allow ends the comparison there: what people would have done instead nobody knows.
//! - It reads and never writes. No text that anybody wrote leaves this slice, and no name.
//!
//! What it deliberately does not do: it predicts no one's behaviour, and gives no figure of how good a draft is.

mod compare;
mod fill;
pub mod http;
mod past;
mod replay;
mod store;
#[cfg(test)]
mod tests;
pub mod view;

use std::collections::HashMap;
use std::sync::Arc;

use linli_db::{Conn, StoreError};
use linli_kernel::{Calendar, CaseId, Timestamp};
use linli_playbook::Playbook;

pub use compare::Difference;
pub use store::{Wish, select};

use compare::differences;
use past::Past;
use replay::{Ground, Run};

/// What a rehearsal is held with: read once, used for every case.
pub struct Stage {
    /// The draft.
    pub draft: Arc<Playbook>,
    calendar: Calendar,
    ground: store::Kept,
    books: HashMap<(String, String), Arc<Playbook>>,
    until: Timestamp,
}

/// A case of the past by the draft.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// Which.
    pub past: Past,
    /// What would be different; empty when nothing would.
    pub differences: Vec<Difference>,
    /// The number of the first event that the replay could not tell as it was.
    pub unlike: Option<i64>,
    /// The version that it began under.
    pub book: Arc<Playbook>,
}

impl Stage {
    /// Reads who held which post, what rulings added, and every version that a case is pinned to.
    ///
    /// # Errors
    /// The database's.
    pub fn set(
        conn: &mut Conn,
        draft: Arc<Playbook>,
        calendar: Calendar,
        until: Timestamp,
    ) -> Result<Self, StoreError> {
        Ok(Self { draft, calendar, ground: store::Kept::read(conn)?, books: store::books(conn)?, until })
    }

    /// Rehearses these cases; those whose history does not begin as a case begins are left out.
    ///
    /// # Errors
    /// The database's.
    pub fn rehearse(&self, conn: &mut Conn, ids: &[CaseId]) -> Result<Vec<Rehearsed>, StoreError> {
        let mut done = Vec::new();
        for id in ids {
            let Some(past) = store::past(conn, *id)? else { continue };
            done.extend(self.rehearse_one(past));
        }
        Ok(done)
    }

    fn rehearse_one(&self, past: Past) -> Option<Rehearsed> {
        let ground = Ground { calendar: &self.calendar, kept: &self.ground, books: &self.books, until: self.until };
        let book = Arc::clone(self.books.get(&past.pinned)?);
        let was = Run::as_it_was(&past, &book, &ground);
        let would = Run::by_draft(&past, &was, &self.draft, &ground);
        Some(Rehearsed { differences: differences(&was, &would), unlike: was.unlike, past, book })
    }
}
