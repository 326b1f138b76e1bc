//! What visits keep coming upon, from the table of visits, and what was decided of it.
//!
//! What waits for a decision is computed when somebody looks and is kept nowhere: nothing runs in the background, whatever the
//! size of the city. A look reads one community: its areas are named one by one, so that each is a range of the index
//! (`visit_area`: area, id) that begins at the window's first day. With a note a day a grid and 30 days, a community of 10 grids
//! is 300 rows; [`MOST_NOTES`] bounds what a busy one costs, and the page says where it cut off. Notes are compared within
//! their grid alone, so that the work grows with the grids and not with the square of the community.

use std::collections::{HashMap, HashSet};

use linli_db::{Bind, Conn, Row, Store, StoreError, Tx, Val, Writer, params, placeholders};
use linli_kernel::{AreaCode, CaseId, Cursor, Page, Timestamp, VisitId, VisitKind, VisitProblemId};

use super::problem::{Outcome, VisitProblem};
use crate::areas::tree::code_range;
use crate::cases::list::id_at;

/// Notes that one look reads; the newest.
pub const MOST_NOTES: i64 = 3_000;

impl Store for VisitProblem {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let (state, case) = match self.outcome {
            Outcome::Opened(case) => ("opened", Some(case)),
            Outcome::Dismissed => ("dismissed", None),
        };
        writer.exec_one(
            "INSERT INTO visit_problem (id, area_code, place_code, words, state, n_visits, first_at, last_at, case_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            &params![
                self.id,
                self.area,
                self.place_code,
                self.words.join(" "),
                state,
                self.n_visits,
                self.first_at,
                self.last_at,
                case
            ],
        )?;
        for visit in &self.visits {
            let sql = "INSERT INTO visit_problem_visit (visit_id, problem_id) VALUES ($1, $2)";
            writer.exec_one(sql, &params![visit, self.id])?;
        }
        Ok(())
    }

    fn begins(&self) -> bool {
        true
    }
}

const COLUMNS: &str = "id, area_code, place_code, words, state, n_visits, first_at, last_at, case_id";

fn from_row(row: &Row<'_>) -> Result<VisitProblem, StoreError> {
    let (words, case): (String, Option<CaseId>) = (row.get("words")?, row.parse_opt("case_id")?);
    Ok(VisitProblem {
        id: row.parse("id")?,
        area: row.parse("area_code")?,
        place_code: row.get("place_code")?,
        words: words.split_whitespace().map(str::to_owned).collect(),
        visits: Vec::new(),
        n_visits: row.count("n_visits")?,
        first_at: row.at("first_at")?,
        last_at: row.at("last_at")?,
        outcome: case.map_or(Outcome::Dismissed, Outcome::Opened),
    })
}

/// One that was decided.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: VisitProblemId) -> Result<Option<VisitProblem>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM visit_problem WHERE id = $1"), &params![id], from_row)
}

/// Those that were decided within `areas`, the last proposed first.
///
/// # Errors
/// The database's.
pub fn decided(conn: &mut Conn, areas: &[AreaCode], cursor: &Cursor) -> Result<Page<VisitProblem>, StoreError> {
    let mut values = params![cursor.fetch()].to_vec();
    let mut ranges = Vec::new();
    for area in areas {
        let (low, high) = code_range(area);
        values.extend([low.val(), high.val()]);
        ranges.push(format!("(area_code >= ${} AND area_code < ${})", values.len() - 1, values.len()));
    }
    if ranges.is_empty() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let mut sql = format!("SELECT {COLUMNS} FROM visit_problem WHERE ({})", ranges.join(" OR "));
    if let Some(after) = &cursor.after {
        values.push(after.val());
        sql.push_str(&format!(" AND id < ${}", values.len()));
    }
    let rows = conn.all(&format!("{sql} ORDER BY id DESC LIMIT $1"), &values, from_row)?;
    Ok(cursor.page(rows, |problem| problem.id.to_string()))
}

