//! 导入: an import at work. A thread reads rows, a chunk lands in one transaction with the note of how far it came, so that a
//! server that is killed goes on where it was and nothing is doubled.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use linli_access::Vault;
use linli_db::{StoreError, Tx};
use linli_kernel::{Actor, ImportId, ProblemCode, Timestamp};
use tokio::sync::mpsc;

use super::done::{self, Looked, Looking};
use super::intake;
use super::plan::{Planned, Planner, Step};
use super::reading::{KeptRow, Ledger, Reading, RowFault};
use super::store::{self as import_store, Counts, Import, ImportState, RowOutcome, Touched};
use super::undo;
use crate::app::App;
use crate::areas::tree::AreaTree;
use crate::cases::report;
use crate::http::{Answer, Refused};
use crate::registry::ledger::Subject;
use crate::registry::model::{Deciding, Origin, Record};
use crate::sheets::sheet::SheetFault;

/// Rows that land in one transaction: one fsync for all of them, and nobody else waits long.
const CHUNK: usize = 200;
/// An import whose worker gave no sign of life for so long is taken up by another.
const SILENCE_MS: i64 = 20_000;
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Works on imports for as long as the server runs.
pub async fn run(app: App) {
    loop {
        if let Err(error) = once(&app).await {
            tracing::warn!(error = ?error, "imports of ledgers cannot be worked on; trying again");
        }
        drop(tokio::time::timeout(LOOK_EVERY, app.registry.rung()).await);
    }
}

/// Works on every import that waits for it; how many.
///
/// # Errors
/// The database's.
pub async fn once(app: &App) -> Answer<usize> {
    let before = app.now().plus_ms(-SILENCE_MS);
    let waiting = app.db.read(move |conn| import_store::left_alone(conn, before).map_err(Refused::from)).await?;
    let mut n = 0;
    for import in waiting {
        let done = if import.state == ImportState::Undoing {
            undo::work(app, import.id).await
        } else if intake::kept_path(app, import.id).exists() {
            // Otherwise the rows lie on another node.
            work(app, import.id, &|_, _| {}).await.map(drop)
        } else {
            continue;
        };
        match done {
            Ok(()) => n += 1,
            // It comes again after a while; the others do not wait for it.
            Err(error) => tracing::warn!(import = %import.id, error = ?error, "an import cannot be worked on"),
        }
    }
    Ok(n)
}

/// A name for one who works: whoever took the work since is another.
pub(super) fn owner(app: &App) -> String {
    let mut token = [0_u8; 8];
    app.ids.fill(&mut token);
    hex::encode(token)
}

/// The import, when `owner` has the work on it now.
pub(super) async fn taken(app: &App, id: ImportId, owner: &str) -> Answer<Import> {
    let (owner, now) = (owner.to_owned(), app.now());
    let import =
        app.db.write(
            move |tx| {
                if import_store::take(tx, id, &owner, now)? { import_store::import(tx, id) } else { Ok(None) }
            },
        );
    import.await?.ok_or_else(|| ProblemCode::NotFound.into())
}

/// Who it is that an import acts for.
pub(super) fn actor_of(import: &Import) -> Actor {
    match (import.account, import.role) {
        (Some(account), Some(role)) => Actor::Staff { account, role },
        _ => Actor::System,
    }
}

fn ledger_of(import: &Import, tree: &AreaTree, now: Timestamp) -> Ledger {
    let layouts: HashMap<_, _> = import.sheets.iter().map(|plan| (plan.sheet, plan.layout.clone())).collect();
    Ledger::new(import.kind, import.area, (tree, now), layouts)
}

