//! Reads the feed and keeps the figures. What it reads and works out, it does beside the writers; a transaction only writes it down,
//! and only if no other node was first.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use linli_db::feed::{self, Event};
use linli_db::{Conn, StoreError};
use linli_kernel::{AreaCode, Timestamp};

use super::basis::Basis;
use super::count::{Changed, Counted, count, difference};
use super::counted::{self, CONSUMER, Claim, Work};
use super::fold::{Facts, Said, Told};
use crate::app::App;

/// Other nodes' commits are seen by asking; our own wake us.
const ASK_EVERY: Duration = Duration::from_millis(700);
/// Events taken at once: small enough that nobody who writes waits for long.
const BATCH: i64 = 500;
/// The same while everything is counted again, when most events are passed over.
const BATCH_ANEW: i64 = 4_000;
/// Cases counted at once: what is written in one transaction stays small, however many are new.
const CASES: usize = 300;
/// Posts begin and end without an event: workers are counted again after so long.
const WORKERS_EVERY_MS: i64 = 15 * 60_000;

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Everything was read.
    Done,
    /// Some was; there may be more.
    Some,
    /// Another node counts by other definitions: this one leaves it to it.
    NotOurs,
}

/// Keeps the figures for as long as the server runs.
pub async fn run(app: App) {
    let basis = Arc::clone(&app.indicators);
    let mut committed = app.db.committed();
    let mut workers = Workers::default();
    let mut is_ours = true;
    while let Err(error) = claim(&app, &basis).await {
        tracing::warn!(%error, "the figures cannot be begun; trying again");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    loop {
        match step(&app, &basis, &mut workers).await {
            Ok(Step::Some) => {}
            Ok(done) => {
                if is_ours && done == Step::NotOurs {
                    tracing::warn!("another node counts by another playbook; this one leaves the figures to it");
                }
                is_ours = done != Step::NotOurs;
                drop(tokio::time::timeout(ASK_EVERY, committed.changed()).await);
            }
            Err(StoreError::Inconsistent { table, row, what }) => {
                tracing::error!(table, row, what, "the figures do not add up; counting them again");
                drop(begin_anew(&app, &basis).await);
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the figures cannot be brought up to date; trying again");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Reads until nothing is left; how many steps it took.
///
/// # Errors
/// The database's.
pub async fn catch_up(app: &App) -> Result<u32, StoreError> {
    let basis = Arc::clone(&app.indicators);
    let mut workers = Workers::default();
    claim(app, &basis).await?;
    let mut n_steps = 0;
    while step(app, &basis, &mut workers).await? == Step::Some {
        n_steps += 1;
    }
    Ok(n_steps)
}

/// Counts everything again if it was counted by other definitions.
///
/// # Errors
/// The database's.
pub async fn claim(app: &App, basis: &Arc<Basis>) -> Result<(), StoreError> {
    let hash = basis.hash().to_owned();
    app.db.write(move |tx| if Claim::read(tx)?.hash == hash { Ok(()) } else { Claim::begin_anew(tx, &hash) }).await
}

/// Forgets everything that was counted and begins anew.
///
/// # Errors
/// The database's.
pub async fn begin_anew(app: &App, basis: &Arc<Basis>) -> Result<(), StoreError> {
    let hash = basis.hash().to_owned();
    app.db.write(move |tx| Claim::begin_anew(tx, &hash)).await
}

/// When workers were counted last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Workers {
    counted_at: Option<Timestamp>,
}

impl Workers {
    fn are_due(self, now: Timestamp) -> bool {
        self.counted_at.is_none_or(|at| now.since(at) >= WORKERS_EVERY_MS)
    }
}

/// One batch.
///
/// # Errors
/// The database's; `Inconsistent` when what is kept does not add up.
pub async fn step(app: &App, basis: &Arc<Basis>, workers: &mut Workers) -> Result<Step, StoreError> {
    let now = app.now();
    let (due, own) = (workers.are_due(now), Arc::clone(basis));
    let found = app.db.read(move |conn| work(conn, &own, due.then_some(now), now)).await?;
    let (work, n_events) = match found {
        Found::NotOurs => return Ok(Step::NotOurs),
        Found::Nothing => return Ok(Step::Done),
        Found::Work(work, n_events) => (Arc::new(*work), n_events),
    };
    // Another node may have been first: then this is read again.
    app.db.write(move |tx| work.write(tx)).await?;
    if due {
        workers.counted_at = Some(now);
    }
    Ok(if n_events == 0 { Step::Done } else { Step::Some })
}

enum Found {
    NotOurs,
    Nothing,
    Work(Box<Work>, usize),
}

fn work(conn: &mut Conn, basis: &Basis, workers_at: Option<Timestamp>, now: Timestamp) -> Result<Found, StoreError> {
    let claim = Claim::read(conn)?;
    let Some(from) = feed::position_of(conn, CONSUMER)?.filter(|_| claim.hash == basis.hash()) else {
        return Ok(Found::NotOurs);
    };
    let is_anew = from < claim.whole_until;
    let events = feed::after(conn, from, if is_anew { BATCH_ANEW } else { BATCH })?;
    if events.is_empty() && workers_at.is_none() {
        return Ok(Found::Nothing);
    }
    let (cases, events) = cases_of(&events, &claim);
    let mut changed = Changed::default();
    let mut known = counted::counted_of(conn, &cases)?;
    let mut changes = Vec::new();
    for (case, counted) in count_again(conn, &cases, basis)? {
        let change = difference(known.remove(&case).unwrap_or_default(), counted, basis, &mut changed);
        if !(change.gone.is_empty() && change.put.is_empty()) {
            changes.push((case, change));
        }
    }
    let about_people = events.iter().any(|event| event.stream_kind == "account");
    let workers = match workers_at.or_else(|| about_people.then_some(now)) {
        Some(at) => recount_workers(conn, at)?,
        None => Vec::new(),
    };
    let work = Work {
        from,
        to: events.last().map_or(from, |event| event.position),
        changes,
        sums: counted::sums_with(conn, changed.spread())?,
        workers,
    };
    Ok(Found::Work(Box::new(work), events.len()))
}

/// The cases to count, at most so many, and the events that this takes care of.
fn cases_of<'a>(events: &'a [Event], claim: &Claim) -> (Vec<String>, &'a [Event]) {
    let mut cases: BTreeSet<&String> = BTreeSet::new();
    let mut n_taken = 0;
    for event in events {
        // The first event of a case that was there when counting began stands for all of them: its history is read whole.
        let is_new = event.n == 1 || event.position > claim.whole_until;
        if is_new && event.stream_kind == "case" {
            if cases.len() == CASES && !cases.contains(&event.stream_id) {
                break;
            }
            cases.insert(&event.stream_id);
        }
        n_taken += 1;
    }
    (cases.into_iter().cloned().collect(), events.get(..n_taken).unwrap_or(events))
}

/// What cases count for by their whole histories.
///
/// # Errors
/// The database's.
pub fn count_again(
    conn: &mut Conn,
    cases: &[String],
    basis: &Basis,
) -> Result<Vec<(String, Vec<Counted>)>, StoreError> {
    let mut histories: BTreeMap<String, Facts> = BTreeMap::new();
    for event in feed::histories(conn, "case", cases)? {
        let told = told_of(&event);
        histories.entry(event.stream_id).or_default().take(&told, basis);
    }
    Ok(histories.into_iter().map(|(case, facts)| (case, count(&facts, basis))).collect())
}

/// An event as the fold reads it.
fn told_of(event: &Event) -> Told {
    let said: Said = serde_json::from_str(&event.payload).unwrap_or_else(|error| {
        tracing::warn!(case = event.stream_id, n = event.n, %error, "an event that figures cannot read counts by its name alone");
        Said::default()
    });
    Told {
        n: event.n,
        kind: event.kind.clone(),
        at: event.at,
        area: event.area_code.as_deref().and_then(|code| code.parse().ok()),
        said,
    }
}

/// Grid workers by scope, where the number is another than is known.
fn recount_workers(conn: &mut Conn, now: Timestamp) -> Result<Vec<(String, i64)>, StoreError> {
    let mut of_scope: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (account, area) in counted::workers_at(conn, now)? {
        for scope in area.lineage() {
            of_scope.entry(AreaCode::to_string(&scope)).or_default().insert(account.clone());
        }
    }
    let mut known = counted::known_workers(conn)?;
    let mut recounted = Vec::new();
    for (scope, accounts) in of_scope {
        let n = i64::try_from(accounts.len()).unwrap_or(i64::MAX);
        if known.remove(&scope) != Some(n) {
            recounted.push((scope, n));
        }
    }
    recounted.extend(known.into_iter().filter(|(_, n)| *n != 0).map(|(scope, _)| (scope, 0)));
    recounted.sort();
    Ok(recounted)
}
