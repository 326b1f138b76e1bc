//! 导出: work orders with what became of them, in the hotline's own columns.
//!
//! Who takes them out says why. Phone numbers stand in it only for those who may see them, and each is a recorded look; else
//! they are masked. Read a page at a time and written to disk as it goes.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use rust_xlsxwriter::Workbook;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, decide, read_log, scope};
use linli_db::{Bind, Tx, placeholders};
use linli_kernel::{AreaCode, CaseId, Channel, EventId, Phase, Problem, ProblemCode, Timestamp};

use super::columns::Column;

use super::order::Place;

use super::partner;
use super::store::Kept;
use crate::app::App;
use crate::cases::http::{NAME_FIELD, PHONE_FIELD};
use crate::cases::store::{self as cases, Named};
use crate::cases::{Case, Reply};
use crate::http::{Answer, Body, Refused, Signed};
use crate::say::Lang;
use crate::sheets::rows::TextRows;
use crate::sheets::send::send;
use crate::sheets::when;

/// The route.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(export_orders))
}

/// Which orders are wanted, and why.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"from": "2026-09-01T00:00:00+08:00", "to": "2026-10-01T00:00:00+08:00", "partner": "hotline", "reason": "九月工单办理结果反馈热线"}))]
pub struct ExportOrders {
    /// Received from then on.
    #[schema(value_type = String)]
    from: Timestamp,
    /// And before then.
    #[schema(value_type = String)]
    to: Timestamp,
    /// Only within this area.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Only of this hotline; else every case that came by the hotline.
    #[serde(default)]
    partner: Option<String>,
    /// Only what is answered or closed.
    #[serde(default)]
    finished_only: bool,
    /// Whether phone numbers stand in it, for those who may see them.
    #[serde(default)]
    with_contact: bool,
    /// In the own words of whoever takes them out, 2 to 200 characters.
    reason: String,
}

/// Orders read at a time.
const PAGE: i64 = 500;
/// Most orders of one file.
const MOST: usize = 300_000;

/// Exports work orders with their results as xlsx, in the columns in which the hotline sends them.
#[utoipa::path(post, path = "/api/hotline/exports", tag = "hotline", request_body = ExportOrders,
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("export_orders"))))]
async fn export_orders(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<ExportOrders>,
) -> Answer<Response> {
    let wish = checked(&app, body)?;
    let (send_rows, mut pages) = mpsc::channel::<Vec<Vec<String>>>(2);
    let name = EventId::new(app.ids.uuid(app.now()));
    let scratch = app.hotline.files.scratch(&format!("{name}-export"))?;
    let folder = app.hotline.files.folder()?.to_owned();
    let title = lang.text("hotline.sheet_orders");
    // Written beside the reading: neither holds more than a few pages.
    let writing = tokio::task::spawn_blocking(move || {
        let mut scratch = scratch;
        let mut book = Workbook::new();
        book.set_tempdir(&folder)?;
        let page = book.add_worksheet_with_constant_memory()?;
        page.set_name(title)?;
        page.set_freeze_panes(1, 0)?;
        let mut writer = TextRows::new(page);
        let headers: Vec<String> = Column::ALL.iter().map(|column| column.title().to_owned()).collect();
        writer.write(&headers)?;
        while let Some(rows) = pages.blocking_recv() {
            for row in &rows {
                writer.write(row)?;
            }
        }
        if let Some(file) = scratch.file.take() {
            book.save_to_writer(file)?;
        }
        Ok::<_, rust_xlsxwriter::XlsxError>(scratch)
    });
    let read = pour(&app, &caller, &Arc::new(wish), &send_rows).await;
    drop(send_rows);
    let written = writing.await.map_err(|_| Refused::from(ProblemCode::Internal))?;
    read?;
    let scratch = written.map_err(|error| {
        tracing::error!(%error, "an export cannot be written");
        Refused::from(ProblemCode::Internal)
    })?;
    send(scratch, "orders.xlsx")
}

fn checked(app: &App, mut wish: ExportOrders) -> Answer<ExportOrders> {
    wish.reason = wish.reason.trim().to_owned();
    let mut problem = Problem::new(ProblemCode::Invalid);
    if !(2..=200).contains(&wish.reason.chars().count()) {
        problem = problem.and_field("reason", "required");
    }
    if wish.from >= wish.to {
        problem = problem.and_field("to", "bad_period");
    }
    if wish.partner.as_deref().is_some_and(|id| partner::find(app, Some(id)).is_none()) {
        problem = problem.and_field("partner", "unknown");
    }
    if problem.errors.is_empty() { Ok(wish) } else { Err(problem.into()) }
}

