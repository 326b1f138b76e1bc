//! What everybody may read: discovery, services, requests, updates. A client's key shows it its own requests whole.

use std::collections::HashMap;

use linli_db::{Conn, StoreError};
use linli_kernel::{CaseId, Timestamp};

use super::catalogue::Catalogue;
use super::date;
use super::fault::{Fault, Faults};
use super::filter::{Filter, SPAN_DAYS};
use super::form::Fields;
use super::key::Client;
use super::node::{Document, Node};
use super::status::Status;
use super::store::{self, Answered, Told};
use super::view::{self, Own, Teller};
use crate::app::App;
use crate::areas::Point;
use crate::cases;
use crate::cases::store::Named;
use crate::http::{Answer, Refused};
use crate::say::Lang;

const DAY_MS: i64 = 86_400_000;
/// How far back updates go when nobody says. Unit: milliseconds.
const UPDATES_MS: i64 = DAY_MS;
/// More updates than this in one answer are an error, never a silent cut.
const MOST_UPDATES: i64 = 50_000;
/// Rows of a bulk file.
const MOST_ROWS: i64 = 50_000;

/// GET discovery.
#[must_use]
pub fn discovery(app: &App) -> Document {
    let config = &app.open311.config;
    let url = format!("{}/open311/v2", app.site.public_url.trim_end_matches('/'));
    // The list of services is the playbook's: its version says when it changed.
    let changeset = app.playbooks.current().version.clone();
    let formats = ["text/xml", "application/json"].into_iter().map(Node::text).collect();
    let endpoint = Node::Record(vec![
        ("specification", Node::text("http://wiki.open311.org/GeoReport_v2")),
        ("url", Node::text(url)),
        ("changeset", Node::text(changeset.clone())),
        ("type", Node::text(if config.test { "test" } else { "production" })),
        ("formats", Node::List("format", formats)),
    ]);
    let contact =
        config.contact.clone().unwrap_or_else(|| Lang::ZhCn.say("open311.contact", &[("phone", &app.site.phone)]));
    let key_service = config.key_service.clone().unwrap_or_else(|| Lang::ZhCn.text("open311.key_service"));
    Document {
        root: "discovery",
        node: Node::Record(vec![
            ("changeset", Node::text(changeset)),
            ("contact", Node::text(contact)),
            ("key_service", Node::text(key_service)),
            ("jurisdiction_id", Node::text(config.jurisdiction(&app.site.public_url))),
            ("endpoints", Node::List("endpoint", vec![endpoint])),
        ]),
    }
}

/// GET services; with a point, those that are valid there: all, or none outside our areas.
///
/// # Errors
/// None but for a playbook that cannot be read.
#[must_use]
pub fn services(app: &App, fields: &Fields, lang: Lang) -> Document {
    let degrees = |name: &str| fields.get(name).and_then(|text| text.parse::<f64>().ok());
    if let (Some(lat), Some(lon)) = (degrees("lat"), degrees("long"))
        && !app.areas().index().is_empty()
        && app.areas().locate(Point::new(lon, lat)).is_none()
    {
        return Document::list("services", "service", Vec::new());
    }
    let book = app.playbooks.current();
    Catalogue { book: &book, config: &app.open311.config, lang }.services()
}

/// GET service definition.
///
/// # Errors
/// 404 when there is no such service.
pub fn definition(app: &App, code: &str, lang: Lang) -> Result<Document, Faults> {
    let book = app.playbooks.current();
    let catalogue = Catalogue { book: &book, config: &app.open311.config, lang };
    let service = catalogue.find(code).map_err(|fault| Fault { status: 404, ..fault })?;
    Ok(catalogue.definition(&service))
}

/// GET requests.
///
/// # Errors
/// What is wrong with the parameters.
pub async fn requests(app: &App, client: Option<Client>, fields: &Fields, lang: Lang) -> Result<Document, Faults> {
    let filter = Filter::of(fields, app.now())?;
    Ok(list(app, client, filter, lang).await?)
}

