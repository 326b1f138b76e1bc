//! Numbers for paper: county + year + sequence. Taken in blocks, so that no two reporters wait for each
//! other; a block that was not used up leaves a gap, which is allowed.

use std::collections::HashMap;

use tokio::sync::Mutex;

use linli_db::{Db, StoreError, params};
use linli_kernel::{AreaCode, AreaLevel, Timestamp};

const BLOCK: i64 = 100;
/// Numbers of the largest block: a county that reports so fast waits for a block ten times a minute at most.
const LARGEST_BLOCK: i64 = 3_200;
/// A block that did not last so long is followed by one twice as large.
const TOO_SHORT_MS: i64 = 10_000;
/// Beijing time is ahead of UTC by this much; the year changes there.
const ZONE_MS: i64 = 8 * 3_600_000;

/// Hands out paper numbers.
#[derive(Debug, Default)]
pub struct PaperNumbers {
    blocks: Mutex<HashMap<(AreaCode, i64), Block>>,
}

#[derive(Debug)]
struct Block {
    given: i64,
    last: i64,
    size: i64,
    begun_at: Timestamp,
}

impl PaperNumbers {
    /// The next number of the county of `area` in the year of `at`: 610502-2026-000123.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&self, db: &Db, area: &AreaCode, at: Timestamp) -> Result<String, StoreError> {
        let county = area.at(AreaLevel::County);
        let year = i64::from(at.plus_ms(ZONE_MS).to_jiff().to_zoned(jiff::tz::TimeZone::UTC).year());
        let mut blocks = self.blocks.lock().await;
        let unused = Block { given: 0, last: 0, size: BLOCK, begun_at: at.plus_ms(-TOO_SHORT_MS) };
        let block = blocks.entry((county, year)).or_insert(unused);
        if block.given >= block.last {
            let too_short = at.since(block.begun_at) < TOO_SHORT_MS;
            let size = if too_short { (block.size * 2).min(LARGEST_BLOCK) } else { BLOCK };
            let last = reserve(db, county, year, size).await?;
            *block = Block { given: last - size, last, size, begun_at: at };
        }
        block.given += 1;
        let short = county.as_str().get(..6).unwrap_or_default();
        Ok(format!("{short}-{year}-{:06}", block.given))
    }
}

async fn reserve(db: &Db, county: AreaCode, year: i64, size: i64) -> Result<i64, StoreError> {
    let last = db
        .write(move |tx| {
            tx.bookkeep(|writer| {
                writer.returning(
                    "INSERT INTO paper_number (county_code, year, last) VALUES ($1, $2, $3) \
                     ON CONFLICT (county_code, year) DO UPDATE SET last = paper_number.last + $3 RETURNING last",
                    &params![county, year, size],
                    |row| row.get::<i64>("last"),
                )
            })
        })
        .await?;
    last.first().copied().ok_or(StoreError::Closed)
}
