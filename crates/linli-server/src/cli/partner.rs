//! `linli partner …`: the other systems, from the command line.

use std::process::ExitCode;

use clap::Subcommand;

use linli_civic::app::SiteConfig;
use linli_civic::http::Refused;
use linli_civic::open311::client::sync::{CatalogueDiff, Mode, ServiceRef, sync};
use linli_server::open::{self, Options};

use super::DataArgs;
use super::out::say;

/// What is done with other systems.
#[derive(Subcommand, Clone)]
pub enum Partner {
    /// Compares an Open311 server's services with those that we know, and takes them over.
    Sync {
        /// The name of its file, without the ending.
        name: String,
        /// Only shows what would change.
        #[arg(long)]
        dry_run: bool,
        /// Takes over even when so many services are gone that the answer looks broken.
        #[arg(long)]
        insist: bool,
        #[command(flatten)]
        data: DataArgs,
    },
}

/// Runs it.
///
/// # Errors
/// When the server does not answer, or the database fails.
pub async fn run(command: &Partner) -> anyhow::Result<ExitCode> {
    let Partner::Sync { name, dry_run, insist, data } = command;
    let site = SiteConfig { public_url: String::new(), demo: false, tile_url: None, phone: String::new() };
    let mut options = Options::new(data.data.clone(), data.database_url.clone(), site);
    options.partners.clone_from(&data.partners);
    let app = open::open_app(&options).await?;
    let mode = match (dry_run, insist) {
        (true, _) => Mode::DryRun,
        (false, true) => Mode::Insist,
        (false, false) => Mode::Apply,
    };
    let diff = sync(&app, name, mode).await.map_err(|refused: Refused| {
        let problem = refused.into_problem();
        let detail = problem.params.get("detail").cloned();
        anyhow::anyhow!("{}", detail.unwrap_or_else(|| format!("没有名为 {name} 的 Open311 对接平台")))
    })?;
    say(&told(&diff));
    Ok(if diff.guarded && !diff.applied { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn told(diff: &CatalogueDiff) -> String {
    let list = |title: &str, services: &[ServiceRef]| {
        let lines = services.iter().map(|service| format!("\n  {} {}", service.code, service.name));
        if services.is_empty() { String::new() } else { format!("{title}：{}\n", lines.collect::<String>()) }
    };
    let warnings: String = diff.warnings.iter().map(|warning| format!("注意：{warning}\n")).collect();
    let end = match (diff.applied, diff.guarded) {
        (true, _) => "已更新目录。",
        (false, true) => "一次消失的服务太多，像是对方答复不完整，没有更新；确认无误后加 --insist。",
        (false, false) => "以上只是比对，没有更新。",
    };
    format!(
        "{}{}{}不变：{} 项\n{warnings}{end}",
        list("新增", &diff.added),
        list("变更", &diff.changed),
        list("消失", &diff.gone),
        diff.n_same
    )
}
