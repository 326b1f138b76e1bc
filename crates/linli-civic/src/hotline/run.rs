//! 导入: an import at work. A thread reads and judges rows, many orders land at once and share their commits, and the record of
//! outcomes tells where to go on after an interruption.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use linli_db::StoreError;
use linli_kernel::{ImportId, ProblemCode, Timestamp};
use tokio::sync::mpsc;

use super::category::Categories;
use super::import_store::{self, Counts, Import, ImportState, Outcome, RowOutcome};
use super::land::{self, RowOf};
use super::partner::{self, Hotline};
use super::plan::{Judge, Judged, Placed};
use super::store;
use crate::app::App;
use crate::http::{Answer, Refused};
use crate::sheets::sheet::{self, Next, SheetFault};

/// Rows that are read ahead at a time.
const CHUNK: usize = 512;
/// Orders that land at once: one fsync for as many as are waiting.
const AT_ONCE: usize = 256;
/// An import whose worker gave no sign of life for so long is taken up by another.
const SILENCE_MS: i64 = 20_000;
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How often a row is tried again when the database is busy.
const TRIES: u32 = 5;

/// Works on imports for as long as the server runs.
pub async fn run(app: App) {
    loop {
        if let Err(error) = once(&app).await {
            tracing::warn!(error = ?error, "imports cannot be worked on; trying again");
        }
        drop(tokio::time::timeout(LOOK_EVERY, app.hotline.files.rung()).await);
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
        // The file may lie on another node.
        if app.hotline.files.path(import.id).exists() {
            work(app, import.id, &|_, _| {}).await?;
            n += 1;
        }
    }
    Ok(n)
}

/// A row that was judged.
struct Row {
    sheet: u32,
    n: u32,
    judged: Judged,
}

/// Works on one import until it ends, is stopped, or somebody else takes it. `tell` hears the counts and the number of rows.
///
/// # Errors
/// The database's; `NotFound` when there is no such import.
pub async fn work(app: &App, id: ImportId, tell: &(dyn Fn(Counts, i64) + Send + Sync)) -> Answer<Counts> {
    let owner = owner(app);
    let (mine, now) = (owner.clone(), app.now());
    if !app.db.write(move |tx| import_store::take(tx, id, &mine, now)).await? {
        return Err(ProblemCode::NotFound.into());
    }
    let import =
        app.db.read(move |conn| import_store::import(conn, id)).await?.ok_or(Refused::from(ProblemCode::NotFound))?;
    let judge = Arc::new(judge(app, &import).await?);
    let done = app.db.read(move |conn| import_store::rows_done(conn, id)).await?;
    let mut counts = app.db.read(move |conn| import_store::counts(conn, id)).await?;
    tell(counts, import.n_rows);
    let worker = Worker { app, id, hotline: &judge.hotline };
    let (send, mut chunks) = mpsc::channel::<Vec<Row>>(3);
    let reading = tokio::task::spawn_blocking({
        let (path, judge) = (app.hotline.files.path(id), Arc::clone(&judge));
        move || read(&path, &judge, &done, &send)
    });
    while let Some(chunk) = chunks.recv().await {
        worker.land_chunk(chunk, &mut counts).await?;
        tell(counts, import.n_rows);
        let (mine, now) = (owner.clone(), app.now());
        if !app.db.write(move |tx| import_store::still_mine(tx, id, &mine, now)).await? {
            // Stopped, or taken by another worker: what was entered stays.
            drop(chunks);
            drop(reading.await);
            return Ok(counts);
        }
    }
    let (state, fault) = match reading.await {
        Ok(Ok(())) => (ImportState::Done, None),
        Ok(Err(fault)) => {
            tracing::warn!(import = %id, error = %fault, "the file of an import cannot be read to its end");
            (ImportState::Failed, Some(fault.code()))
        }
        Err(_) => (ImportState::Failed, Some("file_broken")),
    };
    let now = app.now();
    app.db.write(move |tx| import_store::end(tx, id, state, fault, now)).await?;
    if state == ImportState::Done && counts.n_bad + counts.n_skipped == 0 {
        app.hotline.files.remove(id);
    }
    Ok(counts)
}

fn owner(app: &App) -> String {
    let mut token = [0_u8; 8];
    app.ids.fill(&mut token);
    hex::encode(token)
}

/// Everything by which the rows of an import are judged.
///
/// # Errors
/// `NotFound` when its hotline is gone; the database's.
pub async fn judge(app: &App, import: &Import) -> Answer<Judge> {
    let hotline = partner::find(app, Some(&import.partner)).ok_or(ProblemCode::NotFound)?;
    judge_for(
        app,
        hotline,
        import.areas.clone(),
        import.with_history,
        import.sheets.iter().filter(|plan| plan.chosen).map(|plan| (plan.sheet, plan.layout.clone())).collect(),
    )
    .await
}

