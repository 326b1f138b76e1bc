//! How the tasks of a case are read and written.

use linli_db::{Conn, Row, StoreError, Writer, params};
use linli_kernel::CaseId;

use super::model::{Case, Seat};
use super::task::{Party, Task};

const COLUMNS: &str = "t.id, t.kind, t.whistle, t.seat_area, t.seat_unit, t.party, t.body, t.state, t.called_by, t.called_at, t.signed_at, \
    t.contacted_at, t.arrived_at, t.ended_at, t.result, t.rating, t.call_rating";

/// The tasks of a case, in the order in which they were called.
///
/// # Errors
/// The database's.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Vec<Task>, StoreError> {
    conn.all(&format!("SELECT {COLUMNS} FROM case_task t WHERE t.case_id = $1 ORDER BY t.id"), &params![case], from_row)
}

fn from_row(row: &Row<'_>) -> Result<Task, StoreError> {
    let area = row.parse_opt("seat_area")?;
    let unit: Option<String> = row.get("seat_unit")?;
    let party: Option<String> = row.get("party")?;
    Ok(Task {
        id: row.parse("id")?,
        kind: row.parse("kind")?,
        whistle: row.get("whistle")?,
        party: area.map_or_else(|| Party::Outside(party.unwrap_or_default()), |area| Party::Seat(Seat { area, unit })),
        body: row.get("body")?,
        state: row.parse("state")?,
        called_by: row.parse_opt("called_by")?,
        called_at: row.at("called_at")?,
        signed_at: row.at_opt("signed_at")?,
        contacted_at: row.at_opt("contacted_at")?,
        arrived_at: row.at_opt("arrived_at")?,
        ended_at: row.at_opt("ended_at")?,
        result: row.get("result")?,
        rating: row.json_opt("rating")?,
        call_rating: row.json_opt("call_rating")?,
    })
}

pub(super) fn store(case: &Case, writer: &mut Writer<'_>) -> Result<(), StoreError> {
    let sql = "INSERT INTO case_task (id, case_id, kind, whistle, seat_area, seat_unit, seat_key, party, body, state, called_by, called_at, signed_at, \
               contacted_at, arrived_at, ended_at, result, rating, call_rating, due_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) \
               ON CONFLICT (id) DO UPDATE SET state = $10, signed_at = $13, contacted_at = $14, arrived_at = $15, ended_at = $16, result = $17, \
               rating = $18, call_rating = $19, due_at = $20";
    for task in &case.tasks {
        let outside = match &task.party {
            Party::Outside(name) => Some(name.clone()),
            Party::Seat(_) => None,
        };
        let seat = task.seat();
        let rating = task.rating.as_ref().map(serde_json::to_string).transpose()?;
        let call_rating = task.call_rating.as_ref().map(serde_json::to_string).transpose()?;
        let owed = case.deadlines.iter().filter(|deadline| deadline.task == Some(task.id) && deadline.is_owed());
        writer.exec(
            sql,
            &params![
                task.id,
                case.id,
                task.kind,
                task.whistle,
                seat.map(|seat| seat.area),
                seat.and_then(|seat| seat.unit.clone()),
                seat.map(Seat::key),
                outside,
                task.body,
                task.state,
                task.called_by,
                task.called_at,
                task.signed_at,
                task.contacted_at,
                task.arrived_at,
                task.ended_at,
                task.result,
                rating,
                call_rating,
                owed.map(|deadline| deadline.due_at).min()
            ],
        )?;
    }
    Ok(())
}

/// The case of a task.
///
/// # Errors
/// The database's.
pub fn case_of(conn: &mut Conn, task: linli_kernel::TaskId) -> Result<Option<CaseId>, StoreError> {
    conn.first("SELECT case_id FROM case_task WHERE id = $1", &params![task], |row| row.parse("case_id"))
}
