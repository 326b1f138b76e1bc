//! How far the consumers of the feed fall behind while reports come in: so many a second for a minute, over HTTP, to the real binary.
//!
//! The lag of a consumer at a moment is the age of the first event that it has not taken yet; nothing where it has taken all. It is
//! looked at ten times a second, from a connection of its own. `search` is the age of the oldest case that the index has not taken in:
//! it is found all the same.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Parser;

use linli_bench::serve::{Client, Server, fresh_database};
use linli_bench::{GRID, Taken, options, small_city};
use linli_db::{Conn, Db, StoreError, feed};
use linli_kernel::{Clock, IdSource, SystemClock};

#[derive(Parser)]
struct Args {
    /// The release binary.
    #[arg(long, default_value = "target/release/linli")]
    linli: PathBuf,
    /// A durable PostgreSQL; SQLite without it.
    #[arg(long)]
    postgres: Option<String>,
    /// Reports a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// How long.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Connections.
    #[arg(long, default_value_t = 32)]
    clients: u32,
}

const LOOK_EVERY: Duration = Duration::from_millis(100);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("lag");
    let url = args
        .postgres
        .as_deref()
        .map(|server| fresh_database(server, &format!("lag_{}", std::process::id())))
        .transpose()?;
    small_city(&data, url.as_deref()).await?;
    let server = Server::start(&args.linli, &data, url.as_deref())?;
    let config = options(&data, url.as_deref()).config();
    let db = tokio::task::spawn_blocking(move || Db::open(config, Arc::new(IdSource::random()))).await??.0;

    let ends = Instant::now() + Duration::from_secs(args.seconds);
    let n_sent = Arc::new(AtomicU64::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for who in 0..args.clients {
        clients.spawn(send(server.address.clone(), who, pace(&args), ends, Arc::clone(&n_sent)));
    }
    let mut lags: BTreeMap<String, Taken> = BTreeMap::new();
    while Instant::now() < ends {
        for (name, lag_ms) in db.read(|conn| look(conn, SystemClock.now().ms())).await? {
            lags.entry(name).or_default().each.push(Duration::from_millis(u64::try_from(lag_ms).unwrap_or(0)));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let mut answers = Taken::default();
    while let Some(client) = clients.join_next().await {
        answers.each.extend(client??);
    }
    let sent = n_sent.load(Ordering::Relaxed);
    println!(
        "{sent} reports in {} s ({} a second asked for), answered in p50 {} ms, p99 {} ms",
        args.seconds,
        args.rate,
        answers.percentile(50).as_millis(),
        answers.percentile(99).as_millis()
    );
    println!("| consumer | p50 ms | p99 ms | most ms |");
    println!("|---|---|---|---|");
    for (name, lag) in &mut lags {
        println!(
            "| {name} | {} | {} | {} |",
            lag.percentile(50).as_millis(),
            lag.percentile(99).as_millis(),
            lag.percentile(100).as_millis()
        );
    }
    Ok(())
}

/// Between two reports of one client.
fn pace(args: &Args) -> Duration {
    Duration::from_secs(1) * args.clients / args.rate.max(1)
}

async fn send(
    address: String,
    who: u32,
    pace: Duration,
    ends: Instant,
    n_sent: Arc<AtomicU64>,
) -> anyhow::Result<Vec<Duration>> {
    let mut client = Client::new(&address);
    let mut taken = Vec::new();
    // Not all at once.
    let mut next = tokio::time::Instant::now() + pace * who / 32;
    for n in 0_u64.. {
        tokio::time::sleep_until(next).await;
        next += pace;
        if Instant::now() >= ends {
            break;
        }
        let body = format!(
            "{{\"text\":\"{who}号楼前的路灯不亮，第{n}次反映\",\"area_code\":\"{GRID}\",\"category\":\"street_light\",\"phone\":\"1990000{:04}\"}}",
            n % 10_000
        );
        let before = Instant::now();
        let answer = client.send("POST", "/api/cases", &[("Idempotency-Key", &format!("{who}-{n}"))], &body).await?;
        if answer.status != 201 {
            bail!("not acknowledged: {}", String::from_utf8_lossy(&answer.body));
        }
        taken.push(before.elapsed());
        n_sent.fetch_add(1, Ordering::Relaxed);
    }
    Ok(taken)
}

/// The lag of every consumer, and of the search index.
fn look(conn: &mut Conn, now_ms: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let consumers = conn.all("SELECT name, tx_id, seq FROM consumer", &[], |row| {
        Ok((row.get::<String>("name")?, feed::Position { tx_id: row.get("tx_id")?, seq: row.get("seq")? }))
    })?;
    let mut lags = Vec::new();
    for (name, position) in consumers {
        let (_, waiting) = feed::behind(conn, position, 1)?;
        lags.push((name, waiting.map_or(0, |at| now_ms - at.ms())));
    }
    let sql = "SELECT c.reported_at FROM case_fresh f JOIN cases c ON c.row_no = f.row_no ORDER BY f.row_no LIMIT 1";
    let oldest = conn.first(sql, &[], |row| row.get::<i64>("reported_at"))?;
    lags.push(("search (index)".to_owned(), oldest.map_or(0, |at| now_ms - at)));
    Ok(lags)
}
