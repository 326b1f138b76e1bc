//! 场所码、设施码: the printed code of premises or of a facility, given once.

use linli_access::{Act, Caller};
use linli_kernel::{Actor, AreaCode, Change, NewEvent, ProblemCode, RecordId, Stream, StreamKind, Timestamp};
use serde_json::json;

use super::command::may;
use super::fields::Kind;
use super::store;
use crate::app::App;
use crate::areas::store::{Place, PlaceKind};
use crate::http::{Answer, Refused};

/// What bears a printed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coded {
    /// 场所码
    Premises,
    /// 设施码
    Facility,
}

impl Coded {
    /// The kind of record.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Premises => Kind::Premises,
            Self::Facility => Kind::Facility,
        }
    }

    /// What the code hangs on.
    const fn place(self) -> PlaceKind {
        match self {
            Self::Premises => PlaceKind::Premises,
            Self::Facility => PlaceKind::Facility,
        }
    }

    /// Where its codes are kept.
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Premises => "premises_code",
            Self::Facility => "facility_code",
        }
    }
}

/// What is printed on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordCode {
    /// What is printed.
    pub code: String,
    /// On what.
    pub on: Coded,
    /// On which.
    pub record: RecordId,
    /// Where it is.
    pub area: AreaCode,
}

impl RecordCode {
    /// The change that gives it.
    pub fn give(self, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Place, self.code.clone()),
            kind: "record_code_given",
            at,
            actor,
            payload: json!({ "kind": self.on.kind(), "record": self.record }),
            text: None,
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

/// Gives a record a printed code; afterwards it is told again.
///
/// # Errors
/// `NotFound`, `Forbidden`; the database's.
pub async fn give(app: &App, caller: Caller, on: Coded, id: RecordId) -> Answer<String> {
    let (writer, now, code) = (app.clone(), app.now(), app.ids.public_code().to_string());
    let given = app.db.write(move |tx| {
        let record = store::load(tx, &writer.vault, on.kind(), id)?.ok_or(ProblemCode::NotFound)?;
        let actor = may(&caller, Act::EditRegistry, &record.area)?;
        if let Some(known) = store::code_of(tx, on, id)? {
            return Ok(known);
        }
        let place =
            Place { code: code.clone(), area: record.area, kind: on.place(), name: record.label(), point: None };
        tx.commit(place.put_up(actor.clone(), now))?;
        let given = RecordCode { code: code.clone(), on, record: id, area: record.area };
        tx.commit(given.give(actor, now))?;
        Ok::<_, Refused>(code.clone())
    });
    given.await
}
