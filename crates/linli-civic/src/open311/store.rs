//! The tables of Open311: what everybody may read, and what was exchanged.

use linli_db::{Conn, Row, StoreError, Tx, Val, params, placeholders};
use linli_kernel::{AreaCode, CaseId, Timestamp};

use super::filter::{self, Filter};
use super::status::Status;
use crate::areas::Point;

/// 公开事项: a case as Open311 shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// `service_request_id`.
    pub id: String,
    /// The case.
    pub case: CaseId,
    /// The partner that handed it in.
    pub client: Option<String>,
    /// The partner's own number of it.
    pub client_ref: Option<String>,
    /// Given in place of the id while a person sorts it.
    pub token: Option<String>,
    /// Handed in as not public.
    pub withheld: bool,
    /// Whether everybody sees it.
    pub is_listed: bool,
    /// Its extended status.
    pub status: Status,
    /// The category's code.
    pub service_code: Option<String>,
    /// The category's name.
    pub service_name: String,
    /// The name of the one above it.
    pub service_group: String,
    /// Where, as far as everybody may know.
    pub area: AreaCode,
    /// Who answers.
    pub agency: String,
    /// The middle of its grid.
    pub point: Option<Point>,
    /// The event whose text is the published answer.
    pub answer_n: Option<i64>,
    /// The last event that this row knows.
    pub event_n: i64,
    /// When it was reported.
    pub requested_at: Timestamp,
    /// When its last change was published.
    pub updated_at: Timestamp,
    /// When an answer was promised.
    pub expected_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

const COLUMNS: &str = "r.id, r.case_id, r.client_id, r.client_ref, r.token, r.withheld, r.is_listed, r.status, r.service_code, r.service_name, \
    r.service_group, r.area_code, r.agency, r.lon, r.lat, r.answer_n, r.event_n, r.requested_at, r.updated_at, r.expected_at, r.closed_at";
const ANSWER: &str =
    "LEFT JOIN event_text t ON t.stream_kind = 'case' AND t.stream_id = r.case_id AND t.n = r.answer_n";

impl Listed {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let (lon, lat): (Option<f64>, Option<f64>) = (row.get("lon")?, row.get("lat")?);
        Ok(Self {
            id: row.get("id")?,
            case: row.parse("case_id")?,
            client: row.get("client_id")?,
            client_ref: row.get("client_ref")?,
            token: row.get("token")?,
            withheld: row.get("withheld")?,
            is_listed: row.get("is_listed")?,
            status: row.parse("status")?,
            service_code: row.get("service_code")?,
            service_name: row.get("service_name")?,
            service_group: row.get("service_group")?,
            area: row.parse("area_code")?,
            agency: row.get("agency")?,
            point: lon.zip(lat).map(|(lon, lat)| Point::new(lon, lat)),
            answer_n: row.get("answer_n")?,
            event_n: row.get("event_n")?,
            requested_at: row.at("requested_at")?,
            updated_at: row.at("updated_at")?,
            expected_at: row.at_opt("expected_at")?,
            closed_at: row.at_opt("closed_at")?,
        })
    }

    /// Writes the row; an older picture of the case never replaces a newer one.
    ///
    /// # Errors
    /// The database's.
    pub fn write(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO open311_request (id, case_id, client_id, client_ref, token, withheld, is_listed, is_open, status, service_code, service_name, \
                   service_group, area_code, agency, lon, lat, answer_n, event_n, requested_at, updated_at, expected_at, closed_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) \
                   ON CONFLICT (case_id) DO UPDATE SET is_listed = $7, is_open = $8, status = $9, service_code = $10, service_name = $11, service_group = $12, \
                   area_code = $13, agency = $14, lon = $15, lat = $16, answer_n = $17, event_n = $18, updated_at = $20, expected_at = $21, closed_at = $22 \
                   WHERE open311_request.event_n <= $18";
        let values = params![
            self.id,
            self.case,
            self.client,
            self.client_ref,
            self.token,
            self.withheld,
            self.is_listed,
            self.status.is_open(),
            self.status.word(),
            self.service_code,
            self.service_name,
            self.service_group,
            self.area,
            self.agency,
            self.point.map(|point| point.lon),
            self.point.map(|point| point.lat),
            self.answer_n,
            self.event_n,
            self.requested_at,
            self.updated_at,
            self.expected_at,
            self.closed_at
        ];
        tx.bookkeep(|writer| writer.exec(sql, &values)).map(drop)
    }
}

/// A request with the text of its answer, if one was published.
pub type Answered = (Listed, Option<String>);

/// The row of a case, to be changed.
///
/// # Errors
/// The database's.
pub fn of_case(conn: &mut Conn, case: CaseId) -> Result<Option<Listed>, StoreError> {
    let lock = conn.dialect().for_update();
    conn.first(
        &format!("SELECT {COLUMNS} FROM open311_request r WHERE r.case_id = $1{lock}"),
        &params![case],
        Listed::from_row,
    )
}

