//! Cases and news of them on their way to another server.

use linli_db::feed::{self, Event};
use linli_db::{StoreError, Tx};
use linli_kernel::{CaseId, Problem, ProblemCode};
use serde_json::{Value, json};

use super::super::publish;
use super::protocol::{Made, Outgoing, OutgoingUpdate};
use super::terms::CodeStyle;
use super::{Server, store};
use crate::app::App;
use crate::cases::http::{NAME_FIELD, PHONE_FIELD};
use crate::cases::store::Named;
use crate::cases::{self, Case};
use crate::delivery::consume::Consumer;
use crate::delivery::worker::block_on;
use crate::delivery::{self, Channel, Delivery, NewDelivery, Outcome};
use crate::http::{Answer, Refused};

/// The channel's name.
pub const CHANNEL: &str = "open311";
const REQUEST: &str = "request";
const UPDATE: &str = "update";
/// How long an update waits for the number of its request. Unit: milliseconds.
const NUMBER_WAIT_MS: i64 = 5 * 60_000;

/// Puts a case on its way to a server; nothing happens when it is there already.
///
/// # Errors
/// `NotNow` when the server takes none, or none of this category; `Forbidden` outside its areas and for private cases.
pub fn hand_over(app: &App, tx: &mut Tx<'_>, server: &Server, case: &Case) -> Answer<bool> {
    let category = case.category.as_deref().unwrap_or_default();
    if !server.terms.takes_requests || service_of(app, server, case).is_none() {
        return Err(Problem::new(ProblemCode::NotNow)
            .with("detail", format!("{}：{category}", server.partner.name))
            .into());
    }
    if !server.partner.covers(&case.area) || publish::is_private_case(tx, case.id)? {
        return Err(ProblemCode::Forbidden.into());
    }
    Ok(put(app, tx, server, case.id)?)
}

fn put(app: &App, tx: &mut Tx<'_>, server: &Server, case: CaseId) -> Result<bool, StoreError> {
    let now = app.now();
    if !store::begin(tx, server.id(), case, now)? {
        return Ok(false);
    }
    let new = NewDelivery {
        channel: CHANNEL,
        target: server.id().to_owned(),
        case: Some(case),
        about: format!("事项送{}", server.partner.name),
        payload: json!({ "what": REQUEST }),
        not_before: None,
        dedup: Some(format!("open311:{}:{case}", server.id())),
    };
    delivery::enqueue(tx, &app.ids, new, now)?;
    Ok(true)
}

/// Their service for a case.
fn service_of(app: &App, server: &Server, case: &Case) -> Option<String> {
    let category = case.category.as_deref()?;
    match (server.terms.services.get(category), server.terms.service_code) {
        (Some(code), _) => Some(code.clone()),
        (None, CodeStyle::Name) => app.playbooks.current().category(category).map(|category| category.name.clone()),
        (None, CodeStyle::Code) => None,
    }
}

/// Reads the feed: sends what goes by rule, and tells servers what happened to the cases that they have.
pub struct Sender;

impl Consumer for Sender {
    fn name(&self) -> &'static str {
        "open311_send"
    }

    fn take(&self, app: &App, tx: &mut Tx<'_>, event: &Event) -> Result<(), StoreError> {
        if event.stream_kind != "case" {
            return Ok(());
        }
        let Ok(id) = event.stream_id.parse::<CaseId>() else { return Ok(()) };
        for server in app.open311.servers.iter() {
            if store::sent(tx, server.id(), id)?.is_some() {
                if is_for_them(server, event) {
                    put_update(app, tx, server, id, event)?;
                }
            } else if goes_by_rule(app, tx, server, id, event)? {
                put(app, tx, server, id)?;
            }
        }
        Ok(())
    }
}

