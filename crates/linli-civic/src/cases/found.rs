//! Cases that the search names by their row: read whole, of those that the caller may see.

use linli_db::{Bind, Conn, Row, StoreError, Val, placeholders};
use linli_kernel::{AreaCode, CaseId, Page, PublicCode, Weight};

use super::list::Asker;
use super::model::Reply;
use super::reader::Reader;
use super::row::{COLUMNS, CaseRow, Facts, rows};

/// A case as the search compares it.
pub struct Found {
    /// Its row.
    pub row_no: i64,
    /// What was said.
    pub said: String,
    /// Where, in words.
    pub place: String,
    /// What was done, of the last reply.
    pub done: String,
    facts: Facts,
}

impl Found {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let reply: Option<Reply> = row.json_opt("reply")?;
        Ok(Self {
            row_no: row.get("row_no")?,
            said: row.get("said")?,
            place: row.get("place_text")?,
            done: reply.map(|reply| reply.done).unwrap_or_default(),
            facts: Facts::from_row(row)?,
        })
    }

    /// Where it is.
    #[must_use]
    pub const fn area(&self) -> &AreaCode {
        &self.facts.area
    }

    /// Its public code.
    #[must_use]
    pub const fn code(&self) -> &PublicCode {
        &self.facts.code
    }

    /// Its number for paper.
    #[must_use]
    pub fn paper_no(&self) -> &str {
        &self.facts.paper_no
    }
}

/// What a search is narrowed to besides its words.
#[derive(Clone, Debug, Default)]
pub struct Narrowed {
    /// The keys by which the caller reaches cases.
    pub keys: Vec<String>,
    /// Within this area.
    pub area: Option<AreaCode>,
    /// Of one of these categories; of any without one.
    pub categories: Vec<String>,
    /// Of this weight.
    pub weight: Option<Weight>,
}

/// Reads those of `row_nos` that the caller may see and that lie within `narrowed`, in no order. Statements differ by how many
/// rows they name: `row_nos` is filled up to a few sizes, so that there are few of them to prepare.
///
/// # Errors
/// The database's.
pub fn read(conn: &mut Conn, row_nos: &[i64], narrowed: &Narrowed) -> Result<Vec<Found>, StoreError> {
    let mut found = Vec::new();
    for part in row_nos.chunks(MOST_ROWS) {
        let size = SIZES.iter().find(|size| part.len() <= **size).copied().unwrap_or(MOST_ROWS);
        let mut values: Vec<Val> = part.iter().map(Bind::val).collect();
        values.resize(size, NO_ROW.val());
        found.extend(read_part(conn, values, narrowed)?);
    }
    Ok(found)
}

const SIZES: [usize; 2] = [8, 64];
const MOST_ROWS: usize = 256;
/// Rows are counted from 1.
const NO_ROW: i64 = 0;

fn read_part(conn: &mut Conn, mut values: Vec<Val>, narrowed: &Narrowed) -> Result<Vec<Found>, StoreError> {
    let list = placeholders(1, values.len());
    let mut bind = |value: Val| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut conditions = String::new();
    if let Some(weight) = narrowed.weight {
        conditions.push_str(&format!(" AND c.weight = {}", bind(weight.val())));
    }
    if let Some(area) = &narrowed.area {
        let (low, high) = crate::areas::tree::code_range(area);
        conditions.push_str(&format!(" AND c.area_code >= {} AND c.area_code < {}", bind(low.val()), bind(high.val())));
    }
    if !narrowed.categories.is_empty() {
        let codes: Vec<String> = narrowed.categories.iter().map(|code| bind(code.val())).collect();
        conditions.push_str(&format!(" AND c.category IN ({})", codes.join(", ")));
    }
    let keys: Vec<String> = narrowed.keys.iter().map(|key| bind(key.val())).collect();
    let keys = if keys.is_empty() { "NULL".to_owned() } else { keys.join(", ") };
    // The offset keeps PostgreSQL from joining a few cases with everything that the keys reach.
    let sql = format!(
        "SELECT c.row_no, c.body AS said, c.place_text, c.reply, {COLUMNS} FROM cases c WHERE c.row_no IN ({list}) \
         AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.phase = c.phase AND s.scope_key IN ({keys}) LIMIT 1 OFFSET 0){conditions}"
    );
    conn.all(&sql, &values, Found::from_row)
}

/// The row of a case of that code, paper number, or whichever is asked for by a unique column.
///
/// # Errors
/// The database's.
pub fn row_of(conn: &mut Conn, by: &By<'_>) -> Result<Option<i64>, StoreError> {
    let (column, value) = match by {
        By::Code(code) => ("code", code.val()),
        By::PaperNo(no) => ("paper_no", no.val()),
        By::Id(id) => ("id", id.val()),
    };
    conn.first(&format!("SELECT row_no FROM cases WHERE {column} = $1"), &[value], |row| row.get("row_no"))
}

/// By what one case is known.
pub enum By<'a> {
    /// Its public code.
    Code(&'a PublicCode),
    /// Its number for paper.
    PaperNo(&'a str),
    /// Its id.
    Id(CaseId),
}

/// The cases as a list shows them, in the order given.
///
/// # Errors
/// The database's.
pub fn shown(
    conn: &mut Conn,
    asker: &Asker<'_>,
    found: Vec<Found>,
    reader: &Reader<'_>,
) -> Result<Vec<CaseRow>, StoreError> {
    let facts = found.into_iter().map(|found| found.facts).collect();
    Ok(rows(conn, asker.book, Page { items: facts, next: None }, reader)?.items)
}
