//! How fast the consumer of the feed keeps the figures, and how fast a board is read of many cases.
//!
//! Cases are put into the feed as events alone, with the life of an ordinary case, over a city of communities and grids; the consumer is
//! the product's own. Says: new cases a second, whole lives a second, and how long a board of a community, a county and the city
//! takes to read.

#![expect(clippy::indexing_slicing, clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use serde_json::{Value, json};

use linli_bench::options;
use linli_civic::app::App;
use linli_civic::indicators::board::{self, Names, Wish};
use linli_civic::indicators::consumer::{self, Step, Workers};
use linli_civic::indicators::day::{Day, Period};
use linli_civic::indicators::scope::BoardOf;
use linli_db::{StoreError, Val, params, value_rows};
use linli_kernel::{AreaCode, CaseId, Timestamp};
use linli_server::open;

#[derive(Parser)]
struct Args {
    /// Cases.
    #[arg(long, default_value_t = 20_000)]
    cases: u32,
    /// Counties, each of 12 streets of 12 communities of 10 grids.
    #[arg(long, default_value_t = 2)]
    counties: u32,
    /// An empty PostgreSQL database in place of SQLite.
    #[arg(long)]
    database_url: Option<String>,
    /// Boards read of each kind.
    #[arg(long, default_value_t = 200)]
    boards: u32,
}

const DAYS: i64 = 400;
const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const ROWS_AT_ONCE: usize = 64;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let folder = tempfile::tempdir()?;
    let app = open::open_app(&options(folder.path(), args.database_url.as_deref())).await?;
    let grids = city(&app, args.counties).await?;
    println!("{} grids, {} cases over {DAYS} days", grids.len(), args.cases);
    consumer::catch_up(&app).await?;

    // Everybody who reports at once: only first events.
    let new: Vec<_> = (0..args.cases).map(|n| Life::of(&app, n, &grids)).collect();
    fill(&app, new.iter().flat_map(|life| life.begin()).collect()).await?;
    let (seconds, steps) = consume(&app).await?;
    println!("| new cases | {:.0}/s | longest step {} ms |", f64::from(args.cases) / seconds, steps);
    fill(&app, new.iter().flat_map(|life| life.rest()).collect()).await?;
    let (seconds, steps) = consume(&app).await?;
    println!("| the rest of their lives | {:.0}/s | longest step {} ms |", f64::from(args.cases) / seconds, steps);
    let began = Instant::now();
    consumer::begin_anew(&app, &app.indicators).await?;
    consumer::catch_up(&app).await?;
    println!("| all counted again | {:.0}/s | |", f64::from(args.cases) / began.elapsed().as_secs_f64());

    let today = Day::of(app.now());
    for (what, area) in [
        ("grid", grids[7]),
        ("community", grids[7].at(linli_kernel::AreaLevel::Community)),
        ("county", grids[7].at(linli_kernel::AreaLevel::County)),
        ("city", grids[7].at(linli_kernel::AreaLevel::City)),
    ] {
        for days in [30, 365] {
            let wish =
                Wish { of: BoardOf { area, unit: None }, period: Period { from: today.plus(1 - days), to: today } };
            let mut took = Vec::new();
            for _ in 0..args.boards {
                let began = Instant::now();
                read(&app, &wish).await?;
                took.push(began.elapsed().as_micros());
            }
            took.sort_unstable();
            let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default();
            println!("| board of a {what}, {days} days | p50 {} µs | p99 {} µs |", at(50), at(99));
        }
    }
    Ok(())
}

async fn read(app: &App, wish: &Wish) -> anyhow::Result<()> {
    let (areas, basis, own) = (app.areas(), Arc::clone(&app.indicators), wish.clone());
    let read = {
        let (areas, basis) = (Arc::clone(&areas), Arc::clone(&basis));
        app.db.read(move |conn| board::Read::load(conn, &own, &basis, &areas)).await?
    };
    let book = app.playbooks.current();
    let view = board::board(wish, &read, &basis, &Names { areas: &areas, book: &book }, app.now());
    anyhow::ensure!(!serde_json::to_vec(&view)?.is_empty(), "an empty board");
    Ok(())
}

async fn consume(app: &App) -> anyhow::Result<(f64, u128)> {
    let (began, mut longest) = (Instant::now(), 0);
    let mut workers = Workers::default();
    loop {
        let step = Instant::now();
        if consumer::step(app, &app.indicators, &mut workers).await? != Step::Some {
            return Ok((began.elapsed().as_secs_f64(), longest));
        }
        longest = longest.max(step.elapsed().as_millis());
    }
}

