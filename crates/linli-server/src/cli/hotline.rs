//! `linli import hotline`: work orders of the hotline from a file. An import that was cut off goes on where it was.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use linli_civic::app::{App, SiteConfig};
use linli_civic::hotline::import_store::{self, Counts, Import};
use linli_civic::hotline::intake::{self, Bringer};
use linli_civic::hotline::{Hotline, errors_sheet, partner, run};
use linli_civic::http::Refused;
use linli_civic::say::Lang;
use linli_civic::sheets::folder;
use linli_kernel::ImportId;
use linli_server::open::{self, Options};

use super::DataArgs;
use super::out::{say, tell};

/// Some rows were refused; the good ones were kept.
const SOME_REFUSED: u8 = 2;

/// What is imported, and how.
#[derive(Args, Clone)]
pub struct HotlineArgs {
    /// The file: xlsx, xls or csv.
    file: PathBuf,
    /// The hotline's id: the name of its file in DATA/partners; not needed where there is only one.
    #[arg(long)]
    partner: Option<String>,
    /// Says what would come of it and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Writes the rows that were not entered, with the reasons, to this xlsx.
    #[arg(long)]
    errors: Option<PathBuf>,
    /// Enters orders too that the hotline has finished already.
    #[arg(long)]
    with_history: bool,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs it.
///
/// # Errors
/// When the file cannot be opened, or the database fails.
pub async fn run(args: &HotlineArgs) -> anyhow::Result<ExitCode> {
    let site = SiteConfig { public_url: String::new(), demo: false, tile_url: None, phone: String::new() };
    let mut options = Options::new(args.data.data.clone(), args.data.database_url.clone(), site);
    options.partners.clone_from(&args.data.partners);
    let app = open::open_app(&options).await?;
    let Some(hotline) = partner::find(&app, args.partner.as_deref()) else {
        let known: Vec<String> = partner::all(&app).into_iter().map(|hotline| hotline.id).collect();
        anyhow::bail!("没有这条热线。请用 --partner 指明，现有：{}。", known.join("、"));
    };
    let import = match brought(&app, &hotline, args).await? {
        Ok(import) => import,
        Err(sentence) => {
            tell(&format!("{}: {sentence}", args.file.display()));
            return Ok(ExitCode::FAILURE);
        }
    };
    for sheet in &import.sheets {
        let columns: Vec<String> = sheet
            .layout
            .headers
            .iter()
            .zip(&sheet.layout.columns)
            .filter_map(|(header, column)| {
                column.map(|column| {
                    if header == column.title() { header.clone() } else { format!("{header}→{}", column.title()) }
                })
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
async fn brought(app: &App, hotline: &Hotline, args: &HotlineArgs) -> anyhow::Result<Result<Import, String>> {
    let (sha256, _) = folder::digest(&args.file).with_context(|| format!("打不开 {}", args.file.display()))?;
    let partner = hotline.id.clone();
    let unfinished = app.db.read(move |conn| import_store::unfinished(conn, &partner, &sha256)).await?;
    if let Some(import) = unfinished.filter(|import| !args.dry_run && app.hotline.files.path(import.id).exists()) {
        tell("上次没有导入完，接着导入。");
        return Ok(Ok(import));
    }
    let id = ImportId::new(app.ids.uuid(app.now()));
    copy(app, id, &args.file)?;
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let import = match intake::bring(app, id, hotline, Bringer { account: None, areas: Vec::new() }, &name)
        .await
        .map_err(refused)?
    {
        Ok(import) => import,
        Err(fault) => return Ok(Err(fault.sentence())),
    };
    if import.sheets.is_empty() {
        app.hotline.files.remove(id);
        return Ok(Err("没有找到工单：前 30 行里没有“工单编号”“主要内容”这样的列名。".to_owned()));
    }
    let import = Import { with_history: args.with_history, ..import };
    if args.dry_run { Ok(Ok(import)) } else { Ok(Ok(intake::start(app, &import).await?)) }
}

fn copy(app: &App, id: ImportId, file: &Path) -> anyhow::Result<()> {
    let mut from = std::fs::File::open(file).with_context(|| format!("打不开 {}", file.display()))?;
    let mut to = app.hotline.files.create(id).context("cannot keep a copy of the file")?;
    std::io::copy(&mut from, &mut to).context("cannot keep a copy of the file")?;
    Ok(())
}

async fn rehearse(app: &App, import: &Import) -> anyhow::Result<ExitCode> {
    let rehearsed = run::rehearse(app, import).await.map_err(refused)?;
    app.hotline.files.remove(import.id);
    match rehearsed {
        Ok(rehearsed) => {
            say(&format!("试算：{}", summary(&rehearsed.counts)));
            let mut faults: Vec<(String, i64)> = rehearsed.faults.into_iter().collect();
            faults.sort_by_key(|(code, n)| (std::cmp::Reverse(*n), code.clone()));
            for (code, n) in faults {
                say(&format!(
                    "  {n} 行：{}",
                    Lang::ZhCn.say(
                        &format!("hotline_fault.{code}"),
                        &[("value", "…"), ("column", "时间"), ("names", "…"), ("area", "…"), ("n", "几")]
                    )
                ));
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            tell(&fault.sentence());
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn finish(app: &App, import: &Import, counts: &Counts, args: &HotlineArgs) -> anyhow::Result<ExitCode> {
    if let Some(out) = &args.errors
        && counts.n_bad + counts.n_skipped > 0
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
    say(&format!("热线工单：{}", summary(counts)));
    Ok(if counts.n_bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(SOME_REFUSED) })
}

fn line(counts: &Counts, of: i64) -> String {
    format!(
        "  已处理 {}/{of}：新增 {}，更新 {}，没有变化 {}，跳过 {}，未导入 {}",
        counts.total(),
        counts.n_new,
        counts.n_updated,
        counts.n_same,
        counts.n_skipped,
        counts.n_bad
    )
}

fn summary(counts: &Counts) -> String {
    format!(
        "共 {} 行，新增 {}，更新 {}，没有变化 {}，跳过 {}，未导入 {}。",
        counts.total(),
        counts.n_new,
        counts.n_updated,
        counts.n_same,
        counts.n_skipped,
        counts.n_bad
    )
}

fn refused(refused: Refused) -> anyhow::Error {
    anyhow::Error::new(refused)
}
