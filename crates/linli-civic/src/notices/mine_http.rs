//! One's own notices, and how one wants to be told.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_db::StoreError;
use linli_kernel::{AccountId, Cursor, Problem, PublicCode, Timestamp};
use linli_playbook::{NoticeWay, Quiet};

use super::channels::push::{self, origin_of};
use super::choice::{self, Choice, Subscription};
use super::model::is_email;
use super::store;
use crate::app::App;
use crate::http::{Answer, Body, Query, Refused, Signed};
use crate::partners::PartnerKind;
use crate::people::duty;
use crate::say::Lang;

/// The routes of one's own notices.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_my_notices))
        .routes(routes!(mark_notices_read))
        .routes(routes!(show_notice_settings, change_notice_settings))
        .routes(routes!(subscribe_browser))
        .routes(routes!(unsubscribe_browser))
}

/// Which of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListNotices {
    /// Only those that were not opened.
    #[serde(default)]
    unread: bool,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// 消息: what the bell shows.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MyNotice {
    /// Which.
    id: String,
    /// The first line.
    title: String,
    /// What is said.
    text: String,
    /// The case to open.
    #[schema(value_type = Option<PublicCode>)]
    case_code: Option<String>,
    /// Whether it was not opened yet; nobody else is shown this.
    unread: bool,
    /// When.
    at: Timestamp,
}

/// One page of the bell.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MyNotices {
    /// The newest first.
    items: Vec<MyNotice>,
    /// How many were not opened; 1000 means that many or more.
    n_unread: i64,
    /// Pass as `cursor` for the next page; `null` on the last one.
    next: Option<String>,
}

/// Lists one's own notices, newest first. Keyset pages.
#[utoipa::path(get, path = "/api/notices", tag = "notices", params(ListNotices), responses((status = 200, body = MyNotices)), extensions(("x-access" = json!("signed_in"))))]
async fn list_my_notices(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(wish): Query<ListNotices>,
) -> Answer<Json<MyNotices>> {
    let cursor = Cursor::new(wish.cursor, wish.limit);
    let read = app.db.read(move |conn| {
        let n_unread = store::n_unread(conn, caller.account)?;
        let found = store::mine(conn, caller.account, wish.unread, &cursor)?;
        let page = cursor.page(found, |logged| logged.n.to_string());
        let item = |logged: store::Logged| MyNotice {
            id: logged.id,
            title: logged.title,
            text: logged.said,
            case_code: logged.case_code,
            unread: logged.unread,
            at: logged.at,
        };
        Ok::<_, Refused>(MyNotices { items: page.items.into_iter().map(item).collect(), n_unread, next: page.next })
    });
    Ok(Json(read.await?))
}

/// What was opened.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct MarkRead {
    /// These; all without it.
    #[serde(default)]
    ids: Option<Vec<String>>,
}

/// Most ids of one request.
const MOST_IDS: usize = 200;

/// Marks one's own notices as opened. No time is kept, and nobody else is shown it.
#[utoipa::path(post, path = "/api/notices/read", tag = "notices", request_body = MarkRead, responses((status = 204), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn mark_notices_read(
    State(app): State<App>,
    Signed(caller): Signed,
    Body(body): Body<MarkRead>,
) -> Answer<StatusCode> {
    if body.ids.as_ref().is_some_and(|ids| ids.len() > MOST_IDS) {
        return Err(Problem::field("ids", "too_long").into());
    }
    let write =
        app.db.write(move |tx| store::mark_read(tx, caller.account, body.ids.as_deref()).map_err(Refused::from));
    write.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One way of being told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WaySetting {
    /// Which.
    way: NoticeWay,
    /// In words.
    name: String,
    /// Whether it is switched on.
    on: bool,
    /// Whether this instance can do it.
    possible: bool,
    /// Whereto, masked; `null` when there is no address.
    address_masked: Option<String>,
}

/// How somebody wants to be told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct NoticeSettings {
    /// The ways; the bell of desk and field is always there.
    ways: Vec<WaySetting>,
    /// From when they are left in peace, `22:00`; `null` for the usual time.
    quiet_from: Option<String>,
    /// Until when.
    quiet_to: Option<String>,
    /// The usual time of peace, as the playbook says.
    usual_quiet: Option<String>,
    /// The public key to subscribe a browser with; `null` when this instance sends nothing to browsers.
    push_key: Option<String>,
}

