//! Accounts and posts: who works here, as what, until when.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Decision, Grant, Keys, Scope, decide, password, scope, session};
use linli_db::{StoreError, Tx};
use linli_kernel::{AccountId, Actor, AreaCode, Cursor, GrantId, Page, Phone, Problem, ProblemCode, Role, Timestamp};

use super::duty::{PHONE_FIELD, open_phone};
use super::model::{Account, Edit, MAX_NAME, Post, check_name, not_own};
use super::session_http::{GrantView, NewPassword};
use super::store;
use crate::app::App;
use crate::http::{Answer, Body, CommandKey, Path, Query, Refused, Signed, key_scope};
use crate::once;
use crate::say::Lang;

/// The field that seals a password until it has been told: a command that is sent twice tells the same one.
const TOLD_FIELD: &str = "idempotency.password";

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_accounts, open_account))
        .routes(routes!(edit_account))
        .routes(routes!(add_grant))
        .routes(routes!(end_grant))
        .routes(routes!(reset_password))
        .routes(routes!(unlock_account))
}

/// 账号 as answers show it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    /// Which.
    id: AccountId,
    /// The sign-in name.
    name: String,
    /// As colleagues and residents know them.
    display_name: String,
    /// The work phone, masked.
    phone_masked: Option<String>,
    /// Whether it is kept from signing in.
    disabled: bool,
    /// Until when it rests after wrong passwords, if it does now.
    locked_until: Option<Timestamp>,
    /// The posts that it has now, inside the reader's areas.
    grants: Vec<GrantView>,
    /// When it last signed in.
    last_login_at: Option<Timestamp>,
}

impl AccountView {
    /// An account for whoever reads with `reach`.
    fn of(app: &App, account: &Account, reach: &Scope, lang: Lang) -> Self {
        let now = app.now();
        let is_shown = |grant: &&Grant| {
            grant.ends_at.is_none_or(|end| now < end) && reach.reaches(&Keys::of_area(&grant.area)).is_some()
        };
        Self {
            id: account.id,
            name: account.name.clone(),
            display_name: account.display_name.clone(),
            phone_masked: open_phone(&app.vault, account.phone_sealed.clone()).map(|phone| phone.masked()),
            disabled: account.disabled_at.is_some(),
            locked_until: account.locked_until.filter(|until| *until > now),
            grants: account.grants.iter().filter(is_shown).map(|grant| GrantView::of(app, grant, lang)).collect(),
            last_login_at: account.last_login_at,
        }
    }
}

/// What a list of accounts is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListAccounts {
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Part of the sign-in name or the display name.
    q: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Lists the accounts that have a post inside the caller's areas, by sign-in name. Keyset pages.
#[utoipa::path(get, path = "/api/accounts", tag = "people", params(ListAccounts), responses((status = 200, body = inline(Page<AccountView>))), extensions(("x-access" = json!("view_people"))))]
async fn list_accounts(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListAccounts>,
) -> Answer<Json<Page<AccountView>>> {
    let (now, reach) = (app.now(), scope(&caller, Act::ViewPeople));
    let areas = match &wish.area {
        Some(area) => reach.within(area),
        None => reach.keys().map(str::to_owned).collect(),
    };
    let areas: Vec<AreaCode> = areas.iter().filter_map(|key| key.parse().ok()).collect();
    let cursor = Cursor::new(wish.cursor, wish.limit);
    let page = app
        .db
        .read(move |conn| store::list(conn, &areas, wish.q.as_deref(), &cursor, now).map_err(Refused::from))
        .await?;
    let items = page.items.iter().map(|account| AccountView::of(&app, account, &reach, lang)).collect();
    Ok(Json(Page { items, next: page.next }))
}

/// A new account with its first post.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(example = json!({"name": "wangge-007003", "display_name": "李春梅", "phone": "19900000001", "role": "grid_worker", "area_code": "610502005007003"}))]
pub struct NewAccount {
    /// The sign-in name: 3 to 40 letters, digits, Chinese characters, `-`, `_` and `.`.
    name: String,
    /// As colleagues and residents know them, 1 to 40 characters.
    display_name: String,
    /// The work phone; kept encrypted.
    #[serde(default)]
    phone: Option<String>,
    /// What they are to be.
    role: Role,
    /// Where.
    area_code: String,
    /// For which unit; department clerks only.
    #[serde(default)]
    unit_code: Option<String>,
}

/// An account with its first password, which is shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AccountCreated {
    /// The account.
    account: AccountView,
    /// To hand over; the first sign-in demands another one.
    password: String,
}

