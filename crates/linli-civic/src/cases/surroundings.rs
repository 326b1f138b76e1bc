//! What is read around a case before anything is decided on it.

use std::sync::Arc;

use linli_db::{Conn, StoreError};
use linli_kernel::{AreaCode, Timestamp};
use linli_playbook::Playbook;

use super::World;
use super::model::Seat;
use super::routing::Amended;
use crate::app::App;
use crate::areas::tree::AreaTree;
use crate::people::Staffed;

/// The playbook, the areas, who answers where, and what rulings added to the responsibility list.
pub struct Surroundings {
    /// The playbook.
    pub book: Arc<Playbook>,
    areas: Arc<AreaTree>,
    staffed: Staffed,
    amended: Arc<Vec<Amended>>,
}

impl Surroundings {
    /// Around `place` and wherever else the case may go.
    ///
    /// # Errors
    /// The database's.
    pub fn read(
        app: &App,
        conn: &mut Conn,
        book: Arc<Playbook>,
        place: &AreaCode,
        elsewhere: &[Seat],
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut staffed = Staffed::above(conn, place, now)?;
        for seat in elsewhere {
            staffed = staffed.and(Staffed::above(conn, &seat.area, now)?);
        }
        Ok(Self { book, areas: app.areas(), staffed, amended: app.amended() })
    }

    /// Where who answers is known already.
    #[must_use]
    pub fn of(app: &App, book: Arc<Playbook>, staffed: Staffed) -> Self {
        Self { book, areas: app.areas(), staffed, amended: app.amended() }
    }

    /// Decides something there, at `now`.
    pub fn decide<T>(&self, app: &App, now: Timestamp, decide: impl FnOnce(&World<'_>) -> T) -> T {
        let world = World {
            book: &self.book,
            calendar: &app.calendar,
            staffed: &|seat: &Seat| self.staffed.has(&seat.key()),
            exists: &|area: &AreaCode| self.areas.get(area).is_some(),
            amended: &self.amended,
            ids: &app.ids,
            at: now,
        };
        decide(&world)
    }
}
