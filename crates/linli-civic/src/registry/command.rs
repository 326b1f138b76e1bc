//! Commands: load and access, the pure decision, the commit; all in one transaction. What a person does at a page and what a
//! phone brings after a day without a network come through the same door.

use std::collections::BTreeMap;

use linli_access::{Act, Caller, Keys, scope};
use linli_db::{Conn, Tx, idempotency};
use linli_kernel::{Actor, AreaCode, AreaLevel, Problem, ProblemCode, ProposalId, RecordId};
use serde::{Deserialize, Serialize};

use super::fields::{Kind, Shape};
use super::history;
use super::merge::{Edits, Values, merge};
use super::model::{Deciding, Left, Origin, Record, State};
use super::{store, twins};
use crate::app::App;
use crate::http::{Answer, Refused};

/// Fields as they were typed; `null` empties one.
pub type Fields = BTreeMap<String, Option<String>>;

/// What somebody wants done.
#[derive(Clone)]
pub enum What {
    /// Enter a record. The id is made by whoever sends it, so that a phone can refer to it before it has a network.
    Enter {
        /// Which it will be.
        id: RecordId,
        /// Of which kind.
        kind: Kind,
        /// In which grid.
        area: AreaCode,
        /// What stands in it.
        fields: Fields,
        /// Whether it is entered although the same seems to be there: what comes from the way always is.
        even_so: bool,
    },
    /// Change fields, as seen at a version.
    Change {
        /// Of which kind.
        kind: Kind,
        /// Which.
        id: RecordId,
        /// The version that they saw.
        base_version: i64,
        /// The fields that they changed, and only those.
        fields: Fields,
    },
    /// 核实: say that it is as it stands here.
    Confirm {
        /// Of which kind.
        kind: Kind,
        /// Which.
        id: RecordId,
    },
    /// 归档
    Archive {
        /// Of which kind.
        kind: Kind,
        /// Which.
        id: RecordId,
        /// Why.
        reason: Left,
    },
    /// 恢复: it was archived by mistake.
    Unarchive {
        /// Of which kind.
        kind: Kind,
        /// Which.
        id: RecordId,
    },
    /// 合并: it is the same as another.
    Absorb {
        /// Of which kind.
        kind: Kind,
        /// Which is archived.
        id: RecordId,
        /// Which stays.
        into: RecordId,
    },
    /// Erase what is archived, before its time: because the person asks for it.
    Erase {
        /// Of which kind.
        kind: Kind,
        /// Which.
        id: RecordId,
    },
    /// Decide about a value that met another.
    Decide {
        /// Which.
        proposal: ProposalId,
        /// Whether it is to stand.
        is_accepted: bool,
    },
}

/// A command.
#[derive(Clone)]
pub struct Command {
    /// What.
    pub what: What,
    /// Sent twice, it acts once and answers the same.
    pub key: Option<idempotency::Key>,
    /// Who.
    pub caller: Caller,
}

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = RegistryVerdict)]
pub enum Verdict {
    /// It is as they wanted.
    Applied,
    /// It is as they wanted, beside what others changed meanwhile.
    Merged,
    /// Something that they wanted met another value and waits for a person; the rest was applied.
    Conflict,
    /// It was so already.
    Same,
}

/// What came of a command, kept with it: sent again it is answered from here.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RegistryOutcome)]
pub struct Outcome {
    /// How it went.
    pub outcome: Verdict,
    /// Of which kind.
    pub kind: Kind,
    /// Which record.
    #[schema(value_type = String)]
    pub id: RecordId,
    /// Its version now.
    pub version: i64,
    /// The fields that wait for a person.
    pub kept: Vec<String>,
}

/// Runs a command.
///
/// # Errors
/// As [`run_in`].
pub async fn run(app: &App, command: Command) -> Answer<Outcome> {
    let app = app.clone();
    app.clone().db.write(move |tx| run_in(&app, tx, &command)).await
}

