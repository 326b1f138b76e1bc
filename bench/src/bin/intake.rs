//! Durable intake over HTTP beside the bare inserts on the same engine, in the same run.
//!
//! `bare`: the rows of one report (case, two events, three deadlines, five list rows, words, stored outcome), made ahead of time
//! and inserted by the same statements through the same group commit, without HTTP, JSON, routing, encryption or an answer. `http`: `POST /api/cases`
//! against the real binary in a process of its own, one keep-alive connection a client.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use clap::Parser;
use tokio::sync::Mutex;

use linli_bench::serve::{Client, Server, fresh_database};
use linli_bench::{GRID, cpu_ms, small_city, storm};
use linli_db::{Db, StoreError, params};
use linli_kernel::IdSource;

#[derive(Parser)]
struct Args {
    /// The release binary.
    #[arg(long, default_value = "target/release/linli")]
    linli: PathBuf,
    /// A durable PostgreSQL (`script/postgres start DIR durable`): `host=DIR user=linli dbname=postgres`. SQLite alone without it.
    #[arg(long)]
    postgres: Option<String>,
    /// Seconds of each run.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds.
    #[arg(long, default_value_t = 2)]
    rounds: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    println!(
        "| database | clients | bare inserts/s | reports over HTTP/s | share | p50 ms | p99 ms | server CPU µs a report |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for round in 1..=args.rounds {
        for postgres in [None, args.postgres.as_deref()].into_iter().take(if args.postgres.is_some() { 2 } else { 1 }) {
            for clients in [1, 8, 64] {
                one(&args, postgres, clients, round).await?;
            }
        }
    }
    Ok(())
}

async fn one(args: &Args, postgres: Option<&str>, clients: usize, round: u32) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let time = Duration::from_secs(args.seconds);
    let bare_url = fresh(postgres, &format!("bare_{clients}_{round}"))?;
    let bare = bare(&folder.path().join("bare"), bare_url.as_deref(), clients, time).await?;
    let http_url = fresh(postgres, &format!("http_{clients}_{round}"))?;
    let data = folder.path().join("http");
    small_city(&data, http_url.as_deref()).await?;
    let server = Server::start(&args.linli, &data, http_url.as_deref())?;
    let before = cpu_ms(server.pid());
    let address = server.address.clone();
    let mut taken = storm(clients, time, |who| {
        let client = Arc::new(Mutex::new(Client::new(&address)));
        move |n| {
            let client = Arc::clone(&client);
            async move { report(&mut *client.lock().await, who, n).await }
        }
    })
    .await?;
    let cpu_us = (cpu_ms(server.pid()) - before) * 1_000 / u64::try_from(taken.each.len().max(1))?;
    let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
    let name = if postgres.is_some() { "PostgreSQL" } else { "SQLite" };
    println!(
        "| {name} | {clients} | {bare:.0} | {:.0} | {:.0} % | {:.1} | {:.1} | {cpu_us} |",
        taken.per_second(),
        taken.per_second() / bare * 100.0,
        ms(taken.percentile(50)),
        ms(taken.percentile(99))
    );
    Ok(())
}

/// A fresh database on the server; `None` for SQLite.
fn fresh(postgres: Option<&str>, name: &str) -> anyhow::Result<Option<String>> {
    postgres.map(|server| fresh_database(server, &format!("bench_{name}_{}", std::process::id()))).transpose()
}

/// The same rows as one report, and nothing else.
async fn bare(data: &Path, url: Option<&str>, clients: usize, time: Duration) -> anyhow::Result<f64> {
    small_city(data, url).await?;
    let config = linli_bench::options(data, url).config();
    let ids = Arc::new(IdSource::random());
    let db = tokio::task::spawn_blocking({
        let ids = Arc::clone(&ids);
        move || Db::open(config, ids)
    })
    .await??
    .0;
    let taken = storm(clients, time, |_| {
        let (db, ids) = (db.clone(), Arc::clone(&ids));
        move |_| {
            let (db, ids) = (db.clone(), Arc::clone(&ids));
            async move {
                let now = linli_kernel::Timestamp::from_ms(1_790_000_000_000);
                let uuid = |()| ids.uuid(now).to_string();
                let (id, code, deadlines) = (uuid(()), ids.public_code().to_string(), [uuid(()), uuid(()), uuid(())]);
                db.write(move |tx| tx.bookkeep(|w| rows(w, &id, &code, &deadlines))).await?;
                Ok(())
            }
        }
    })
    .await?;
    Ok(taken.per_second())
}

