//! `linli playbook rehearse`: what a draft would have changed.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;

use linli_civic::areas::tree::AreaTree;
use linli_civic::rehearsal::view::{MovedCase, Reading, Rehearsal};
use linli_civic::rehearsal::{Difference, Stage, Wish, select};
use linli_civic::say::Lang;

use linli_kernel::{AreaCode, Clock, SystemClock, Timestamp};
use linli_server::open;

use super::DataArgs;
use super::out::{say, tell};
use super::playbook::{Named, shown};

/// Cases rehearsed in one go.
const CHUNK: usize = 200;
const ZONE: &str = "+08:00";
const DAY_MS: i64 = 86_400_000;

/// What is rehearsed with what.
#[derive(Args, Clone)]
pub struct RehearseArgs {
    /// The draft: its folder, or its id in DATA/playbooks.
    draft: String,
    /// Only cases reported on this day or later: 2026-07-01.
    #[arg(long)]
    since: Option<String>,
    /// Only cases reported on this day or earlier.
    #[arg(long)]
    until: Option<String>,
    /// Only cases of this area.
    #[arg(long)]
    area: Option<String>,
    /// The newest so many at most.
    #[arg(long, default_value_t = 10_000)]
    limit: u32,
    /// Prints JSON, for programs.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataArgs,
}

/// Runs it.
///
/// # Errors
/// When there is no such draft, or the database cannot be read.
pub async fn run(args: &RehearseArgs) -> anyhow::Result<ExitCode> {
    let named = Named::among(open::playbook_sources(Some(&args.data.data))?, &args.draft)?;
    let loaded = linli_playbook::load(&named.sources, &named.id)?;
    if !loaded.is_usable() {
        for finding in &loaded.findings {
            tell(&shown(finding, &named.id, named.folder.as_deref()).to_string());
        }
        tell(&format!("草案 {} 有错误，没有试演。", named.id));
        return Ok(ExitCode::FAILURE);
    }
    let wish = wish(args)?;
    let calendar = open::calendar(&args.data.data)?;
    let db = args.data.open().await?;
    let areas = db.read(AreaTree::load).await?;
    let (draft, now) = (Arc::new(loaded.playbook), SystemClock.now());
    let stage = db.read(move |conn| Stage::set(conn, draft, calendar, now)).await?;
    let stage = Arc::new(stage);
    let ids = db.read(move |conn| select(conn, &wish)).await?;
    let reading = Reading { areas: &areas, lang: Lang::ZhCn };
    let mut rehearsal = Rehearsal::of(&stage);
    for chunk in ids.chunks(CHUNK) {
        let (stage_of_chunk, chunk) = (Arc::clone(&stage), chunk.to_vec());
        let done = db.read(move |conn| stage_of_chunk.rehearse(conn, &chunk)).await?;
        rehearsal.add(&stage, &done, &reading);
        if !args.json {
            tell(&format!("已试演 {} / {} 件", rehearsal.n_cases, ids.len()));
        }
    }
    if args.json {
        say(&serde_json::to_string_pretty(&rehearsal)?);
    } else {
        rehearsal.moved.iter().for_each(told);
        summary(&rehearsal);
    }
    Ok(ExitCode::SUCCESS)
}

fn wish(args: &RehearseArgs) -> anyhow::Result<Wish> {
    let area = args.area.as_deref().map(AreaCode::parse).transpose().context("--area")?;
    let since = args.since.as_deref().map(midnight).transpose().context("--since")?;
    // The day itself is meant too.
    let until = args.until.as_deref().map(midnight).transpose().context("--until")?.map(|day| day.plus_ms(DAY_MS));
    if args.limit == 0 {
        bail!("--limit 至少是 1");
    }
    let areas = area.iter().map(ToString::to_string).collect();
    Ok(Wish { since, until, areas, limit: args.limit })
}

fn midnight(day: &str) -> anyhow::Result<Timestamp> {
    format!("{day}T00:00:00{ZONE}").parse().with_context(|| format!("“{day}”不是 2026-07-01 这样的日子"))
}

fn told(case: &MovedCase) {
    let category = case.category_name.as_deref().unwrap_or("未分类");
    let unlike =
        if case.is_faithful { "" } else { "　（原记录没能逐步重演，比较到走不下去为止）" };
    say(&format!("{}　{category}　{}{unlike}", case.paper_no, case.area.full_name));
    for change in &case.changes {
        say(&format!("    {}：{} → {}", change.name, change.was_text, change.would_text));
        change.why.iter().for_each(|why| say(&format!("        {why}")));
    }
}

fn summary(rehearsal: &Rehearsal) {
    let of = |word: &str| rehearsal.by_what.get(word).copied().unwrap_or(0);
    let name = |word: &'static str| match word {
        "clock" => "办理时限".to_owned(),
        "ran_out" => "超时次数".to_owned(),
        word => Lang::ZhCn.word("rehearsal", word),
    };
    let parts: Vec<String> = Difference::WORDS
        .iter()
        .filter(|word| of(word) > 0)
        .map(|word| format!("{} {} 件", name(word), of(word)))
        .collect();
    say(&format!("草案 {}（版本 {}）", rehearsal.draft, rehearsal.version));
    let parts = if parts.is_empty() { String::new() } else { format!("：{}", parts.join("，")) };
    say(&format!("试演 {} 件，{} 件会不一样{parts}。", rehearsal.n_cases, rehearsal.n_moved));
    if rehearsal.n_unlike > 0 {
        say(&format!("其中 {} 件的原记录没能逐步重演，只比较到走得下去的地方。", rehearsal.n_unlike));
    }
}
