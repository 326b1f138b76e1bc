//! How inspections are read and written, and what is known of premises and hazards.

use std::collections::HashMap;

use linli_access::{Act, Caller, scope};
use linli_db::{Bind, Conn, Row, Store, StoreError, Tx, Val, Writer, params, placeholders};
use linli_kernel::{
    AccountId, AreaCode, AreaLevel, CaseId, Cursor, InspectionId, Page, Phase, RecordId, Timestamp, Weight,
};

use super::model::{Inspection, ItemAnswer};
use crate::areas::store::inside;

/// Most key premises of a list.
const MOST_PREMISES: i64 = 2_000;

impl Store for Inspection {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec_one(
            "INSERT INTO inspection (id, area_code, record_id, premises_kind, is_key, checklist, playbook_id, playbook_version, answers, n_findings, note, units, account_id, captured_at, received_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            &params![
                self.id,
                self.area,
                self.record,
                self.premises_kind,
                self.is_key,
                self.checklist,
                self.playbook.0,
                self.playbook.1,
                serde_json::to_string(&self.answers)?,
                i64::try_from(self.hazards.len()).unwrap_or(i64::MAX),
                self.note,
                serde_json::to_string(&self.units)?,
                self.account,
                self.captured_at,
                self.received_at
            ],
        )?;
        for (item, case) in &self.hazards {
            writer.exec_one(
                "INSERT INTO inspection_hazard (case_id, inspection_id, record_id, area_code, item) VALUES ($1, $2, $3, $4, $5)",
                &params![case, self.id, self.record, self.area, item],
            )?;
        }
        Ok(())
    }

    fn begins(&self) -> bool {
        true
    }
}

const COLUMNS: &str = "id, area_code, record_id, premises_kind, is_key, checklist, playbook_id, playbook_version, answers, note, units, account_id, captured_at, received_at";

fn from_row(row: &Row<'_>) -> Result<Inspection, StoreError> {
    Ok(Inspection {
        id: row.parse("id")?,
        area: row.parse("area_code")?,
        record: row.parse("record_id")?,
        premises_kind: row.get("premises_kind")?,
        is_key: row.get("is_key")?,
        checklist: row.get("checklist")?,
        playbook: (row.get("playbook_id")?, row.get("playbook_version")?),
        answers: row.json::<Vec<ItemAnswer>>("answers")?,
        note: row.get("note")?,
        units: row.json("units")?,
        account: row.parse("account_id")?,
        hazards: Vec::new(),
        captured_at: row.at("captured_at")?,
        received_at: row.at("received_at")?,
    })
}

fn with_hazards(conn: &mut Conn, mut found: Vec<Inspection>) -> Result<Vec<Inspection>, StoreError> {
    let ids: Vec<Val> = found.iter().map(|one| one.id.val()).collect();
    let mut by_id: HashMap<InspectionId, Vec<(String, CaseId)>> = HashMap::new();
    if !ids.is_empty() {
        let sql = format!(
            "SELECT inspection_id, item, case_id FROM inspection_hazard WHERE inspection_id IN ({}) ORDER BY case_id",
            placeholders(1, ids.len())
        );
        conn.each(&sql, &ids, |row| {
            by_id.entry(row.parse("inspection_id")?).or_default().push((row.get("item")?, row.parse("case_id")?));
            Ok(())
        })?;
    }
    for one in &mut found {
        one.hazards = by_id.remove(&one.id).unwrap_or_default();
    }
    Ok(found)
}

/// One inspection.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: InspectionId) -> Result<Option<Inspection>, StoreError> {
    let found = conn.all(&format!("SELECT {COLUMNS} FROM inspection WHERE id = $1"), &params![id], from_row)?;
    Ok(with_hazards(conn, found)?.pop())
}

/// Inspections that `caller` may read, the last received first.
///
/// # Errors
/// The database's.
pub fn list(
    conn: &mut Conn,
    caller: &Caller,
    (area, record): (Option<&AreaCode>, Option<RecordId>),
    cursor: &Cursor,
) -> Result<Page<Inspection>, StoreError> {
    let mut values = params![cursor.fetch(), cursor.after.as_deref().unwrap_or("~")].to_vec();
    let inside = inside("area_code", &reached(caller, area), &mut values);
    let mut of = String::new();
    if let Some(record) = record {
        values.push(record.val());
        of = format!(" AND record_id = ${}", values.len());
    }
    let sql = format!("SELECT {COLUMNS} FROM inspection WHERE id < $2 AND ({inside}){of} ORDER BY id DESC LIMIT $1");
    let found = conn.all(&sql, &values, from_row)?;
    let page = cursor.page(found, |one| one.id.to_string());
    Ok(Page { items: with_hazards(conn, page.items)?, next: page.next })
}

