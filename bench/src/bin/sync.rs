//! What a phone costs: the first sync of a worker with so many rows, a pull with nothing new, and a crowd of phones at once.
//!
//! The cost is that of the server's own work: the pages are made and written as JSON, without HTTP and without a network.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use anyhow::Context;
use clap::Parser;

use linli_bench::{GRID, OTHER_GRID, Taken, options, small_city};
use linli_civic::app::App;
use linli_civic::cases::report::{self, ReportCase, Sender};
use linli_civic::registry::{
    self, Kind,
    command::{Command, What},
};
use linli_civic::say::Lang;
use linli_civic::sync::cursor::Cursor;
use linli_civic::sync::pull::{self, Ask, PAGE_ROWS};
use linli_civic::sync::{Device, store};
use linli_civic::visits::command as visits;
use linli_db::StoreError;
use linli_kernel::{AccountId, Actor, AreaCode, DeviceId, RecordId};
use linli_server::open;

#[derive(Parser)]
struct Args {
    /// Open cases of the worker's grid.
    #[arg(long, default_value_t = 500)]
    cases: usize,
    /// Dwellings of the worker's grid.
    #[arg(long, default_value_t = 3_900)]
    records: usize,
    /// Records of the worker's own rounds: a quarter's.
    #[arg(long, default_value_t = 600)]
    visits: usize,
    /// Cases of another grid that come in between.
    #[arg(long, default_value_t = 2_000)]
    elsewhere: usize,
    /// Phones that ask at once.
    #[arg(long, default_value_t = 100)]
    phones: usize,
    /// A PostgreSQL server in place of SQLite, with an empty database.
    #[arg(long)]
    database_url: Option<String>,
}

/// What one sync moved.
#[derive(Clone, Copy, Default)]
struct Moved {
    n_rows: usize,
    n_pages: usize,
    size_bytes: usize,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(&args))
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let url = args.database_url.as_deref();
    small_city(folder.path(), url).await?;
    let app = open::open_app(&options(folder.path(), url)).await?;
    report_in(&app, GRID, args.cases).await?;
    let account = app
        .db
        .read(|conn| {
            conn.first("SELECT id FROM account WHERE name = 'worker'", &[], |row| row.parse::<AccountId>("id"))
        })
        .await
        .map_err(|error: StoreError| error)?
        .context("no worker")?;
    keep_records(&app, account, args.records).await?;
    patrol(&app, account, args.visits).await?;
    println!("| what | phones | rows | kB | pages | wall ms | p50 ms | p99 ms |");
    println!("|---|---|---|---|---|---|---|---|");
    for n_phones in [1, args.phones] {
        let mut devices = Vec::new();
        for _ in 0..n_phones {
            devices.push(enrol(&app, account).await?);
        }
        let cursors = crowd(&app, account, "first sync", devices.iter().map(|id| (*id, None)).collect()).await?;
        let cursors = crowd(&app, account, "nothing new", cursors).await?;
        report_in(&app, OTHER_GRID, args.elsewhere).await?;
        let cursors = crowd(&app, account, "only other grids' news", cursors).await?;
        patrol(&app, account, 1).await?;
        crowd(&app, account, "one patrol", cursors).await?;
    }
    Ok(())
}

async fn report_in(app: &App, grid: &str, n_cases: usize) -> anyhow::Result<()> {
    for n in 0..n_cases {
        let body = ReportCase {
            text: format!("{n}号楼前的路灯不亮，晚上看不清路，请尽快派人来看看"),
            area_code: Some(grid.to_owned()),
            category: Some("street_light".to_owned()),
            ..ReportCase::default()
        };
        report::report(app, body, Sender::Resident, None).await.context("cannot report")?;
    }
    Ok(())
}

/// Writes patrols down, as the worker does every day.
async fn patrol(app: &App, account: AccountId, n_patrols: usize) -> anyhow::Result<()> {
    let now = app.now();
    let caller = app.db.read(move |conn| store::caller(conn, account, now)).await?.context("no worker")?;
    for n in 0..n_patrols {
        let body = serde_json::json!({ "kind": "patrol", "area_code": GRID, "note": format!("第{n}次巡查，楼道通畅，消防栓正常") });
        let ready =
            visits::prepare(app, serde_json::from_value(body)?, caller.clone()).await.context("cannot patrol")?;
        let writer = app.clone();
        app.db.write(move |tx| visits::record(&writer, tx, &ready, None)).await.context("cannot patrol")?;
    }
    Ok(())
}

