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

/// What is printed on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordCode {
    /// What is printed.
    pub code: String,
    /// On which kind of record.
    pub kind: Kind,
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
            payload: json!({ "kind": self.kind, "record": self.record }),
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
pub async fn give(app: &App, caller: Caller, kind: Kind, id: RecordId) -> Answer<String> {
    let (writer, now, code) = (app.clone(), app.now(), app.ids.public_code().to_string());
    let given = app.db.write(move |tx| {
        let record = store::load(tx, &writer.vault, kind, id)?.ok_or(ProblemCode::NotFound)?;
        let actor = may(&caller, Act::EditRegistry, &record.area)?;
        if let Some(known) = store::code_of(tx, kind, id)? {
            return Ok(known);
        }
        let on = if kind == Kind::Facility { PlaceKind::Facility } else { PlaceKind::Premises };
        let place = Place { code: code.clone(), area: record.area, kind: on, name: record.label(), point: None };
        tx.commit(place.put_up(actor.clone(), now))?;
        let given = RecordCode { code: code.clone(), kind, record: id, area: record.area };
        tx.commit(given.give(actor, now))?;
        Ok::<_, Refused>(code.clone())
    });
    given.await
}
