//! One migration history for both databases. A released migration is never edited; a new one adds before
//! it removes, because the old binary must run on the new schema.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::params;

const HISTORY: &[(&str, &str)] = &[
    ("0001_house", include_str!("../migrations/0001_house.sql")),
    ("0002_work_orders", include_str!("../migrations/0002_work_orders.sql")),
    ("0003_delivery", include_str!("../migrations/0003_delivery.sql")),
    ("0004_open311", include_str!("../migrations/0004_open311.sql")),
    ("0005_hotline", include_str!("../migrations/0005_hotline.sql")),
    ("0007_leftovers", include_str!("../migrations/0007_leftovers.sql")),
    ("0008_indicators", include_str!("../migrations/0008_indicators.sql")),
    ("0009_search", include_str!("../migrations/0009_search.sql")),
    ("0013_registry", include_str!("../migrations/0013_registry.sql")),
    ("0014_field", include_str!("../migrations/0014_field.sql")),
    ("0015_came_up", include_str!("../migrations/0015_came_up.sql")),
    ("0019_clocks", include_str!("../migrations/0019_clocks.sql")),
    ("0020_duties", include_str!("../migrations/0020_duties.sql")),
    ("0021_inspections", include_str!("../migrations/0021_inspections.sql")),
    ("0024_care", include_str!("../migrations/0024_care.sql")),
    ("0030_ledgers", include_str!("../migrations/0030_ledgers.sql")),
    ("0031_visit_problems", include_str!("../migrations/0031_visit_problems.sql")),
    ("0032_term_blocks", include_str!("../migrations/0032_term_blocks.sql")),
    ("0033_facilities", include_str!("../migrations/0033_facilities.sql")),
    ("0034_opinions", include_str!("../migrations/0034_opinions.sql")),
    ("0035_care_services", include_str!("../migrations/0035_care_services.sql")),
    ("0036_ledger_periods", include_str!("../migrations/0036_ledger_periods.sql")),
    ("0037_undone_by", include_str!("../migrations/0037_undone_by.sql")),
    ("0038_phone_sessions", include_str!("../migrations/0038_phone_sessions.sql")),
    ("0039_awaited_photos", include_str!("../migrations/0039_awaited_photos.sql")),
    ("0040_shift_series", include_str!("../migrations/0040_shift_series.sql")),
];

/// The number of the last migration that this linli knows.
pub const LATEST: i64 = 26;

/// What a migration run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The names of the migrations that ran, in order.
    pub names: Vec<String>,
}

pub(crate) fn migrate(conn: &mut Conn) -> Result<Applied, StoreError> {
    let dialect = conn.dialect();
    // Two nodes that start at once: the second waits here and then finds nothing left to do.
    conn.batch(dialect.begin_write())?;
    conn.batch(dialect.lock_for_migration())?;
    conn.batch("CREATE TABLE IF NOT EXISTS migration (n BIGINT PRIMARY KEY, name TEXT NOT NULL)")?;
    let found = conn.number("SELECT COALESCE(MAX(n), 0) AS n FROM migration", &[])?;
    if found > LATEST {
        conn.batch("ROLLBACK")?;
        return Err(StoreError::Newer { found, known: LATEST });
    }
    let mut applied = Applied::default();
    for ((name, sql), n) in HISTORY.iter().zip(1_i64..).filter(|(_, n)| *n > found) {
        conn.batch(&dialect.fill(sql))?;
        conn.batch(dialect.own_migration(name))?;
        conn.exec("INSERT INTO migration (n, name) VALUES ($1, $2)", &params![n, *name])?;
        applied.names.push((*name).to_owned());
    }
    conn.batch("COMMIT")?;
    Ok(applied)
}
