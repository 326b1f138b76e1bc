//! Enrolling phones, taking what they send, answering what they ask.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use linli_access::{Act, Caller, scope, session};
use linli_db::{Conn, Tx};
use linli_kernel::{AccountId, Actor, DeviceId, Problem, ProblemCode, Role, Timestamp};

use super::cursor::Cursor;
use super::model::{Device, LEASE_MS, MOST_COMMANDS, Outcome, SyncCommand};
use super::pull::{self, Ask, PAGE_ROWS, Page};
use super::push::{self, From};
use super::store::{self, SHARE_FIELD};
use crate::app::App;
use crate::http::{Answer, Body, Path, Query, Refused, Signed};
use crate::people;
use crate::people::cookie::{is_https, phone_mark, set_cookie, token_of};
use crate::say::Lang;

/// Most phones of an account that are not revoked.
const MOST_DEVICES: usize = 10;
/// Longest name of a phone. Unit: characters.
const MAX_NAME: usize = 50;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_devices, enrol_device))
        .routes(routes!(list_devices_of_account))
        .routes(routes!(revoke_device))
        .routes(routes!(show_device_state))
        .routes(routes!(unlock_device))
        .routes(routes!(push_commands))
        .routes(routes!(pull_rows))
}

/// 设备
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Device)]
pub struct DeviceView {
    /// Which.
    id: DeviceId,
    /// As its owner calls it.
    name: String,
    /// Since when.
    enrolled_at: Timestamp,
    /// Its last sign of life.
    last_seen_at: Option<Timestamp>,
    /// Until when it may open what lies on it without asking.
    lease_until: Option<Timestamp>,
    /// When it was taken away.
    revoked_at: Option<Timestamp>,
    /// The number of the command that is awaited from it.
    next_seq: i64,
}

impl DeviceView {
    fn of(device: Device) -> Self {
        Self {
            id: device.id,
            name: device.name,
            enrolled_at: device.enrolled_at,
            last_seen_at: device.last_seen_at,
            lease_until: device.lease_until,
            revoked_at: device.revoked_at,
            next_seq: device.next_seq,
        }
    }
}

/// Every phone of an account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceList {
    /// The newest first; those that were taken away too.
    items: Vec<DeviceView>,
}

/// Lists one's own phones.
#[utoipa::path(get, path = "/api/sync/devices", tag = "sync", responses((status = 200, body = DeviceList)), extensions(("x-access" = json!("signed_in"))))]
async fn list_devices(State(app): State<App>, Signed(caller): Signed) -> Answer<Json<DeviceList>> {
    let devices = app.db.read(move |conn| store::devices_of(conn, caller.account).map_err(Refused::from)).await?;
    Ok(Json(DeviceList { items: devices.into_iter().map(DeviceView::of).collect() }))
}

/// Lists the phones of an account that the caller administers: one that was lost is taken away here.
#[utoipa::path(get, path = "/api/accounts/{id}/devices", tag = "sync", params(("id" = AccountId, Path)),
    responses((status = 200, body = DeviceList), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("administer_people"))))]
async fn list_devices_of_account(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(account): Path<AccountId>,
) -> Answer<Json<DeviceList>> {
    let now = app.now();
    let devices = app.db.read(move |conn| {
        administering(conn, &caller, account, now)?;
        Ok::<_, Refused>(store::devices_of(conn, account)?)
    });
    Ok(Json(DeviceList { items: devices.await?.into_iter().map(DeviceView::of).collect() }))
}

/// The role by which `caller` administers an account; 404 when they do not.
fn administering(conn: &mut Conn, caller: &Caller, account: AccountId, now: Timestamp) -> Answer<Role> {
    let reach = scope(caller, Act::AdministerPeople);
    let found = people::store::load(conn, account)?.ok_or(ProblemCode::NotFound)?;
    if !found.is_seen_by(&reach, now) {
        return Err(ProblemCode::NotFound.into());
    }
    reach.any_role().ok_or_else(|| ProblemCode::NotFound.into())
}

/// A phone that is to be enrolled.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EnrolDevice {
    /// As its owner calls it, 1 to 50 characters.
    #[schema(example = "我的手机")]
    name: String,
}

