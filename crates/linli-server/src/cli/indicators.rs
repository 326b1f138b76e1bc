//! `linli indicators …`: the figures, from the command line.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;

use linli_civic::app::{App, SiteConfig};
use linli_civic::indicators::{check, consumer};
use linli_server::open::{self, Options};

use super::DataArgs;
use super::out::{say, tell};

/// What is done with the figures.
#[derive(Subcommand, Clone)]
pub enum Indicators {
    /// Forgets every figure and counts it again from the feed. A server may go on serving meanwhile.
    Rebuild(DataArgs),
    /// Counts everything again beside what is kept and says where it differs. With no server running.
    Check(DataArgs),
}

/// Runs it.
///
/// # Errors
/// When the database cannot be opened or fails.
pub async fn run(command: &Indicators) -> anyhow::Result<ExitCode> {
    match command {
        Indicators::Rebuild(data) => rebuild(&open_app(data).await?).await,
        Indicators::Check(data) => compare(&open_app(data).await?).await,
    }
}

async fn open_app(data: &DataArgs) -> anyhow::Result<App> {
    let site = SiteConfig { public_url: String::new(), demo: false, tile_url: None, phone: String::new() };
    let mut options = Options::new(data.data.clone(), data.database_url.clone(), site);
    options.partners.clone_from(&data.partners);
    open::open_app(&options).await
}

async fn rebuild(app: &App) -> anyhow::Result<ExitCode> {
    consumer::begin_anew(app, &app.indicators).await?;
    tell("正在按事件重新统计……");
    consumer::catch_up(app).await?;
    say("指标已全部重新统计。");
    Ok(ExitCode::SUCCESS)
}

async fn compare(app: &App) -> anyhow::Result<ExitCode> {
    consumer::catch_up(app).await?;
    let basis = Arc::clone(&app.indicators);
    let checked = app.db.read(move |conn| check::check(conn, &basis)).await?;
    let (n_cases, n_facts, n_sums) = (checked.n_cases, checked.n_facts, checked.n_sums);
    if checked.faults.is_empty() {
        say(&format!("指标与事件一致：{n_cases} 件事项，{n_facts} 条计数，{n_sums} 行汇总，重新统计的结果完全相同。"));
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("指标与事件不一致，请运行 linli indicators rebuild。先看到的几处：\n{}", checked.faults.join("\n")));
    Ok(ExitCode::FAILURE)
}