async fn city(app: &App, counties: u32) -> anyhow::Result<Vec<AreaCode>> {
    let mut areas = vec!["610500000000".to_owned()];
    let mut grids = Vec::new();
    for county in 1..=counties {
        areas.push(format!("6105{county:02}000000"));
        for street in 1..=12 {
            areas.push(format!("6105{county:02}{street:03}000"));
            for community in 1..=12 {
                let code = format!("6105{county:02}{street:03}{community:03}");
                areas.extend((1..=10).map(|grid| format!("{code}{grid:03}")));
                grids.extend((1..=10).map(|grid| format!("{code}{grid:03}")));
                areas.push(code);
            }
        }
    }
    let rows = areas.iter().map(|code| {
        let code = AreaCode::parse(code)?;
        Ok(params![code, code.parent(), code.level(), code.to_string(), code.to_string(), 1_i64].to_vec())
    });
    let rows = rows.collect::<Result<Vec<_>, linli_kernel::BadAreaCode>>()?;
    insert(app, "INSERT INTO area (code, parent_code, level, name, short_name, version) VALUES", rows).await?;
    app.reload_areas().await?;
    Ok(grids.iter().map(|code| AreaCode::parse(code)).collect::<Result<_, _>>()?)
}

async fn fill(app: &App, rows: Vec<Vec<Val>>) -> anyhow::Result<()> {
    let sql = "INSERT INTO event (stream_kind, stream_id, n, kind, at, actor_kind, area_code, payload, prev_hash, hash) VALUES";
    insert(app, sql, rows).await
}

async fn insert(app: &App, sql: &'static str, rows: Vec<Vec<Val>>) -> anyhow::Result<()> {
    for chunk in rows.chunks(ROWS_AT_ONCE * 50) {
        let chunk = chunk.to_vec();
        let write = app.db.write(move |tx| {
            tx.bookkeep(|writer| {
                for rows in chunk.chunks(ROWS_AT_ONCE) {
                    let n_columns = rows.first().map_or(0, Vec::len);
                    writer.exec(&format!("{sql} {}", value_rows(n_columns, rows.len())), &rows.concat())?;
                }
                Ok::<_, StoreError>(())
            })
        });
        write.await?;
    }
    Ok(())
}

/// The life of an ordinary case.
struct Life {
    id: CaseId,
    grid: AreaCode,
    at: Timestamp,
    unhappy: bool,
}

impl Life {
    fn of(app: &App, n: u32, grids: &[AreaCode]) -> Self {
        let n = i64::from(n);
        let at = app.now().plus_ms(-(n * 7_919 % DAYS) * DAY_MS - 2 * DAY_MS);
        let place = usize::try_from(n * 104_729 % 1_000_003).unwrap_or(0) % grids.len();
        let grid = grids.get(place).copied().unwrap_or_else(|| grids[0]);
        Self { id: CaseId::new(app.ids.uuid(at)), grid, at, unhappy: n % 10 == 0 }
    }

    fn seat(&self) -> Value {
        json!({ "area_code": self.grid, "unit_code": null })
    }

    fn event(&self, n: i64, kind: &str, hours: i64, said: &Value) -> Vec<Val> {
        let at = self.at.plus_ms(hours * HOUR_MS);
        params![
            "case",
            self.id.to_string(),
            n,
            kind,
            at,
            "system",
            self.grid,
            said.to_string(),
            vec![0_u8; 32],
            vec![0_u8; 32]
        ]
        .to_vec()
    }

    fn met(&self, clock: &str) -> Value {
        json!([{ "deadline": clock, "started": self.at, "late": false }])
    }

    fn begin(&self) -> Vec<Vec<Val>> {
        let seat = self.seat();
        let said = json!({ "kind": "request", "channel": "qr", "category": "street_light", "weight": "micro", "phase": "open", "to": "dispatched", "seat": seat, "place": null, "routed": true, "private": false, "parent": null });
        vec![
            self.event(1, "reported", 0, &said),
            self.event(2, "dispatched", 0, &json!({ "to": "dispatched", "seat": seat, "category": "street_light" })),
        ]
    }

    fn rest(&self) -> Vec<Vec<Val>> {
        let seat = self.seat();
        let said = |phase: &str, met: Value| json!({ "from": "dispatched", "to": "handling", "phase": phase, "seat": seat, "level": "grid", "category": "street_light", "weight": "micro", "photos": [], "ground": null, "deadline": null, "n_reopened": 0, "public": null, "met": met });
        let rated = |satisfied: bool| json!({ "phase": "closed", "seat": seat, "category": "street_light", "weight": "micro", "stars": 5, "solved": true, "satisfied": satisfied });
        vec![
            self.event(3, "taken", 1, &said("open", self.met("sign"))),
            self.event(4, "commented", 2, &said("open", json!([]))),
            self.event(5, "settled", 9, &said("open", self.met("handle"))),
            self.event(6, "verified", 12, &said("settled", self.met("reply"))),
            self.event(7, "rated", 30, &rated(!self.unhappy)),
        ]
    }
}
