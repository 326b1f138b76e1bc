//! Commands: load and access, the pure decision, the commit; all in one transaction.

use serde_json::{Map, Value};

use linli_access::{Act, Caller, Decision, decide, scope};
use linli_db::{Conn, StoreError, Tx, feed, idempotency};
use linli_kernel::{Action, Actor, CaseId, Phase, Problem, ProblemCode, Timestamp};
use linli_playbook::{Playbook, Standing};

use super::act::Given;
use super::effects::Master;
use super::entries::Entry;
use super::form::{chosen_seats, named_case, named_people, photo_ids};
use super::model::{Draft, Reporter};
use super::routing::Amended;
use super::store::{self, Named};
use super::surroundings::Surroundings;
use super::{Case, Doer};
use crate::app::App;
use crate::files;
use crate::http::{Answer, Refused};
use crate::people::duty;
use crate::say::Lang;

/// Who gives a command.
#[derive(Clone)]
pub enum Who {
    /// Someone signed in.
    Staff(Caller),
    /// Whoever holds the public code.
    Reporter {
        /// The account that is signed in beside it, if one is.
        signed_in: Option<Caller>,
    },
    /// Another system, for the reporter whose case it handed over.
    Partner {
        /// Its id.
        id: String,
        /// What people call it.
        name: String,
    },
}

/// An action that somebody wants taken.
#[derive(Clone)]
pub struct Command {
    /// On which case.
    pub named: Named,
    /// What.
    pub verb: Action,
    /// The version that they saw.
    pub version: u32,
    /// What they filled in.
    pub fields: Map<String, Value>,
    /// Sent twice, it acts once.
    pub key: Option<idempotency::Key>,
    /// Who they are.
    pub who: Who,
}

/// Runs a command: load and access, the pure decision, the commit; all in one transaction.
///
/// # Errors
/// `NotFound` for a case that they may not know of; `VersionConflict` with who did what; what the decision refuses.
pub async fn run(app: &App, command: Command) -> Answer<()> {
    let app = app.clone();
    app.clone().db.write(move |tx| run_in(&app, tx, &command)).await
}

/// [`run`] in a transaction that may hold other work too.
///
/// # Errors
/// As [`run`].
pub fn run_in(app: &App, tx: &mut Tx<'_>, command: &Command) -> Answer<()> {
    let now = app.now();
    if let Some(key) = &command.key {
        match idempotency::look_up::<u32>(tx, key)? {
            idempotency::Known::Done(_) => return Ok(()),
            idempotency::Known::Reused => return Err(ProblemCode::KeyReused.into()),
            idempotency::Known::New => {}
        }
    }
    let case = store::load_for_change(tx, &command.named)?.ok_or(ProblemCode::NotFound)?;
    // Again, now that nobody else can be at it: the same command may have been done while this one waited for the row.
    if let Some(key) = &command.key
        && matches!(idempotency::look_up::<u32>(tx, key)?, idempotency::Known::Done(_))
    {
        return Ok(());
    }
    let doer = doer(&case, &command.who)?;
    // What is only noted changes nothing that anyone decided on: it neither conflicts nor makes another's decision stale.
    let only_notes = matches!(command.verb, Action::Comment | Action::Urge);
    if case.version != command.version && !only_notes && decided_at(tx, &case)? > command.version {
        return Err(match command.who {
            Who::Staff(_) => conflict(app, tx, &case)?.into(),
            // Who did what inside the office is not for the resident.
            Who::Reporter { .. } | Who::Partner { .. } => ProblemCode::VersionConflict.into(),
        });
    }
    let book = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
    let given = given(app, tx, &case, &book, command)?;
    let elsewhere = chosen_seats(&book, &case, command.verb, &command.fields);
    let around = Surroundings::read(app, tx, book, &case.area, &elsewhere, now)?;
    let before = (case.version, case.phase);
    let photos = case
        .offers(&around.book, &doer.standing, now)
        .iter()
        .find(|def| def.verb == command.verb)
        .map(|def| photo_ids(def, &command.fields))
        .unwrap_or_default();
    let id = case.id;
    let change = around.decide(app, now, |world| case.act(command.verb, &given, &doer, world))?;
    let nth = change.events().iter().position(|event| event.kind == command.verb.event()).unwrap_or(0);
    let case = tx.commit(change)?;
    let event_n = before.0 + u32::try_from(nth).unwrap_or(0) + 1;
    files::attach::<Refused>(tx, &photos, id, event_n, doer.actor.account())?;
    follow_through(app, tx, &case, before.1, command, &given, &doer.actor, now)?;
    if let Some(key) = &command.key {
        idempotency::remember(tx, key, &case.version, now)?;
    }
    Ok(())
}

