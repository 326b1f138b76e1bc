//! How gatherings, shifts and visiting lists are read and written, and what duties look at.

use std::collections::{BTreeSet, HashMap};

use linli_access::{Act, Caller, scope};
use linli_db::{Bind, Conn, Row, Store, StoreError, Tx, Val, Writer, params, placeholders};
use linli_kernel::{
    AccountId, AreaCode, AreaLevel, Cursor, GatheringId, Page, Role, ShiftId, ShiftKind, Timestamp, VisitKind,
};

use super::due::{Post, Target};
use super::gathering::Gathering;
use super::roster::{ListChange, Shift};
use super::work::{Work, WorkKind};
use crate::areas::store::inside;
use crate::visits::worked_at;

/// Most records that one look at duties goes through.
const MOST_WORKS: i64 = 20_000;
/// Most dwellings and premises of one look.
const MOST_TARGETS: i64 = 5_000;

/// Whether a look came to its bounds: then what is said to be missing may only not have been looked at.
#[must_use]
pub fn is_cut(works: &[Work], targets: &[Target]) -> bool {
    let reaches = |n: usize, most: i64| i64::try_from(n).unwrap_or(i64::MAX) >= most;
    reaches(works.len(), MOST_WORKS) || reaches(targets.len(), MOST_TARGETS)
}

impl Store for Gathering {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec_one(
            "INSERT INTO gathering (id, area_code, kind, title, place_text, note, units, n_guests, account_id, held_at, received_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            &params![
                self.id,
                self.area,
                self.kind,
                self.title,
                self.place_text,
                self.note,
                serde_json::to_string(&self.units)?,
                self.n_guests,
                self.account,
                self.held_at,
                self.received_at
            ],
        )?;
        for attendee in &self.attendees {
            writer.exec(
                "INSERT INTO gathering_attendee (gathering_id, account_id, held_at) VALUES ($1, $2, $3)",
                &params![self.id, attendee, self.held_at],
            )?;
        }
        Ok(())
    }

    fn begins(&self) -> bool {
        true
    }
}

impl Store for Shift {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        let (accounts, units) = (serde_json::to_string(&self.accounts)?, serde_json::to_string(&self.units)?);
        if self.version == 1 {
            return writer.exec_one(
                "INSERT INTO shift (id, area_code, kind, title, place_text, note, accounts, units, starts_at, ends_at, series_id, version) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)",
                &params![
                    self.id,
                    self.area,
                    self.kind,
                    self.title,
                    self.place_text,
                    self.note,
                    accounts,
                    units,
                    self.starts_at,
                    self.ends_at,
                    self.series
                ],
            );
        }
        writer.exec_one(
            "UPDATE shift SET area_code = $2, kind = $3, title = $4, place_text = $5, note = $6, accounts = $7, units = $8, starts_at = $9, \
             ends_at = $10, cancelled_at = $11, version = version + 1 WHERE id = $1 AND version = $12",
            &params![
                self.id,
                self.area,
                self.kind,
                self.title,
                self.place_text,
                self.note,
                accounts,
                units,
                self.starts_at,
                self.ends_at,
                self.cancelled_at,
                self.version - 1
            ],
        )
    }
}

impl Store for ListChange {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        if self.is_on {
            writer.exec(
                "INSERT INTO visit_list (duty_id, record_id, area_code, added_by, added_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (duty_id, record_id) DO NOTHING",
                &params![self.duty, self.record, self.area, self.by, self.at],
            )?;
        } else {
            writer.exec(
                "DELETE FROM visit_list WHERE duty_id = $1 AND record_id = $2",
                &params![self.duty, self.record],
            )?;
        }
        Ok(())
    }
}

// ── gatherings ───────────────────────────────────────────────────────────────────────────────────────

const GATHERING: &str =
    "id, area_code, kind, title, place_text, note, units, n_guests, account_id, held_at, received_at";

fn gathering_from_row(row: &Row<'_>) -> Result<Gathering, StoreError> {
    Ok(Gathering {
        id: row.parse("id")?,
        area: row.parse("area_code")?,
        kind: row.parse("kind")?,
        title: row.get("title")?,
        place_text: row.get("place_text")?,
        note: row.get("note")?,
        units: row.json("units")?,
        n_guests: row.count("n_guests")?,
        attendees: Vec::new(),
        account: row.parse("account_id")?,
        held_at: row.at("held_at")?,
        received_at: row.at("received_at")?,
    })
}