/// GET one request.
///
/// # Errors
/// 404 when there is none that the one who asks may see.
pub async fn request(
    app: &App,
    client: Option<Client>,
    id: &str,
    fields: &Fields,
    lang: Lang,
) -> Result<Document, Faults> {
    let filter = Filter { ids: Some(vec![id.to_owned()]), extensions: fields.is_on("extensions"), ..Filter::default() };
    let found = list(app, client, filter, lang).await?;
    match &found.node {
        Node::List(_, items) if items.is_empty() => Err(Fault::missing("service_request_id", "no_request", id).into()),
        _ => Ok(found),
    }
}

async fn list(app: &App, client: Option<Client>, filter: Filter, lang: Lang) -> Answer<Document> {
    let now = app.now();
    let (extensions, asker) = (filter.extensions, client.map(|client| client.id));
    let read = app.db.read(move |conn| {
        let rows = store::list(conn, &filter, asker.as_deref())?;
        let owns = owns(conn, &rows, asker.as_deref())?;
        let cases: Vec<CaseId> =
            if extensions { rows.iter().map(|(listed, _)| listed.case).collect() } else { Vec::new() };
        let told = store::updates_of(conn, &cases, now, asker.as_deref())?;
        Ok::<_, Refused>((rows, owns, told))
    });
    let (rows, owns, told) = read.await?;
    let mut notes: HashMap<CaseId, Vec<Told>> = HashMap::new();
    for told in told {
        notes.entry(told.update.case).or_default().push(told);
    }
    let areas = app.areas();
    let teller = Teller { areas: &areas, lang };
    let none = Vec::new();
    let node = |row: &Answered| {
        let notes = extensions.then(|| notes.get(&row.0.case).unwrap_or(&none).as_slice());
        teller.request(row, owns.get(&row.0.case), notes)
    };
    Ok(view::requests(rows.iter().map(node).collect()))
}

/// What the asking client said itself in its own requests.
fn owns(conn: &mut Conn, rows: &[Answered], client: Option<&str>) -> Result<HashMap<CaseId, Own>, StoreError> {
    let mut found = HashMap::new();
    for (listed, _) in rows.iter().filter(|(listed, _)| client.is_some() && listed.client.as_deref() == client) {
        if let Some(case) = cases::store::load(conn, &Named::Id(listed.case))? {
            found.insert(listed.case, Own { description: case.body, place_text: case.place_text, point: case.point });
        }
    }
    Ok(found)
}

/// GET token: its id as soon as there is one.
///
/// # Errors
/// 404 when the token was never given.
pub async fn token(app: &App, token: &str) -> Result<Document, Faults> {
    let wanted = token.to_owned();
    let found = app.db.read(move |conn| store::by_token(conn, &wanted).map_err(Refused::from)).await?;
    let Some(listed) = found else { return Err(Fault::missing("token", "no_token", token).into()) };
    let mut fields = Vec::new();
    if listed.service_code.is_some() {
        fields.push(("service_request_id", Node::text(listed.id)));
    }
    fields.push(("token", Node::text(token)));
    Ok(view::requests(vec![Node::Record(fields)]))
}