/// What the decision needs to know of other cases and people.
fn given(app: &App, tx: &mut Tx<'_>, case: &Case, book: &Playbook, command: &Command) -> Answer<Given> {
    let mut given = Given { fields: command.fields.clone(), ..Given::default() };
    if let Some(named) = named_case(book, case, command.verb, &command.fields) {
        given.master = Some(master(tx, &named, &command.who)?);
    }
    let people = named_people(book, case, command.verb, &command.fields);
    if !people.is_empty() {
        let known = duty::people(tx, &app.vault, &people.iter().copied().collect())?;
        if people.iter().any(|id| !known.contains_key(id)) {
            return Err(Problem::field("fields.people", "unknown").into());
        }
    }
    if command.verb == Action::Split {
        given.child = Some(CaseId::new(app.ids.uuid(app.now())));
    }
    Ok(given)
}

/// The case that is to be followed: one that the caller may work on too.
fn master(tx: &mut Tx<'_>, named: &str, who: &Who) -> Answer<Master> {
    let unknown = || Refused::from(Problem::field("fields.case", "unknown"));
    let named: Named = named.parse().map_err(|()| unknown())?;
    let other = store::load_for_change(tx, &named)?.ok_or_else(unknown)?;
    if let Who::Staff(caller) = who
        && !matches!(decide(caller, Act::WorkOnCase, &other.keys()), Decision::Allowed(_))
    {
        return Err(unknown());
    }
    let is_open = matches!(other.phase, Phase::Open | Phase::Waiting) && other.master.is_none() && !other.private;
    Ok(Master { id: other.id, is_open })
}

/// What an act on one case means for others, in the same transaction: every caller of a merged case gets the answer, a part
/// that was split off becomes a case, a ruling becomes a line of the list.
fn follow_through(
    app: &App,
    tx: &mut Tx<'_>,
    case: &Case,
    before: Phase,
    command: &Command,
    given: &Given,
    actor: &Actor,
    now: Timestamp,
) -> Answer<()> {
    let is_answered = |phase| matches!(phase, Phase::Settled | Phase::Closed);
    if case.n_followers > 0 && is_answered(case.phase) && !is_answered(before) {
        answer_followers(app, tx, case, actor, now)?;
    }
    if let Some(child) = given.child {
        split_off(app, tx, case, child, command, actor, now)?;
    }
    if command.verb == Action::Rule && command.fields.get("entry").and_then(Value::as_bool) == Some(true) {
        let category = case.category.clone().ok_or_else(|| Problem::field("fields.entry", "needs_category"))?;
        let reason = command.fields.get("reason").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        let line = Amended {
            area: case.area.at(linli_kernel::AreaLevel::County),
            category,
            level: case.seat.level(),
            unit: case.seat.unit.clone(),
            basis: reason,
        };
        let id = linli_kernel::EntryId::new(app.ids.uuid(now));
        tx.commit(Entry::add(id, line, Some(case.id), now, actor.clone()))?;
    }
    Ok(())
}

/// A report about a matter that somebody reported before follows that case: the reporter said so. `false` when it cannot be
/// followed any more; the report then stands by itself.
///
/// # Errors
/// The database's.
pub fn follow_case(
    app: &App,
    tx: &mut Tx<'_>,
    id: CaseId,
    master: CaseId,
    sender: &super::report::Sender,
    now: Timestamp,
) -> Answer<bool> {
    let Some(other) = store::load_for_change(tx, &Named::Id(master))? else { return Ok(false) };
    let is_open = matches!(other.phase, Phase::Open | Phase::Waiting) && other.master.is_none() && !other.private;
    let Some(case) = store::load_for_change(tx, &Named::Id(id))?.filter(|_| is_open) else { return Ok(false) };
    let book = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
    let around = Surroundings::read(app, tx, book, &case.area, &[], now)?;
    // The reporter's word, carried out by linli.
    let actor = match sender {
        super::report::Sender::Staff(caller) => caller.acting_as(linli_kernel::Role::HotlineClerk),
        super::report::Sender::Resident | super::report::Sender::Partner { .. } => Actor::Reporter,
    };
    let doer = Doer { actor, standing: Standing::system() };
    let fields = Map::from_iter([("case".to_owned(), Value::from(master.to_string()))]);
    let given = Given { fields, master: Some(Master { id: master, is_open }), ..Given::default() };
    match around.decide(app, now, |world| case.act(Action::Merge, &given, &doer, world)) {
        Ok(change) => {
            tx.commit(change)?;
            Ok(true)
        }
        // Another flow may have no such action: the report stands by itself.
        Err(_) => Ok(false),
    }
}

/// 并单: everyone who called gets the answer of the case that theirs follows.
fn answer_followers(app: &App, tx: &mut Tx<'_>, master: &Case, actor: &Actor, now: Timestamp) -> Answer<()> {
    for id in store::followers(tx, master.id)? {
        let Some(case) = store::load_for_change(tx, &Named::Id(id))? else { continue };
        let book = app.playbooks.pinned(tx, &case.playbook.0, &case.playbook.1)?;
        let around = Surroundings::read(app, tx, book, &case.area, &[], now)?;
        let change = around.decide(app, now, |world| case.after_its_master(master, actor, world))?;
        tx.commit(change)?;
    }
    Ok(())
}