/// A password that is shown this once.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = NewPassword)]
pub struct PasswordOnce {
    /// To hand over; the next sign-in demands another one.
    password: String,
}

/// What a command that told a password leaves behind, so that a repeated one tells the same.
#[derive(Serialize, Deserialize)]
struct Told {
    account: AccountId,
    sealed: String,
}

impl Told {
    fn of(app: &App, account: AccountId, password: &str) -> Answer<Self> {
        let sealed = app.vault.seal(TOLD_FIELD, password).map_err(|_| Refused::from(ProblemCode::Internal))?;
        Ok(Self { account, sealed: hex::encode(sealed) })
    }

    fn password(&self, app: &App) -> Answer<String> {
        let sealed = hex::decode(&self.sealed).map_err(|_| Refused::from(ProblemCode::Internal))?;
        app.vault.open(TOLD_FIELD, &sealed).map_err(|_| ProblemCode::Internal.into())
    }
}

/// Opens an account with its first post and invents its password, which is shown once.
#[utoipa::path(post, path = "/api/accounts", tag = "people", request_body = NewAccount,
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the account is opened once and the same password is told")),
    responses((status = 201, body = AccountCreated), (status = 403, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_people"))))]
async fn open_account(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    key: CommandKey,
    Body(body): Body<NewAccount>,
) -> Answer<(StatusCode, Json<AccountCreated>)> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"open_account", &request]);
    let (post, actor) = post(&app, &caller, body.role, &body.area_code, body.unit_code)?;
    let name = body.name.trim().to_owned();
    check_name(&name)?;
    let display_name = display_name(&body.display_name)?;
    let phone_sealed = sealed_phone(&app, body.phone.as_deref())?;
    let (password, password_hash) = invented().await?;
    let now = app.now();
    let id = AccountId::new(app.ids.uuid(now));
    let account = Account {
        id,
        name,
        display_name,
        phone_sealed,
        disabled_at: None,
        locked_until: None,
        last_login_at: None,
        version: 1,
        grants: vec![new_grant(&app, post, None, now)],
    };
    let told = Told::of(&app, id, &password)?;
    let told = app
        .db
        .write(move |tx| {
            if let Some(before) = once::outcome::<Told>(tx, key.as_ref())? {
                return Ok(before);
            }
            if store::is_taken(tx, &account.name)? {
                return Err(Problem::new(ProblemCode::AlreadyExists).with("name", account.name.clone()).into());
            }
            tx.commit(account.clone().open(password_hash.clone(), actor.clone(), now))?;
            once::keep(tx, key.as_ref(), &told, now)?;
            Ok::<_, Refused>(Told { account: told.account, sealed: told.sealed.clone() })
        })
        .await?;
    app.posts.forget();
    let password = told.password(&app)?;
    let account = shown(&app, told.account, &caller, lang).await?;
    Ok((StatusCode::CREATED, Json(AccountCreated { account, password })))
}

/// What is to be changed of an account; what is left out stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
pub struct EditAccount {
    /// As colleagues and residents know them, 1 to 40 characters.
    #[serde(default)]
    display_name: Option<String>,
    /// The work phone; an empty text removes it.
    #[serde(default)]
    phone: Option<String>,
    /// Whether it is kept from signing in; its sessions end at once.
    #[serde(default)]
    disabled: Option<bool>,
}