/// Shows how one is told of news.
#[utoipa::path(get, path = "/api/notices/settings", tag = "notices", responses((status = 200, body = NoticeSettings)), extensions(("x-access" = json!("signed_in"))))]
async fn show_notice_settings(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
) -> Answer<Json<NoticeSettings>> {
    Ok(Json(settings(&app, caller.account, lang).await?))
}

async fn settings(app: &App, account: AccountId, lang: Lang) -> Answer<NoticeSettings> {
    let with = app.clone();
    let read = app.db.read(move |conn| {
        let choice = choice::of(conn, &with.vault, account)?;
        let phone =
            duty::people(conn, &with.vault, &[account].into())?.remove(&account).and_then(|person| person.phone);
        let browsers = choice::subscriptions(conn, &with.vault, account)?;
        let way = |way: NoticeWay, kind: PartnerKind, address_masked: Option<String>| WaySetting {
            way,
            name: lang.word("notice_way", way.as_str()),
            on: !choice.off.contains(&way),
            possible: with.partners.of(kind).next().is_some(),
            address_masked,
        };
        let hosts =
            (!browsers.is_empty()).then(|| lang.say("notice_text.browsers", &[("n", &browsers.len().to_string())]));
        Ok::<_, Refused>(NoticeSettings {
            ways: vec![
                way(NoticeWay::WebPush, PartnerKind::WebPush, hosts),
                way(NoticeWay::Sms, PartnerKind::Sms, phone.map(|phone| phone.masked())),
                way(NoticeWay::Email, PartnerKind::Smtp, choice.email.as_deref().map(super::model::masked_email)),
            ],
            quiet_from: choice.quiet.map(|quiet| clock(quiet.from_minute)),
            quiet_to: choice.quiet.map(|quiet| clock(quiet.to_minute)),
            usual_quiet: with
                .playbooks
                .current()
                .notices
                .quiet
                .map(|quiet| format!("{}–{}", clock(quiet.from_minute), clock(quiet.to_minute))),
            push_key: push::public_key(&with),
        })
    });
    read.await
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// How somebody wants to be told; what is left out stays as it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"off": ["sms"], "quiet_from": "21:30", "quiet_to": "07:30"}))]
pub struct ChangeNoticeSettings {
    /// Ways that are switched off.
    #[serde(default)]
    off: Option<Vec<NoticeWay>>,
    /// From when they are left in peace; with `quiet_to`. Empty for the usual time.
    #[serde(default)]
    quiet_from: Option<String>,
    /// Until when.
    #[serde(default)]
    quiet_to: Option<String>,
    /// Where to write them; empty for nowhere.
    #[serde(default)]
    email: Option<String>,
}

/// Changes how one is told of news.
#[utoipa::path(patch, path = "/api/notices/settings", tag = "notices", request_body = ChangeNoticeSettings, responses((status = 200, body = NoticeSettings), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn change_notice_settings(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<ChangeNoticeSettings>,
) -> Answer<Json<NoticeSettings>> {
    let quiet = match (&body.quiet_from, &body.quiet_to) {
        (None, None) => None,
        (Some(from), Some(to)) if from.is_empty() && to.is_empty() => Some(None),
        (from, to) => Some(Some(Quiet {
            from_minute: minute("quiet_from", from.as_deref())?,
            to_minute: minute("quiet_to", to.as_deref())?,
        })),
    };
    let email = body.email.as_deref().map(str::trim);
    if email.is_some_and(|email| !email.is_empty() && !is_email(email)) {
        return Err(Problem::field("email", "email").into());
    }
    let (with, email) = (app.clone(), email.map(|email| Some(email.to_owned()).filter(|email| !email.is_empty())));
    let write = app.db.write(move |tx| {
        let mut choice: Choice = choice::of(tx, &with.vault, caller.account)?;
        if let Some(off) = &body.off {
            choice.off = off.iter().copied().filter(|way| *way != NoticeWay::InApp).collect();
        }
        if let Some(quiet) = quiet {
            choice.quiet = quiet;
        }
        if let Some(email) = &email {
            choice.email.clone_from(email);
        }
        choice::keep(tx, &with.vault, caller.account, &choice).map_err(Refused::from)
    });
    write.await?;
    Ok(Json(settings(&app, caller.account, lang).await?))
}

