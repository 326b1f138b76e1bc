//! The index is kept up behind the cases: what is new or changed is noted with the change (`case_fresh`) and read one by one by
//! every search until there is enough of it to be worth writing; then its terms are written, all in one transaction.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use linli_access::Keys;
use linli_db::{Bind, Conn, Db, Row, StoreError, Tx, Val, Writer, params, placeholders, value_rows};
use linli_kernel::{AreaCode, CaseId, Weight};

use super::members::{self, Members};
use super::terms::Described;
use crate::app::App;
use crate::cases::model::Reply;

/// Fresh cases that are worth writing: fewer are read as quickly as they are looked up.
pub const WORTH: i64 = 256;
/// Cases whose terms are written in one transaction, so that it holds up nobody's report for long.
pub const BATCH: i64 = 256;
/// Rows of one statement.
const ROWS: usize = 200;
/// Other nodes' commits are seen by asking; our own wake us.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// How long commits are gathered before they are looked at.
const GATHER: Duration = Duration::from_millis(500);

/// Keeps the index up for as long as the server runs.
pub async fn run(app: App) {
    let mut committed = app.db.committed();
    loop {
        if let Err(error) = catch_up(&app.db, WORTH, BATCH).await {
            tracing::warn!(%error, "the search index cannot be written; trying again");
        }
        drop(tokio::time::timeout(ASK_EVERY, committed.changed()).await);
        tokio::time::sleep(GATHER).await;
    }
}

/// Writes the terms of fresh cases, `batch` at a time, until fewer than `worth` are left; how many it wrote. A case of which
/// something was erased is always worth it.
///
/// # Errors
/// The database's.
pub async fn catch_up(db: &Db, worth: i64, batch: i64) -> Result<usize, StoreError> {
    let mut n_written = 0;
    while db.read(move |conn| is_due(conn, worth)).await? {
        let n = db.write(move |tx| write_fresh(tx, batch)).await?;
        if n == 0 {
            break;
        }
        n_written += n;
    }
    Ok(n_written)
}

fn is_due(conn: &mut Conn, worth: i64) -> Result<bool, StoreError> {
    let n = conn.number("SELECT COUNT(*) AS n FROM (SELECT row_no FROM case_fresh LIMIT $1) f", &params![worth])?;
    let n_erased = conn.number("SELECT COUNT(*) AS n FROM case_fresh WHERE afresh", &[])?;
    Ok(n_erased > 0 || (n > 0 && n >= worth))
}

