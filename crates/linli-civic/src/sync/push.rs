//! What phones send: each command once, in the order of its phone, its effect and its outcome in one transaction.

use serde::Serialize;
use serde_json::Value;

use linli_access::Caller;
use linli_db::{StoreError, Tx};
use linli_kernel::{DeviceId, Problem, ProblemCode};
use uuid::Uuid;

use super::kinds::{self, Given, Ready};
use super::model::{Outcome, SyncCommand, Turn};
use super::store::{self, Ended};
use crate::app::App;
use crate::http::{Answer, Refused, body_of};
use crate::say::Lang;

/// What became of one command.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Which.
    pub op_id: Uuid,
    /// Its number.
    pub device_seq: u32,
    /// Its outcome, as it is stored.
    pub outcome: Value,
}

/// What was sent back.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// One for each command, and for those that were held and whose turn came.
    pub results: Vec<Answered>,
    /// The number of the command whose turn it is.
    pub next_seq: i64,
}

/// Who sends, from where.
#[derive(Clone, Debug)]
pub struct From {
    /// Who.
    pub caller: Caller,
    /// Their phone.
    pub device: DeviceId,
    /// The language in which they are told.
    pub lang: Lang,
}

/// Takes what a phone sent.
///
/// # Errors
/// `NotFound` for a device that is not the caller's; `DeviceRevoked`; the database's. What was done before stays done and is
/// answered with its outcome when it is sent again.
pub async fn push(app: &App, from: &From, mut commands: Vec<SyncCommand>) -> Answer<Pushed> {
    touch(app, from).await?;
    commands.sort_by_key(|command| command.device_seq);
    let mut pushed = Pushed { results: Vec::new(), next_seq: 0 };
    for command in commands {
        let settled = settle(app, from, command, Order::Strict).await?;
        let step = settled.step;
        pushed.take(settled);
        if step == Step::Turn {
            for settled in drain(app, from).await? {
                pushed.take(settled);
            }
        }
    }
    let device = from.device;
    let found = app.db.read(move |conn| store::device(conn, device).map_err(Refused::from)).await?;
    pushed.next_seq = found.map_or(1, |device| device.next_seq);
    Ok(pushed)
}

impl Pushed {
    /// One result a command: what it became last.
    fn take(&mut self, settled: Settled) {
        let answered = settled.answered;
        match self.results.iter_mut().find(|known| known.op_id == answered.op_id) {
            Some(known) => *known = answered,
            None => self.results.push(answered),
        }
    }
}

/// A sign of life, and the door: a phone that is not theirs is none, one that was revoked is gone.
async fn touch(app: &App, from: &From) -> Answer<()> {
    let (account, device, now) = (from.caller.account, from.device, app.now());
    app.db
        .write(move |tx| {
            let found = store::device(tx, device)?.filter(|device| device.account == account);
            let found = found.ok_or(ProblemCode::NotFound)?;
            if found.revoked_at.is_some() {
                return Err(Refused::from(ProblemCode::DeviceRevoked));
            }
            Ok(store::seen(tx, device, now)?)
        })
        .await
}

/// Whether a command waits for those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It does.
    Strict,
    /// It waited long enough.
    Overdue,
}

/// A command that was looked at.
#[derive(Clone, Debug)]
pub struct Settled {
    /// What became of it.
    pub answered: Answered,
    /// Whether anything was done.
    pub step: Step,
}

/// How a phone's commands went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not: it was done before, it waits, or it is none.
    None,
    /// It was done, and the turn is the next one's.
    Turn,
    /// It was done after its turn.
    Late,
}

/// Does the commands that were held and whose turn has come, one after the other.
///
/// # Errors
/// The database's.
pub async fn drain(app: &App, from: &From) -> Answer<Vec<Settled>> {
    let mut all = Vec::new();
    loop {
        let (vault, device) = (app.vault.clone(), from.device);
        let next = app.db.read(move |conn| {
            let Some(found) = store::device(conn, device)? else { return Ok(None) };
            store::held_at(conn, &vault, device, found.next_seq).map_err(Refused::from)
        });
        let Some(command) = next.await? else { return Ok(all) };
        let settled = settle(app, from, command, Order::Strict).await?;
        let step = settled.step;
        all.push(settled);
        if step != Step::Turn {
            return Ok(all);
        }
    }
}

/// Does one command, or holds it, or tells what became of it before.
///
/// # Errors
/// As [`push`].
pub async fn settle(app: &App, from: &From, command: SyncCommand, order: Order) -> Answer<Settled> {
    let mut given =
        Given { caller: from.caller.clone(), command: command.clone(), lang: from.lang, awaited: Vec::new() };
    let reader = app.clone();
    let known = app.db.read(move |conn| {
        let known = store::known(conn, given.command.op_id)?;
        kinds::with_photos(&reader, conn, &mut given)?;
        Ok::<_, Refused>((known, given))
    });
    let (known, given) = known.await?;
    // What is done already is not prepared again: it would find its place anew, and take another number for paper.
    let ready = match known {
        Some(known) if known.outcome.is_some() => None,
        _ => Some(prepare(app, &given).await?),
    };
    let (worker, sent) = (app.clone(), command);
    app.db.write(move |tx| settle_in(&worker, tx, &sent, &given, ready.as_ref(), order)).await
}