/// A case goes when it has a category of the rule, lies in the partner's areas, is not private, and did not itself come in by
/// Open311: what one platform hands to another must not come back in a circle.
fn goes_by_rule(app: &App, tx: &mut Tx<'_>, server: &Server, id: CaseId, event: &Event) -> Result<bool, StoreError> {
    let may_begin = ["reported", "accepted", "dispatched", "privacy_changed"].contains(&event.kind.as_str());
    if server.terms.auto.is_empty()
        || !may_begin
        || app.open311.clients.iter().any(|client| event.actor_id.as_deref() == Some(client.id.as_str()))
    {
        return Ok(false);
    }
    let Some(case) = cases::store::load(tx, &Named::Id(id))? else { return Ok(false) };
    let wanted = case.category.as_deref().is_some_and(|category| server.wants(category, &case.area));
    Ok(wanted
        && case.kind == linli_kernel::CaseKind::Request
        && !publish::is_handed_in(tx, id)?
        && !publish::is_private_case(tx, id)?)
}

/// What the reporter adds, what staff say openly, that it is done again, that it is over. Never what came from them.
fn is_for_them(server: &Server, event: &Event) -> bool {
    let is_echo = event.actor_kind == "partner" && event.actor_id.as_deref() == Some(server.id());
    let payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
    let is_open_word = payload.get("public").and_then(Value::as_bool) == Some(true);
    let is_worth_it = match event.kind.as_str() {
        "commented" => event.actor_kind != "staff" || is_open_word,
        "answered" | "reopened" | "closed" | "withdrawn" => true,
        _ => false,
    };
    server.terms.takes_updates && is_worth_it && !is_echo
}

fn put_update(app: &App, tx: &mut Tx<'_>, server: &Server, case: CaseId, event: &Event) -> Result<(), StoreError> {
    let new = NewDelivery {
        channel: CHANNEL,
        target: server.id().to_owned(),
        case: Some(case),
        about: format!("进展送{}", server.partner.name),
        payload: json!({ "what": UPDATE, "n": event.n }),
        not_before: None,
        dedup: Some(format!("open311:{}:{case}:{}", server.id(), event.n)),
    };
    delivery::enqueue(tx, &app.ids, new, app.now()).map(drop)
}

/// Sends.
pub struct Open311Channel;

impl Channel for Open311Channel {
    fn name(&self) -> &'static str {
        CHANNEL
    }

    fn deliver(&self, app: &App, delivery: &Delivery) -> Outcome {
        let refused = |why: &str| Outcome::Refused { why: why.to_owned() };
        let Some(server) = app.open311.servers.get(&delivery.target) else {
            return refused("没有这个对接平台");
        };
        let Some(id) = delivery.case else { return refused("没有事项") };
        let n = delivery.payload.get("n").and_then(Value::as_i64);
        let what = delivery.payload.get("what").and_then(Value::as_str);
        let done = match (what, n) {
            (Some(REQUEST), _) => request(app, server, id),
            (Some(UPDATE), Some(n)) => update(app, server, id, n),
            _ => return refused("读不懂要送什么"),
        };
        done.unwrap_or_else(|error| {
            tracing::warn!(%error, "a delivery of Open311 failed in the database");
            Outcome::Retry { why: "数据库暂时不可用".to_owned(), after_ms: None }
        })
    }
}

