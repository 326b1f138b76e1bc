//! `linli import`: areas, boundaries and work orders from files. Good rows are kept, bad ones are named with their line.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Subcommand;

use linli_civic::areas::boundaries::{BoundaryRecord, parse_boundaries};
use linli_civic::areas::store::{AreaBatch, BATCH, BoundaryBatch, imported};
use linli_civic::areas::tree::{AreaTree, Known};
use linli_civic::areas::{AreaRecord, Crs, Finding, Parsed, Severity, parse_areas};
use linli_db::{Db, Store, StoreError};
use linli_kernel::{Actor, AreaCode, AreaLevel, Change, Clock as _, SystemClock, Timestamp};

use super::DataArgs;
use super::out::{say, tell};

/// Some rows were refused; the good ones were kept.
const SOME_REFUSED: u8 = 2;

/// What is imported.
#[derive(Subcommand, Clone)]
pub enum Import {
    /// Official divisions or grids, as CSV (UTF-8, GBK or UTF-16; also .xz).
    ///
    /// Ends with 0 when every row was good, 2 when some were refused (the good ones are kept), 1 when nothing could be read.
    Areas {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Boundaries, as GeoJSON, GeoJSON by lines, or .xz of either.
    ///
    /// Ends with 0 when every row was good, 2 when some were refused (the good ones are kept), 1 when nothing could be read or
    /// the coordinate system is wrong.
    Boundaries {
        /// The file.
        file: PathBuf,
        /// The coordinate system of the file: wgs84, gcj02 (高德、腾讯) or bd09 (百度).
        #[arg(long)]
        crs: Crs,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Work orders of the 12345 hotline, as xlsx, xls or csv.
    ///
    /// Started again after an interruption it goes on where it was. Ends with 0 when every row was entered, 2 when some were refused (the good
    /// ones are kept), 1 when nothing could be read.
    Hotline(super::hotline::HotlineArgs),
    /// A ledger of residents, dwellings, premises or firms, as xlsx, xls or csv.
    ///
    /// Columns that linli does not keep are named with their reason; the file is taken with `--leave-out` for each. Ends with 0 when
    /// every row was entered, 2 when some were refused (the good ones are kept), 1 when nothing could be read.
    Registry(super::registry::RegistryArgs),
}

/// Runs it.
///
/// # Errors
/// When the database cannot be opened or fails.
pub async fn run(import: &Import) -> anyhow::Result<ExitCode> {
    match import {
        Import::Areas { file, data } => areas(file, data).await,
        Import::Boundaries { file, crs, data } => boundaries(file, *crs, data).await,
        Import::Hotline(args) => super::hotline::run(args).await,
        Import::Registry(args) => super::registry::run(args).await,
    }
}

/// How the rows of a file compare with what is known.
#[derive(Default)]
struct Counts {
    n_new: usize,
    n_changed: usize,
    n_unchanged: usize,
}

/// How a row compares with what is known.
enum Compared {
    New,
    Changed,
    Same,
}

impl Counts {
    /// Counts the rows and leaves those that have to be written.
    fn keep<T>(rows: Vec<T>, compare: impl Fn(&T) -> Compared) -> (Vec<T>, Self) {
        let mut counts = Self::default();
        let kept = rows.into_iter().filter(|row| match compare(row) {
            Compared::New => {
                counts.n_new += 1;
                true
            }
            Compared::Changed => {
                counts.n_changed += 1;
                true
            }
            Compared::Same => {
                counts.n_unchanged += 1;
                false
            }
        });
        let kept = kept.collect();
        (kept, counts)
    }
}

async fn areas(file: &Path, data: &DataArgs) -> anyhow::Result<ExitCode> {
    let db = data.open().await?;
    let tree = Arc::new(db.read(AreaTree::load).await?);
    let (source, known) = (open_file(file)?, Known(Arc::clone(&tree)));
    let parsed = match tokio::task::spawn_blocking(move || parse_areas(source, &known)).await? {
        Ok(parsed) => parsed,
        Err(error) => return Ok(unreadable(file, &error.sentence())),
    };
    tell_findings(file, &parsed);
    let (n_read, n_refused) = (parsed.n_read, parsed.n_refused());
    let n_workers = parsed.rows.iter().filter(|row| row.worker_name.is_some()).count();
    let has_rows = !parsed.rows.is_empty();
    let (rows, counts) = Counts::keep(parsed.rows, |row| compare_area(row, &tree));
    write(&db, file, "areas_imported", rows, |row| row.code, |rows, _| AreaBatch(rows)).await?;
    if n_workers > 0 {
        tell(&format!("有 {n_workers} 行写有网格员姓名：姓名不随区域导入，请在“人员”里建立账号。"));
    }
    Ok(summed_up("区域", n_read, &counts, n_refused, has_rows))
}

fn compare_area(row: &AreaRecord, tree: &AreaTree) -> Compared {
    let Some(area) = tree.get(&row.code) else { return Compared::New };
    // What a file does not say is left as it is.
    let agrees = |new: Option<u32>, old: Option<u32>| new.is_none() || new == old;
    let is_same = area.name == row.name
        && area.short_name == row.short_name
        && agrees(row.profile.households, area.profile.households)
        && agrees(row.profile.residents, area.profile.residents)
        && agrees(row.profile.merchants, area.profile.merchants);
    if is_same { Compared::Same } else { Compared::Changed }
}

async fn boundaries(file: &Path, crs: Crs, data: &DataArgs) -> anyhow::Result<ExitCode> {
    let db = data.open().await?;
    let tree = Arc::new(db.read(AreaTree::load).await?);
    let (source, known) = (open_file(file)?, Known(Arc::clone(&tree)));
    let parsed = tokio::task::spawn_blocking(move || {
        parse_boundaries(source, crs, &known, &mut |n| {
            if n % 10_000 == 0 {
                tell(&format!("  已读 {n} 个边界"));
            }
        })
    });
    let parsed = match parsed.await? {
        Ok(parsed) => parsed,
        Err(error) => return Ok(unreadable(file, &error.sentence())),
    };
    tell_findings(file, &parsed);
    let (n_read, n_refused, has_rows) = (parsed.n_read, parsed.n_refused(), !parsed.rows.is_empty());
    let (rows, counts) = Counts::keep(parsed.rows, |row| compare_boundary(row, &tree));
    let batch = move |rows, at| BoundaryBatch { rows, source_crs: crs, at };
    write(&db, file, "boundaries_imported", rows, |row| row.code, batch).await?;
    Ok(summed_up("边界", n_read, &counts, n_refused, has_rows))
}

fn compare_boundary(row: &BoundaryRecord, tree: &AreaTree) -> Compared {
    match tree.index().shape(&row.code) {
        None => Compared::New,
        Some(known) if known == row.shape => Compared::Same,
        Some(_) => Compared::Changed,
    }
}

fn open_file(file: &Path) -> anyhow::Result<File> {
    File::open(file).with_context(|| format!("打不开 {}", file.display()))
}

fn unreadable(file: &Path, sentence: &str) -> ExitCode {
    tell(&format!("{}: {sentence}", file.display()));
    ExitCode::FAILURE
}

fn tell_findings<T>(file: &Path, parsed: &Parsed<T>) {
    parsed.notes.sentences().iter().for_each(|note| tell(&format!("{}: {note}", file.display())));
    parsed.findings.iter().for_each(|finding| tell(&line_of(file, finding)));
}

/// `grids.csv:12: 错误（610502005007001）：编码是空的。 [bad_code]`
fn line_of(file: &Path, finding: &Finding) -> String {
    let at = if finding.line > 0 { format!(":{}", finding.line) } else { String::new() };
    let word = match finding.fault.severity() {
        Severity::Error => "错误",
        Severity::Warning => "提醒",
    };
    let subject = finding.subject.as_ref().map(|subject| format!("（{subject}）")).unwrap_or_default();
    format!("{}{at}: {word}{subject}：{} [{}]", file.display(), finding.fault.sentence(), finding.fault.code())
}

/// Writes rows, a batch a transaction, each told by one event of its city.
async fn write<T, S>(
    db: &Db,
    file: &Path,
    kind: &'static str,
    rows: Vec<T>,
    code: impl Fn(&T) -> AreaCode,
    batch: impl Fn(Vec<T>, Timestamp) -> S + Copy + Send + 'static,
) -> anyhow::Result<()>
where
    T: Clone + Send + Sync + 'static,
    S: Store + 'static,
{
    let source = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut by_city: BTreeMap<AreaCode, Vec<T>> = BTreeMap::new();
    let of = rows.len();
    for row in rows {
        by_city.entry(code(&row).at(AreaLevel::City)).or_default().push(row);
    }
    let mut n_written = 0;
    for (city, rows) in by_city {
        for rows in rows.chunks(BATCH) {
            let (rows, source, at) = (rows.to_vec(), source.clone(), SystemClock.now());
            let n = rows.len();
            let written = db.write(move |tx| {
                let event = imported(kind, &city, rows.len(), &source, Actor::System, at);
                tx.commit(Change::new(batch(rows.clone(), at), event)).map(drop)
            });
            written.await.map_err(|error: StoreError| error)?;
            n_written += n;
            if of > BATCH {
                tell(&format!("  已写入 {n_written}/{of}"));
            }
        }
    }
    Ok(())
}

fn summed_up(what: &str, n_read: u32, counts: &Counts, n_refused: usize, has_rows: bool) -> ExitCode {
    let Counts { n_new, n_changed, n_unchanged } = counts;
    say(&format!("{what}：读到 {n_read} 行，新增 {n_new}，更新 {n_changed}，未变 {n_unchanged}，拒收 {n_refused}。"));
    match (has_rows, n_refused) {
        (_, 0) => ExitCode::SUCCESS,
        (true, _) => ExitCode::from(SOME_REFUSED),
        (false, _) => ExitCode::FAILURE,
    }
}