/// What a visit noted, as it stands in its table.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The visit.
    pub visit: VisitId,
    /// What kind of visit it was.
    pub kind: VisitKind,
    /// Where.
    pub area: AreaCode,
    /// The printed code that was scanned.
    pub place_code: Option<String>,
    /// Where, in words.
    pub place_text: String,
    /// What was written down; nothing after its retention.
    pub note: Option<String>,
    /// When it was, by the clock of whoever noted it.
    pub captured_at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
}

fn noted(row: &Row<'_>) -> Result<Noted, StoreError> {
    Ok(Noted {
        visit: row.parse("id")?,
        kind: row.parse("kind")?,
        area: row.parse("area_code")?,
        place_code: row.get("place_code")?,
        place_text: row.get("place_text")?,
        note: row.get("note")?,
        captured_at: row.at("captured_at")?,
        received_at: row.at("received_at")?,
    })
}

const NOTED: &str = "v.id, v.kind, v.area_code, v.place_code, v.place_text, v.note, v.captured_at, v.received_at";

/// Notes of visits that became no case, of exactly these `areas` since `since`; the newest first, one more than
/// [`MOST_NOTES`] where there are more.
///
/// # Errors
/// The database's.
pub fn notes(conn: &mut Conn, areas: &[AreaCode], since: Timestamp) -> Result<Vec<Noted>, StoreError> {
    if areas.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {NOTED} FROM visit v WHERE v.area_code IN ({}) AND v.id >= $1 AND v.note IS NOT NULL AND v.case_id IS NULL \
         ORDER BY v.id DESC LIMIT $2",
        placeholders(3, areas.len())
    );
    let mut values = params![id_at(since), MOST_NOTES + 1].to_vec();
    values.extend(areas.iter().map(Bind::val));
    conn.all(&sql, &values, noted)
}

/// About which visits of `within` somebody decided, as far as they came since `since`.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// They became a case.
    pub opened: HashSet<VisitId>,
    /// Nothing followed.
    pub dismissed: HashSet<VisitId>,
}

/// About which visits somebody decided.
///
/// # Errors
/// The database's.
pub fn decided_visits(conn: &mut Conn, within: &AreaCode, since: Timestamp) -> Result<Decided, StoreError> {
    let (low, high) = code_range(within);
    let sql = "SELECT l.visit_id, p.case_id FROM visit_problem p JOIN visit_problem_visit l ON l.problem_id = p.id \
               WHERE p.area_code >= $1 AND p.area_code < $2 AND p.last_at >= $3";
    let rows: Vec<(VisitId, Option<CaseId>)> =
        conn.all(sql, &params![low, high, since], |row| Ok((row.parse("visit_id")?, row.parse_opt("case_id")?)))?;
    let mut decided = Decided::default();
    for (visit, case) in rows {
        if case.is_some() {
            decided.opened.insert(visit)
        } else {
            decided.dismissed.insert(visit)
        };
    }
    Ok(decided)
}

/// The visits of problems, the newest first.
///
/// # Errors
/// The database's.
pub fn visits_of(
    conn: &mut Conn,
    problems: &[VisitProblem],
) -> Result<HashMap<VisitProblemId, Vec<Noted>>, StoreError> {
    let mut found: HashMap<VisitProblemId, Vec<Noted>> = HashMap::new();
    if problems.is_empty() {
        return Ok(found);
    }
    let sql = format!(
        "SELECT l.problem_id, {NOTED} FROM visit_problem_visit l JOIN visit v ON v.id = l.visit_id WHERE l.problem_id IN ({}) ORDER BY v.id DESC",
        placeholders(1, problems.len())
    );
    let values: Vec<Val> = problems.iter().map(|problem| problem.id.val()).collect();
    for (problem, noted) in conn.all(&sql, &values, |row| Ok((row.parse("problem_id")?, noted(row)?)))? {
        found.entry(problem).or_default().push(noted);
    }
    Ok(found)
}

/// Takes the words away of what was proposed from visits before `before`; the decision and its visits stay.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "DELETE FROM event_text WHERE stream_kind = 'visit_problem' AND stream_id IN (SELECT id FROM visit_problem WHERE last_at < $1 AND words <> '')",
            &params![before],
        )?;
        writer.exec("UPDATE visit_problem SET words = '' WHERE last_at < $1 AND words <> ''", &params![before])
    })
}
