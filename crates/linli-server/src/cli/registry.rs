//! `linli import registry`: an office's own ledger from a file. An import that was cut off goes on where it was.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use linli_civic::app::{App, SiteConfig};
use linli_civic::http::Refused;
use linli_civic::imports::errors_sheet::{self, sentence};
use linli_civic::imports::http::column_title;
use linli_civic::imports::intake::{self, Brought, NotTaken};
use linli_civic::imports::reading::RowFault;
use linli_civic::imports::run;
use linli_civic::imports::store::{self as import_store, Counts, Import, ImportState};
use linli_civic::registry::Kind;
use linli_civic::registry::ledger::{Subject, has_ledger};
use linli_civic::say::Lang;
use linli_civic::sheets::folder;
use linli_kernel::{AreaCode, ImportId};
use linli_server::open::{self, Options};

use super::DataArgs;
use super::out::{say, tell};

/// Some rows were refused; the good ones were kept.
const SOME_REFUSED: u8 = 2;

/// What is imported, and how.
#[derive(Args, Clone)]
pub struct RegistryArgs {
    /// The file: xlsx, xls or csv.
    file: PathBuf,
    /// What it is a ledger of: residents, dwellings, premises or firms.
    #[arg(long)]
    kind: String,
    /// Where its records may lie: the code of a community or a grid.
    #[arg(long)]
    area: AreaCode,
    /// A column that linli does not keep and that is to be left out; once for each.
    #[arg(long = "leave-out")]
    leave_out: Vec<String>,
    /// Says what would come of it and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Writes the rows that were not entered, with the reasons, to this xlsx.
    #[arg(long)]
    errors: Option<PathBuf>,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs it.
///
/// # Errors
/// When the file cannot be opened, or the database fails.
pub async fn run(args: &RegistryArgs) -> anyhow::Result<ExitCode> {
    let site = SiteConfig { public_url: String::new(), demo: false, tile_url: None, phone: String::new() };
    let options = Options::new(args.data.data.clone(), args.data.database_url.clone(), site);
    let app = open::open_app(&options).await?;
    let kind: Kind = args
        .kind
        .parse()
        .ok()
        .filter(|kind| has_ledger(Subject::Record(*kind)))
        .context("--kind 应为 residents（住户）、dwellings（房屋）、premises（场所）或 firms（企业）")?;
    anyhow::ensure!(app.areas().get(&args.area).is_some(), "没有编码为 {} 的区域", args.area);
    let import = match brought(&app, kind, args).await? {
        Ok(import) => import,
        Err(sentence) => {
            tell(&format!("{}: {sentence}", args.file.display()));
            return Ok(ExitCode::FAILURE);
        }
    };
    for sheet in &import.sheets {
        let read = sheet.layout.headers.iter().zip(&sheet.layout.columns);
        let columns: Vec<String> = read
            .filter_map(|(header, column)| {
                column.map(|column| format!("{header}→{}", column_title(Subject::Record(kind), column)))
            })
            .collect();
        tell(&format!("工作表“{}”：{} 行；{}", sheet.name, sheet.n_rows, columns.join("、")));
    }
    if args.dry_run {
        return rehearse(&app, &import).await;
    }
    let counts = run::work(&app, import.id, &|counts, of| tell(&line(&counts, of))).await.map_err(refused)?;
    finish(&app, &import, &counts, args).await
}

/// The import of this file: the one that was cut off, or a new one.
async fn brought(app: &App, kind: Kind, args: &RegistryArgs) -> anyhow::Result<Result<Import, String>> {
    let (sha256, _) = folder::digest(&args.file).with_context(|| format!("打不开 {}", args.file.display()))?;
    let area = args.area;
    let unfinished =
        app.db.read(move |conn| import_store::unfinished(conn, Subject::Record(kind), &area, &sha256)).await?;
    if let Some(import) = unfinished.filter(|import| !args.dry_run && intake::kept_path(app, import.id).exists()) {
        tell("上次没有导入完，接着导入。");
        return Ok(Ok(import));
    }
    let id = ImportId::new(app.ids.uuid(app.now()));
    let mut from = std::fs::File::open(&args.file).with_context(|| format!("打不开 {}", args.file.display()))?;
    let mut to = app.registry.create(id).context("cannot keep a copy of the file")?;
    std::io::copy(&mut from, &mut to).context("cannot keep a copy of the file")?;
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let brought = Brought {
        kind: Subject::Record(kind),
        area,
        account: None,
        role: None,
        file_name: name,
        leave_out: args.leave_out.clone(),
    };
    let import = match intake::bring(app, id, brought).await.map_err(refused)? {
        Ok(import) => import,
        Err(why) => return Ok(Err(not_taken(&why))),
    };
    if !args.dry_run {
        let now = app.now();
        app.db
            .write(move |tx| import_store::turn(tx, id, &[ImportState::Uploaded], ImportState::Running, None, now))
            .await?;
    }
    Ok(Ok(import))
}

fn not_taken(why: &NotTaken) -> String {
    match why {
        NotTaken::Fault(fault) => fault.sentence(),
        NotTaken::NoHeader => Lang::ZhCn.text("problem_detail.no_header"),
        NotTaken::Columns(columns) => {
            let said = columns.iter().map(|column| {
                let why = Lang::ZhCn.text(&format!("field_problem.{}", column.reason.code()));
                format!("\n  {}：{why}（--leave-out {}）", column.header, column.header)
            });
            format!("{}{}", Lang::ZhCn.text("problem_detail.refused_columns"), said.collect::<String>())
        }
    }
}

async fn rehearse(app: &App, import: &Import) -> anyhow::Result<ExitCode> {
    let rehearsal = run::rehearse(app, import).await.map_err(refused)?;
    intake::forget(app, import.id);
    let rehearsal = match rehearsal {
        Ok(rehearsal) => rehearsal,
        Err(fault) => {
            tell(&fault.sentence());
            return Ok(ExitCode::FAILURE);
        }
    };
    say(&format!("预览：{}", summary(&rehearsal.counts)));
    let mut faults: Vec<_> = rehearsal.faults.into_iter().collect();
    faults.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
    for ((code, column), n) in faults {
        say(&format!("  {n} 行：{}", sentence(&RowFault { code, column, area: "…".to_owned() }, Lang::ZhCn)));
    }
    Ok(ExitCode::SUCCESS)
}

async fn finish(app: &App, import: &Import, counts: &Counts, args: &RegistryArgs) -> anyhow::Result<ExitCode> {
    if let Some(out) = &args.errors
        && counts.n_bad > 0
    {
        let sheet = errors_sheet::write(app, import, Lang::ZhCn).await.map_err(refused)?;
        std::fs::copy(&sheet.path, out).with_context(|| format!("写不了 {}", out.display()))?;
        tell(&format!("没有导入的行和原因已写到 {}。", out.display()));
    }
    let id = import.id;
    let ended = app.db.read(move |conn| import_store::import(conn, id)).await?;
    if let Some(fault) = ended.and_then(|import| import.fault) {
        tell(&format!("文件没有读完（{fault}），已导入的行保留。"));
        return Ok(ExitCode::FAILURE);
    }
    say(&format!("底数台账：{}", summary(counts)));
    Ok(if counts.n_bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_REFUSED) })
}

fn line(counts: &Counts, of: i64) -> String {
    format!("  已处理 {}/{of}：{}", counts.total(), summary(counts))
}

fn summary(counts: &Counts) -> String {
    format!(
        "新增 {}，修改 {}，没有变化 {}，跳过 {}，未导入 {}。",
        counts.n_new, counts.n_changed, counts.n_same, counts.n_skipped, counts.n_bad
    )
}

fn refused(refused: Refused) -> anyhow::Error {
    anyhow::Error::new(refused)
}