/// GET servicerequestupdates: what was published in a window of time, both ends included.
///
/// # Errors
/// A date that cannot be read, one date alone, a window that is too long or holds too much.
pub async fn updates(app: &App, client: Option<Client>, fields: &Fields, lang: Lang) -> Result<Document, Faults> {
    let now = app.now();
    let moment = |name: &'static str| match fields.get(name) {
        None => Ok(None),
        Some(text) => date::heard(text).map(Some).ok_or_else(|| Fault::bad(name, "date", text)),
    };
    let (from, to) = match (moment("start_date")?, moment("end_date")?) {
        (Some(from), Some(to)) if to.since(from) > SPAN_DAYS * DAY_MS => {
            return Err(Fault::bad("start_date", "span", "90").into());
        }
        (Some(from), Some(to)) => (from, to),
        // One end alone is half a window: the other is now, or a day before.
        (Some(from), None) => (from, now),
        (None, Some(to)) => (to.plus_ms(-UPDATES_MS), to),
        (None, None) => (now.plus_ms(-UPDATES_MS), now),
    };
    let wanted: Vec<String> = fields.list("service_request_id").into_iter().map(str::to_owned).collect();
    let (asker, to) = (client.map(|client| client.id), to.min(now));
    let told = app
        .db
        .read(move |conn| store::updates(conn, from, to, asker.as_deref(), MOST_UPDATES + 1).map_err(Refused::from))
        .await?;
    if i64::try_from(told.len()).is_ok_and(|n| n > MOST_UPDATES) {
        return Err(Fault::bad("start_date", "too_many_updates", MOST_UPDATES.to_string()).into());
    }
    let areas = app.areas();
    let teller = Teller { areas: &areas, lang };
    let shown = told.iter().filter(|told| wanted.is_empty() || wanted.contains(&told.request));
    Ok(view::updates(shown.map(|told| teller.update(told)).collect()))
}

/// GET requests.csv: the bulk file, without pages.
///
/// # Errors
/// What is wrong with the parameters.
pub async fn bulk(app: &App, fields: &Fields, lang: Lang) -> Result<Vec<u8>, Faults> {
    let filter = Filter { page: 1, page_size: MOST_ROWS, ..Filter::of(fields, app.now())? };
    let rows = app.db.read(move |conn| store::list(conn, &filter, None).map_err(Refused::from)).await?;
    let areas = app.areas();
    let teller = Teller { areas: &areas, lang };
    Ok(csv(&teller, &rows).map_err(|_| Refused::from(linli_kernel::ProblemCode::Internal))?)
}

/// Source: `GeoReport/bulk`.
const COLUMNS: [&str; 14] = [
    "service_request_id",
    "requested_datetime",
    "updated_datetime",
    "closed_date",
    "status_description",
    "status_notes",
    "source",
    "service_name",
    "service_subtype",
    "description",
    "agency_responsible",
    "address",
    "lat",
    "long",
];

fn csv(teller: &Teller<'_>, rows: &[Answered]) -> Result<Vec<u8>, csv::Error> {
    // With a byte order mark: without one Excel takes Chinese for something else.
    let mut out = csv::Writer::from_writer("\u{feff}".as_bytes().to_vec());
    out.write_record(COLUMNS)?;
    let moment = |at: Option<Timestamp>| at.map(date::said).unwrap_or_default();
    for (listed, answer) in rows {
        let degrees = |of: fn(Point) -> f64| listed.point.map(|point| of(point).to_string()).unwrap_or_default();
        let place = teller.areas.full_name(&listed.area);
        let cells = [
            listed.id.clone(),
            date::said(listed.requested_at),
            date::said(listed.updated_at),
            moment(listed.closed_at),
            Status::georeport(listed.status).to_owned(),
            teller.status_notes(listed, answer.as_deref(), false),
            "linli".to_owned(),
            if listed.service_group.is_empty() { listed.service_name.clone() } else { listed.service_group.clone() },
            listed.service_name.clone(),
            teller.about(listed, &place),
            listed.agency.clone(),
            place.clone(),
            degrees(|point| point.lat),
            degrees(|point| point.lon),
        ];
        out.write_record(cells.map(harmless))?;
    }
    out.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
}

/// A cell that a spreadsheet would take for a formula is text.
fn harmless(cell: String) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_number { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(harmless("=1+1".to_owned()), "'=1+1");
        assert_eq!(harmless("-12.5".to_owned()), "-12.5");
        assert_eq!(harmless("路灯".to_owned()), "路灯");
    }
}