fn request(app: &App, server: &Server, id: CaseId) -> Result<Outcome, StoreError> {
    let partner = server.id().to_owned();
    let (sent, case, private) = block_on(app.db.read(move |conn| {
        let sent = store::sent(conn, &partner, id)?;
        let case = cases::store::load(conn, &Named::Id(id))?;
        Ok::<_, StoreError>((sent, case, publish::is_private_case(conn, id)?))
    }))?;
    let Some(case) = case.filter(|_| !private) else {
        return Ok(Outcome::Refused { why: "事项已设为不公开".to_owned() });
    };
    if let Some(known) = sent.and_then(|sent| sent.remote_id.or(sent.token)) {
        return Ok(Outcome::Sent { receipt: Some(known) });
    }
    let Some(service) = service_of(app, server, &case) else {
        return Ok(Outcome::Refused { why: "这个类别没有对应的服务".to_owned() });
    };
    let contact = server.terms.send_contact;
    let open_name = |sealed: &[u8]| app.vault.open_name(NAME_FIELD, sealed).ok().map(|name| name.reveal().to_owned());
    let open_phone =
        |sealed: &[u8]| app.vault.open_phone(PHONE_FIELD, sealed).ok().map(|phone| phone.reveal().to_owned());
    let outgoing = Outgoing {
        service,
        description: case.body.clone(),
        point: case.point,
        address: case.place_text.clone(),
        reference: id.to_string(),
        name: case.reporter.name_sealed.as_deref().filter(|_| contact).and_then(open_name),
        phone: case.reporter.phone_sealed.as_deref().filter(|_| contact).and_then(open_phone),
    };
    let made = match server.send_request(&outgoing) {
        Ok(made) => made,
        Err(failed) => return Ok(failed.into()),
    };
    let (number, token) = match &made {
        Made::Id(number) => (Some(number.clone()), None),
        // Often there is a number a moment later; if not, polling asks again.
        Made::Token(token) => (server.resolve(token).ok().flatten(), Some(token.clone())),
    };
    let (partner, receipt) = (server.id().to_owned(), number.clone().or_else(|| token.clone()));
    block_on(app.db.write(move |tx| store::made(tx, &partner, id, number.as_deref(), token.as_deref())))?;
    Ok(Outcome::Sent { receipt })
}

fn update(app: &App, server: &Server, id: CaseId, n: i64) -> Result<Outcome, StoreError> {
    let partner = server.id().to_owned();
    let (sent, history, status) = block_on(app.db.read(move |conn| {
        let sent = store::sent(conn, &partner, id)?;
        let history = feed::history(conn, "case", &id.to_string())?;
        Ok::<_, StoreError>((sent, history, publish::status_of(conn, id)?))
    }))?;
    let Some(remote_id) = sent.and_then(|sent| sent.remote_id) else {
        return Ok(Outcome::Retry { why: "对方还没有给出编号".to_owned(), after_ms: Some(NUMBER_WAIT_MS) });
    };
    let Some((event, text)) = history.into_iter().find(|(event, _)| event.n == n) else {
        return Ok(Outcome::Refused { why: "没有这条记录".to_owned() });
    };
    let word = match event.kind.as_str() {
        "reopened" => "reopen".to_owned(),
        "closed" => "closed".to_owned(),
        "withdrawn" => "cancelled".to_owned(),
        _ => status.unwrap_or_else(|| "open".to_owned()),
    };
    let said = text.filter(|text| !text.trim().is_empty());
    let update = OutgoingUpdate {
        remote_id,
        update_id: format!("{id}-{n}"),
        reference: id.to_string(),
        at: event.at,
        description: said.unwrap_or_else(|| crate::say::Lang::ZhCn.word("event_short", &event.kind)),
        status: word,
    };
    Ok(match server.send_update(&update) {
        Ok(receipt) => Outcome::Sent { receipt },
        Err(failed) => failed.into(),
    })
}

/// [`hand_over`] of the case that somebody named, for those who may work on it.
///
/// # Errors
/// As [`hand_over`]; `NotFound` for a case or a server that there is not.
pub async fn by_hand(
    app: &App,
    server: String,
    named: Named,
    may: impl Fn(&Case) -> Answer<()> + Send + 'static,
) -> Answer<bool> {
    let with = app.clone();
    app.db
        .write(move |tx| {
            let server = with.open311.servers.get(&server).ok_or_else(|| Refused::from(ProblemCode::NotFound))?;
            let case = cases::store::load_for_change(tx, &named)?.ok_or(ProblemCode::NotFound)?;
            may(&case)?;
            hand_over(&with, tx, server, &case)
        })
        .await
}