fn minute(field: &'static str, text: Option<&str>) -> Answer<u32> {
    let read = text.and_then(|text| {
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    });
    read.ok_or_else(|| Problem::field(field, "time").into())
}

/// A browser that is to show notices, as its Push API describes it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct SubscribeBrowser {
    /// Where to send to.
    endpoint: String,
    /// Its keys.
    keys: BrowserKeys,
}

/// The keys of a browser, base64url.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct BrowserKeys {
    /// Its public key.
    p256dh: String,
    /// The shared secret.
    auth: String,
}

/// Longest address of a browser. Unit: bytes.
const MOST_ENDPOINT: usize = 2_000;

/// Shows one's notices in this browser from now on.
#[utoipa::path(post, path = "/api/notices/browsers", tag = "notices", request_body = SubscribeBrowser, responses((status = 204), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn subscribe_browser(
    State(app): State<App>,
    Signed(caller): Signed,
    Body(body): Body<SubscribeBrowser>,
) -> Answer<StatusCode> {
    let partner = app.partners.of(PartnerKind::WebPush).next().ok_or_else(|| Problem::field("endpoint", "unknown"))?;
    let origin = origin_of(&body.endpoint).filter(|_| body.endpoint.len() <= MOST_ENDPOINT);
    let host = origin.and_then(|origin| {
        let is_safe = origin.starts_with("https://") || partner.allow_private;
        origin.split_once("://").map(|(_, host)| host.to_owned()).filter(|_| is_safe)
    });
    let Some(host) = host else { return Err(Problem::field("endpoint", "unknown").into()) };
    if body.keys.p256dh.len() > 200 || body.keys.auth.len() > 100 {
        return Err(Problem::field("keys", "too_long").into());
    }
    let subscription = Subscription { endpoint: body.endpoint, p256dh: body.keys.p256dh, auth: body.keys.auth };
    let (with, now) = (app.clone(), app.now());
    let id = app.ids.uuid(now);
    let write = app.db.write(move |tx| {
        choice::subscribe(tx, &with.vault, id, caller.account, &host, &subscription, now).map_err(Refused::from)
    });
    write.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A browser that is to show no notices any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct UnsubscribeBrowser {
    /// Its address.
    endpoint: String,
}

/// Shows no notices in this browser any more.
#[utoipa::path(post, path = "/api/notices/browsers/remove", tag = "notices", request_body = UnsubscribeBrowser, responses((status = 204)), extensions(("x-access" = json!("signed_in"))))]
async fn unsubscribe_browser(
    State(app): State<App>,
    Signed(caller): Signed,
    Body(body): Body<UnsubscribeBrowser>,
) -> Answer<StatusCode> {
    let with = app.clone();
    let write = app.db.write(move |tx| choice::unsubscribe(tx, &with.vault, caller.account, &body.endpoint));
    write.await.map_err(|error: StoreError| Refused::from(error))?;
    Ok(StatusCode::NO_CONTENT)
}
