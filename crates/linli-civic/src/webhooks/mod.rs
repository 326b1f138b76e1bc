//! 推送接口: other systems hear of cases by web hook, as CloudEvents 1.0.
//!
//! Rules
//! - A partner hears of the events that its file names, about cases of its areas, in the order in which they happened to a case.
//! - An event is sent as `cn.linli.case.<event>` with ids, codes and numbers. What a resident wrote goes along only where the
//!   partner's file says `texts = true`, and never of a private case. Phone numbers and names never go.
//! - Each request is signed with its time (Standard Webhooks), so that a receiver can tell it from a forged or a replayed one.
//! - Sent by `delivery`: tried again for days, never in a flood, and with the same id each time.
//!
//! What it deliberately does not do: it takes no subscriptions over the network, and it sends nothing about staff.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use linli_db::{StoreError, Tx, feed};
use linli_kernel::CaseId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::cases::model::Case;
use crate::cases::store::{self as cases, Named};
use crate::delivery::consume::Consumer;
use crate::delivery::web::{self, Call, Reach};
use crate::delivery::worker::block_on;
use crate::delivery::{Channel, Channels, Delivery, NewDelivery, Outcome, enqueue};
use crate::partners::{PartnerFault, PartnerKind, Partners};

/// `[webhook]` of a partner's file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookTable {
    /// Where events are taken.
    pub url: String,
    /// The events that are sent; all without any.
    #[serde(default)]
    pub events: Vec<String>,
    /// Whether what residents wrote goes along.
    #[serde(default)]
    pub texts: bool,
}

/// Adds the channel.
pub fn register(channels: &Channels) {
    channels.add(Arc::new(Webhook));
}

/// What is wrong with the files of such partners.
#[must_use]
pub fn faults(partners: &Partners) -> Vec<PartnerFault> {
    let mut faults = Vec::new();
    for partner in partners.all().filter(|partner| partner.kind == PartnerKind::Webhook) {
        match partner.parse::<WebhookTable>() {
            Err(fault) => faults.push(fault),
            Ok(table) if !table.url.starts_with("http") => faults.push(partner.fault("url", "url 要写完整的网址")),
            Ok(_) if partner.secret.is_none() => faults.push(partner.fault("kind", "缺少 secret_file：请求要签名")),
            Ok(_) => {}
        }
    }
    faults
}

/// The consumer of the feed that puts events into the outbox.
pub struct Hooks;

impl Consumer for Hooks {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn take(&self, app: &App, tx: &mut Tx<'_>, event: &feed::Event) -> Result<(), StoreError> {
        let Some(area) = event.area_code.as_deref().and_then(|code| code.parse().ok()) else { return Ok(()) };
        if event.stream_kind != "case" {
            return Ok(());
        }
        let Ok(case): Result<CaseId, _> = event.stream_id.parse() else { return Ok(()) };
        for partner in app.partners.of(PartnerKind::Webhook).filter(|partner| partner.covers(&area)) {
            let Ok(table) = partner.parse::<WebhookTable>() else { continue };
            if !(table.events.is_empty() || table.events.contains(&event.kind)) {
                continue;
            }
            let said: Value = serde_json::from_str(&event.payload).unwrap_or_default();
            let new = NewDelivery {
                channel: "webhook",
                target: partner.id.clone(),
                case: Some(case),
                about: format!("cn.linli.case.{}", event.kind),
                payload: json!({ "event": event.kind, "n": event.n, "at": event.at, "data": said }),
                not_before: None,
                dedup: Some(format!("webhook {} {} {}", partner.id, event.stream_id, event.n)),
            };
            enqueue(tx, &app.ids, new, app.now())?;
        }
        Ok(())
    }
}

/// The channel.
pub struct Webhook;

impl Channel for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    fn deliver(&self, app: &App, delivery: &Delivery) -> Outcome {
        send(app, delivery).unwrap_or_else(|outcome| outcome)
    }
}

fn send(app: &App, delivery: &Delivery) -> Result<Outcome, Outcome> {
    let later = |why: String| Outcome::Retry { why, after_ms: None };
    let partner = app.partners.get(&delivery.target).ok_or_else(|| later("没有这个外部系统的文件".to_owned()))?;
    let table: WebhookTable = partner.parse().map_err(|fault| later(fault.to_string()))?;
    let secret = partner.secret.as_ref().ok_or_else(|| later("缺少 secret_file".to_owned()))?;
    let id = delivery.case.ok_or_else(|| Outcome::Refused { why: "没有事项".to_owned() })?;
    let case = block_on(app.db.read(move |conn| cases::load(conn, &Named::Id(id))))
        .map_err(|error| later(format!("读取事项出错：{error}")))?
        .ok_or_else(|| Outcome::Refused { why: "事项已不在".to_owned() })?;
    let body = cloud_event(&app.site.public_url, delivery, &case, table.texts).to_string();
    // The same for every attempt: a receiver knows a second copy by it.
    let message_id = delivery.id.to_string();
    let seconds = app.now().ms() / 1_000;
    let mac = secret.hmac(format!("{message_id}.{seconds}.{body}").as_bytes());
    let call = Call::new("POST", &table.url)
        .header("content-type", "application/cloudevents+json; charset=utf-8")
        .header("webhook-id", &message_id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", format!("v1,{}", STANDARD.encode(mac)))
        .body(body.into_bytes());
    let answered = web::call(Reach::from(partner), &call).map_err(Outcome::from)?;
    Ok(answered.outcome(None))
}

/// What may be told of an event's words: the rest is our own business.
const TOLD: &[&str] = &[
    "from",
    "to",
    "seat",
    "level",
    "deadline",
    "ground",
    "n_reopened",
    "stars",
    "solved",
    "satisfied",
    "task",
    "channel",
];

fn cloud_event(public_url: &str, delivery: &Delivery, case: &Case, texts: bool) -> Value {
    let event = delivery.payload.get("event").and_then(Value::as_str).unwrap_or_default();
    let mut data = json!({
        "code": case.code,
        "paper_no": case.paper_no,
        "kind": case.kind,
        "category": case.category,
        "weight": case.weight,
        "area_code": case.area,
        "n": delivery.payload.get("n"),
    });
    if let (Some(data), Some(said)) = (data.as_object_mut(), delivery.payload.get("data").and_then(Value::as_object)) {
        data.extend(
            said.iter()
                .filter(|(key, _)| TOLD.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.clone())),
        );
        if texts && may_be_quoted(case) && event == "reported" {
            data.insert("text".to_owned(), json!(case.body));
        }
        if texts && may_be_quoted(case) && event == "verified" {
            data.insert("reply".to_owned(), json!(case.reply.as_ref().map(|reply| &reply.done)));
        }
    }
    json!({
        "specversion": "1.0",
        "id": delivery.id,
        "source": format!("{}/api/cases", public_url.trim_end_matches('/')),
        "type": format!("cn.linli.case.{event}"),
        "subject": case.code,
        "time": delivery.payload.get("at"),
        "datacontenttype": "application/json",
        "data": data,
    })
}

/// Whether the words of a case may leave the house: the one place that decides it.
const fn may_be_quoted(case: &Case) -> bool {
    !case.private
}