/// Enrols a phone for whoever is signed in. Another person on the same phone enrols it again: each has their own outbox.
#[utoipa::path(post, path = "/api/sync/devices", tag = "sync", request_body = EnrolDevice,
    responses((status = 201, body = DeviceView), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn enrol_device(
    State(app): State<App>,
    headers: HeaderMap,
    Signed(caller): Signed,
    Body(body): Body<EnrolDevice>,
) -> Answer<Response> {
    let name = body.name.trim().replace('\0', "");
    match name.chars().count() {
        0 => return Err(Problem::field("name", "required").into()),
        n if n > MAX_NAME => return Err(Problem::field("name", "too_long").with("max", MAX_NAME.to_string()).into()),
        _ => {}
    }
    let mut share = [0_u8; 32];
    app.ids.fill(&mut share);
    let sealed = app.vault.seal(SHARE_FIELD, &STANDARD.encode(share));
    let device = Device {
        id: DeviceId::new(app.ids.uuid(app.now())),
        account: caller.account,
        name,
        share_sealed: sealed.map_err(|_| Refused::from(ProblemCode::Internal))?,
        enrolled_at: app.now(),
        last_seen_at: None,
        lease_until: None,
        revoked_at: None,
        next_seq: 1,
        n_pulls: 0,
        version: 0,
    };
    let role = caller.grants.first().map_or(Role::GridWorker, |grant| grant.role);
    let actor = caller.acting_as(role);
    let token = token_of(&headers);
    let enrolled = app.db.write(move |tx| {
        let known = store::devices_of(tx, device.account)?;
        if known.iter().filter(|known| known.revoked_at.is_none()).count() >= MOST_DEVICES {
            return Err(Refused::from(Problem::field("name", "too_many").with("max", MOST_DEVICES.to_string())));
        }
        let enrolled = tx.commit(device.clone().enrol(actor.clone()))?;
        let life = belongs_to(tx, token.as_ref(), enrolled.id, enrolled.enrolled_at)?;
        Ok((enrolled, life))
    });
    let (enrolled, life) = enrolled.await?;
    let response = (StatusCode::CREATED, Json(DeviceView::of(enrolled))).into_response();
    Ok(with_cookies(&app, &headers, (caller.account, life), response))
}

/// From now on a session is that of a phone; how long it still lasts. Unit: ms.
fn belongs_to(
    tx: &mut Tx<'_>,
    token: Option<&session::Token>,
    device: DeviceId,
    now: Timestamp,
) -> Answer<Option<i64>> {
    let life = token.map(|token| session::belongs_to(tx, token, device, now)).transpose()?;
    Ok(life.flatten())
}

/// The browser keeps the session of a phone for as long as it lasts, and that there is a phone of this account.
fn with_cookies(
    app: &App,
    headers: &HeaderMap,
    (account, life): (AccountId, Option<i64>),
    mut response: Response,
) -> Response {
    let secure = is_https(app, headers);
    if let (Some(token), Some(life)) = (token_of(headers), life) {
        set_cookie(&mut response, &token.cookie(secure, life));
    }
    set_cookie(&mut response, &phone_mark(account, secure));
    response
}

/// Takes a phone away: it gets no row and no key any more, what lies on it cannot be opened, and every session of its owner ends but
/// the caller's own. By its owner, or by who administers the owner's account.
#[utoipa::path(post, path = "/api/sync/devices/{id}/revoke", tag = "sync", params(("id" = DeviceId, Path)),
    responses((status = 204), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn revoke_device(
    State(app): State<App>,
    headers: HeaderMap,
    Signed(caller): Signed,
    Path(id): Path<DeviceId>,
) -> Answer<StatusCode> {
    let (now, token) = (app.now(), token_of(&headers));
    app.db
        .write(move |tx| {
            let device = store::device_for_change(tx, id)?.ok_or(ProblemCode::NotFound)?;
            let actor = revoking(tx, &caller, &device, now)?;
            let account = device.account;
            if let Some(change) = device.revoke(actor, now) {
                tx.commit(change)?;
            }
            session::end_all(tx, account, token.as_ref())?;
            Ok::<_, Refused>(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says whether a phone was taken away, to the phone itself: its session ended with it, and it must know that it has to be wiped.
/// Whoever asks has its id, which nobody can guess.
#[utoipa::path(get, path = "/api/sync/devices/{id}/state", tag = "sync", params(("id" = DeviceId, Path)),
    responses((status = 204), (status = 404, body = crate::http::ProblemBody), (status = 410, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn show_device_state(State(app): State<App>, Path(id): Path<DeviceId>) -> Answer<StatusCode> {
    let found = app.db.read(move |conn| store::device(conn, id).map_err(Refused::from)).await?;
    match found.ok_or(ProblemCode::NotFound)?.revoked_at {
        Some(_) => Err(ProblemCode::DeviceRevoked.into()),
        None => Ok(StatusCode::NO_CONTENT),
    }
}

fn revoking(conn: &mut Conn, caller: &Caller, device: &Device, now: Timestamp) -> Answer<Actor> {
    if device.account == caller.account {
        let role = caller.grants.first().map_or(Role::GridWorker, |grant| grant.role);
        return Ok(caller.acting_as(role));
    }
    Ok(caller.acting_as(administering(conn, caller, device.account, now)?))
}

/// Which phone asks.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct UnlockDevice {
    /// Which.
    #[schema(value_type = DeviceId)]
    device_id: DeviceId,
}

/// Our half of a phone's key.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceShare {
    /// 32 bytes in base64. With what the PIN gives, it opens the key of what lies on the phone.
    share: String,
    /// Until when the phone may use it without asking again.
    lease_until: Timestamp,
}

/// Lends our half of the key of what lies on a phone, for 72 hours. To its owner and to a phone that was not taken away alone.
#[utoipa::path(post, path = "/api/sync/unlock", tag = "sync", request_body = UnlockDevice,
    responses((status = 200, body = DeviceShare), (status = 404, body = crate::http::ProblemBody), (status = 410, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn unlock_device(
    State(app): State<App>,
    headers: HeaderMap,
    Signed(caller): Signed,
    Body(body): Body<UnlockDevice>,
) -> Answer<Response> {
    let (now, token) = (app.now(), token_of(&headers));
    let lease_until = now.plus_ms(LEASE_MS);
    let device = app.db.write(move |tx| {
        let device = store::device_for_change(tx, body.device_id)?.filter(|device| device.account == caller.account);
        let device = device.ok_or(ProblemCode::NotFound)?;
        if device.revoked_at.is_some() {
            return Err(Refused::from(ProblemCode::DeviceRevoked));
        }
        store::lend(tx, device.id, now, lease_until)?;
        let life = belongs_to(tx, token.as_ref(), device.id, now)?;
        Ok((device, life))
    });
    let (device, life) = device.await?;
    let share = app.vault.open(SHARE_FIELD, &device.share_sealed);
    let share = share.map_err(|_| Refused::from(ProblemCode::Internal))?;
    let response = Json(DeviceShare { share, lease_until }).into_response();
    Ok(with_cookies(&app, &headers, (device.account, life), response))
}

/// What a phone sends.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct PushCommands {
    /// At most 50, all of one phone.
    commands: Vec<SyncCommand>,
}

/// What became of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PushResults {
    /// One for each command that was sent, and for those that waited and whose turn came.
    results: Vec<PushResult>,
    /// The number of the command that is awaited now.
    next_seq: i64,
    /// The server's time.
    server_time: Timestamp,
}

/// What became of one command.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PushResult {
    /// Which.
    op_id: Uuid,
    /// Its number.
    device_seq: u32,
    /// Sent again, the same.
    #[schema(value_type = Outcome)]
    outcome: Value,
}

/// Takes what a phone noted while it had no network. Each command is done once, however often it is sent; those of one phone are
/// done in their order, and one that comes too early is held until the missing ones are here.
#[utoipa::path(post, path = "/api/sync/push", tag = "sync", request_body = PushCommands,
    responses((status = 200, body = PushResults), (status = 404, body = crate::http::ProblemBody), (status = 410, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn push_commands(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Body(body): Body<PushCommands>,
) -> Answer<Json<PushResults>> {
    let device = checked(&body.commands)?;
    let from = From { caller, device, lang };
    let pushed = push::push(&app, &from, body.commands).await?;
    let results = pushed.results.into_iter().map(|answered| PushResult {
        op_id: answered.op_id,
        device_seq: answered.device_seq,
        outcome: answered.outcome,
    });
    Ok(Json(PushResults { results: results.collect(), next_seq: pushed.next_seq, server_time: app.now() }))
}

/// The one phone that sends.
fn checked(commands: &[SyncCommand]) -> Answer<DeviceId> {
    let first = commands.first().ok_or_else(|| Problem::field("commands", "required"))?;
    if commands.len() > MOST_COMMANDS {
        return Err(Problem::field("commands", "too_many").with("max", MOST_COMMANDS.to_string()).into());
    }
    for (n, command) in commands.iter().enumerate() {
        if command.device_id != first.device_id {
            return Err(Problem::field(format!("commands.{n}.device_id"), "unknown").into());
        }
        if command.device_seq == 0 {
            return Err(Problem::field(format!("commands.{n}.device_seq"), "unknown").into());
        }
    }
    Ok(first.device_id)
}

/// What a phone asks for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct PullRows {
    /// The phone.
    device: DeviceId,
    /// `next_cursor` of the page before; everything without one.
    cursor: Option<String>,
    /// Rows wanted, at most 500.
    limit: Option<usize>,
}

/// Gives a phone what changed since it last asked, within what its owner sees: first what to take off it, then rows. At most
/// 500 rows or 512 kB a page, 5,000 rows or 8 MB in all.
#[utoipa::path(get, path = "/api/sync/pull", tag = "sync", params(PullRows),
    responses((status = 200, body = Page), (status = 404, body = crate::http::ProblemBody), (status = 410, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn pull_rows(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<PullRows>,
) -> Answer<Json<Page>> {
    let cursor = wish.cursor.as_deref().and_then(Cursor::parse);
    let limit = wish.limit.unwrap_or(PAGE_ROWS);
    let ask = Ask { caller, device: wish.device, cursor, limit, lang };
    Ok(Json(pull::pull(&app, ask).await?))
}
