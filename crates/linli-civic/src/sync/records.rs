//! 底数 from the way: records entered, changed and confirmed on a phone. The one type of command whose outcome may be `merged` or
//! `conflict`: what met another value waits for a person in the inbox of the registry, and the phone says so to its owner.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use linli_db::{Conn, Tx};
use linli_kernel::{AreaCode, Problem, RecordId};

use super::kinds::{CommandType, Given, Ready, done, payload};
use super::model::{Done, Entity, Outcome};
use super::store;
use crate::app::App;
use crate::http::Answer;
use crate::registry::command::{self, Command, Fields, Verdict, What};
use crate::registry::fields::Kind;
use crate::registry::store as records;

/// `registry.enter`, `registry.change`, `registry.confirm`
pub struct RecordKind(pub Doing);

/// What is done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It is new: `entity_id` is the id that the phone gives it.
    Enter,
    /// Fields of it are otherwise.
    Change,
    /// It is as it stands here.
    Confirm,
}

#[derive(Clone, Deserialize)]
struct Body {
    kind: Kind,
    #[serde(default)]
    area_code: Option<AreaCode>,
    #[serde(default)]
    fields: Fields,
}

struct ReadyRecord {
    doing: Doing,
    body: Body,
}

impl CommandType for RecordKind {
    fn name(&self) -> &'static str {
        match self.0 {
            Doing::Enter => "registry.enter",
            Doing::Change => "registry.change",
            Doing::Confirm => "registry.confirm",
        }
    }

    fn prepare<'a>(&'a self, _: &'a App, given: &'a Given) -> BoxFuture<'a, Answer<Box<dyn Ready>>> {
        Box::pin(async move {
            let ready: Box<dyn Ready> = Box::new(ReadyRecord { doing: self.0, body: payload(given)? });
            Ok(ready)
        })
    }

    fn current(&self, app: &App, conn: &mut Conn, given: &Given) -> Answer<Option<Value>> {
        let (Some(id), Ok(body)) = (record_of(conn, given)?, payload::<Body>(given)) else { return Ok(None) };
        let record = records::load(conn, &app.vault, body.kind, id)?;
        let seen =
            record.filter(|record| command::may(&given.caller, linli_access::Act::ViewRegistry, &record.area).is_ok());
        Ok(seen.map(|record| json!({ "id": record.id, "version": record.version })))
    }
}

/// Our id of the record: the phone may know it by the id that it gave it itself.
fn record_of(conn: &mut Conn, given: &Given) -> Answer<Option<RecordId>> {
    let Some(entity) = given.command.entity_id else { return Ok(None) };
    let made = store::made(conn, given.command.device_id, entity)?;
    Ok(Some(made.and_then(|id| id.parse().ok()).unwrap_or(RecordId::new(entity))))
}

impl Ready for ReadyRecord {
    fn apply(&self, app: &App, tx: &mut Tx<'_>, given: &Given) -> Answer<Outcome> {
        let id = record_of(tx, given)?.ok_or_else(|| Problem::field("entity_id", "required"))?;
        let Body { kind, area_code, fields } = self.body.clone();
        let what = match self.doing {
            Doing::Enter => {
                let area = area_code.ok_or_else(|| Problem::field("payload.area_code", "required"))?;
                // Nothing from the way is lost: what both entered is put together by a person.
                What::Enter { id, kind, area, fields, even_so: true }
            }
            Doing::Change => {
                let seen = given.command.base_version.ok_or_else(|| Problem::field("base_version", "required"))?;
                What::Change { kind, id, base_version: i64::from(seen), fields }
            }
            Doing::Confirm => What::Confirm { kind, id },
        };
        let came = command::run_in(app, tx, &Command { what, key: None, caller: given.caller.clone() })?;
        let entity = Entity {
            kind: kind.as_str().to_owned(),
            id: came.id.to_string(),
            code: None,
            version: u32::try_from(came.version).ok(),
            case_id: None,
        };
        let done = Done { kept: came.kept, ..done(given, entity) };
        Ok(match came.outcome {
            Verdict::Applied | Verdict::Same => Outcome::Applied(done),
            Verdict::Merged => Outcome::Merged(done),
            Verdict::Conflict => Outcome::Conflict(done),
        })
    }
}