fn with_attendees(conn: &mut Conn, mut found: Vec<Gathering>) -> Result<Vec<Gathering>, StoreError> {
    let ids: Vec<Val> = found.iter().map(|one| one.id.val()).collect();
    let mut by_id: HashMap<GatheringId, Vec<AccountId>> = HashMap::new();
    if !ids.is_empty() {
        let sql = format!(
            "SELECT gathering_id, account_id FROM gathering_attendee WHERE gathering_id IN ({}) ORDER BY account_id",
            placeholders(1, ids.len())
        );
        conn.each(&sql, &ids, |row| {
            by_id.entry(row.parse("gathering_id")?).or_default().push(row.parse("account_id")?);
            Ok(())
        })?;
    }
    for one in &mut found {
        one.attendees = by_id.remove(&one.id).unwrap_or_default();
    }
    Ok(found)
}

/// One gathering with those who were there.
///
/// # Errors
/// The database's.
pub fn gathering(conn: &mut Conn, id: GatheringId) -> Result<Option<Gathering>, StoreError> {
    let found =
        conn.all(&format!("SELECT {GATHERING} FROM gathering WHERE id = $1"), &params![id], gathering_from_row)?;
    Ok(with_attendees(conn, found)?.pop())
}

/// Gatherings that `caller` may read, the newest first.
///
/// # Errors
/// The database's.
pub fn gatherings(
    conn: &mut Conn,
    caller: &Caller,
    area: Option<&AreaCode>,
    cursor: &Cursor,
) -> Result<Page<Gathering>, StoreError> {
    let areas = reached(caller, Act::ViewVisits, area);
    let mut values = params![cursor.fetch(), cursor.after.as_deref().unwrap_or("~")].to_vec();
    let inside = inside("area_code", &areas, &mut values);
    let sql = format!("SELECT {GATHERING} FROM gathering WHERE id < $2 AND ({inside}) ORDER BY id DESC LIMIT $1");
    let found = conn.all(&sql, &values, gathering_from_row)?;
    let page = cursor.page(found, |one| one.id.to_string());
    Ok(Page { items: with_attendees(conn, page.items)?, next: page.next })
}

/// Whether all of `accounts` work in the street of `area`, or above it.
///
/// # Errors
/// The database's.
pub fn all_work_around(
    conn: &mut Conn,
    accounts: &[AccountId],
    area: &AreaCode,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let around = area.at(AreaLevel::Street.min(area.level()));
    let mut values = params![now].to_vec();
    values.extend(accounts.iter().map(Bind::val));
    let n = accounts.len();
    let mut inside = inside("g.area_code", &[around], &mut values);
    for above in around.lineage() {
        values.push(above.val());
        inside = format!("{inside} OR g.area_code = ${}", values.len());
    }
    let sql = format!(
        "SELECT COUNT(DISTINCT a.id) AS n FROM account a JOIN grant_role g ON g.account_id = a.id \
         WHERE a.id IN ({}) AND a.disabled_at IS NULL AND g.starts_at <= $1 AND (g.ends_at IS NULL OR g.ends_at > $1) AND ({inside})",
        placeholders(2, n)
    );
    Ok(usize::try_from(conn.number(&sql, &values)?).unwrap_or(0) == n)
}

// ── shifts ───────────────────────────────────────────────────────────────────────────────────────────

const SHIFT: &str = "id, area_code, kind, title, place_text, note, accounts, units, starts_at, ends_at, series_id, cancelled_at, version";

fn shift_from_row(row: &Row<'_>) -> Result<Shift, StoreError> {
    Ok(Shift {
        id: row.parse("id")?,
        area: row.parse("area_code")?,
        kind: row.parse("kind")?,
        title: row.get("title")?,
        place_text: row.get("place_text")?,
        note: row.get("note")?,
        accounts: row.json("accounts")?,
        units: row.json("units")?,
        starts_at: row.at("starts_at")?,
        ends_at: row.at("ends_at")?,
        series: row.parse_opt("series_id")?,
        cancelled_at: row.at_opt("cancelled_at")?,
        version: row.get("version")?,
    })
}

