//! What happened to the orders of a hotline: written down in order by a reader of the feed, asked for by the hotline or sent to it.
//!
//! Said is what the caller may know. What is said inside the office (a send-back between our own units, a reply that nobody has
//! verified) stays there.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use linli_db::{Conn, StoreError, Tx, feed, params};
use linli_kernel::{CaseId, PublicCode, Timestamp};

use super::api::OrderBody;
use super::order::Place;
use super::partner::{self, Hotline};
use super::sign::{NONCE, PARTNER, SIGNATURE, Said, TIMESTAMP};
use super::store::{self, Direction, Kept};
use crate::app::App;
use crate::cases::http::{NAME_FIELD, PHONE_FIELD};
use crate::cases::store::{self as cases, Named};
use crate::cases::{Case, Reply};
use crate::delivery::consume::{self, Consumer};
use crate::delivery::web::{self, Call, Reach};
use crate::delivery::worker::block_on;
use crate::delivery::{self, Channel, Delivery, NewDelivery, Outcome};
use crate::sheets::when;

/// The channel, and the consumer of the feed.
const NAME: &str = "hotline";
/// Changes of one answer.
const PAGE: i64 = 200;

/// Starts writing down what happens, and sending it to those hotlines that want it sent.
pub fn start(app: &App) {
    app.channels.add(Arc::new(Pushing));
    tokio::spawn(consume::run(app.clone(), consumer()));
}

/// The reader of the feed.
#[must_use]
pub fn consumer() -> Arc<dyn Consumer> {
    Arc::new(Journal)
}

/// What a hotline hears of an event; nothing of most.
fn kind_of(event: &feed::Event) -> Option<&'static str> {
    let ground = || {
        serde_json::from_str::<Value>(&event.payload)
            .ok()
            .and_then(|payload| payload.get("ground").and_then(Value::as_str).map(str::to_owned))
    };
    Some(match event.kind.as_str() {
        "reported" => "received",
        "accepted" => "accepted",
        "dispatched" => "dispatched",
        "taken" => "taken",
        "asked" => "asked",
        "verified" => "answered",
        "rated" => "rated",
        "reopened" => "reopened",
        "extension_granted" => "extended",
        "suspended" => "suspended",
        "resumed" => "resumed",
        // 退单: our people say that it is not ours.
        "closed" if ground().as_deref() == Some("not_ours") => "returned",
        "closed" | "force_closed" => "closed",
        _ => return None,
    })
}

struct Journal;