/// Enters dwellings as the worker does on the round.
async fn keep_records(app: &App, account: AccountId, n_records: usize) -> anyhow::Result<()> {
    let now = app.now();
    let caller = app.db.read(move |conn| store::caller(conn, account, now)).await?.context("no worker")?;
    let area: AreaCode = GRID.parse()?;
    for n in 0..n_records {
        let fields = [
            ("compound", "幸福小区".to_owned()),
            ("building", format!("{}号楼", n / 60 + 1)),
            ("unit", format!("{}单元", n / 20 % 3 + 1)),
            ("room", format!("{}室", n % 20 / 2 * 100 + 101 + n % 2)),
            ("dwelling_use", "living".to_owned()),
            ("occupancy", if n % 5 == 0 { "rented" } else { "owner" }.to_owned()),
        ];
        let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), Some(value))).collect();
        let what =
            What::Enter { id: RecordId::new(app.ids.uuid(now)), kind: Kind::Dwelling, area, fields, even_so: true };
        let command = Command { what, key: None, caller: caller.clone() };
        registry::command::run(app, command).await.context("cannot enter a dwelling")?;
    }
    Ok(())
}

async fn enrol(app: &App, account: AccountId) -> anyhow::Result<DeviceId> {
    let device = Device {
        id: DeviceId::new(app.ids.uuid(app.now())),
        account,
        name: "bench".to_owned(),
        share_sealed: Vec::new(),
        enrolled_at: app.now(),
        last_seen_at: None,
        lease_until: None,
        revoked_at: None,
        next_seq: 1,
        n_pulls: 0,
        version: 0,
    };
    let id = device.id;
    app.db.write(move |tx| tx.commit(device.clone().enrol(Actor::System))).await.map_err(|error: StoreError| error)?;
    Ok(id)
}

type Phones = Vec<(DeviceId, Option<Cursor>)>;

/// Lets all phones ask at once until none has more to come; where each stands then.
async fn crowd(app: &App, account: AccountId, what: &str, phones: Phones) -> anyhow::Result<Phones> {
    let started = Instant::now();
    let n_phones = phones.len();
    let asking: Vec<_> = phones
        .into_iter()
        .map(|(device, cursor)| {
            let app = app.clone();
            tokio::spawn(async move {
                let begun = Instant::now();
                let (cursor, moved) = sync(&app, account, device, cursor).await?;
                Ok::<_, anyhow::Error>((device, cursor, moved, begun.elapsed()))
            })
        })
        .collect();
    let (mut after, mut taken, mut one) = (Vec::new(), Taken::default(), Moved::default());
    for phone in asking {
        let (device, cursor, moved, time) = phone.await??;
        after.push((device, cursor));
        taken.each.push(time);
        one = moved;
    }
    let (p50, p99) = (taken.percentile(50).as_millis(), taken.percentile(99).as_millis());
    println!(
        "| {what} | {n_phones} | {} | {} | {} | {} | {} | {} |",
        one.n_rows,
        one.size_bytes / 1_024,
        one.n_pages,
        started.elapsed().as_millis(),
        p50,
        p99
    );
    Ok(after)
}

async fn sync(
    app: &App,
    account: AccountId,
    device: DeviceId,
    mut cursor: Option<Cursor>,
) -> anyhow::Result<(Option<Cursor>, Moved)> {
    let now = app.now();
    let caller = app.db.read(move |conn| store::caller(conn, account, now)).await?.context("no worker")?;
    let mut moved = Moved::default();
    loop {
        let ask = Ask { caller: caller.clone(), device, cursor, limit: PAGE_ROWS, lang: Lang::ZhCn };
        let page = pull::pull(app, ask).await.context("cannot pull")?;
        moved.n_pages += 1;
        moved.n_rows += page.upserts.len();
        moved.size_bytes += serde_json::to_vec(&page)?.len();
        cursor = Cursor::parse(&page.next_cursor);
        if !page.has_more {
            return Ok((cursor, moved));
        }
    }
}