/// 分办: a part of a matter as a case of its own, at the same place.
fn split_off(
    app: &App,
    tx: &mut Tx<'_>,
    parent: &Case,
    id: CaseId,
    command: &Command,
    actor: &Actor,
    now: Timestamp,
) -> Answer<()> {
    let text = |name: &str| command.fields.get(name).and_then(Value::as_str).map(|text| text.trim().to_owned());
    let draft = Draft {
        id,
        code: app.ids.public_code(),
        // A number of its own below that of the whole: 610502-2026-000123-2.
        paper_no: format!("{}-{}", parent.paper_no, store::n_children(tx, parent.id)? + 1),
        kind: parent.kind,
        category: text("category"),
        weight: None,
        channel: linli_kernel::Channel::Split,
        area: parent.area,
        found_by: Vec::new(),
        body: text("text").unwrap_or_default(),
        place_text: parent.place_text.clone(),
        point: parent.point,
        reporter: Reporter { account: actor.account(), ..Reporter::default() },
        n_photos: 0,
        private: parent.private,
        parent: Some(parent.id),
        within: None,
        facility: None,
    };
    let around = Surroundings::read(app, tx, app.playbooks.current(), &parent.area, &[], now)?;
    let change = around.decide(app, now, |world| Case::report(draft, world, actor.clone()))?;
    tx.commit(change)?;
    Ok(())
}

fn doer(case: &Case, who: &Who) -> Answer<Doer> {
    match who {
        // Whoever works on a case does not judge it by its public code.
        Who::Reporter { signed_in: Some(caller) } if scope(caller, Act::WorkOnCase).reaches(&case.keys()).is_some() => {
            Err(ProblemCode::OwnWork.into())
        }
        Who::Reporter { .. } => Ok(Doer { actor: Actor::Reporter, standing: Standing::reporter() }),
        Who::Partner { id, name } => {
            Ok(Doer { actor: Actor::Partner { id: id.clone(), name: name.clone() }, standing: Standing::reporter() })
        }
        Who::Staff(caller) => match decide(caller, Act::WorkOnCase, &case.keys()) {
            Decision::Allowed(role) => Ok(Doer { actor: caller.acting_as(role), standing: case.standing(caller) }),
            Decision::Forbidden => Err(ProblemCode::Forbidden.into()),
            Decision::Hidden => Err(ProblemCode::NotFound.into()),
        },
    }
}

/// The version at which somebody other than `me` last changed the case by more than a comment. What one did oneself, with
/// what followed from it at once, makes one's own next act no decision on something old.
///
/// # Errors
/// The database's.
pub fn decided_by_others(conn: &mut Conn, case: &Case, me: linli_kernel::AccountId) -> Result<u32, StoreError> {
    let sql = "SELECT COALESCE(MAX(e.n), 0) AS n FROM event e WHERE e.stream_kind = 'case' AND e.stream_id = $1 AND e.kind NOT IN ('commented', 'urged') AND COALESCE(e.actor_id, '') <> $2 \
               AND NOT (e.actor_kind = 'system' AND EXISTS (SELECT 1 FROM event m WHERE m.stream_kind = 'case' AND m.stream_id = $1 AND m.actor_id = $2 AND m.at = e.at AND m.n < e.n))";
    let n = conn.number(sql, &linli_db::params![case.id, me])?;
    Ok(u32::try_from(n).unwrap_or(case.version))
}

/// The version at which the case was last changed by more than a note.
pub(super) fn decided_at(conn: &mut Conn, case: &Case) -> Result<u32, StoreError> {
    let sql = "SELECT COALESCE(MAX(n), 0) AS n FROM event WHERE stream_kind = 'case' AND stream_id = $1 AND kind NOT IN ('commented', 'urged')";
    let n = conn.number(sql, &linli_db::params![case.id])?;
    Ok(u32::try_from(n).unwrap_or(case.version))
}

/// Who did what meanwhile.
pub(super) fn conflict(app: &App, conn: &mut Conn, case: &Case) -> Result<Problem, StoreError> {
    let history = feed::history(conn, "case", &case.id.to_string())?;
    let Some((event, _)) = history.last() else { return Ok(Problem::new(ProblemCode::VersionConflict)) };
    let who = match event.actor_id.as_deref().and_then(|id| id.parse().ok()) {
        Some(id) => duty::people(conn, &app.vault, &std::collections::HashSet::from([id]))?
            .remove(&id)
            .map(|person| person.name),
        None => Some(Lang::ZhCn.text(&format!("actor.{}", event.actor_kind))),
    };
    let flow_name = Lang::ZhCn.word("event_short", &event.kind);
    let when = event.at.plus_ms(8 * 3_600_000).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    let when = format!("{:02}:{:02}", when.hour(), when.minute());
    Ok(Problem::new(ProblemCode::VersionConflict)
        .with("who", who.unwrap_or_default())
        .with("what", flow_name)
        .with("when", when))
}