/// Reads page after page and hands the rows on.
async fn pour(app: &App, caller: &Caller, wish: &Arc<ExportOrders>, to: &mpsc::Sender<Vec<Vec<String>>>) -> Answer<()> {
    let mut after = String::new();
    let mut n = 0;
    loop {
        let (own, caller, wish, from) = (app.clone(), caller.clone(), Arc::clone(wish), after.clone());
        // In a write: each look at a number is recorded in the transaction that reads it.
        let page = app.db.write(move |tx| page(&own, tx, &caller, &wish, &from)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.0.to_string();
        n += page.len();
        let rows = page.into_iter().map(|(_, row)| row).collect();
        if to.send(rows).await.is_err() || n >= MOST {
            return Ok(());
        }
    }
}

type Line = (CaseId, Vec<String>);

fn page(app: &App, tx: &mut Tx<'_>, caller: &Caller, wish: &ExportOrders, after: &str) -> Answer<Vec<Line>> {
    let reach = scope(caller, Act::ExportOrders);
    let keys: Vec<String> =
        wish.area.as_ref().map_or_else(|| reach.keys().map(str::to_owned).collect(), |area| reach.within(area));
    let mut values = linli_db::params![after, wish.from, wish.to, Channel::Hotline, PAGE].to_vec();
    values.extend(keys.iter().map(Bind::val));
    let mut sql = format!(
        "SELECT DISTINCT c.id FROM case_scope s JOIN cases c ON c.id = s.case_id WHERE s.scope_key IN ({}) AND c.id > $1 AND c.reported_at >= $2 AND c.reported_at < $3 \
         AND (c.channel = $4 OR EXISTS (SELECT 1 FROM hotline_order o WHERE o.case_id = c.id))",
        placeholders(6, keys.len())
    );
    if wish.finished_only {
        sql.push_str(" AND c.phase IN ('settled', 'closed')");
    }
    if let Some(partner) = &wish.partner {
        values.push(partner.val());
        sql.push_str(&format!(
            " AND EXISTS (SELECT 1 FROM hotline_order o WHERE o.case_id = c.id AND o.partner_id = ${})",
            values.len()
        ));
    }
    sql.push_str(" ORDER BY c.id LIMIT $5");
    let ids: Vec<CaseId> = tx.all(&sql, &values, |row| row.parse("id"))?;
    let mut lines = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(case) = cases::load(tx, &Named::Id(id))? else { continue };
        let orders = super::store::orders_of(tx, id)?;
        let contact = contact_of(app, tx, caller, wish, &case)?;
        let writer = Row { app, case: &case, contact: &contact };
        let of_partner = |order: &&Kept| wish.partner.as_ref().is_none_or(|partner| order.partner == *partner);
        let mut orders = orders.iter().filter(of_partner).peekable();
        if orders.peek().is_none() {
            lines.push((id, writer.line(None)));
        }
        lines.extend(orders.map(|order| (id, writer.line(Some(order)))));
    }
    Ok(lines)
}

/// Name and number as this caller may take them out.
fn contact_of(
    app: &App,
    tx: &mut Tx<'_>,
    caller: &Caller,
    wish: &ExportOrders,
    case: &Case,
) -> Answer<(String, String)> {
    let phone = case.reporter.phone_sealed.as_deref().and_then(|sealed| app.vault.open_phone(PHONE_FIELD, sealed).ok());
    let name = case.reporter.name_sealed.as_deref().and_then(|sealed| app.vault.open_name(NAME_FIELD, sealed).ok());
    let Decision::Allowed(role) = decide(caller, Act::ReadContact, &case.keys()) else { return Ok(Default::default()) };
    if !wish.with_contact {
        return Ok((
            name.map(|name| name.masked()).unwrap_or_default(),
            phone.map(|phone| phone.masked()).unwrap_or_default(),
        ));
    }
    if phone.is_some() || name.is_some() {
        let now = app.now();
        let look = read_log::Read {
            id: EventId::new(app.ids.uuid(now)),
            at: now,
            account: caller.account,
            role,
            subject_kind: "case".to_owned(),
            subject_id: case.id.to_string(),
            field: "contact".to_owned(),
            purpose: wish.reason.clone(),
        };
        read_log::record(tx, &look)?;
    }
    Ok((
        name.map(|name| name.reveal().to_owned()).unwrap_or_default(),
        phone.map(|phone| phone.reveal().to_owned()).unwrap_or_default(),
    ))
}

struct Row<'a> {
    app: &'a App,
    case: &'a Case,
    contact: &'a (String, String),
}