/// The row of a case, to look at.
///
/// # Errors
/// The database's.
pub fn look(conn: &mut Conn, case: CaseId) -> Result<Option<Listed>, StoreError> {
    conn.first(
        &format!("SELECT {COLUMNS} FROM open311_request r WHERE r.case_id = $1"),
        &params![case],
        Listed::from_row,
    )
}

/// The request with this id.
///
/// # Errors
/// The database's.
pub fn by_id(conn: &mut Conn, id: &str) -> Result<Option<Listed>, StoreError> {
    conn.first(&format!("SELECT {COLUMNS} FROM open311_request r WHERE r.id = $1"), &params![id], Listed::from_row)
}

/// The request for which this token was given.
///
/// # Errors
/// The database's.
pub fn by_token(conn: &mut Conn, token: &str) -> Result<Option<Listed>, StoreError> {
    conn.first(
        &format!("SELECT {COLUMNS} FROM open311_request r WHERE r.token = $1"),
        &params![token],
        Listed::from_row,
    )
}

/// The request that a client handed in under its own number.
///
/// # Errors
/// The database's.
pub fn by_ref(conn: &mut Conn, client: &str, reference: &str) -> Result<Option<Listed>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM open311_request r WHERE r.client_id = $1 AND r.client_ref = $2");
    conn.first(&sql, &params![client, reference], Listed::from_row)
}

const IDS_AT_ONCE: usize = 400;

/// The requests that a filter lets through, for everybody, or for `client`, which also sees its own that are not public.
///
/// # Errors
/// The database's.
pub fn list(conn: &mut Conn, filter: &Filter, client: Option<&str>) -> Result<Vec<Answered>, StoreError> {
    if let Some(ids) = &filter.ids {
        let mut found = Vec::new();
        for ids in ids.chunks(IDS_AT_ONCE) {
            let mut values: Vec<Val> = vec![Val::Text(client.map(str::to_owned))];
            values.extend(ids.iter().map(|id| Val::Text(Some(id.clone()))));
            let sql = format!(
                "SELECT {COLUMNS}, t.body FROM open311_request r {ANSWER} WHERE (r.is_listed OR r.client_id = $1) AND r.id IN ({}) ORDER BY r.requested_at DESC, r.id",
                placeholders(2, ids.len())
            );
            found.extend(conn.all(&sql, &values, answered)?);
        }
        return Ok(found);
    }
    let (wheres, values) = conditions(filter, client);
    let sql = format!(
        "SELECT {COLUMNS}, t.body FROM open311_request r {ANSWER} WHERE {} ORDER BY r.requested_at DESC, r.id LIMIT {} OFFSET {}",
        wheres.join(" AND "),
        filter.page_size,
        filter.offset()
    );
    let mut found = conn.all(&sql, &values, answered)?;
    if let Some((at, radius_m)) = filter.near {
        found.retain(|(listed, _)| listed.point.is_some_and(|point| filter::distance_m(at, point) <= radius_m));
    }
    Ok(found)
}

fn answered(row: &Row<'_>) -> Result<Answered, StoreError> {
    Ok((Listed::from_row(row)?, row.get("body")?))
}

fn conditions(filter: &Filter, client: Option<&str>) -> (Vec<String>, Vec<Val>) {
    let mut wheres = Vec::new();
    let mut values: Vec<Val> = Vec::new();
    match client {
        None => wheres.push("r.is_listed".to_owned()),
        Some(client) => {
            values.push(Val::Text(Some(client.to_owned())));
            wheres.push("(r.is_listed OR r.client_id = $1)".to_owned());
        }
    }
    let mut push = |condition: &str, value: Val| {
        values.push(value);
        wheres.push(format!("{condition} ${}", values.len()));
    };
    let ms = |at: Timestamp| Val::Int(Some(at.ms()));
    if let Some(at) = filter.from {
        push("r.requested_at >=", ms(at));
    }
    if let Some(at) = filter.to {
        push("r.requested_at <=", ms(at));
    }
    if let Some(at) = filter.updated_after {
        push("r.updated_at >=", ms(at));
    }
    if let Some(at) = filter.updated_before {
        push("r.updated_at <=", ms(at));
    }
    if let Some(open) = filter.open {
        push("r.is_open =", Val::Bool(Some(open)));
    }
    let boxes = [filter.within, filter.near.map(|(at, radius_m)| filter::around(at, radius_m))];
    for (low, high) in boxes.into_iter().flatten() {
        push("r.lon >=", Val::Real(Some(low.lon)));
        push("r.lon <=", Val::Real(Some(high.lon)));
        push("r.lat >=", Val::Real(Some(low.lat)));
        push("r.lat <=", Val::Real(Some(high.lat)));
    }
    if !filter.services.is_empty() {
        let n = values.len();
        values.extend(filter.services.iter().map(|code| Val::Text(Some(code.clone()))));
        wheres.push(format!("r.service_code IN ({})", placeholders(n + 1, filter.services.len())));
    }
    (wheres, values)
}