/// Works on one import until it ends, is stopped, or somebody else takes it. `tell` hears the counts and the number of rows.
///
/// # Errors
/// The database's; `NotFound` when there is no such import at work.
pub async fn work(app: &App, id: ImportId, tell: &(dyn Fn(Counts, i64) + Send + Sync)) -> Answer<Counts> {
    let owner = owner(app);
    let import = Arc::new(taken(app, id, &owner).await?);
    let ledger = Arc::new(ledger_of(&import, &app.areas(), app.now()));
    let mut counts = import.counts;
    tell(counts, import.n_rows);
    let (send, mut chunks) = mpsc::channel::<Vec<KeptRow>>(3);
    let reading = tokio::task::spawn_blocking({
        let (path, vault, after) = (intake::kept_path(app, id), app.vault.clone(), import.at);
        move || read((&path, &vault), after, &send)
    });
    while let Some(chunk) = chunks.recv().await {
        let hazards = hazards(app, &import, &ledger, &chunk).await?;
        let landing = Landing {
            hazards,
            app: app.clone(),
            import: Arc::clone(&import),
            ledger: Arc::clone(&ledger),
            owner: owner.clone(),
            chunk,
        };
        let landed = app.db.write(move |tx| landing.land(tx)).await?;
        let Some(more) = landed else {
            // Stopped, or taken by another worker: what was entered stays.
            drop(chunks);
            drop(reading.await);
            return Ok(counts);
        };
        counts.add_all(more);
        tell(counts, import.n_rows);
    }
    let (state, fault) = match reading.await {
        Ok(Ok(())) => (ImportState::Done, None),
        Ok(Err(fault)) => {
            tracing::warn!(import = %id, error = %fault, "the rows of an import cannot be read to their end");
            (ImportState::Failed, Some(fault.code()))
        }
        Err(_) => (ImportState::Failed, Some("file_broken")),
    };
    let now = app.now();
    app.db.write(move |tx| import_store::turn(tx, id, &[ImportState::Running], state, fault, now)).await?;
    if state == ImportState::Done && counts.n_bad == 0 {
        intake::forget(app, id);
    }
    Ok(counts)
}

/// The hazards of a chunk, checked and placed: finding a place takes more than a transaction may.
async fn hazards(
    app: &App,
    import: &Arc<Import>,
    ledger: &Arc<Ledger>,
    chunk: &[KeptRow],
) -> Answer<HashMap<(u32, u32), report::Ready>> {
    let mut hazards = HashMap::new();
    if import.kind != Subject::Hazard {
        return Ok(hazards);
    }
    let said: Vec<_> = chunk
        .iter()
        .filter_map(|row| match ledger.read(row) {
            Reading::Row(said) => Some(((row.s, row.n), said)),
            Reading::Hint | Reading::Bad(_) => None,
        })
        .collect();
    let (reader, of) = (app.clone(), Arc::clone(import));
    let looked = app.db.read(move |conn| {
        let mut looking = Looking::of(&reader, &of);
        let mut found = Vec::new();
        for (row, said) in &said {
            if let Looked::Hazard(body) = looking.row(conn, said)? {
                found.push((*row, body));
            }
        }
        Ok::<_, Refused>((found, done::acting(conn, of.account, reader.now())?))
    });
    let (found, Some(caller)) = looked.await? else { return Ok(hazards) };
    for (row, body) in found {
        if let Some(ready) = done::ready(app, *body, &caller).await? {
            hazards.insert(row, ready);
        }
    }
    Ok(hazards)
}

fn read(
    (path, vault): (&std::path::Path, &Vault),
    after: (u32, u32),
    send: &mpsc::Sender<Vec<KeptRow>>,
) -> Result<(), SheetFault> {
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut is_wanted = true;
    intake::rows(path, vault, after, &mut |row| {
        chunk.push(row);
        if chunk.len() >= CHUNK {
            is_wanted = send.blocking_send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).is_ok();
        }
        is_wanted
    })?;
    if is_wanted && !chunk.is_empty() {
        drop(send.blocking_send(chunk));
    }
    Ok(())
}

/// A chunk of rows on its way into the registry.
struct Landing {
    app: App,
    import: Arc<Import>,
    ledger: Arc<Ledger>,
    owner: String,
    chunk: Vec<KeptRow>,
    /// Hazards among them, made ready before the transaction.
    hazards: HashMap<(u32, u32), report::Ready>,
}

