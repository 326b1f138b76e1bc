//! 会议、培训、接待: one record for everybody who was there.

use linli_access::{Act, Caller, Keys, scope};
use linli_db::{Tx, idempotency};
use linli_kernel::{
    AccountId, Actor, AreaCode, Change, GatheringId, GatheringKind, NewEvent, Problem, ProblemCode, Stream, StreamKind,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store;
use crate::app::App;
use crate::http::Answer;
use crate::once;

/// Longest title, place, note. Unit: characters.
const MAX_TITLE: usize = 100;
const MAX_NOTE: usize = 2_000;
/// Most people whose names are put down.
const MAX_ATTENDEES: usize = 100;
/// Most units.
const MAX_UNITS: usize = 10;
/// Most residents who came.
const MAX_GUESTS: u32 = 10_000;
/// How far ahead of the server a clock may be. Unit: ms.
const AHEAD_MS: i64 = 10 * 60_000;

/// 会议、培训、接待的记录: written once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gathering {
    /// Which.
    pub id: GatheringId,
    /// Where: a community, a grid.
    pub area: AreaCode,
    /// What for.
    pub kind: GatheringKind,
    /// What it was about, in a line.
    pub title: String,
    /// Where, in words.
    pub place_text: String,
    /// What was said.
    pub note: Option<String>,
    /// Codes of the units that took part.
    pub units: Vec<String>,
    /// How many residents came.
    pub n_guests: u32,
    /// Who of the staff was there, the writer included.
    pub attendees: Vec<AccountId>,
    /// Who wrote it down.
    pub account: AccountId,
    /// When it was.
    pub held_at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
}

/// A record of a meeting, a training, a reception.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"kind": "meeting", "area_code": "610502005007", "title": "本周碰头会", "attendee_ids": []}))]
pub struct RecordGathering {
    /// What for.
    pub kind: GatheringKind,
    /// Where.
    pub area_code: String,
    /// What it was about, at most 100 characters.
    pub title: String,
    /// Where, in words.
    #[serde(default)]
    pub place_text: String,
    /// What was said, at most 2,000 characters.
    #[serde(default)]
    pub note: Option<String>,
    /// Codes of the units that took part.
    #[serde(default)]
    pub units: Vec<String>,
    /// How many residents came; no names.
    #[serde(default)]
    pub n_guests: u32,
    /// Ids of the accounts that were there, besides the writer's own.
    #[serde(default)]
    pub attendee_ids: Vec<String>,
    /// When it was, if not now.
    #[serde(default)]
    pub held_at: Option<Timestamp>,
}

/// A record that was checked.
#[derive(Clone, Debug)]
pub struct Ready {
    gathering: Gathering,
    caller: Caller,
}

impl Gathering {
    /// The keys by which it can be reached.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::of_area(&self.area)
    }

    /// The change that writes it down.
    pub fn record(self, actor: Actor) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Gathering, self.id.to_string()),
            kind: "gathering_recorded",
            at: self.received_at,
            actor,
            payload: json!({ "kind": self.kind, "units": self.units, "guests": self.n_guests, "attendees": self.attendees, "held_at": self.held_at }),
            text: self.note.clone(),
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

/// A text without what no database keeps, cut of its blanks.
pub(super) fn clean(text: &str) -> String {
    text.trim().replace('\0', "")
}

/// Codes that the playbook has, each once.
pub(super) fn units(app: &App, codes: &[String], problem: Problem) -> (Vec<String>, Problem) {
    let book = app.playbooks.current();
    let mut codes = codes.to_vec();
    codes.sort();
    codes.dedup();
    if codes.len() > MAX_UNITS {
        return (codes, problem.and_field("units", "too_many").with("max", MAX_UNITS.to_string()));
    }
    let is_known = codes.iter().all(|code| book.unit(code).is_some());
    if is_known { (codes, problem) } else { (codes, problem.and_field("units", "unknown")) }
}

/// Checks a record.
///
/// # Errors
/// `Invalid` naming the fields; `Forbidden` outside the caller's areas.
pub fn prepare(app: &App, body: &RecordGathering, caller: Caller) -> Answer<Ready> {
    let now = app.now();
    let problem = Problem::new(ProblemCode::Invalid);
    let area = AreaCode::parse(&body.area_code).ok().filter(|area| app.areas().get(area).is_some());
    let area = area.ok_or_else(|| Problem::field("area_code", "unknown"))?;
    if scope(&caller, Act::RecordVisit).reaches(&Keys::of_area(&area)).is_none() {
        return Err(ProblemCode::Forbidden.into());
    }
    let (units, mut problem) = units(app, &body.units, problem);
    let title = clean(&body.title);
    if title.is_empty() {
        problem = problem.and_field("title", "required");
    } else if title.chars().count() > MAX_TITLE {
        problem = problem.and_field("title", "too_long").with("max", MAX_TITLE.to_string());
    }
    let place_text = clean(&body.place_text);
    if place_text.chars().count() > MAX_TITLE {
        problem = problem.and_field("place_text", "too_long").with("max", MAX_TITLE.to_string());
    }
    let note = body.note.as_deref().map(clean).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > MAX_NOTE) {
        problem = problem.and_field("note", "too_long").with("max", MAX_NOTE.to_string());
    }
    if body.n_guests > MAX_GUESTS {
        problem = problem.and_field("n_guests", "out_of_range");
    }
    let mut attendees: Vec<AccountId> = body.attendee_ids.iter().filter_map(|id| id.parse().ok()).collect();
    if attendees.len() != body.attendee_ids.len() {
        problem = problem.and_field("attendee_ids", "unknown");
    }
    attendees.push(caller.account);
    attendees.sort();
    attendees.dedup();
    if attendees.len() > MAX_ATTENDEES {
        problem = problem.and_field("attendee_ids", "too_many").with("max", MAX_ATTENDEES.to_string());
    }
    let held_at = body.held_at.unwrap_or(now);
    if held_at.since(now) > AHEAD_MS {
        problem = problem.and_field("held_at", "must_be_past");
    }
    if !problem.errors.is_empty() {
        return Err(problem.into());
    }
    let gathering = Gathering {
        id: GatheringId::new(app.ids.uuid(now)),
        area,
        kind: body.kind,
        title,
        place_text,
        note,
        units,
        n_guests: body.n_guests,
        attendees,
        account: caller.account,
        held_at,
        received_at: now,
    };
    Ok(Ready { gathering, caller })
}

/// Writes it down in a transaction that may hold other work too.
///
/// # Errors
/// `Invalid` for somebody who works elsewhere; `KeyReused`; the database's.
pub fn record(tx: &mut Tx<'_>, ready: &Ready, key: Option<&idempotency::Key>) -> Answer<GatheringId> {
    if let Some(before) = once::outcome::<GatheringId>(tx, key)? {
        return Ok(before);
    }
    let Ready { gathering, caller } = ready;
    let role = scope(caller, Act::RecordVisit).reaches(&gathering.keys()).ok_or(ProblemCode::Forbidden)?;
    if !store::all_work_around(tx, &gathering.attendees, &gathering.area, gathering.received_at)? {
        return Err(Problem::field("attendee_ids", "unknown").into());
    }
    let written = tx.commit(gathering.clone().record(caller.acting_as(role)))?;
    once::keep(tx, key, &written.id, written.received_at)?;
    Ok(written.id)
}