/// Premises with what is known of their inspections.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Which.
    pub record: RecordId,
    /// Where.
    pub area: AreaCode,
    /// What people call them.
    pub name: String,
    /// Their address.
    pub address: String,
    /// What kind.
    pub kind: String,
    /// When they were looked at last.
    pub last_at: Option<Timestamp>,
    /// Hazards that are not put right.
    pub n_open: u32,
    /// By when the next of them is to be put right.
    pub due_at: Option<Timestamp>,
    /// Their printed code.
    pub code: Option<String>,
}

/// The key premises of areas, or one record, in the order of places. Whoever asks knows which areas they may.
///
/// # Errors
/// The database's.
pub fn key_premises(conn: &mut Conn, areas: &[AreaCode]) -> Result<Vec<Looked>, StoreError> {
    let mut values = params![MOST_PREMISES].to_vec();
    let inside = inside("p.area_code", areas, &mut values);
    let sql = format!(
        "{LOOKED} WHERE p.state = 'active' AND p.is_key = 'yes' AND ({inside}) ORDER BY p.area_code, p.sort_key, p.id LIMIT $1"
    );
    conn.all(&sql, &values, looked_from_row)
}

/// The premises with a printed code.
///
/// # Errors
/// The database's.
pub fn by_code(conn: &mut Conn, code: &str) -> Result<Option<Looked>, StoreError> {
    let sql = format!("{LOOKED} WHERE p.state = 'active' AND k.place_code = $1");
    conn.first(&sql, &params![code], looked_from_row)
}

const LOOKED: &str = "SELECT p.id, p.area_code, p.name, p.address, p.premises_kind, k.place_code, \
    (SELECT MAX(i.received_at) FROM inspection i WHERE i.record_id = p.id) AS last_at, \
    (SELECT COUNT(*) FROM inspection_hazard h JOIN cases c ON c.id = h.case_id WHERE h.record_id = p.id AND c.phase IN ('open', 'waiting')) AS n_open, \
    (SELECT MIN((SELECT MAX(d.due_at) FROM deadline d WHERE d.case_id = c.id AND d.kind = 'handle' AND d.state <> 'cancelled')) \
     FROM inspection_hazard h JOIN cases c ON c.id = h.case_id WHERE h.record_id = p.id AND c.phase IN ('open', 'waiting')) AS due_at \
    FROM premises p LEFT JOIN premises_code k ON k.record_id = p.id";

fn looked_from_row(row: &Row<'_>) -> Result<Looked, StoreError> {
    Ok(Looked {
        record: row.parse("id")?,
        area: row.parse("area_code")?,
        name: row.get("name")?,
        address: row.get("address")?,
        kind: row.get("premises_kind")?,
        last_at: row.at_opt("last_at")?,
        n_open: row.count("n_open")?,
        due_at: row.at_opt("due_at")?,
        code: row.get("place_code")?,
    })
}