impl Consumer for Journal {
    fn name(&self) -> &'static str {
        NAME
    }

    fn take(&self, app: &App, tx: &mut Tx<'_>, event: &feed::Event) -> Result<(), StoreError> {
        if event.stream_kind != "case" {
            return Ok(());
        }
        let Ok(case) = event.stream_id.parse::<CaseId>() else { return Ok(()) };
        let kind = kind_of(event);
        // Most events are of cases that no hotline knows.
        for order in store::orders_of(tx, case)? {
            match (order.direction, kind) {
                (Direction::In, Some(kind)) => self.note(app, tx, &order, event, kind)?,
                (Direction::Out, _) if order.state == "open" => self.send_out(app, tx, &order)?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Journal {
    fn note(
        &self,
        app: &App,
        tx: &mut Tx<'_>,
        order: &Kept,
        event: &feed::Event,
        kind: &str,
    ) -> Result<(), StoreError> {
        store::note_change(tx, order, event.n, kind, event.at)?;
        if kind == "returned" {
            let mut returned = order.clone();
            returned.state = "returned".to_owned();
            returned.changed_at = event.at;
            returned.update(tx)?;
        }
        let wants = partner::find(app, Some(&order.partner)).is_some_and(|hotline| hotline.changes_url.is_some());
        if wants {
            let new = NewDelivery {
                channel: NAME,
                target: order.partner.clone(),
                case: Some(order.case),
                about: format!("热线工单 {} {kind}", order.no),
                payload: json!({ "what": "change", "order_no": order.no, "event_n": event.n }),
                not_before: None,
                dedup: Some(format!("hotline:{}:{}:{}", order.partner, order.no, event.n)),
            };
            delivery::enqueue(tx, &app.ids, new, app.now())?;
        }
        Ok(())
    }

    fn send_out(&self, app: &App, tx: &mut Tx<'_>, order: &Kept) -> Result<(), StoreError> {
        let new = NewDelivery {
            channel: NAME,
            target: order.partner.clone(),
            case: Some(order.case),
            about: format!("转出诉求 {}", order.no),
            payload: json!({ "what": "order", "order_no": order.no }),
            not_before: None,
            dedup: Some(format!("hotline-out:{}:{}", order.partner, order.no)),
        };
        delivery::enqueue(tx, &app.ids, new, app.now())?;
        let mut sent = order.clone();
        sent.state = "sent".to_owned();
        sent.changed_at = app.now();
        sent.update(tx)
    }
}

/// One thing that happened to an order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = HotlineChange)]
pub struct ChangeView {
    /// Where it stands among the hotline's changes.
    cursor: i64,
    /// 工单编号
    order_no: String,
    /// `received`, `accepted`, `dispatched`, `taken`, `asked`, `answered`, `rated`, `reopened`, `extended`, `suspended`, `resumed`, `closed`, `returned`.
    kind: String,
    /// When.
    at: Timestamp,
    /// Our public code.
    case_code: PublicCode,
    /// What was asked, or why it was closed or returned.
    text: Option<String>,
    /// Why it was closed or returned, as a code.
    ground: Option<String>,
    /// The reply, of `answered`.
    reply: Option<Reply>,
}

impl ChangeView {
    /// Where it stands.
    #[must_use]
    pub const fn cursor(&self) -> i64 {
        self.cursor
    }
}

/// What happened to a hotline's orders after `after`.
///
/// # Errors
/// The database's.
pub fn changes(conn: &mut Conn, partner: &str, after: i64) -> Result<Vec<ChangeView>, StoreError> {
    conn.all(
        &format!("{SELECT} WHERE h.partner_id = $1 AND h.seq > $2 ORDER BY h.seq LIMIT $3"),
        &params![partner, after, PAGE],
        view,
    )
}

fn change(conn: &mut Conn, partner: &str, no: &str, n: i64) -> Result<Option<ChangeView>, StoreError> {
    conn.first(
        &format!("{SELECT} WHERE h.partner_id = $1 AND h.order_no = $2 AND h.event_n = $3"),
        &params![partner, no, n],
        view,
    )
}

const SELECT: &str = "SELECT h.seq, h.order_no, h.kind, h.at, c.code, c.reply, e.payload, t.body AS said FROM hotline_change h JOIN cases c ON c.id = h.case_id \
    LEFT JOIN event e ON e.stream_kind = 'case' AND e.stream_id = h.case_id AND e.n = h.event_n \
    LEFT JOIN event_text t ON t.stream_kind = 'case' AND t.stream_id = h.case_id AND t.n = h.event_n";

fn view(row: &linli_db::Row<'_>) -> Result<ChangeView, StoreError> {
    let (kind, code): (String, String) = (row.get("kind")?, row.get("code")?);
    let payload: Option<Value> = row.json_opt("payload")?;
    let told = matches!(kind.as_str(), "asked" | "closed" | "returned");
    let code = PublicCode::parse(&code).ok_or_else(|| StoreError::Inconsistent {
        table: "cases.code",
        row: code,
        what: "no public code".to_owned(),
    })?;
    Ok(ChangeView {
        cursor: row.get("seq")?,
        order_no: row.get("order_no")?,
        at: row.at("at")?,
        case_code: code,
        text: row.get::<Option<String>>("said")?.filter(|_| told),
        ground: payload
            .and_then(|payload| payload.get("ground").and_then(Value::as_str).map(str::to_owned))
            .filter(|_| told),
        reply: row.json_opt::<Reply>("reply")?.filter(|_| kind == "answered"),
        kind,
    })
}

/// Sends signed requests to hotlines.
struct Pushing;

impl Channel for Pushing {
    fn name(&self) -> &'static str {
        NAME
    }

    fn deliver(&self, app: &App, delivery: &Delivery) -> Outcome {
        let Some(hotline) = partner::find(app, Some(&delivery.target)) else {
            return Outcome::Retry { why: "这条热线没有配置或已停用".to_owned(), after_ms: None };
        };
        let text = |key: &str| delivery.payload.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let no = text("order_no");
        let (url, body) = if text("what") == "order" {
            (hotline.orders_url.clone(), order_out(app, &hotline, no))
        } else {
            let (partner, n) =
                (hotline.id.clone(), delivery.payload.get("event_n").and_then(Value::as_i64).unwrap_or_default());
            let found = block_on(app.db.read(move |conn| change(conn, &partner, &no, n)));
            (hotline.changes_url.clone(), found.map(|found| found.and_then(|found| serde_json::to_value(found).ok())))
        };
        let Some(url) = url else {
            return Outcome::Retry { why: "热线的文件里没有写发送地址".to_owned(), after_ms: None };
        };
        match body {
            Ok(Some(body)) => send(app, &hotline, delivery, &url, &body),
            Ok(None) => Outcome::Refused { why: "工单或事项已不存在".to_owned() },
            Err(error) => Outcome::Retry { why: error.to_string(), after_ms: None },
        }
    }
}

fn send(app: &App, hotline: &Hotline, delivery: &Delivery, url: &str, body: &Value) -> Outcome {
    let (Some(secret), Some(partner)) = (&hotline.secret, app.partners.get(&hotline.id)) else {
        return Outcome::Retry { why: "这条热线没有配置密钥".to_owned(), after_ms: None };
    };
    let call = Call::json("POST", url, body);
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or("/");
    let timestamp = app.now().ms().div_euclid(1_000).to_string();
    let mut random = [0_u8; 16];
    app.ids.fill(&mut random);
    let nonce = hex::encode(random);
    let signature = Said { method: "POST", path, timestamp: &timestamp, nonce: &nonce, body: &call.body }
        .signature(secret.reveal());
    // The delivery's id: a request that comes twice is recognised by it.
    let call = call
        .header(PARTNER, hotline.id.as_str())
        .header(TIMESTAMP, timestamp)
        .header(NONCE, nonce)
        .header(SIGNATURE, signature)
        .header("idempotency-key", delivery.id.to_string());
    match web::call(Reach::from(partner), &call) {
        Ok(answered) => {
            let receipt = serde_json::from_slice::<Value>(&answered.body)
                .ok()
                .and_then(|body| body.get("order_no").and_then(Value::as_str).map(str::to_owned));
            answered.outcome(receipt)
        }
        Err(fault) => Outcome::Retry { why: fault.to_string(), after_ms: None },
    }
}

/// An order of ours as the hotline gets it; the caller's number is opened only here, on its way.
fn order_out(app: &App, hotline: &Hotline, no: String) -> Result<Option<Value>, StoreError> {
    let partner = hotline.id.clone();
    let found: Result<Option<(Kept, Case)>, StoreError> = block_on(app.db.read(move |conn| {
        let Some(kept) = store::order(conn, &partner, &no)? else { return Ok(None) };
        Ok(cases::load(conn, &Named::Id(kept.case))?.map(|case| (kept, case)))
    }));
    let Some((kept, case)) = found? else { return Ok(None) };
    let areas = app.areas();
    let at = |level: linli_kernel::AreaLevel| {
        if case.area.level() >= level { areas.name(&case.area.at(level)) } else { String::new() }
    };
    let place: Place = kept.place_said.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let body = OrderBody {
        order_no: kept.no,
        caller_name: case
            .reporter
            .name_sealed
            .as_deref()
            .and_then(|sealed| app.vault.open_name(NAME_FIELD, sealed).ok())
            .map(|name| name.reveal().to_owned())
            .unwrap_or_default(),
        caller_phone: case
            .reporter
            .phone_sealed
            .as_deref()
            .and_then(|sealed| app.vault.open_phone(PHONE_FIELD, sealed).ok())
            .map(|phone| phone.reveal().to_owned())
            .unwrap_or_default(),
        said_at: when::written(case.reported_at),
        category: case
            .category
            .as_deref()
            .and_then(|code| app.playbooks.current().category_path(code))
            .unwrap_or_default(),
        content: case.body.clone(),
        district: at(linli_kernel::AreaLevel::County),
        street: at(linli_kernel::AreaLevel::Street),
        community: at(linli_kernel::AreaLevel::Community),
        spot: if place.spot.is_empty() { case.place_text.clone() } else { place.spot },
        host_unit: hotline.name.clone(),
        ..OrderBody::default()
    };
    Ok(serde_json::to_value(body).ok())
}