fn write_fresh(tx: &mut Tx<'_>, batch: i64) -> Result<usize, StoreError> {
    // One node at a time: a term's row is read, added to and written back.
    let lock = tx.dialect().for_update();
    tx.first(&format!("SELECT name FROM setting WHERE name = 'search_index'{lock}"), &[], |_| Ok(()))?;
    let erased = claim(tx, "WHERE afresh", batch)?;
    let fresh = if erased.is_empty() { claim(tx, "", batch)? } else { erased.clone() };
    let terms = terms_of(tx, &fresh)?;
    tx.bookkeep(|writer| {
        for row_no in erased {
            forget(writer, row_no)?;
        }
        add(writer, terms)?;
        for part in fresh.chunks(ROWS) {
            writer.exec(
                &format!("DELETE FROM case_fresh WHERE row_no IN ({})", placeholders(1, ROWS)),
                &filled(part.iter().map(Bind::val), &NO_ROW),
            )?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(fresh.len())
}

/// Fresh cases, locked before their texts are read: a change that is just being made is left for later, and one that comes after
/// is noted once more.
fn claim(conn: &mut Conn, which: &str, most: i64) -> Result<Vec<i64>, StoreError> {
    let skip = conn.dialect().skip_locked();
    let sql = format!("SELECT row_no FROM case_fresh {which} ORDER BY row_no LIMIT $1{skip}");
    conn.all(&sql, &params![most], |row| row.get("row_no"))
}

/// Rows are counted from 1.
const NO_ROW: i64 = 0;

/// Values for a list of [`ROWS`] placeholders, with one that means nothing for each that is missing: statements that differ by the
/// length of a list would each have to be prepared.
fn filled(values: impl Iterator<Item = Val>, nothing: &impl Bind) -> Vec<Val> {
    let mut values: Vec<Val> = values.collect();
    values.resize(ROWS, nothing.val());
    values
}

/// Which cases of a block have a term.
type Terms = BTreeMap<(i64, String), Vec<u16>>;

fn terms_of(conn: &mut Conn, rows: &[i64]) -> Result<Terms, StoreError> {
    let mut terms = Terms::new();
    for part in rows.chunks(ROWS) {
        let values = filled(part.iter().map(Bind::val), &NO_ROW);
        let list = placeholders(1, ROWS);
        let mut keys: HashMap<CaseId, Keys> = HashMap::new();
        let sql = format!(
            "SELECT s.case_id, s.scope_key FROM cases c JOIN case_scope s ON s.case_id = c.id WHERE c.row_no IN ({list})"
        );
        conn.each(&sql, &values, |row| {
            let (id, key): (CaseId, String) = (row.parse("case_id")?, row.get("scope_key")?);
            let known = keys.remove(&id).unwrap_or_default();
            keys.insert(id, known.with_key(&key));
            Ok(())
        })?;
        let sql = format!(
            "SELECT c.row_no, c.id, c.body, c.place_text, c.reply, c.area_code, c.category, c.weight FROM cases c WHERE c.row_no IN ({list})"
        );
        conn.each(&sql, &values, |row| {
            let (block, place) = members::at(row.get("row_no")?);
            let id: CaseId = row.parse("id")?;
            for term in described(row, keys.get(&id))? {
                terms.entry((block, term)).or_default().push(place);
            }
            Ok(())
        })?;
    }
    Ok(terms)
}

fn described(row: &Row<'_>, keys: Option<&Keys>) -> Result<impl Iterator<Item = String>, StoreError> {
    let (body, place): (String, String) = (row.get("body")?, row.get("place_text")?);
    let reply: Option<Reply> = row.json_opt("reply")?;
    let category: Option<String> = row.get("category")?;
    let area: AreaCode = row.parse("area_code")?;
    let weight: Weight = row.parse("weight")?;
    let described = Described {
        said: &body,
        place: &place,
        reply: reply.as_ref().map_or("", |reply| &reply.done),
        area: Some(area),
        category: category.as_deref(),
        weight: Some(weight),
    };
    Ok(described.terms(keys.unwrap_or(&Keys::default())).into_iter())
}

/// Adds members to the rows of their terms. Nothing is taken out: what a case no longer has leads to it, and is then not found in it.
fn add(writer: &mut Writer<'_>, terms: Terms) -> Result<(), StoreError> {
    let terms: Vec<((i64, String), Vec<u16>)> = terms.into_iter().collect();
    for part in terms.chunk_by(|((a, _), _), ((b, _), _)| a == b).flat_map(|block| block.chunks(ROWS)) {
        let Some(((block, _), _)) = part.first() else { continue };
        let mut values = filled(part.iter().map(|((_, term), _)| term.val()), &"");
        values.push(block.val());
        let (list, block) = (placeholders(1, ROWS), values.len());
        let sql = format!("SELECT term, members FROM case_term WHERE block = ${block} AND term IN ({list})");
        let known =
            writer.returning(&sql, &values, |row| Ok((row.get::<String>("term")?, row.get::<Vec<u8>>("members")?)))?;
        let known: HashMap<String, Vec<u8>> = known.into_iter().collect();
        let rows = part.iter().filter_map(|((block, term), added)| {
            let before = known.get(term);
            let mut all: Members = added.iter().copied().collect();
            all.add_bytes(before.map(Vec::as_slice).unwrap_or_default());
            let bytes = all.to_bytes();
            (before != Some(&bytes)).then(|| params![block, term, bytes].to_vec())
        });
        write(writer, &rows.collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Rows in statements of few lengths.
fn write(writer: &mut Writer<'_>, mut rows: &[Vec<Val>]) -> Result<(), StoreError> {
    for size in [64, 8, 1] {
        while let Some((some, rest)) = rows.split_at_checked(size) {
            let sql = format!(
                "INSERT INTO case_term (block, term, members) VALUES {} ON CONFLICT (block, term) DO UPDATE SET members = excluded.members",
                value_rows(3, size)
            );
            writer.exec(&sql, &some.concat())?;
            rows = rest;
        }
    }
    Ok(())
}

/// Takes a case out of every term of its block.
fn forget(writer: &mut Writer<'_>, row_no: i64) -> Result<(), StoreError> {
    let (block, place) = members::at(row_no);
    let rows = writer.returning("SELECT term, members FROM case_term WHERE block = $1", &params![block], |row| {
        Ok((row.get::<String>("term")?, row.get::<Vec<u8>>("members")?))
    })?;
    for (term, bytes) in rows {
        let mut members = Members::from_bytes(&bytes);
        if !members.remove(place) {
            continue;
        }
        if members.is_empty() {
            writer.exec("DELETE FROM case_term WHERE block = $1 AND term = $2", &params![block, term])?;
        } else {
            writer.exec(
                "UPDATE case_term SET members = $3 WHERE block = $1 AND term = $2",
                &params![block, term, members.to_bytes()],
            )?;
        }
    }
    Ok(())
}