/// Changes an account. Disabling ends all its sessions; the last administrator of an area cannot be disabled.
#[utoipa::path(patch, path = "/api/accounts/{id}", tag = "people", params(("id" = AccountId, Path)), request_body = EditAccount,
    responses((status = 200, body = AccountView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_people"))))]
async fn edit_account(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<AccountId>,
    Body(body): Body<EditAccount>,
) -> Answer<Json<AccountView>> {
    if body.disabled == Some(true) {
        not_own(&caller, id, "disabled")?;
    }
    let edit = Edit {
        display_name: body.display_name.as_deref().map(display_name).transpose()?,
        phone_sealed: body.phone.as_deref().map(|phone| sealed_phone(&app, Some(phone))).transpose()?,
        disabled: body.disabled,
    };
    let now = app.now();
    let ruler = caller.clone();
    app.db
        .write(move |tx| {
            let (account, actor) = ruled(tx, &ruler, id, now)?;
            let administrators = match edit.disabled {
                Some(true) => store::administrators(tx, account.administered())?,
                Some(false) | None => store::administrators(tx, std::iter::empty())?,
            };
            let Some(change) = account.edit(edit.clone(), &administrators, &actor, now)? else { return Ok(()) };
            let account = tx.commit(change)?;
            if account.disabled_at.is_some() {
                session::end_all(tx, id, None)?;
            }
            Ok::<_, Refused>(())
        })
        .await?;
    app.posts.forget();
    Ok(Json(shown(&app, id, &caller, lang).await?))
}

/// A further post.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NewGrant {
    /// What they are to be.
    role: Role,
    /// Where.
    area_code: String,
    /// For which unit; department clerks only.
    #[serde(default)]
    unit_code: Option<String>,
    /// Until when; without it the post lasts until it is ended.
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

/// Gives an account a further post, inside the caller's own areas and never to themself.
#[utoipa::path(post, path = "/api/accounts/{id}/grants", tag = "people", request_body = NewGrant,
    params(("id" = AccountId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the post is given once")),
    responses((status = 201, body = AccountView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_people"))))]
async fn add_grant(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<AccountId>,
    key: CommandKey,
    Body(body): Body<NewGrant>,
) -> Answer<(StatusCode, Json<AccountView>)> {
    let request = serde_json::to_vec(&body).map_err(StoreError::from)?;
    let key = key.of(&key_scope(Some(&caller)), &[b"add_grant", id.to_string().as_bytes(), &request]);
    let now = app.now();
    let (post, actor) = post(&app, &caller, body.role, &body.area_code, body.unit_code)?;
    let grant = new_grant(&app, post, body.expires_at, now);
    let reach = scope(&caller, Act::AdministerPeople);
    app.db
        .write(move |tx| {
            if once::outcome::<GrantId>(tx, key.as_ref())?.is_some() {
                return Ok(());
            }
            let account = store::load_for_change(tx, id)?.ok_or(ProblemCode::NotFound)?;
            if !account.is_seen_by(&reach, now) {
                return Err(Refused::from(ProblemCode::NotFound));
            }
            tx.commit(account.grant(grant.clone(), &actor, now)?)?;
            once::keep(tx, key.as_ref(), &grant.id, now)
        })
        .await?;
    app.posts.forget();
    Ok((StatusCode::CREATED, Json(shown(&app, id, &caller, lang).await?)))
}

/// Ends a post now; it stays in the history. The last administrator of an area stays one.
#[utoipa::path(delete, path = "/api/accounts/{id}/grants/{grant_id}", tag = "people", params(("id" = AccountId, Path), ("grant_id" = GrantId, Path)),
    responses((status = 204), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_people"))))]
async fn end_grant(
    State(app): State<App>,
    Signed(caller): Signed,
    axum::extract::Path((id, grant)): axum::extract::Path<(String, String)>,
) -> Answer<StatusCode> {
    let id: AccountId = id.parse().map_err(|_| ProblemCode::NotFound)?;
    let grant: GrantId = grant.parse().map_err(|_| ProblemCode::NotFound)?;
    let now = app.now();
    app.db
        .write(move |tx| {
            let account = store::load_for_change(tx, id)?.ok_or(ProblemCode::NotFound)?;
            let held = account.grants.iter().find(|held| held.id == grant).ok_or(ProblemCode::NotFound)?;
            let reach = scope(&caller, Act::AdministerPeople);
            let role = reach.reaches(&Keys::of_area(&held.area)).ok_or(ProblemCode::NotFound)?;
            let administrators = store::administrators(tx, std::iter::once(held.area))?;
            if let Some(change) = account.end_grant(grant, &administrators, &caller.acting_as(role), now)? {
                tx.commit(change)?;
            }
            Ok::<_, Refused>(())
        })
        .await?;
    app.posts.forget();
    Ok(StatusCode::NO_CONTENT)
}

/// Invents a new password for someone who lost theirs. All their sessions end; the next sign-in demands another one.
#[utoipa::path(post, path = "/api/accounts/{id}/password", tag = "people",
    params(("id" = AccountId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same key, the same password is told")),
    responses((status = 200, body = PasswordOnce), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_people"))))]
async fn reset_password(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<AccountId>,
    key: CommandKey,
) -> Answer<Json<PasswordOnce>> {
    not_own(&caller, id, "id")?;
    let key = key.of(&key_scope(Some(&caller)), &[b"reset_password", id.to_string().as_bytes()]);
    let (password, hash) = invented().await?;
    let now = app.now();
    let told = Told::of(&app, id, &password)?;
    let told = app
        .db
        .write(move |tx| {
            if let Some(before) = once::outcome::<Told>(tx, key.as_ref())? {
                return Ok(before);
            }
            let (account, actor) = ruled(tx, &caller, id, now)?;
            let set = NewPassword { account: account.id, hash: hash.clone(), must_change: true };
            tx.commit(set.change("password_reset", actor, now))?;
            session::end_all(tx, id, None)?;
            once::keep(tx, key.as_ref(), &told, now)?;
            Ok::<_, Refused>(Told { account: told.account, sealed: told.sealed.clone() })
        })
        .await?;
    Ok(Json(PasswordOnce { password: told.password(&app)? }))
}

/// Ends the rest of an account that had five wrong passwords in a row.
#[utoipa::path(post, path = "/api/accounts/{id}/unlock", tag = "people", params(("id" = AccountId, Path)),
    responses((status = 200, body = AccountView), (status = 403, body = crate::http::ProblemBody), (status = 404, body = crate::http::ProblemBody)),
    extensions(("x-access" = json!("administer_people"))))]
async fn unlock_account(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<AccountId>,
) -> Answer<Json<AccountView>> {
    let now = app.now();
    let ruler = caller.clone();
    app.db
        .write(move |tx| {
            let (account, actor) = ruled(tx, &ruler, id, now)?;
            if let Some(change) = account.unlock(&actor, now) {
                tx.commit(change)?;
            }
            Ok::<_, Refused>(())
        })
        .await?;
    Ok(Json(shown(&app, id, &caller, lang).await?))
}

/// Loads an account that the caller may change as a whole: 404 when they may not know of it, 403 when it has posts elsewhere.
fn ruled(tx: &mut Tx<'_>, caller: &Caller, id: AccountId, now: Timestamp) -> Answer<(Account, Actor)> {
    let account = store::load_for_change(tx, id)?.ok_or(ProblemCode::NotFound)?;
    match account.is_ruled_by(&scope(caller, Act::AdministerPeople), now) {
        Some(role) => Ok((account, caller.acting_as(role))),
        None if account.is_seen_by(&scope(caller, Act::ViewPeople), now) => Err(ProblemCode::Forbidden.into()),
        None => Err(ProblemCode::NotFound.into()),
    }
}

/// A post that the caller may give: a known area of their own, and a role that fits it.
fn post(app: &App, caller: &Caller, role: Role, area: &str, unit: Option<String>) -> Answer<(Post, Actor)> {
    let area = AreaCode::parse(area).ok().filter(|code| app.areas().get(code).is_some());
    let area = area.ok_or_else(|| Refused::from(Problem::field("area_code", "unknown_area")))?;
    let Decision::Allowed(by) = decide(caller, Act::AdministerPeople, &Keys::of_area(&area)) else {
        return Err(ProblemCode::Forbidden.into());
    };
    let post = Post { role, area, unit: unit.filter(|code| !code.is_empty()) };
    post.check(&app.playbooks.current())?;
    Ok((post, caller.acting_as(by)))
}

fn new_grant(app: &App, post: Post, ends_at: Option<Timestamp>, now: Timestamp) -> Grant {
    let id = GrantId::new(app.ids.uuid(now));
    Grant { id, role: post.role, area: post.area, unit: post.unit, starts_at: now, ends_at }
}

fn display_name(text: &str) -> Answer<String> {
    let name = text.trim().replace('\0', "");
    match name.chars().count() {
        0 => Err(Problem::field("display_name", "required").into()),
        n if n > MAX_NAME => Err(Problem::field("display_name", "too_long").with("max", MAX_NAME.to_string()).into()),
        _ => Ok(name),
    }
}

/// A phone for its column; an empty text is none.
fn sealed_phone(app: &App, text: Option<&str>) -> Answer<Option<Vec<u8>>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let phone = Phone::parse(text).map_err(|_| Problem::field("phone", "bad_phone"))?;
    let sealed = app.vault.seal_phone(PHONE_FIELD, &phone).map_err(|_| Refused::from(ProblemCode::Internal))?;
    Ok(Some(sealed))
}

/// A password to tell once, and its hash, made off the async threads.
async fn invented() -> Answer<(String, String)> {
    let made = tokio::task::spawn_blocking(|| {
        let password = password::invent().ok()?;
        let hash = password::hash(&password).ok()?;
        Some((password, hash))
    });
    made.await.ok().flatten().ok_or_else(|| ProblemCode::Internal.into())
}

async fn shown(app: &App, id: AccountId, caller: &Caller, lang: Lang) -> Answer<AccountView> {
    let account = app.db.read(move |conn| store::load(conn, id).map_err(Refused::from)).await?;
    let account = account.ok_or(ProblemCode::NotFound)?;
    Ok(AccountView::of(app, &account, &scope(caller, Act::ViewPeople), lang))
}