impl Landing {
    /// Lands the rows one after another, so that each sees what those before it entered. `None` when the work is no longer ours.
    fn land(&self, tx: &mut Tx<'_>) -> Answer<Option<Counts>> {
        let (mut counts, now, id) = (Counts::default(), self.app.now(), self.import.id);
        let Some(last) = self.chunk.last().map(|row| (row.s, row.n)) else { return Ok(Some(counts)) };
        // First, so that a stopped import writes nothing at all.
        if !import_store::progress(tx, id, &self.owner, (last, Counts::default()), now)? {
            return Ok(None);
        }
        let tree = self.app.areas();
        let planner = self.import.kind.record().map(|kind| Planner {
            vault: &self.app.vault,
            ids: &self.app.ids,
            tree: &tree,
            kind,
            area: self.import.area,
            now,
        });
        let mut looking = Looking::of(&self.app, &self.import);
        let by = Deciding {
            actor: actor_of(&self.import),
            at: now,
            vault: &self.app.vault,
            origin: Origin::Import(self.import.id),
        };
        for row in &self.chunk {
            let (outcome, faults) = match self.ledger.read(row) {
                Reading::Hint => (RowOutcome::Skipped, Vec::new()),
                Reading::Bad(faults) => (RowOutcome::Bad, faults),
                Reading::Row(said) => match &planner {
                    Some(planner) => {
                        let planned = planner.plan(tx, &said)?;
                        self.act(tx, planned, &by)?
                    }
                    None => {
                        let looked = looking.row(tx, &said)?;
                        self.write_down(tx, looked, (row.s, row.n))?
                    }
                },
            };
            counts.add(outcome);
            if !faults.is_empty() {
                import_store::explain(tx, id, (row.s, row.n), outcome, &faults)?;
            }
        }
        import_store::progress(tx, id, &self.owner, (last, counts), now)?;
        Ok(Some(counts))
    }

    /// Writes a visit or a hazard down.
    fn write_down(&self, tx: &mut Tx<'_>, looked: Looked, row: (u32, u32)) -> Answer<(RowOutcome, Vec<RowFault>)> {
        let outcome = looked.outcome();
        let is_down = match looked {
            Looked::Not(..) => true,
            Looked::Visit(visit) => done::land_visit(&self.app, tx, &self.import, *visit).map(|()| true)?,
            Looked::Hazard(_) => match self.hazards.get(&row) {
                Some(ready) => done::land_hazard(&self.app, tx, &self.import, ready)?,
                None => false,
            },
        };
        Ok(if is_down { outcome } else { (RowOutcome::Bad, vec![RowFault::of("refused", "")]) })
    }

    fn act(&self, tx: &mut Tx<'_>, planned: Planned, by: &Deciding<'_>) -> Answer<(RowOutcome, Vec<RowFault>)> {
        for step in planned.steps {
            let (change, before) = match step {
                Step::Enter(record) => ((*record).enter(by), 0),
                Step::Change(record, values) => (record.change(values, Vec::new(), record.version, by), record.version),
                Step::Leave(record, reason) => (record.leave(reason, by), record.version),
            };
            match change {
                Ok(change) => {
                    let record: Record = tx.commit(change)?.record;
                    let touched =
                        Touched { kind: Subject::Record(record.kind), id: record.id, before, after: record.version };
                    touched.note(tx, self.import.id)?;
                }
                Err(problem) if problem.code == ProblemCode::Internal => return Err(problem.into()),
                Err(_) => return Ok((RowOutcome::Bad, vec![RowFault::of("refused", "")])),
            }
        }
        Ok((planned.outcome, planned.faults))
    }
}

/// One of the first rows of a dry run.
#[derive(Debug)]
pub struct Rehearsed {
    /// Which row.
    pub row: KeptRow,
    /// What would come of it.
    pub outcome: RowOutcome,
    /// Why not.
    pub faults: Vec<RowFault>,
    /// The fields of a known record that would change.
    pub changes: Vec<&'static str>,
    /// The record that it would be, as far as it was read.
    pub record: Option<Record>,
}

/// What a dry run finds: nothing is written.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// How many rows would come to what.
    pub counts: Counts,
    /// How often each reason stands: the code and the column.
    pub faults: HashMap<(String, String), i64>,
    /// The first rows.
    pub first: Vec<Rehearsed>,
}

/// So many rows are shown of a dry run.
const SHOWN: usize = 20;