/// Ready, or why not.
type Prepared = Result<Box<dyn Ready>, Problem>;

async fn prepare(app: &App, given: &Given) -> Answer<Prepared> {
    let Some(kind) = kinds::of_name(&given.command.kind) else { return Ok(Err(Problem::field("type", "unknown"))) };
    match kind.prepare(app, given).await {
        Ok(ready) => Ok(Ok(ready)),
        Err(refused) => kinds::refusal(&refused).map(Err).ok_or(refused),
    }
}

fn settle_in(
    app: &App,
    tx: &mut Tx<'_>,
    command: &SyncCommand,
    given: &Given,
    ready: Option<&Prepared>,
    order: Order,
) -> Answer<Settled> {
    let device = store::device_for_change(tx, command.device_id)?.ok_or(ProblemCode::NotFound)?;
    if device.revoked_at.is_some() && order == Order::Strict {
        return Err(ProblemCode::DeviceRevoked.into());
    }
    let known = store::known(tx, command.op_id)?;
    if let Some(known) = &known {
        if known.device != command.device_id || known.digest != command.digest() {
            let outcome = rejected(Problem::new(ProblemCode::KeyReused), None, given.lang)?;
            return Ok(Settled { answered: answered(command, value(&outcome)?), step: Step::None });
        }
        if let Some(outcome) = &known.outcome {
            return Ok(Settled { answered: answered(command, stored(outcome)?), step: Step::None });
        }
    }
    let seq = i64::from(command.device_seq);
    let turn = Turn::of(seq, device.next_seq);
    if turn == Turn::Early && order == Order::Strict {
        if known.is_none() {
            store::hold(tx, &app.vault, command, app.now())?;
        }
        let held = Outcome::Held { missing_seq: device.next_seq };
        return Ok(Settled { answered: answered(command, value(&held)?), step: Step::None });
    }
    // Its outcome was here a moment ago and is not any more: it was forgotten meanwhile, and whoever sends it asks again.
    let ready = ready.ok_or(StoreError::Busy)?;
    let mut outcome = done(app, tx, given, ready)?;
    if turn != Turn::Now {
        outcome.mark_out_of_order();
    }
    let text = value(&outcome)?.to_string();
    let made = outcome.made();
    let ended = Ended { outcome: &text, made: made.as_deref(), at: app.now() };
    store::end(tx, command, known.is_some(), &ended)?;
    let step = if turn == Turn::Late { Step::Late } else { Step::Turn };
    if step == Step::Turn {
        store::next_turn(tx, device.id, seq + 1)?;
    }
    Ok(Settled { answered: answered(command, stored(&text)?), step })
}

/// Does it; a refusal is an outcome too, decided on the same state.
fn done(app: &App, tx: &mut Tx<'_>, given: &Given, ready: &Prepared) -> Answer<Outcome> {
    let did = match ready {
        Ok(ready) => tx.attempt(|tx| {
            kinds::await_photos(app, tx, given)?;
            ready.apply(app, tx, given)
        }),
        Err(problem) => Err(problem.clone().into()),
    };
    match did {
        Ok(outcome) => Ok(outcome),
        Err(refused) => {
            let problem = kinds::refusal(&refused).ok_or(refused)?;
            let kind = kinds::of_name(&given.command.kind);
            let current = kind.map(|kind| kind.current(app, tx, given)).transpose()?.flatten();
            rejected(problem, current, given.lang)
        }
    }
}

fn rejected(problem: Problem, current: Option<Value>, lang: Lang) -> Answer<Outcome> {
    let problem = value(&body_of(&problem, lang))?;
    Ok(Outcome::Rejected { problem, current, out_of_order: false })
}

fn value(of: &impl Serialize) -> Answer<Value> {
    Ok(serde_json::to_value(of).map_err(StoreError::from)?)
}

/// An outcome as it is kept. The first answer is read from the same text as every later one.
fn stored(text: &str) -> Answer<Value> {
    Ok(serde_json::from_str(text).map_err(StoreError::from)?)
}

const fn answered(command: &SyncCommand, outcome: Value) -> Answered {
    Answered { op_id: command.op_id, device_seq: command.device_seq, outcome }
}

impl Outcome {
    fn mark_out_of_order(&mut self) {
        match self {
            Self::Applied(done) | Self::Merged(done) | Self::Parallel(done) | Self::Conflict(done) => {
                done.out_of_order = true;
            }
            Self::Rejected { out_of_order, .. } => *out_of_order = true,
            Self::Held { .. } => {}
        }
    }

    /// Our id of what it made or changed.
    fn made(&self) -> Option<String> {
        match self {
            Self::Applied(done) | Self::Merged(done) | Self::Parallel(done) | Self::Conflict(done) => {
                done.entity.as_ref().map(|entity| entity.case_id.clone().unwrap_or_else(|| entity.id.clone()))
            }
            Self::Rejected { .. } | Self::Held { .. } => None,
        }
    }
}
