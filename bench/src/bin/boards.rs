//! Lists, counts, searches and boards over HTTP on databases of growing size: what a page costs with 10,000 cases and with a million.
//!
//! The figures are counted from the feed before anything is measured: a server that is behind works on them all the time. Each size has a database of its own, filled once and kept. Every request goes to the real binary in a process of its own, one after
//! the other over one connection.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use clap::Parser;

use linli_bench::city::{City, PASSWORD};
use linli_bench::fill::Filler;
use linli_bench::serve::{Client, Server, fresh_database, psql};
use linli_bench::{Taken, options, resident_mib, texts};
use linli_civic::indicators::consumer;
use linli_civic::indicators::day::Day;
use linli_civic::search::index;
use linli_kernel::{AreaLevel, Clock, SystemClock};
use linli_server::open;

#[derive(Parser)]
struct Args {
    /// The release binary.
    #[arg(long, default_value = "target/release/linli")]
    linli: PathBuf,
    /// Where the filled databases are kept, a folder for each size.
    #[arg(long)]
    data: PathBuf,
    /// A durable PostgreSQL (`script/postgres start DIR durable`): `host=DIR user=linli dbname=postgres`. SQLite without it.
    #[arg(long)]
    postgres: Option<String>,
    /// Cases.
    #[arg(long, value_delimiter = ',', default_value = "10000,1000000")]
    sizes: Vec<u64>,
    /// Requests of each kind.
    #[arg(long, default_value_t = 200)]
    rounds: u32,
    /// Pages to go through before the deep page.
    #[arg(long, default_value_t = 100)]
    deep: u32,
    /// Only what has this in its name.
    #[arg(long)]
    only: Option<String>,
}

/// One thing that is asked for, again and again.
struct Asked {
    what: String,
    who: &'static str,
    path: String,
    /// Pages to go through first.
    deep: u32,
}

/// What is measured. A new page is one more line.
fn asked(city: &City, deep: u32) -> Vec<Asked> {
    let mut all = Vec::new();
    let mut add = |what: &str, who: &'static str, path: String, deep: u32| {
        all.push(Asked { what: what.to_owned(), who, path, deep });
    };
    for (who, ..) in city.people() {
        add("counts of the boxes", who, "/api/inbox".to_owned(), 0);
    }
    for (who, ..) in city.people() {
        add("list, first page", who, "/api/cases?box=all_open".to_owned(), 0);
        add("list, deep page", who, "/api/cases?box=all_open".to_owned(), deep);
        add("late, by what ended first", who, "/api/cases?box=late".to_owned(), 0);
        add("to sign", who, "/api/cases?box=to_sign".to_owned(), 0);
        add("to verify", who, "/api/cases?box=to_verify".to_owned(), 0);
        add("closed, deep page", who, "/api/cases?box=closed".to_owned(), deep);
    }
    let community = city.communities.first().map(|code| code.to_string()).unwrap_or_default();
    let name = |level: AreaLevel| {
        let code = city.communities.first().map(|code| code.at(level));
        let place = city.places.iter().find(|place| Some(place.code) == code);
        place.map(|place| place.short_name.clone()).unwrap_or_default()
    };
    for who in ["city", "county", "street", "community", "grid", "department"] {
        for (what, words) in [
            ("a frequent word", texts::FREQUENT.to_owned()),
            ("a frequent phrase", texts::PHRASE.to_owned()),
            ("a very rare word", texts::RARE.to_owned()),
            ("two frequent words that never meet", format!("{} {}", texts::FREQUENT, texts::NEVER_WITH_IT)),
            ("two frequent words that meet", format!("{} 不亮", texts::FREQUENT)),
            ("one character", "灯".to_owned()),
            ("a word that nobody wrote", "不存在的词".to_owned()),
            ("a place and a word", format!("{} {}", name(AreaLevel::Community), texts::FREQUENT)),
            ("a wide place and a rare word", format!("{} {}", name(AreaLevel::County), texts::RARE)),
        ] {
            add(&format!("search: {what}"), who, format!("/api/search?q={}", encoded(&words)), 0);
        }
        add("search: a frequent word, deep page", who, format!("/api/search?q={}", encoded(texts::FREQUENT)), deep / 5);
    }
    add(
        "search: a frequent word within a filter",
        "city",
        format!("/api/search?q={}&area={community}&category=street_light", encoded(texts::FREQUENT)),
        0,
    );
    add("search: a paper number", "city", "/api/search?q=610502-2026-00000007".to_owned(), 0);
    for (who, area) in [
        ("city", city.communities.first().map(|code| code.at(AreaLevel::City))),
        ("county", city.communities.first().map(|code| code.at(AreaLevel::County))),
        ("street", city.communities.first().map(|code| code.at(AreaLevel::Street))),
        ("community", city.communities.first().copied()),
    ] {
        let area = area.map(|code| code.to_string()).unwrap_or_default();
        let year_ago = Day::of(SystemClock.now()).plus(-364);
        add("board of 30 days", who, format!("/api/indicators/board?area={area}"), 0);
        add("board of a year", who, format!("/api/indicators/board?area={area}&from={year_ago}"), 0);
    }
    add("places by initials", "city", "/api/areas/search?q=ylb".to_owned(), 0);
    all
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let city = City::weinan()?;
    let asked: Vec<Asked> = asked(&city, args.deep)
        .into_iter()
        .filter(|asked| args.only.as_ref().is_none_or(|only| asked.what.contains(only)))
        .collect();
    let mut columns: Vec<Vec<Option<(Duration, Duration)>>> = Vec::new();
    for size in &args.sizes {
        let (data, url) = filled(&args, &city, *size).await?;
        counted(&data, url.as_deref()).await?;
        let server = Server::start(&args.linli, &data, url.as_deref())?;
        let mut column = Vec::new();
        for asked in &asked {
            column.push(
                measure(&server, asked, args.rounds).await.with_context(|| format!("{} {}", asked.what, asked.path))?,
            );
        }
        println!("{size} cases: {} MiB resident", resident_mib(server.pid()));
        columns.push(column);
    }
    print(&asked, &args.sizes, &columns);
    Ok(())
}