/// Something that happened to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// The case.
    pub case: CaseId,
    /// The event that it tells of.
    pub event_n: i64,
    /// The status that it led to.
    pub status: Status,
    /// For the partner that handed the request in, not for everybody.
    pub for_client: bool,
    /// The event whose text goes with it.
    pub words_n: Option<i64>,
    /// Whether everybody may read that text.
    pub words_public: bool,
    /// When everybody could read it first. Unit: whole seconds.
    pub published_at: Timestamp,
}

impl Update {
    /// Writes it, once.
    ///
    /// # Errors
    /// The database's.
    pub fn write(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let sql = "INSERT INTO open311_update (case_id, event_n, status, for_client, words_n, words_public, published_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (case_id, event_n) DO NOTHING";
        let values = params![
            self.case,
            self.event_n,
            self.status.word(),
            self.for_client,
            self.words_n,
            self.words_public,
            self.published_at
        ];
        tx.bookkeep(|writer| writer.exec(sql, &values)).map(drop)
    }

    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            case: row.parse("case_id")?,
            event_n: row.get("event_n")?,
            status: row.parse("status")?,
            for_client: row.get("for_client")?,
            words_n: row.get("words_n")?,
            words_public: row.get("words_public")?,
            published_at: row.at("published_at")?,
        })
    }
}

/// An update with the request that it belongs to, whether that is the asking client's own, and its text.
#[derive(Clone, Debug)]
pub struct Told {
    /// What happened.
    pub update: Update,
    /// `service_request_id`.
    pub request: String,
    /// The client's own number of the request.
    pub client_ref: Option<String>,
    /// The text that goes with it, as it was written.
    pub words: Option<String>,
    /// Whether the one who asks handed the request in.
    pub is_own: bool,
}

/// What was published in a window (both ends belong to it), oldest first.
///
/// # Errors
/// The database's.
pub fn updates(
    conn: &mut Conn,
    from: Timestamp,
    to: Timestamp,
    client: Option<&str>,
    most: i64,
) -> Result<Vec<Told>, StoreError> {
    let sql = told_sql(
        "u.published_at >= $2 AND u.published_at <= $3 ORDER BY u.published_at, u.case_id, u.event_n LIMIT $4",
    );
    conn.all(&sql, &params![client.map(str::to_owned), from, to, most], told)
}

/// What was published of some cases until `now`, oldest first.
///
/// # Errors
/// The database's.
pub fn updates_of(
    conn: &mut Conn,
    cases: &[CaseId],
    now: Timestamp,
    client: Option<&str>,
) -> Result<Vec<Told>, StoreError> {
    let mut found = Vec::new();
    for cases in cases.chunks(IDS_AT_ONCE) {
        let mut values = params![client.map(str::to_owned), now].to_vec();
        values.extend(cases.iter().map(linli_db::Bind::val));
        let of = format!(
            "u.published_at <= $2 AND u.case_id IN ({}) ORDER BY u.published_at, u.event_n",
            placeholders(3, cases.len())
        );
        found.extend(conn.all(&told_sql(&of), &values, told)?);
    }
    Ok(found)
}

fn told_sql(condition: &str) -> String {
    format!(
        "SELECT u.case_id, u.event_n, u.status, u.for_client, u.words_n, u.words_public, u.published_at, r.id AS request, \
         CASE WHEN r.client_id = $1 THEN r.client_ref END AS client_ref, \
         CASE WHEN u.words_public OR r.client_id = $1 THEN t.body END AS words, COALESCE(r.client_id = $1, FALSE) AS is_own \
         FROM open311_update u JOIN open311_request r ON r.case_id = u.case_id \
         LEFT JOIN event_text t ON t.stream_kind = 'case' AND t.stream_id = u.case_id AND t.n = u.words_n \
         WHERE ((r.is_listed AND NOT u.for_client) OR r.client_id = $1) AND {condition}"
    )
}

fn told(row: &Row<'_>) -> Result<Told, StoreError> {
    Ok(Told {
        update: Update::from_row(row)?,
        request: row.get("request")?,
        client_ref: row.get("client_ref")?,
        words: row.get("words")?,
        is_own: row.get("is_own")?,
    })
}

/// Moves what was to be published at `at` to a later moment, because its commit came too late.
///
/// # Errors
/// The database's.
pub fn publish_later(tx: &mut Tx<'_>, at: Timestamp, later: Timestamp) -> Result<(), StoreError> {
    tx.bookkeep(|writer| {
        writer.exec("UPDATE open311_update SET published_at = $2 WHERE published_at = $1", &params![at, later])?;
        writer.exec("UPDATE open311_request SET updated_at = $2 WHERE updated_at = $1", &params![at, later])?;
        Ok(())
    })
}