/// [`run`] in a transaction that may hold other work too.
///
/// # Errors
/// `NotFound` for a record that they may not know of; `Forbidden` for one that they may see and not change; `Invalid` with the
/// fields that are wrong; what the decision refuses.
pub fn run_in(app: &App, tx: &mut Tx<'_>, command: &Command) -> Answer<Outcome> {
    if let Some(key) = &command.key {
        match idempotency::look_up::<Outcome>(tx, key)? {
            idempotency::Known::Done(outcome) => return Ok(outcome),
            idempotency::Known::Reused => return Err(ProblemCode::KeyReused.into()),
            idempotency::Known::New => {}
        }
    }
    let caller = &command.caller;
    let outcome = match &command.what {
        What::Enter { id, kind, area, fields, even_so } => {
            enter(app, tx, caller, (*id, *kind, *area), (fields, *even_so))?
        }
        What::Change { kind, id, base_version, fields } => {
            change(app, tx, caller, (*kind, *id, *base_version), fields)?
        }
        What::Confirm { kind, id } => {
            let (record, actor) = found(app, tx, caller, Act::EditRegistry, *kind, *id)?;
            active(&record)?;
            done(tx.commit(record.confirm(&deciding(app, actor))?)?.record, Verdict::Applied)
        }
        What::Archive { kind, id, reason } => {
            let (record, actor) = found(app, tx, caller, Act::EditRegistry, *kind, *id)?;
            if store::n_inside(tx, *kind, *id)? > 0 {
                return Err(Problem::field("reason", "still_inside").into());
            }
            done(tx.commit(record.leave(*reason, &deciding(app, actor))?)?.record, Verdict::Applied)
        }
        What::Unarchive { kind, id } => {
            let (record, actor) = found(app, tx, caller, Act::EditRegistry, *kind, *id)?;
            let change = record.unarchive(&deciding(app, actor))?;
            // What lies in something that is archived would be found nowhere.
            if check_refs(app, tx, *kind, &record.area, &record.values).is_err() {
                return Err(Problem::field("state", "outer_left").into());
            }
            done(tx.commit(change)?.record, Verdict::Applied)
        }
        What::Erase { kind, id } => {
            let (record, actor) = found(app, tx, caller, Act::DecideProposals, *kind, *id)?;
            done(tx.commit(record.erase(&deciding(app, actor))?)?.record, Verdict::Applied)
        }
        What::Absorb { kind, id, into } => {
            let (stays, kept) = twins::absorb(app, tx, caller, (*kind, *id, *into))?;
            let verdict = if kept.is_empty() { Verdict::Merged } else { Verdict::Conflict };
            Outcome { kept, ..done(stays, verdict) }
        }
        What::Decide { proposal, is_accepted } => decide(app, tx, caller, *proposal, *is_accepted)?,
    };
    if let Some(key) = &command.key {
        idempotency::remember(tx, key, &outcome, app.now())?;
    }
    Ok(outcome)
}

pub(super) fn deciding(app: &App, actor: Actor) -> Deciding<'_> {
    Deciding { actor, at: app.now(), vault: &app.vault, origin: Origin::Hand }
}

fn done(record: Record, outcome: Verdict) -> Outcome {
    Outcome { outcome, kind: record.kind, id: record.id, version: record.version, kept: Vec::new() }
}

/// Whether a caller may do an act in an area: as what, `Forbidden`, or `NotFound` where they may not even look.
///
/// # Errors
/// Those two.
pub fn may(caller: &Caller, act: Act, area: &AreaCode) -> Answer<Actor> {
    let keys = Keys::of_area(area);
    match scope(caller, act).reaches(&keys) {
        Some(role) => Ok(caller.acting_as(role)),
        None if scope(caller, Act::ViewRegistry).reaches(&keys).is_some() => Err(ProblemCode::Forbidden.into()),
        None => Err(ProblemCode::NotFound.into()),
    }
}

fn found(app: &App, tx: &mut Tx<'_>, caller: &Caller, act: Act, kind: Kind, id: RecordId) -> Answer<(Record, Actor)> {
    let record = store::load_for_change(tx, &app.vault, kind, id)?.ok_or(ProblemCode::NotFound)?;
    let actor = may(caller, act, &record.area)?;
    Ok((record, actor))
}

fn active(record: &Record) -> Answer<()> {
    if record.state == State::Active { Ok(()) } else { Err(ProblemCode::NotNow.into()) }
}

fn enter(
    app: &App,
    tx: &mut Tx<'_>,
    caller: &Caller,
    (id, kind, area): (RecordId, Kind, AreaCode),
    (fields, even_so): (&Fields, bool),
) -> Answer<Outcome> {
    if app.areas().get(&area).is_none() {
        return Err(Problem::field("area_code", "unknown_area").into());
    }
    let actor = match may(caller, Act::EditRegistry, &area) {
        Ok(actor) => actor,
        Err(_) => return Err(ProblemCode::Forbidden.into()),
    };
    if area.level() < AreaLevel::Grid {
        return Err(Problem::field("area_code", "needs_grid").into());
    }
    if store::load(tx, &app.vault, kind, id)?.is_some() {
        return Err(ProblemCode::AlreadyExists.into());
    }
    let now = app.now();
    let values = Values::default().with(&read(kind, fields)?);
    let sort_key = check_refs(app, tx, kind, &area, &values)?.unwrap_or_default();
    let record = Record {
        id,
        kind,
        area,
        values,
        state: State::Active,
        version: 0,
        sort_key,
        created_at: now,
        changed_at: now,
        confirmed_at: None,
    };
    if !even_so && let Some(known) = twins::of(tx, &app.vault, &record)?.into_iter().next() {
        return Err(twins::refusal(&known));
    }
    let written = tx.commit(record.enter(&deciding(app, actor))?)?;
    Ok(done(written.record, Verdict::Applied))
}

