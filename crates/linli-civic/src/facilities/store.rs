//! How facilities are read together with their cases.

use linli_db::{Bind, Conn, Row, StoreError, Val, params, placeholders};
use linli_kernel::{AreaCode, CaseId, CaseKind, Cursor, Page, Phase, RecordId, Timestamp};

use crate::areas::store::inside;

/// A facility with what is known of its cases.
#[derive(Clone, Debug)]
pub struct Facility {
    /// Which.
    pub record: RecordId,
    /// Where.
    pub area: AreaCode,
    /// What kind, by its word.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// Where it stands.
    pub address: String,
    /// Who keeps it in order.
    pub keeper: Option<String>,
    /// Whether it is out of use.
    pub is_stopped: bool,
    /// Its version in the registry.
    pub version: i64,
    /// Its printed code.
    pub code: Option<String>,
    /// Cases about it that are not settled.
    pub n_open: u32,
    /// Since when the oldest of them waits.
    pub open_since: Option<Timestamp>,
    /// Cases about it ever.
    pub n_reported: u32,
    /// When the last of them was closed.
    pub mended_at: Option<Timestamp>,
}

const OPEN: &str = "f.record_id = r.id AND c.phase IN ('open', 'waiting')";

fn selected() -> String {
    format!(
        "SELECT r.id, r.area_code, r.facility_kind, r.name, r.address, r.keeper, r.service, r.version, k.place_code, \
         (SELECT COUNT(*) FROM facility_case f JOIN cases c ON c.id = f.case_id WHERE {OPEN}) AS n_open, \
         (SELECT MIN(c.reported_at) FROM facility_case f JOIN cases c ON c.id = f.case_id WHERE {OPEN}) AS open_since, \
         (SELECT COUNT(*) FROM facility_case f WHERE f.record_id = r.id) AS n_reported, \
         (SELECT MAX(COALESCE(c.closed_at, c.settled_at)) FROM facility_case f JOIN cases c ON c.id = f.case_id \
          WHERE f.record_id = r.id AND c.phase IN ('settled', 'closed') AND c.outcome IS NULL) AS mended_at \
         FROM facility r LEFT JOIN facility_code k ON k.record_id = r.id"
    )
}

fn from_row(row: &Row<'_>) -> Result<Facility, StoreError> {
    let text = |value: Option<String>| value.unwrap_or_default();
    let service: Option<String> = row.get("service")?;
    Ok(Facility {
        record: row.parse("id")?,
        area: row.parse("area_code")?,
        kind: text(row.get("facility_kind")?),
        name: text(row.get("name")?),
        address: text(row.get("address")?),
        keeper: row.get("keeper")?,
        is_stopped: service.as_deref() == Some("stopped"),
        version: row.get("version")?,
        code: row.get("place_code")?,
        n_open: row.count("n_open")?,
        open_since: row.at_opt("open_since")?,
        n_reported: row.count("n_reported")?,
        mended_at: row.at_opt("mended_at")?,
    })
}

/// How facilities stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A case is open.
    Reported,
    /// Out of use.
    Stopped,
}

/// Which facilities.
#[derive(Clone, Debug)]
pub struct Ask {
    /// In these areas, each of which the caller may see.
    pub areas: Vec<AreaCode>,
    /// Of this kind, by its word.
    pub kind: Option<String>,
    /// Standing like this.
    pub standing: Option<Standing>,
    /// Which page; `after` is the id of the last one of the page before.
    pub cursor: Cursor,
}

/// A page of facilities, in the order of areas and names.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, ask: &Ask) -> Result<Page<Facility>, StoreError> {
    let mut bound = params![ask.cursor.fetch()].to_vec();
    let mut conditions = vec![format!("({})", inside("r.area_code", &ask.areas, &mut bound))];
    let mut bind = |value: Val| {
        bound.push(value);
        format!("${}", bound.len())
    };
    if let Some(kind) = &ask.kind {
        conditions.push(format!("r.facility_kind = {}", bind(kind.val())));
    }
    match ask.standing {
        Some(Standing::Reported) => conditions
            .push(format!("EXISTS (SELECT 1 FROM facility_case f JOIN cases c ON c.id = f.case_id WHERE {OPEN})")),
        Some(Standing::Stopped) => conditions.push("r.service = 'stopped'".to_owned()),
        None => {}
    }
    if let Some(after) = &ask.cursor.after {
        let last = conn.first("SELECT area_code, sort_key FROM facility WHERE id = $1", &params![after], |row| {
            Ok((row.get::<String>("area_code")?, row.get::<String>("sort_key")?))
        })?;
        if let Some((area, sort_key)) = last {
            let (area, sort_key, id) = (bind(area.val()), bind(sort_key.val()), bind(after.val()));
            conditions.push(format!("(r.area_code, r.sort_key, r.id) > ({area}, {sort_key}, {id})"));
        }
    }
    let sql = format!(
        "{} WHERE r.state = 'active' AND {} ORDER BY r.area_code, r.sort_key, r.id LIMIT $1",
        selected(),
        conditions.join(" AND ")
    );
    let rows = conn.all(&sql, &bound, from_row)?;
    Ok(ask.cursor.page(rows, |facility| facility.record.to_string()))
}