fn rows(w: &mut linli_db::Writer<'_>, id: &str, code: &str, deadlines: &[String; 3]) -> Result<(), StoreError> {
    let hash = vec![7_u8; 32];
    let payload = "{\"to\":\"dispatched\",\"seat\":{\"area_code\":\"610502005007001\",\"unit_code\":null},\"category\":\"street_light\",\"weight\":\"micro\",\"channel\":\"web\",\"routed\":true}";
    w.exec(
        "INSERT INTO idempotency (scope, key, request_hash, outcome, at) VALUES ('reporters', $1, $2, $2, 1790000000000)",
        &params![id, code],
    )?;
    w.exec(
        "INSERT INTO event (stream_kind, stream_id, n, kind, at, actor_kind, area_code, payload, prev_hash, hash) VALUES \
         ('case', $1, 1, 'reported', 1790000000000, 'reporter', $2, $3, $4, $4), ('case', $1, 2, 'dispatched', 1790000000000, 'system', $2, $3, $4, $4)",
        &params![id, GRID, payload, hash],
    )?;
    let case = "INSERT INTO cases (id, code, paper_no, kind, weight, channel, area_code, seat_area, seat_key, stage, phase, playbook_id, playbook_version, body, place_text, \
         reporter_phone_sealed, reporter_phone_index, routing, n_reopened, n_sent_back, n_photos, reported_at, promised_at, due_at, due_kind, due_soon_at, version) \
         VALUES ($1, $2, $2, 'request', 'micro', 'web', $3, $3, $3, 'dispatched', 'open', 'base', '000000000000', '3号楼前的路灯不亮，晚上看不清路', '临渭区向阳街道红旗社区第一网格', \
         $4, 'd41d8cd98f00b204e9800998ecf8427e', '[]', 0, 0, 0, 1790000000000, 1790000000000, 1790000000000, 'sign', 1790000000000, 2) RETURNING row_no";
    let fresh = "INSERT INTO case_fresh (row_no, afresh) SELECT row_no, FALSE";
    match w.dialect().insert_then(case, fresh) {
        Some(both) => drop(w.exec(&both, &params![id, code, GRID, hash])?),
        None => {
            w.returning(case, &params![id, code, GRID, hash], |_| Ok(()))?;
            w.exec(&format!("{fresh} FROM cases WHERE id = $1"), &params![id])?;
        }
    }
    w.exec(
        "INSERT INTO case_scope (scope_key, phase, case_id) VALUES ('610500000000', 'open', $1), ('610502000000', 'open', $1), ('610502005000', 'open', $1), ('610502005007', 'open', $1), ('610502005007001', 'open', $1)",
        &params![id],
    )?;
    let [sign, handle, reply] = deadlines;
    let clock = |n: usize| {
        format!(
            "(${n}, $1, 'sign', 'grid', 'running', 1790000000000, 1790000000000, 1790000000000, FALSE, 'working_hours', 'escalate', '{{\"amount\":{{\"n\":4,\"unit\":\"working_hours\"}},\"basis\":null}}')"
        )
    };
    w.exec(
        &format!(
            "INSERT INTO deadline (id, case_id, kind, level, state, starts_at, due_at, soon_at, provisional, unit, on_breach, rule) VALUES {}, {}, {}",
            clock(2), clock(3), clock(4)
        ),
        &params![id, sign, handle, reply],
    )?;
    Ok(())
}

/// Sends one report.
async fn report(client: &mut Client, who: usize, n: u64) -> anyhow::Result<()> {
    let body = format!(
        "{{\"text\":\"3号楼前的路灯不亮，晚上看不清路 {who}-{n}\",\"area_code\":\"{GRID}\",\"category\":\"street_light\",\"phone\":\"1990000{:04}\"}}",
        n % 10_000
    );
    let answer = client.send("POST", "/api/cases", &[("Idempotency-Key", &format!("{who}-{n}"))], &body).await?;
    if answer.status != 201 {
        bail!("not acknowledged: {}", String::from_utf8_lossy(&answer.body));
    }
    Ok(())
}