/// Reads every row of an import, compares it with what is known, and writes nothing.
///
/// # Errors
/// The database's; inside, what is wrong with the file.
pub async fn rehearse(app: &App, import: &Import) -> Answer<Result<Rehearsal, SheetFault>> {
    let ledger = Arc::new(ledger_of(import, &app.areas(), app.now()));
    let (send, mut chunks) = mpsc::channel::<Vec<KeptRow>>(3);
    let (path, vault) = (intake::kept_path(app, import.id), app.vault.clone());
    let reading = tokio::task::spawn_blocking(move || read((&path, &vault), (0, 0), &send));
    let mut rehearsal = Rehearsal::default();
    let (mut seen, hasher) = (HashSet::<u64>::new(), RandomState::new());
    while let Some(chunk) = chunks.recv().await {
        let (app2, import2, ledger2) = (app.clone(), import.clone(), Arc::clone(&ledger));
        let rows = app.db.read(move |conn| {
            let (tree, now) = (app2.areas(), app2.now());
            let planner = import2.kind.record().map(|kind| Planner {
                vault: &app2.vault,
                ids: &app2.ids,
                tree: &tree,
                kind,
                area: import2.area,
                now,
            });
            let mut looking = Looking::of(&app2, &import2);
            let mut rows = Vec::new();
            for row in chunk {
                rows.push(match ledger2.read(&row) {
                    Reading::Hint => plain(row, RowOutcome::Skipped, Vec::new()),
                    Reading::Bad(faults) => plain(row, RowOutcome::Bad, faults),
                    Reading::Row(said) => match &planner {
                        Some(planner) => shown(row, planner.plan(conn, &said)?),
                        None => {
                            let (outcome, faults) = looking.row(conn, &said)?.outcome();
                            plain(row, outcome, faults)
                        }
                    },
                });
            }
            Ok::<_, Refused>(rows)
        });
        for mut row in rows.await? {
            // The same new record twice in a file is new once.
            if row.outcome == RowOutcome::New && !seen.insert(hasher.hash_one(identity(&row))) {
                row.outcome = RowOutcome::Same;
            }
            rehearsal.counts.add(row.outcome);
            for fault in &row.faults {
                *rehearsal.faults.entry((fault.code.clone(), fault.column.clone())).or_default() += 1;
            }
            if rehearsal.first.len() < SHOWN {
                rehearsal.first.push(row);
            }
        }
    }
    match reading.await {
        Ok(Ok(())) => Ok(Ok(rehearsal)),
        Ok(Err(fault)) => Ok(Err(fault)),
        Err(_) => Err(ProblemCode::Internal.into()),
    }
}

fn plain(row: KeptRow, outcome: RowOutcome, faults: Vec<RowFault>) -> Rehearsed {
    Rehearsed { row, outcome, faults, changes: Vec::new(), record: None }
}

fn shown(row: KeptRow, planned: Planned) -> Rehearsed {
    let record = planned.steps.into_iter().last().map(|step| match step {
        Step::Enter(record) | Step::Leave(record, _) => *record,
        Step::Change(record, values) => Record { values, ..*record },
    });
    Rehearsed { row, outcome: planned.outcome, faults: planned.faults, changes: planned.changes, record }
}

/// By what two rows of a file are known to be the same.
fn identity(row: &Rehearsed) -> Vec<String> {
    let Some(record) = &row.record else { return row.row.c.clone() };
    let of = |key: &str| record.values.get(key).map(str::to_owned);
    if let Some(number) = of("id_number").or_else(|| of("unified_code")) {
        return vec![number];
    }
    let mut words: Vec<String> = row.row.c.clone();
    words.push(record.area.to_string());
    words
}

/// Removes rows that nobody needs any more: a week after an import ended, a day after one was brought and not begun.
///
/// # Errors
/// The database's.
pub async fn tidy(app: &App, now: Timestamp) -> Result<(), StoreError> {
    const DAY_MS: i64 = 86_400_000;
    let (ended, unused) = (now.plus_ms(-7 * DAY_MS), now.plus_ms(-DAY_MS));
    let over = app.db.read(move |conn| import_store::ended_before(conn, ended, unused)).await?;
    over.into_iter().for_each(|import| intake::forget(app, import));
    Ok(())
}