/// Everything by which orders of `hotline` are judged.
///
/// # Errors
/// The database's.
pub async fn judge_for(
    app: &App,
    hotline: Hotline,
    areas: Vec<linli_kernel::AreaCode>,
    with_history: bool,
    layouts: HashMap<u32, super::columns::Layout>,
) -> Answer<Judge> {
    let id = hotline.id.clone();
    let decided = app.db.read(move |conn| store::chosen_categories(conn, &id).map_err(Refused::from)).await?;
    let categories = Categories::new(&app.playbooks.current(), &hotline.categories, &decided);
    let (tree, inbox) = (app.areas(), app.hotline.clone());
    let places = tokio::task::spawn_blocking(move || inbox.places(&tree))
        .await
        .map_err(|_| Refused::from(ProblemCode::Internal))?;
    Ok(Judge { hotline, places, categories, areas, with_history, now: app.now(), layouts })
}

/// Reads and judges the rows that have no outcome yet, a chunk at a time, until nobody wants more.
fn read(
    path: &std::path::Path,
    judge: &Judge,
    done: &HashSet<(u32, u32)>,
    send: &mpsc::Sender<Vec<Row>>,
) -> Result<(), SheetFault> {
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut is_wanted = true;
    sheet::read(path, &mut |_, row| {
        if !judge.layouts.contains_key(&row.sheet) {
            return Next::Sheet;
        }
        if done.contains(&(row.sheet, row.n)) {
            return Next::Row;
        }
        let Some(judged) = judge.judge(&row) else { return Next::Row };
        chunk.push(Row { sheet: row.sheet, n: row.n, judged });
        if chunk.len() >= CHUNK {
            is_wanted = send.blocking_send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).is_ok();
        }
        if is_wanted { Next::Row } else { Next::Stop }
    })?;
    if is_wanted && !chunk.is_empty() {
        drop(send.blocking_send(chunk));
    }
    Ok(())
}

struct Worker<'a> {
    app: &'a App,
    id: ImportId,
    hotline: &'a Hotline,
}

impl Worker<'_> {
    /// Lands the rows of a chunk: each order in its own transaction, what needs no case together.
    async fn land_chunk(&self, chunk: Vec<Row>, counts: &mut Counts) -> Answer<()> {
        let mut plain: Vec<RowOutcome> = Vec::new();
        let mut orders: Vec<(RowOf, Arc<Placed>)> = Vec::new();
        for Row { sheet, n, judged } in chunk {
            match judged {
                Judged::Not(outcome, order_no, faults) => {
                    plain.push(RowOutcome { sheet, n, outcome, order_no, case: None, faults })
                }
                Judged::Order(placed) => orders.push((RowOf { import: self.id, sheet, n }, placed)),
            }
        }
        let nos: Vec<String> = orders.iter().map(|(_, placed)| placed.order.no.clone()).collect();
        let partner = self.hotline.id.clone();
        let known = self.app.db.read(move |conn| store::digests(conn, &partner, &nos).map_err(Refused::from)).await?;
        let mut first: Vec<(RowOf, Arc<Placed>)> = Vec::new();
        let mut again: Vec<(RowOf, Arc<Placed>)> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        for (row, placed) in orders {
            if !seen.insert(placed.order.no.clone()) {
                // The same number twice in a file: in the order of the rows.
                again.push((row, placed));
            } else if known.get(&placed.order.no) == Some(&placed.order.digest()) {
                plain.push(RowOutcome {
                    sheet: row.sheet,
                    n: row.n,
                    outcome: Outcome::Same,
                    order_no: Some(placed.order.no.clone()),
                    case: None,
                    faults: Vec::new(),
                });
            } else {
                first.push((row, placed));
            }
        }
        for row in &plain {
            counts.add(row.outcome);
        }
        self.record(plain).await?;
        let mut landing = stream::iter(first.into_iter().map(|(row, placed)| {
            let is_known = known.contains_key(&placed.order.no);
            self.land_one(row, placed, is_known)
        }))
        .buffer_unordered(AT_ONCE);
        while let Some(outcome) = landing.next().await {
            counts.add(outcome?);
        }
        drop(landing);
        for (row, placed) in again {
            counts.add(self.land_one(row, placed, true).await?);
        }
        Ok(())
    }

    async fn land_one(&self, row: RowOf, placed: Arc<Placed>, mut is_known: bool) -> Answer<Outcome> {
        let mut tries = 0;
        loop {
            tries += 1;
            match land::land(self.app, self.hotline, Arc::clone(&placed), Some(row), is_known).await {
                Ok(landed) => return Ok(landed.outcome),
                // Known by an earlier row that was refused: it is new after all.
                Err(Refused::Store(StoreError::Retry)) if is_known => is_known = false,
                Err(Refused::Store(StoreError::Busy | StoreError::Retry | StoreError::NotCommitted(_)))
                    if tries < TRIES =>
                {
                    tokio::time::sleep(Duration::from_millis(u64::from(tries) * 100)).await;
                }
                Err(refused) => {
                    let Some(fault) = land::fault_of(&refused) else { return Err(refused) };
                    let no = placed.order.no.clone();
                    self.record(vec![RowOutcome {
                        sheet: row.sheet,
                        n: row.n,
                        outcome: Outcome::Bad,
                        order_no: Some(no),
                        case: None,
                        faults: vec![fault],
                    }])
                    .await?;
                    return Ok(Outcome::Bad);
                }
            }
        }
    }

    async fn record(&self, rows: Vec<RowOutcome>) -> Answer<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let id = self.id;
        self.app.db.write(move |tx| rows.iter().try_for_each(|row| row.record(tx, id)).map_err(Refused::from)).await
    }
}