/// One shift that the same transaction will change.
///
/// # Errors
/// The database's.
pub fn shift_for_change(conn: &mut Conn, id: ShiftId) -> Result<Option<Shift>, StoreError> {
    let lock = conn.dialect().for_update();
    conn.first(&format!("SELECT {SHIFT} FROM shift WHERE id = $1{lock}"), &params![id], shift_from_row)
}

/// One shift.
///
/// # Errors
/// The database's.
pub fn shift(conn: &mut Conn, id: ShiftId) -> Result<Option<Shift>, StoreError> {
    conn.first(&format!("SELECT {SHIFT} FROM shift WHERE id = $1"), &params![id], shift_from_row)
}

/// A shift and those of its series that follow it and were not called off, the first first.
///
/// # Errors
/// The database's.
pub fn shift_and_following(conn: &mut Conn, shift: &Shift) -> Result<Vec<Shift>, StoreError> {
    let Some(series) = shift.series else { return Ok(vec![shift.clone()]) };
    let sql = format!(
        "SELECT {SHIFT} FROM shift WHERE series_id = $1 AND starts_at >= $2 AND cancelled_at IS NULL ORDER BY starts_at, id"
    );
    conn.all(&sql, &params![series, shift.starts_at], shift_from_row)
}

/// The shifts of areas, and of those above them that a person is named in, in a time; the first first.
///
/// # Errors
/// The database's.
pub fn shifts(
    conn: &mut Conn,
    areas: &[AreaCode],
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Shift>, StoreError> {
    let mut values = params![from.plus_ms(-24 * 3_600_000), from, to].to_vec();
    let inside = inside("area_code", areas, &mut values);
    let sql = format!(
        "SELECT {SHIFT} FROM shift WHERE starts_at >= $1 AND ends_at > $2 AND starts_at < $3 AND cancelled_at IS NULL AND ({inside}) ORDER BY starts_at, id LIMIT 2000"
    );
    conn.all(&sql, &values, shift_from_row)
}

/// Shifts of these kinds in a time, the first first: those of `area`, of what lies below and of what lies above it; all without one.
///
/// # Errors
/// The database's.
pub fn shifts_around(
    conn: &mut Conn,
    area: Option<&AreaCode>,
    kinds: &[ShiftKind],
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Shift>, StoreError> {
    let mut values = params![from.plus_ms(-24 * 3_600_000), from, to].to_vec();
    let mut around = "1 = 1".to_owned();
    if let Some(area) = area {
        around = inside("area_code", &[*area], &mut values);
        let above = area.lineage();
        around = format!("{around} OR area_code IN ({})", placeholders(values.len() + 1, above.len()));
        values.extend(above.iter().map(Bind::val));
    }
    let known = placeholders(values.len() + 1, kinds.len());
    values.extend(kinds.iter().map(Bind::val));
    let sql = format!(
        "SELECT {SHIFT} FROM shift WHERE starts_at >= $1 AND ends_at > $2 AND starts_at < $3 AND cancelled_at IS NULL \
         AND kind IN ({known}) AND ({around}) ORDER BY starts_at, id LIMIT 100"
    );
    conn.all(&sql, &values, shift_from_row)
}

// ── what duties look at ──────────────────────────────────────────────────────────────────────────────

/// What is asked of the records of work.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Where.
    pub areas: &'a [AreaCode],
    /// Whose meetings count, wherever they were.
    pub accounts: &'a [AccountId],
    /// Visits and inspections since then.
    pub visits_since: Timestamp,
    /// Meetings since then.
    pub met_since: Timestamp,
}

/// The records of work in areas: visits, inspections by checklist, meetings. Whoever asks knows which areas they may.
///
/// # Errors
/// The database's.
pub fn works(conn: &mut Conn, asked: &Asked<'_>) -> Result<Vec<Work>, StoreError> {
    let mut works = visits(conn, asked)?;
    works.extend(inspections(conn, asked)?);
    works.extend(met(conn, asked)?);
    Ok(works)
}

/// The least id that was made at `at`: ids carry their time.
fn least_id(at: Timestamp) -> String {
    let ms = u64::try_from(at.ms()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(ms, &[0; 10]).into_uuid().to_string()
}

fn visits(conn: &mut Conn, asked: &Asked<'_>) -> Result<Vec<Work>, StoreError> {
    let mut values = params![least_id(asked.visits_since), MOST_WORKS].to_vec();
    let inside = inside("area_code", asked.areas, &mut values);
    let sql = format!(
        "SELECT kind, area_code, record_id, COALESCE(place_code, place_text) AS place, companions, account_id, case_id, met, captured_at, received_at \
         FROM visit WHERE id >= $1 AND ({inside}) ORDER BY id DESC LIMIT $2"
    );
    conn.all(&sql, &values, |row| {
        let kind: VisitKind = row.parse("kind")?;
        let companions: Vec<String> = row.json("companions")?;
        let case: Option<String> = row.get("case_id")?;
        Ok(Work {
            kind: WorkKind::Visit(kind),
            area: row.parse("area_code")?,
            record: row.parse_opt("record_id")?,
            place: row.get("place")?,
            accounts: vec![row.parse("account_id")?],
            with_units: !companions.is_empty(),
            not_met: row.get::<Option<bool>>("met")? == Some(false),
            found: case.is_some(),
            at: worked_at(row.at("captured_at")?, row.at("received_at")?),
        })
    })
}

fn inspections(conn: &mut Conn, asked: &Asked<'_>) -> Result<Vec<Work>, StoreError> {
    let mut values = params![least_id(asked.visits_since), MOST_WORKS].to_vec();
    let inside = inside("area_code", asked.areas, &mut values);
    let sql = format!(
        "SELECT area_code, record_id, units, n_findings, account_id, captured_at, received_at FROM inspection WHERE id >= $1 AND ({inside}) ORDER BY id DESC LIMIT $2"
    );
    conn.all(&sql, &values, |row| {
        let units: Vec<String> = row.json("units")?;
        Ok(Work {
            kind: WorkKind::Inspection,
            area: row.parse("area_code")?,
            record: row.parse_opt("record_id")?,
            place: String::new(),
            accounts: vec![row.parse("account_id")?],
            with_units: !units.is_empty(),
            not_met: false,
            found: row.count("n_findings")? > 0,
            at: worked_at(row.at("captured_at")?, row.at("received_at")?),
        })
    })
}

fn met(conn: &mut Conn, asked: &Asked<'_>) -> Result<Vec<Work>, StoreError> {
    let mut values = params![asked.met_since, MOST_WORKS].to_vec();
    let inside = inside("area_code", asked.areas, &mut values);
    let mut whose = "1 = 0".to_owned();
    if !asked.accounts.is_empty() {
        let from = values.len() + 1;
        values.extend(asked.accounts.iter().map(Bind::val));
        whose = format!(
            "id IN (SELECT gathering_id FROM gathering_attendee WHERE held_at >= $1 AND account_id IN ({}))",
            placeholders(from, asked.accounts.len())
        );
    }
    let sql = format!(
        "SELECT {GATHERING} FROM gathering WHERE held_at >= $1 AND ({inside} OR {whose}) ORDER BY id DESC LIMIT $2"
    );
    let found = conn.all(&sql, &values, gathering_from_row)?;
    let found = with_attendees(conn, found)?;
    let work = |one: Gathering| Work {
        kind: WorkKind::Gathering(one.kind),
        area: one.area,
        record: None,
        place: one.place_text,
        accounts: one.attendees,
        with_units: !one.units.is_empty(),
        not_met: false,
        found: false,
        at: worked_at(one.held_at, one.received_at).max(one.held_at),
    };
    Ok(found.into_iter().map(work).collect())
}

/// What was reported by hand, without a visit, by each account since then: enough to say whether somebody reports.
///
/// # Errors
/// The database's.
pub fn reporters(
    conn: &mut Conn,
    accounts: &[AccountId],
    since: Timestamp,
) -> Result<HashMap<AccountId, u32>, StoreError> {
    if accounts.is_empty() {
        return Ok(HashMap::new());
    }
    let mut values = params![least_id(since)].to_vec();
    values.extend(accounts.iter().map(Bind::val));
    let sql = format!(
        "SELECT reporter_account, COUNT(*) AS n FROM cases WHERE reporter_account IN ({}) AND id >= $1 AND channel <> 'visit' GROUP BY reporter_account",
        placeholders(2, accounts.len())
    );
    let rows = conn.all(&sql, &values, |row| Ok((row.parse("reporter_account")?, row.count("n")?)))?;
    Ok(rows.into_iter().collect())
}

/// The dwellings of visiting lists and the key premises of areas, in the order of places. Whoever asks knows which areas they may.
///
/// # Errors
/// The database's.
pub fn targets(conn: &mut Conn, areas: &[AreaCode]) -> Result<Vec<Target>, StoreError> {
    let mut values = params![MOST_TARGETS].to_vec();
    let listed = inside("l.area_code", areas, &mut values);
    let sql = format!(
        "SELECT l.duty_id, l.record_id, d.area_code, d.label, d.sort_key FROM visit_list l JOIN dwelling d ON d.id = l.record_id \
         WHERE d.state = 'active' AND ({listed}) ORDER BY d.area_code, d.sort_key, d.id LIMIT $1"
    );
    let mut found = conn.all(&sql, &values, |row| {
        Ok(Target {
            duty: Some(row.get("duty_id")?),
            record: row.parse("record_id")?,
            area: row.parse("area_code")?,
            label: row.get("label")?,
            address: None,
            premises_kind: None,
        })
    })?;
    let mut values = params![MOST_TARGETS].to_vec();
    let inside = inside("area_code", areas, &mut values);
    let sql = format!(
        "SELECT id, area_code, name, address, premises_kind FROM premises WHERE state = 'active' AND is_key = 'yes' AND ({inside}) \
         ORDER BY area_code, sort_key, id LIMIT $1"
    );
    let key = conn.all(&sql, &values, |row| {
        Ok(Target {
            duty: None,
            record: row.parse("id")?,
            area: row.parse("area_code")?,
            label: row.get("name")?,
            address: row.get("address")?,
            premises_kind: row.get("premises_kind")?,
        })
    })?;
    found.extend(key);
    Ok(found)
}

/// Those who hold one of `roles` in areas, in the order of places.
///
/// # Errors
/// The database's.
pub fn posts(
    conn: &mut Conn,
    areas: &[AreaCode],
    roles: &BTreeSet<Role>,
    now: Timestamp,
) -> Result<Vec<Post>, StoreError> {
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = params![now].to_vec();
    values.extend(roles.iter().map(Bind::val));
    let role = placeholders(2, roles.len());
    let inside = inside("g.area_code", areas, &mut values);
    let sql = format!(
        "SELECT a.id, g.role, g.area_code FROM grant_role g JOIN account a ON a.id = g.account_id \
         WHERE a.disabled_at IS NULL AND g.starts_at <= $1 AND (g.ends_at IS NULL OR g.ends_at > $1) AND g.role IN ({role}) AND ({inside}) \
         ORDER BY g.area_code, g.role, a.display_name, a.id LIMIT 3000"
    );
    conn.all(&sql, &values, |row| {
        Ok(Post { account: row.parse("id")?, role: row.parse("role")?, area: row.parse("area_code")? })
    })
}

/// The areas that a caller reaches by an act, narrowed to one where one is named.
#[must_use]
pub fn reached(caller: &Caller, act: Act, area: Option<&AreaCode>) -> Vec<AreaCode> {
    scope(caller, act).areas_in(area)
}

/// Takes the words of gatherings and shifts away that are older than `before`.
///
/// # Errors
/// The database's.
pub fn sweep(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, StoreError> {
    tx.bookkeep(|writer| {
        writer.exec(
            "DELETE FROM event_text WHERE stream_kind = 'gathering' AND stream_id IN (SELECT id FROM gathering WHERE received_at < $1 AND note IS NOT NULL)",
            &params![before],
        )?;
        writer.exec(
            "DELETE FROM event_text WHERE stream_kind = 'shift' AND stream_id IN (SELECT id FROM shift WHERE ends_at < $1 AND note IS NOT NULL)",
            &params![before],
        )?;
        let n = writer.exec(
            "UPDATE gathering SET note = NULL, place_text = '' WHERE received_at < $1 AND (note IS NOT NULL OR place_text <> '')",
            &params![before],
        )?;
        let m = writer.exec(
            "UPDATE shift SET note = NULL, place_text = '' WHERE ends_at < $1 AND (note IS NOT NULL OR place_text <> '')",
            &params![before],
        )?;
        Ok(n + m)
    })
}