impl Row<'_> {
    fn line(&self, order: Option<&Kept>) -> Vec<String> {
        Column::ALL.iter().map(|column| self.cell(*column, order)).collect()
    }

    fn cell(&self, column: Column, order: Option<&Kept>) -> String {
        let said = |of: fn(&Kept) -> &Option<String>| order.and_then(|order| of(order).clone()).unwrap_or_default();
        let case = self.case;
        let areas = self.app.areas();
        let place: Place = order
            .and_then(|order| order.place_said.as_deref())
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or_default();
        let at_level = |level: linli_kernel::AreaLevel| {
            if case.area.level() >= level { areas.name(&case.area.at(level)) } else { String::new() }
        };
        let or = |own: String, else_: String| if own.is_empty() { else_ } else { own };
        match column {
            Column::OrderNo => order.map_or_else(|| case.paper_no.clone(), |order| order.no.clone()),
            Column::CallerName => self.contact.0.clone(),
            Column::CallerPhone => self.contact.1.clone(),
            Column::SaidAt => when::written(order.and_then(|order| order.said_at).unwrap_or(case.reported_at)),
            Column::OrderType => said(|order| &order.order_type),
            Column::Category => or(
                said(|order| &order.category_said),
                case.category
                    .as_deref()
                    .and_then(|code| self.app.playbooks.current().category_path(code))
                    .unwrap_or_default(),
            ),
            Column::Title => said(|order| &order.title),
            Column::Content => case.body.clone(),
            Column::District => or(place.district, at_level(linli_kernel::AreaLevel::County)),
            Column::Street => or(place.street, at_level(linli_kernel::AreaLevel::Street)),
            Column::Community => or(place.community, at_level(linli_kernel::AreaLevel::Community)),
            Column::Spot => or(place.spot, case.place_text.clone()),
            Column::Urgency => said(|order| &order.urgency),
            Column::Limit => order
                .and_then(|order| order.limit_at)
                .map(when::written)
                .unwrap_or_else(|| said(|order| &order.limit_said)),
            Column::HostUnit => or(self.host(), said(|order| &order.host_name)),
            Column::HostRole => said(|order| &order.host_role),
            Column::Outcome => self.outcome(order),
            Column::Reply => self.reply(),
            Column::FinishedAt => self.finished_at().map(when::written).unwrap_or_default(),
            Column::Reached => yes_no(
                order.and_then(|order| order.follow_up.reached).or_else(|| case.rating.as_ref().map(|_| true)),
                "yes",
                "no",
            ),
            Column::Solved => yes_no(case.rating.as_ref().map(|rating| rating.solved), "solved_yes", "solved_no"),
            Column::Satisfied => {
                yes_no(case.rating.as_ref().map(|rating| rating.satisfied), "satisfied_yes", "satisfied_no")
            }
            Column::Tags => said(|order| &order.tags),
        }
    }

    fn host(&self) -> String {
        let area = self.app.areas().name(&self.case.seat.area);
        let book = self.app.playbooks.current();
        self.case
            .seat
            .unit
            .as_deref()
            .and_then(|code| book.unit(code))
            .map_or_else(|| area.clone(), |unit| unit.name.clone())
    }

    fn outcome(&self, order: Option<&Kept>) -> String {
        match order.map(|order| order.state.as_str()) {
            Some(state @ ("withdrawn" | "returned")) => Lang::ZhCn.text(&format!("hotline.state_{state}")),
            _ => Lang::ZhCn.word("phase", self.case.phase.as_str()),
        }
    }

    /// The reply as it may leave the house: only what somebody has verified.
    fn reply(&self) -> String {
        let reply = self.case.reply.as_ref().filter(|_| matches!(self.case.phase, Phase::Settled | Phase::Closed));
        reply.map(said_reply).unwrap_or_default()
    }

    fn finished_at(&self) -> Option<Timestamp> {
        self.case
            .closed_at
            .or(self.case.settled_at)
            .filter(|_| matches!(self.case.phase, Phase::Settled | Phase::Closed))
    }
}

/// The four parts as one text.
#[must_use]
pub fn said_reply(reply: &Reply) -> String {
    let values = [
        ("received", reply.received.as_str()),
        ("talked_to", reply.talked_to.as_str()),
        ("done", reply.done.as_str()),
        ("by_when", reply.by_when.as_str()),
    ];
    Lang::ZhCn.say("hotline.reply", &values)
}

fn yes_no(value: Option<bool>, yes: &str, no: &str) -> String {
    match value {
        Some(true) => Lang::ZhCn.text(&format!("hotline.{yes}")),
        Some(false) => Lang::ZhCn.text(&format!("hotline.{no}")),
        None => Lang::ZhCn.text("hotline.not_asked"),
    }
}