/// A hazard as lists show it.
#[derive(Clone, Debug)]
pub struct HazardRow {
    /// Which case.
    pub case: CaseId,
    /// Its number for paper.
    pub paper_no: String,
    /// What it is.
    pub body: String,
    /// Which premises, by name.
    pub premises: String,
    /// Which premises.
    pub record: RecordId,
    /// Where.
    pub area: AreaCode,
    /// How heavy.
    pub weight: Weight,
    /// Where it stands.
    pub stage: String,
    /// In which phase.
    pub phase: Phase,
    /// By which playbook.
    pub playbook: (String, String),
    /// By when it is to be put right.
    pub due_at: Option<Timestamp>,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// Hazards of areas that `caller` may see, open ones or all, the newest first.
///
/// # Errors
/// The database's.
pub fn hazards(
    conn: &mut Conn,
    caller: &Caller,
    (area, is_open): (Option<&AreaCode>, bool),
    cursor: &Cursor,
) -> Result<Page<HazardRow>, StoreError> {
    let mut values = params![cursor.fetch(), cursor.after.as_deref().unwrap_or("~")].to_vec();
    let inside = inside("h.area_code", &reached(caller, area), &mut values);
    let keys: Vec<String> = scope(caller, Act::ViewCase).keys().map(str::to_owned).collect();
    if keys.is_empty() {
        return Ok(Page { items: Vec::new(), next: None });
    }
    let from = values.len() + 1;
    values.extend(keys.iter().map(Bind::val));
    let seen = placeholders(from, keys.len());
    let open = if is_open { " AND c.phase IN ('open', 'waiting')" } else { "" };
    let sql = format!(
        "SELECT c.id, c.paper_no, c.body, p.name, h.record_id, h.area_code, c.weight, c.stage, c.phase, c.playbook_id, c.playbook_version, c.reported_at, c.closed_at, \
         (SELECT MAX(d.due_at) FROM deadline d WHERE d.case_id = c.id AND d.kind = 'handle' AND d.state <> 'cancelled') AS due_at \
         FROM inspection_hazard h JOIN cases c ON c.id = h.case_id LEFT JOIN premises p ON p.id = h.record_id \
         WHERE h.case_id < $2 AND ({inside}){open} AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.phase = c.phase AND s.scope_key IN ({seen})) \
         ORDER BY h.case_id DESC LIMIT $1"
    );
    let rows = conn.all(&sql, &values, |row| {
        Ok(HazardRow {
            case: row.parse("id")?,
            paper_no: row.get("paper_no")?,
            body: row.get("body")?,
            premises: row.get::<Option<String>>("name")?.unwrap_or_default(),
            record: row.parse("record_id")?,
            area: row.parse("area_code")?,
            weight: row.parse("weight")?,
            stage: row.get("stage")?,
            phase: row.parse("phase")?,
            playbook: (row.get("playbook_id")?, row.get("playbook_version")?),
            due_at: row.at_opt("due_at")?,
            found_at: row.at("reported_at")?,
            closed_at: row.at_opt("closed_at")?,
        })
    })?;
    Ok(cursor.page(rows, |row| row.case.to_string()))
}

/// Whether a hazard has been here: by its number, or in these words at this place of a grid. What was brought in and taken back has not.
///
/// # Errors
/// The database's.
pub fn is_known_hazard(
    conn: &mut Conn,
    area: &AreaCode,
    (paper_no, body, place): (&str, &str, &str),
) -> Result<bool, StoreError> {
    let community = area.at(area.level().min(AreaLevel::Community));
    if !paper_no.is_empty() {
        let mut bound = params![paper_no].to_vec();
        let inside = inside("area_code", &[community], &mut bound);
        let sql = format!("SELECT COUNT(*) AS n FROM cases WHERE paper_no = $1 AND kind = 'hazard' AND ({inside})");
        if conn.number(&sql, &bound)? > 0 {
            return Ok(true);
        }
    }
    let sql = format!(
        "SELECT COUNT(*) AS n FROM cases c WHERE c.kind = 'hazard' AND c.area_code = $1 AND c.body = $2 AND c.place_text = $3 AND {NOT_TAKEN_BACK}"
    );
    Ok(conn.number(&sql, &params![*area, body, place])? > 0)
}

/// A case that an import brought and that was taken back was none.
const NOT_TAKEN_BACK: &str = "NOT EXISTS (SELECT 1 FROM registry_import_change t WHERE t.record_id = c.id AND t.record_kind = 'hazard' AND t.undone = 'undone')";

/// A hazard with everything that a ledger of hazards may hold.
#[derive(Clone, Debug)]
pub struct HazardLine {
    /// Its number for paper.
    pub paper_no: String,
    /// What it is.
    pub body: String,
    /// Where.
    pub area: AreaCode,
    /// At which premises, where it was found at an inspection.
    pub premises: Option<String>,
    /// Where exactly.
    pub address: Option<String>,
    /// Who inspected.
    pub account: Option<AccountId>,
    /// How heavy.
    pub weight: Weight,
    /// Where it stands.
    pub stage: String,
    /// By which playbook.
    pub playbook: (String, String),
    /// By when it is to be put right.
    pub due_at: Option<Timestamp>,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// Hazards found in a time in these areas, from inspections and from elsewhere, that may be seen by whoever holds one of `keys`; the
/// first first.
///
/// # Errors
/// The database's.
pub fn hazards_between(
    conn: &mut Conn,
    (areas, keys): (&[AreaCode], &[String]),
    (from, to): (Timestamp, Timestamp),
    limit: usize,
) -> Result<Vec<HazardLine>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = params![i64::try_from(limit).unwrap_or(i64::MAX), from, to].to_vec();
    let inside = inside("c.area_code", areas, &mut values);
    let seen = placeholders(values.len() + 1, keys.len());
    values.extend(keys.iter().map(Bind::val));
    let sql = format!(
        "SELECT c.paper_no, c.body, c.area_code, c.place_text, c.weight, c.stage, c.playbook_id, c.playbook_version, c.reported_at, c.closed_at, \
         p.name AS premises, p.address, i.account_id, \
         (SELECT MAX(d.due_at) FROM deadline d WHERE d.case_id = c.id AND d.kind = 'handle' AND d.state <> 'cancelled') AS due_at \
         FROM cases c LEFT JOIN inspection_hazard h ON h.case_id = c.id LEFT JOIN premises p ON p.id = h.record_id LEFT JOIN inspection i ON i.id = h.inspection_id \
         WHERE c.kind = 'hazard' AND c.reported_at >= $2 AND c.reported_at < $3 AND ({inside}) \
         AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.phase = c.phase AND s.scope_key IN ({seen})) AND {NOT_TAKEN_BACK} ORDER BY c.reported_at, c.id LIMIT $1"
    );
    conn.all(&sql, &values, |row| {
        let own: Option<String> = row.get("address")?;
        let place: String = row.get("place_text")?;
        Ok(HazardLine {
            paper_no: row.get("paper_no")?,
            body: row.get("body")?,
            area: row.parse("area_code")?,
            premises: row.get("premises")?,
            address: own.filter(|address| !address.is_empty()).or(Some(place)),
            account: row.parse_opt("account_id")?,
            weight: row.parse("weight")?,
            stage: row.get("stage")?,
            playbook: (row.get("playbook_id")?, row.get("playbook_version")?),
            due_at: row.at_opt("due_at")?,
            found_at: row.at("reported_at")?,
            closed_at: row.at_opt("closed_at")?,
        })
    })
}

/// How many key premises there are, how many of them were looked at since then, how many hazards were found and put right since.
///
/// # Errors
/// The database's.
pub fn figures(conn: &mut Conn, areas: &[AreaCode], since: Timestamp) -> Result<[i64; 4], StoreError> {
    let mut values = Vec::new();
    let here = inside("area_code", areas, &mut values);
    let n_all = conn.number(
        &format!("SELECT COUNT(*) AS n FROM premises WHERE state = 'active' AND is_key = 'yes' AND ({here})"),
        &values,
    )?;
    let mut count = |sql: &str, column: &str| {
        let mut values = params![since].to_vec();
        let inside = inside(column, areas, &mut values);
        conn.number(&sql.replace("{inside}", &inside), &values)
    };
    Ok([
        n_all,
        count(
            "SELECT COUNT(DISTINCT i.record_id) AS n FROM inspection i JOIN premises p ON p.id = i.record_id \
             WHERE i.received_at >= $1 AND p.state = 'active' AND p.is_key = 'yes' AND ({inside})",
            "i.area_code",
        )?,
        count(
            "SELECT COUNT(*) AS n FROM inspection_hazard h JOIN cases c ON c.id = h.case_id WHERE c.reported_at >= $1 AND ({inside})",
            "h.area_code",
        )?,
        count(
            "SELECT COUNT(*) AS n FROM inspection_hazard h JOIN cases c ON c.id = h.case_id WHERE c.closed_at >= $1 AND c.phase = 'closed' AND ({inside})",
            "h.area_code",
        )?,
    ])
}

/// The areas that a caller reads inspections of, narrowed to one where one is named.
#[must_use]
pub fn reached(caller: &Caller, area: Option<&AreaCode>) -> Vec<AreaCode> {
    scope(caller, Act::ViewVisits).areas_in(area)
}

/// Takes the words of inspections away that were received before `before`.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "DELETE FROM event_text WHERE stream_kind = 'inspection' AND stream_id IN (SELECT id FROM inspection WHERE received_at < $1 AND note IS NOT NULL)",
            &params![before],
        )?;
        writer.exec(
            "UPDATE inspection SET note = NULL, answers = '[]' WHERE received_at < $1 AND (note IS NOT NULL OR answers <> '[]')",
            &params![before],
        )
    })
}