/// One facility of the present.
///
/// # Errors
/// The database's.
pub fn load(conn: &mut Conn, id: RecordId) -> Result<Option<Facility>, StoreError> {
    conn.first(&format!("{} WHERE r.state = 'active' AND r.id = $1", selected()), &params![id], from_row)
}

/// Counts of some areas.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Facilities of the present.
    pub n_all: i64,
    /// Of which a case is open.
    pub n_reported_now: i64,
    /// Out of use.
    pub n_stopped: i64,
    /// Cases about them since a moment.
    pub n_reported: i64,
    /// Of those that were closed since then, with an ordinary answer.
    pub n_mended: i64,
}

/// Counts the facilities of `areas`, and what was reported and mended since a moment.
///
/// # Errors
/// The database's.
pub fn figures(conn: &mut Conn, areas: &[AreaCode], since: Timestamp) -> Result<Figures, StoreError> {
    let mut count = |sql: &str, has_since: bool| {
        let mut bound = if has_since { params![since].to_vec() } else { Vec::new() };
        let inside = inside("r.area_code", areas, &mut bound);
        conn.number(&sql.replace("{inside}", &format!("({inside})")), &bound)
    };
    Ok(Figures {
        n_all: count("SELECT COUNT(*) AS n FROM facility r WHERE r.state = 'active' AND {inside}", false)?,
        n_reported_now: count(
            "SELECT COUNT(DISTINCT r.id) AS n FROM facility r JOIN facility_case f ON f.record_id = r.id JOIN cases c ON c.id = f.case_id \
             WHERE r.state = 'active' AND c.phase IN ('open', 'waiting') AND {inside}",
            false,
        )?,
        n_stopped: count(
            "SELECT COUNT(*) AS n FROM facility r WHERE r.state = 'active' AND r.service = 'stopped' AND {inside}",
            false,
        )?,
        n_reported: count(
            "SELECT COUNT(*) AS n FROM facility_case r JOIN cases c ON c.id = r.case_id WHERE c.reported_at >= $1 AND {inside}",
            true,
        )?,
        n_mended: count(
            "SELECT COUNT(*) AS n FROM facility_case r JOIN cases c ON c.id = r.case_id \
             WHERE COALESCE(c.closed_at, c.settled_at) >= $1 AND c.phase IN ('settled', 'closed') AND c.outcome IS NULL AND {inside}",
            true,
        )?,
    })
}

/// A case about a facility.
#[derive(Clone, Debug)]
pub struct About {
    /// Which.
    pub case: CaseId,
    /// Its number for paper.
    pub paper_no: String,
    /// What was said.
    pub body: String,
    /// Which flow it goes by.
    pub kind: CaseKind,
    /// The stage.
    pub stage: String,
    /// Its summary.
    pub phase: Phase,
    /// The playbook that it is pinned to.
    pub playbook: (String, String),
    /// When it was said.
    pub reported_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// Most cases that the page of a facility tells.
const MOST_CASES: i64 = 50;

/// The cases about a facility that are reached by one of `keys`, the newest first.
///
/// # Errors
/// The database's.
pub fn cases(conn: &mut Conn, id: RecordId, keys: &[String]) -> Result<Vec<About>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let mut bound = params![id, MOST_CASES].to_vec();
    bound.extend(keys.iter().map(Bind::val));
    let sql = format!(
        "SELECT c.id, c.paper_no, c.body, c.kind, c.stage, c.phase, c.playbook_id, c.playbook_version, c.reported_at, c.closed_at \
         FROM facility_case f JOIN cases c ON c.id = f.case_id WHERE f.record_id = $1 \
         AND EXISTS (SELECT 1 FROM case_scope s WHERE s.case_id = c.id AND s.phase = c.phase AND s.scope_key IN ({})) \
         ORDER BY f.case_id DESC LIMIT $2",
        placeholders(3, keys.len())
    );
    conn.all(&sql, &bound, |row| {
        Ok(About {
            case: row.parse("id")?,
            paper_no: row.get("paper_no")?,
            body: row.get("body")?,
            kind: row.parse("kind")?,
            stage: row.get("stage")?,
            phase: row.parse("phase")?,
            playbook: (row.get("playbook_id")?, row.get("playbook_version")?),
            reported_at: row.at("reported_at")?,
            closed_at: row.at_opt("closed_at")?,
        })
    })
}

/// Since when the oldest open case about a facility waits that is not private.
///
/// # Errors
/// The database's.
pub fn public_open_since(conn: &mut Conn, id: RecordId) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT MIN(c.reported_at) AS at FROM facility_case f JOIN cases c ON c.id = f.case_id \
               WHERE f.record_id = $1 AND c.phase IN ('open', 'waiting') AND NOT c.private";
    Ok(conn.first(sql, &params![id], |row| row.at_opt("at"))?.flatten())
}