fn print(asked: &[Asked], sizes: &[u64], columns: &[Vec<Option<(Duration, Duration)>>]) {
    let heads: Vec<String> = sizes.iter().map(|size| format!("{size}: p50 ms | p99 ms")).collect();
    println!("| what | who | {} | growth |", heads.join(" | "));
    println!("|---|---|{}---|", "---|".repeat(sizes.len() * 2));
    for (i, asked) in asked.iter().enumerate() {
        let row: Vec<Option<(Duration, Duration)>> =
            columns.iter().map(|column| column.get(i).copied().flatten()).collect();
        let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1_000.0);
        let cells = row
            .iter()
            .map(|cell| cell.map_or_else(|| "— | —".to_owned(), |(p50, p99)| format!("{} | {}", ms(p50), ms(p99))));
        let ends = row.first().copied().flatten().zip(row.last().copied().flatten());
        let growth = ends.map_or_else(
            || "—".to_owned(),
            |(first, last)| format!("{:.1} ×", last.0.as_secs_f64() / first.0.as_secs_f64().max(1e-9)),
        );
        println!("| {} | {} | {} | {growth} |", asked.what, asked.who, cells.collect::<Vec<_>>().join(" | "));
    }
}

/// The data folder and the database of a size, filled unless they are there.
async fn filled(args: &Args, city: &City, size: u64) -> anyhow::Result<(PathBuf, Option<String>)> {
    let kind = if args.postgres.is_some() { "postgres" } else { "sqlite" };
    let data = args.data.join(format!("{kind}-{size}"));
    let name = format!("boards_{size}");
    let done = data.join("filled");
    if done.exists() {
        return Ok((
            data,
            args.postgres.as_ref().map(|server| server.replace("dbname=postgres", &format!("dbname={name}"))),
        ));
    }
    if data.exists() {
        bail!("{} was not filled to the end: take it away", data.display());
    }
    let url = args.postgres.as_deref().map(|server| fresh_database(server, &name)).transpose()?;
    fill(&data, url.as_deref(), city, size).await?;
    if let Some(url) = &url {
        psql(url, "VACUUM ANALYZE")?;
    }
    std::fs::write(done, "")?;
    Ok((data, url))
}

/// Has the figures counted from the feed, once.
async fn counted(data: &Path, url: Option<&str>) -> anyhow::Result<()> {
    let done = data.join("counted");
    if done.exists() {
        return Ok(());
    }
    let app = open::open_app(&options(data, url)).await?;
    let started = Instant::now();
    consumer::catch_up(&app).await?;
    println!("figures counted in {:.0} s", started.elapsed().as_secs_f64());
    if let Some(url) = url {
        psql(url, "VACUUM ANALYZE")?;
    }
    std::fs::write(done, "")?;
    Ok(())
}

async fn fill(data: &Path, url: Option<&str>, city: &City, size: u64) -> anyhow::Result<()> {
    let app = open::open_app(&options(data, url)).await?;
    let clerks = city.write(&app).await?;
    let started = Instant::now();
    Filler::new(city, &clerks, &app).fill(&app, size).await?;
    let written = started.elapsed();
    app.db
        .write(|tx| {
            tx.bookkeep(|w| w.exec("INSERT INTO case_fresh (row_no, afresh) SELECT row_no, FALSE FROM cases", &[]))
        })
        .await?;
    let started = Instant::now();
    index::catch_up(&app.db, 1, 4_096).await?;
    println!(
        "{size} cases written in {:.0} s, taken into the index in {:.0} s",
        written.as_secs_f64(),
        started.elapsed().as_secs_f64()
    );
    // What was written in bulk is no news; the other consumers begin at the end by themselves.
    app.db
        .write(|tx| {
            let end = linli_db::feed::end(tx)?;
            linli_db::feed::remember(tx, "open311", end)
        })
        .await?;
    Ok(())
}

/// The median and the 99th percentile; nothing where the page is not there.
async fn measure(server: &Server, asked: &Asked, rounds: u32) -> anyhow::Result<Option<(Duration, Duration)>> {
    let mut client = Client::new(&server.address);
    client.sign_in(asked.who, PASSWORD).await?;
    let mut path = asked.path.clone();
    for _ in 0..asked.deep {
        let page = client.get(&path).await?.json()?;
        let Some(next) = page.get("next").and_then(serde_json::Value::as_str) else { break };
        path = format!("{}&cursor={next}", asked.path);
    }
    let first = client.get(&path).await?;
    if first.status == 404 {
        return Ok(None);
    }
    if first.status != 200 {
        bail!("answered {}: {}", first.status, String::from_utf8_lossy(&first.body));
    }
    let mut taken = Taken::default();
    for round in 0..rounds + rounds / 10 {
        let before = Instant::now();
        client.get(&path).await?;
        // The first tenth warms what a busy server has warm.
        if round >= rounds / 10 {
            taken.each.push(before.elapsed());
        }
    }
    Ok(Some((taken.percentile(50), taken.percentile(99))))
}
