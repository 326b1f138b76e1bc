//! Cases that somebody else names by their ids, as far as the reader may see them.

use std::collections::HashMap;

use linli_db::{Bind, Conn, StoreError, padded, placeholders};
use linli_kernel::{CaseId, Page};

use super::list::Asker;
use super::reader::Reader;
use super::row::{COLUMNS, CaseRow, Facts, rows};

/// The rows of those of `ids` that the asker may see.
///
/// # Errors
/// The database's.
pub fn pick(
    conn: &mut Conn,
    asker: &Asker<'_>,
    ids: &[CaseId],
    reader: &Reader<'_>,
) -> Result<HashMap<CaseId, CaseRow>, StoreError> {
    let keys = asker.keys(None);
    if ids.is_empty() || keys.is_empty() {
        return Ok(HashMap::new());
    }
    let n = ids.len().next_power_of_two();
    let sql = format!(
        "SELECT {COLUMNS} FROM cases c WHERE c.id IN ({}) AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.scope_key IN ({}))",
        placeholders(1, n),
        placeholders(n + 1, keys.len())
    );
    let values: Vec<_> = padded(ids, n).chain(keys.iter().map(Bind::val)).collect();
    let facts = conn.all(&sql, &values, Facts::from_row)?;
    let page = rows(conn, asker.book, Page { items: facts, next: None }, reader)?;
    Ok(page.items.into_iter().map(|row| (row.id, row)).collect())
}