fn change(
    app: &App,
    tx: &mut Tx<'_>,
    caller: &Caller,
    (kind, id, base_version): (Kind, RecordId, i64),
    fields: &Fields,
) -> Answer<Outcome> {
    let (mut record, actor) = found(app, tx, caller, Act::EditRegistry, kind, id)?;
    if base_version < 1 || base_version > record.version {
        return Err(ProblemCode::VersionConflict.into());
    }
    let edits = read(kind, fields)?;
    // What they did themselves meanwhile, on this phone or another, is no news to them.
    let base_version = history::known_to(tx, &record, base_version, caller.account)?;
    let base = history::values_at(tx, &app.vault, &record, base_version)?;
    let mine = base.with(&edits);
    let is_left = record.state != State::Active;
    let mut merged = merge(&base, &record.values, &mine, |key| kind.field(key).is_some_and(|field| field.is_sealed()));
    if is_left {
        // Whoever left stays left: a later change from the way waits for a person and brings nothing back.
        let wanted = mine.differs_from(&record.values);
        merged.clashes = merged
            .taken
            .iter()
            .map(|field| super::merge::Clash { field, wanted: mine.get(field).map(str::to_owned) })
            .chain(merged.clashes)
            .filter(|clash| wanted.contains(clash.field))
            .collect();
        merged.values = record.values.clone();
        merged.taken.clear();
    }
    // The same question is asked once.
    let open = store::proposals_of(tx, &app.vault, id)?;
    let kept: Vec<String> = merged.clashes.iter().map(|clash| clash.field.to_owned()).collect();
    merged
        .clashes
        .retain(|clash| !open.iter().any(|proposal| proposal.field == clash.field && proposal.value.0 == clash.wanted));
    let verdict = match (kept.is_empty(), merged.taken.is_empty(), base_version == record.version) {
        (false, _, _) => Verdict::Conflict,
        (true, true, _) => Verdict::Same,
        (true, false, true) => Verdict::Applied,
        (true, false, false) => Verdict::Merged,
    };
    if merged.taken.is_empty() && merged.clashes.is_empty() {
        return Ok(Outcome { kept, ..done(record, verdict) });
    }
    if let Some(sort_key) = check_refs(app, tx, kind, &record.area, &merged.values)? {
        record.sort_key = sort_key;
    }
    let now = app.now();
    let clashes = merged.clashes.into_iter().map(|clash| (ProposalId::new(app.ids.uuid(now)), clash)).collect();
    let written = tx.commit(record.change(merged.values, clashes, base_version, &deciding(app, actor))?)?;
    Ok(Outcome { kept, ..done(written.record, verdict) })
}

fn decide(app: &App, tx: &mut Tx<'_>, caller: &Caller, id: ProposalId, is_accepted: bool) -> Answer<Outcome> {
    let proposal = store::open_proposal(tx, &app.vault, id)?.ok_or(ProblemCode::NotFound)?;
    let (mut record, actor) = found(app, tx, caller, Act::DecideProposals, proposal.kind, proposal.record)?;
    if is_accepted {
        active(&record)?;
        let mut values = record.values.clone();
        values.set(proposal.field, proposal.value.0.clone());
        if let Some(sort_key) = check_refs(app, tx, record.kind, &record.area, &values)? {
            record.sort_key = sort_key;
        }
    }
    let written = tx.commit(record.rule(&proposal, is_accepted, &deciding(app, actor))?)?;
    Ok(done(written.record, Verdict::Applied))
}

/// Reads what was typed; every field that is wrong is named.
///
/// # Errors
/// `Invalid`.
pub fn read(kind: Kind, fields: &Fields) -> Result<Edits, Refused> {
    let mut edits = Edits::new();
    let mut problem: Option<Problem> = None;
    let mut refuse = |field: &str, code: &str| {
        let field = format!("fields.{field}");
        let known = problem.take();
        problem = Some(match known {
            Some(problem) => problem.and_field(field, code),
            None => Problem::field(field, code),
        });
    };
    for (key, raw) in fields {
        let Some(field) = kind.field(key) else {
            // What is refused on principle says so, instead of “unknown”.
            refuse(key, super::refused::why(key).map_or("unknown", super::refused::Reason::code));
            continue;
        };
        match raw.as_deref().map(|raw| field.read(raw)).unwrap_or(Ok(None)) {
            Ok(value) => drop(edits.insert(field.key, value)),
            Err(code) => refuse(key, code),
        }
    }
    match problem {
        Some(problem) => Err(problem.into()),
        None => Ok(edits),
    }
}

/// What a record refers to lies in the same grid and is of the present. Gives the order in which what lies in a dwelling is listed.
///
/// # Errors
/// `Invalid` with the field.
fn check_refs(app: &App, conn: &mut Conn, kind: Kind, area: &AreaCode, values: &Values) -> Answer<Option<String>> {
    let mut sort_key = None;
    for field in kind.fields() {
        let (Shape::Ref(of), Some(id)) = (field.shape, values.get(field.key)) else { continue };
        let unknown = || Refused::from(Problem::field(format!("fields.{}", field.key), "unknown"));
        let id: RecordId = id.parse().map_err(|_| unknown())?;
        let other = store::load(conn, &app.vault, of, id)?;
        let other = other.filter(|other| other.area == *area && other.state == State::Active).ok_or_else(unknown)?;
        sort_key = Some(other.sort_key);
    }
    Ok(sort_key)
}