/// What a dry run finds: nothing is written.
#[derive(Clone, Debug, Default)]
pub struct Rehearsed {
    /// How many rows would come to what.
    pub counts: Counts,
    /// How often each reason stands.
    pub faults: HashMap<String, i64>,
    /// Categories of theirs that are not known, with how many orders have them.
    pub unknown_categories: HashMap<String, i64>,
    /// The first rows: where they stand and what was found.
    pub first: Vec<(u32, u32, Judged)>,
}

/// So many rows are shown of a dry run.
const SHOWN: usize = 20;

/// Judges every row of an import and writes nothing.
///
/// # Errors
/// The database's; `Invalid` for a file that cannot be read.
pub async fn rehearse(app: &App, import: &Import) -> Answer<Result<Rehearsed, SheetFault>> {
    let judge = Arc::new(judge(app, import).await?);
    let (path, partner) = (app.hotline.files.path(import.id), import.partner.clone());
    let read_rows = app.slowly({
        let judge = Arc::clone(&judge);
        move || {
            let mut rehearsed = Rehearsed::default();
            let mut orders: Vec<(String, String)> = Vec::new();
            let read = sheet::read(&path, &mut |_, row| {
                if !judge.layouts.contains_key(&row.sheet) {
                    return Next::Sheet;
                }
                let Some(judged) = judge.judge(&row) else { return Next::Row };
                match &judged {
                    Judged::Order(placed) => {
                        orders.push((placed.order.no.clone(), placed.order.digest()));
                        if placed.category.is_none() {
                            *rehearsed.unknown_categories.entry(placed.order.category_path()).or_default() += 1;
                        }
                    }
                    Judged::Not(outcome, _, faults) => {
                        rehearsed.counts.add(*outcome);
                        for fault in faults {
                            *rehearsed.faults.entry(fault.code.clone()).or_default() += 1;
                        }
                    }
                }
                if rehearsed.first.len() < SHOWN {
                    rehearsed.first.push((row.sheet, row.n, judged));
                }
                Next::Row
            });
            read.map(|_| (rehearsed, orders))
        }
    });
    let (mut rehearsed, orders) = match read_rows.await? {
        Ok(read) => read,
        Err(fault) => return Ok(Err(fault)),
    };
    let nos: Vec<String> = orders.iter().map(|(no, _)| no.clone()).collect();
    let mut known = app.db.read(move |conn| store::digests(conn, &partner, &nos).map_err(Refused::from)).await?;
    for (no, digest) in orders {
        let outcome = match known.get(&no) {
            None => Outcome::New,
            Some(before) if *before == digest => Outcome::Same,
            Some(_) => Outcome::Updated,
        };
        known.insert(no, digest);
        rehearsed.counts.add(outcome);
    }
    Ok(Ok(rehearsed))
}

/// Removes files that nobody needs any more: a week after an import ended, a day after one was brought and not begun.
///
/// # Errors
/// The database's.
pub async fn tidy(app: &App, now: Timestamp) -> Result<(), StoreError> {
    const DAY_MS: i64 = 86_400_000;
    let ended = app
        .db
        .read(move |conn| import_store::ended_before(conn, now.plus_ms(-7 * DAY_MS), now.plus_ms(-DAY_MS)))
        .await?;
    ended.into_iter().for_each(|import| app.hotline.files.remove(import));
    app.db.write(move |tx| store::forget_nonces(tx, now)).await.map(drop)
}
