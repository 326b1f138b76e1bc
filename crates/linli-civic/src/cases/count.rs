//! The counts of the boxes: never more than there is room for, so that they cost the same in a grid and in a city.

use linli_db::{Conn, StoreError};
use linli_kernel::{AreaCode, Phase};
use serde::Serialize;

use super::boxes::BoxKey;
use super::list::{Asker, Filter, id_at};
use super::reached::{Clocks, Reached};
use crate::say::Lang;

/// Cases that are counted at most; a face says 999+.
pub const MOST: i64 = 1_000;
const DAY_MS: i64 = 86_400_000;

/// One box with its counts.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct InboxBox {
    /// Which.
    pub key: BoxKey,
    /// In words.
    pub name: String,
    /// Cases in it; 1,000 stands for 1,000 or more, here and below.
    pub n: i64,
    /// Of them nearly over.
    pub n_soon: i64,
    /// Of them over.
    pub n_late: i64,
}

/// Counts every box. A case that waits for the resident is neither late nor soon, as in the boxes of those names.
///
/// # Errors
/// The database's.
pub fn count_boxes(
    conn: &mut Conn,
    asker: &Asker<'_>,
    area: Option<&AreaCode>,
    lang: Lang,
) -> Result<Vec<InboxBox>, StoreError> {
    let mut boxes = Vec::new();
    for key in BoxKey::ALL.into_iter().filter(|key| asker.has(*key)) {
        let mut filter = asker.filter(key, area);
        if key == BoxKey::Closed {
            // Counting all that was ever closed would say nothing: the box counts the last 30 days.
            let since = filter.more.bind(&id_at(asker.now.plus_ms(-30 * DAY_MS)));
            filter.more.and(format!("s.case_id >= {since}"));
        }
        let (n, n_soon, n_late) = match filter.as_reached() {
            Some(reached) => count_reached(conn, reached, &filter, asker)?,
            None => count_few(conn, filter, asker)?,
        };
        boxes.push(InboxBox { key, name: lang.word("box", key.as_str()), n, n_soon, n_late });
    }
    Ok(boxes)
}

/// By ranges of an index, each for itself.
fn count_reached(
    conn: &mut Conn,
    reached: &Reached,
    filter: &Filter,
    asker: &Asker<'_>,
) -> Result<(i64, i64, i64), StoreError> {
    let mut count = |clocks: Clocks| {
        let phases = if clocks == Clocks::Any { reached.phases } else { &[Phase::Open] };
        let part = Reached { keys: reached.keys.clone(), phases, clocks };
        part.count(conn, &filter.more, asker.now, MOST)
    };
    let has_open = reached.phases.contains(&Phase::Open);
    Ok(match reached.clocks {
        Clocks::Late => {
            let n = count(Clocks::Late)?;
            (n, 0, n)
        }
        Clocks::Soon => {
            let n = count(Clocks::Soon)?;
            (n, n, 0)
        }
        Clocks::Any if has_open => (count(Clocks::Any)?, count(Clocks::Soon)?, count(Clocks::Late)?),
        Clocks::Any => (count(Clocks::Any)?, 0, 0),
    })
}

/// One by one, what ends first before the rest: so many are read that what is late or soon is among them.
fn count_few(conn: &mut Conn, filter: Filter, asker: &Asker<'_>) -> Result<(i64, i64, i64), StoreError> {
    let mut more = filter.more;
    let (most, now) = (more.bind(&MOST), more.bind(&asker.now));
    let sql = format!(
        "SELECT COUNT(*) AS n, COUNT(CASE WHEN phase = 'open' AND due_at > {now} AND due_soon_at <= {now} THEN 1 END) AS n_soon, \
         COUNT(CASE WHEN phase = 'open' AND due_at <= {now} THEN 1 END) AS n_late \
         FROM (SELECT c.phase, c.due_at, c.due_soon_at FROM cases c WHERE {} ORDER BY c.due_at NULLS LAST LIMIT {most}) f",
        more.clause()
    );
    let counted = conn.first(&sql, &more.values, |row| Ok((row.get("n")?, row.get("n_soon")?, row.get("n_late")?)))?;
    Ok(counted.unwrap_or_default())
}
