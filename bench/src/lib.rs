//! What the benchmarks share: a small city on a fresh database, clients, figures.

pub mod city;
pub mod fill;
pub mod serve;
pub mod texts;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;

use linli_civic::app::SiteConfig;
use linli_db::{StoreError, params};
use linli_kernel::{AccountId, AreaCode, GrantId};
use linli_server::open::{self, Options};

/// The grid in which everything happens.
pub const GRID: &str = "610502005007001";
/// One beside it, where nobody works.
pub const OTHER_GRID: &str = "610502005007002";
const AREAS: &[(&str, &str)] = &[
    ("610500000000", "渭南市"),
    ("610502000000", "临渭区"),
    ("610502005000", "向阳街道"),
    ("610502005007", "红旗社区"),
    (GRID, "第一网格"),
    (OTHER_GRID, "第二网格"),
];

/// Options for a data folder and perhaps a PostgreSQL database.
#[must_use]
pub fn options(data: &Path, url: Option<&str>) -> Options {
    let site = SiteConfig {
        public_url: "http://localhost".to_owned(),
        demo: false,
        tile_url: None,
        phone: "12345".to_owned(),
    };
    let mut options = Options::new(data.to_owned(), url.map(str::to_owned), site);
    options.playbook = Some("base".to_owned());
    options
}

/// Puts six areas and a grid worker into a fresh database.
///
/// # Errors
/// The database's.
pub async fn small_city(data: &Path, url: Option<&str>) -> anyhow::Result<()> {
    let app = open::open_app(&options(data, url)).await?;
    let (ids, now) = (Arc::clone(&app.ids), app.now());
    app.db
        .write(move |tx| {
            tx.bookkeep(|w| {
                for (code, name) in AREAS {
                    let Ok(code) = AreaCode::parse(code) else { continue };
                    w.exec(
                        "INSERT INTO area (code, parent_code, level, name, short_name, version) VALUES ($1, $2, $3, $4, $4, 1)",
                        &params![code, code.parent(), code.level(), *name],
                    )?;
                }
                let id = AccountId::new(ids.uuid(now));
                w.exec(
                    "INSERT INTO account (id, name, display_name, password_hash, must_change_password, version) VALUES ($1, 'worker', '李春梅', '', FALSE, 1)",
                    &params![id],
                )?;
                w.exec(
                    "INSERT INTO grant_role (id, account_id, role, area_code, starts_at) VALUES ($1, $2, 'grid_worker', $3, $4)",
                    &params![GrantId::new(ids.uuid(now)), id, GRID, now],
                )?;
                Ok::<_, StoreError>(())
            })
        })
        .await?;
    Ok(())
}

/// How long each of many things took.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// One for each.
    pub each: Vec<Duration>,
    /// From the first to the last.
    pub wall: Duration,
}

impl Taken {
    /// Things a second.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        let n = u32::try_from(self.each.len()).unwrap_or(u32::MAX);
        f64::from(n) / self.wall.as_secs_f64().max(1e-9)
    }

    /// The time that `percent` of them kept.
    #[must_use]
    pub fn percentile(&mut self, percent: usize) -> Duration {
        self.each.sort_unstable();
        let nth = (self.each.len() * percent / 100).min(self.each.len().saturating_sub(1));
        self.each.get(nth).copied().unwrap_or_default()
    }
}

/// Runs `n_clients` at once for `time`, each doing one thing after the other.
///
/// # Errors
/// What a client says.
pub async fn storm<C, F, Fut>(n_clients: usize, time: Duration, make: C) -> anyhow::Result<Taken>
where
    C: Fn(usize) -> F,
    F: FnMut(u64) -> Fut + Send + 'static,
    Fut: Future<Output = anyhow::Result<()>> + Send,
{
    let start = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for who in 0..n_clients {
        let mut act = make(who);
        clients.spawn(async move {
            let mut each = Vec::new();
            let mut n = 0;
            while start.elapsed() < time {
                let before = Instant::now();
                act(n).await?;
                each.push(before.elapsed());
                n += 1;
            }
            Ok::<_, anyhow::Error>(each)
        });
    }
    let mut taken = Taken::default();
    while let Some(client) = clients.join_next().await {
        taken.each.extend(client.context("a client stopped")??);
    }
    taken.wall = start.elapsed();
    Ok(taken)
}

/// User and system time of a process so far, in milliseconds.
#[must_use]
pub fn cpu_ms(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<u64> = stat
        .rsplit(") ")
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    // Fields 14 and 15 of the whole line, in ticks of 10 ms.
    (fields.get(11).unwrap_or(&0) + fields.get(12).unwrap_or(&0)) * 10
}

/// Resident memory of a process, in MiB.
#[must_use]
pub fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|n| n.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
