//! Signing in and out, and the caller's own account.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, Grant, password, scope, session};
use linli_db::{Store, StoreError, Writer, params};
use linli_kernel::{
    AccountId, Actor, AreaCode, Change, GrantId, NewEvent, Problem, ProblemCode, Role, Stream, StreamKind, Timestamp,
};

use super::cookie::{is_https, set_cookie, token_of};
use super::view::UnitRef;
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Body, Origin, Refused, Signed, same_site};
use crate::say::Lang;

/// The routes of signing in.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(sign_in, show_me, sign_out)).routes(routes!(change_password))
}

/// Name and password.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct SignIn {
    /// The sign-in name.
    name: String,
    /// The password.
    password: String,
}

/// 授权 as answers name it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Grant)]
pub struct GrantView {
    /// Which.
    pub id: GrantId,
    /// What they are.
    pub role: Role,
    /// In words.
    pub role_name: String,
    /// Where.
    pub area: AreaRef,
    /// The unit that they work for.
    pub unit: Option<UnitRef>,
    /// Until when; `null` while it lasts.
    pub expires_at: Option<Timestamp>,
}

impl GrantView {
    /// A grant in words.
    #[must_use]
    pub fn of(app: &App, grant: &Grant, lang: Lang) -> Self {
        let areas = app.areas();
        let book = app.playbooks.current();
        let unit = grant.unit.as_ref().map(|code| UnitRef {
            code: code.clone(),
            name: book.unit(code).map_or_else(|| code.clone(), |unit| unit.name.clone()),
        });
        Self {
            id: grant.id,
            role: grant.role,
            role_name: lang.word("role", grant.role.as_str()),
            area: areas.reference(&grant.area),
            unit,
            expires_at: grant.ends_at,
        }
    }
}

/// Something that whoever works here should know.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Warning {
    /// A stable code: `calendar_missing`.
    code: String,
    /// In the reader's language.
    text: String,
}

/// A face that the caller works with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// 网格员端
    Field,
    /// 工作台
    Desk,
    /// 一图
    Wall,
}

/// The signed-in caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Me {
    /// The account.
    id: AccountId,
    /// The sign-in name.
    name: String,
    /// As colleagues know them.
    display_name: String,
    /// What they are, where.
    grants: Vec<GrantView>,
    /// The faces that they work with, the first one first.
    faces: Vec<Face>,
    /// Acts that they may do somewhere.
    may: Vec<String>,
    /// The area that their pages begin with; `null` where no area is loaded yet.
    home_area: Option<AreaRef>,
    /// Whether a new password is due before anything else.
    must_change_password: bool,
    /// What they should know.
    warnings: Vec<Warning>,
}

/// Signs in: sets the session cookie. Five wrong passwords in a row, and the account rests for 30 minutes.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = Me), (status = 401, body = crate::http::ProblemBody), (status = 423, body = crate::http::ProblemBody)), extensions(("x-access" = json!("public"))))]
async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    origin: Origin,
    lang: Lang,
    Body(body): Body<SignIn>,
) -> Answer<Response> {
    let now = app.now();
    // Signing a stranger in unawares is a forgery too.
    same_site(&headers)?;
    app.limits.take(origin, now)?;
    let name = body.name.trim().to_owned();
    let account = app.db.read(move |conn| Login::find(conn, &name).map_err(Refused::from)).await?;
    let hash = account.as_ref().map_or_else(|| password::NOBODY.to_owned(), |account| account.password_hash.clone());
    let right = app.slowly(move || password::verify(&body.password, &hash)).await?;
    let Some(account) = account else { return Err(ProblemCode::WrongPassword.into()) };
    if let Some(until) = account.locked_until.filter(|until| *until > now) {
        return Err(Problem::new(ProblemCode::AccountLocked).with("until", clock_time(until)).into());
    }
    if !right {
        let locked = app
            .db
            .write({
                let account = account.clone();
                move |tx| account.failed(tx, now).map_err(Refused::from)
            })
            .await?;
        return Err(match locked {
            Some(until) => Problem::new(ProblemCode::AccountLocked).with("until", clock_time(until)).into(),
            None => ProblemCode::WrongPassword.into(),
        });
    }
    if account.disabled {
        return Err(ProblemCode::AccountDisabled.into());
    }
    let token = session::Token::new().map_err(|_| Refused::from(ProblemCode::Internal))?;
    let caller = {
        let (account, token) = (account.clone(), token.clone());
        app.db
            .write(move |tx| {
                if let Some(until) = account.rests(tx, now)? {
                    return Err(Problem::new(ProblemCode::AccountLocked).with("until", clock_time(until)).into());
                }
                account.succeeded(tx, now)?;
                session::start(tx, &token, account.id, now)?;
                let found = session::look_up(tx, &token, now)?;
                found.map(|(caller, _)| caller).ok_or_else(|| Refused::from(ProblemCode::Internal))
            })
            .await?
    };
    let mut response = Json(me(&app, &caller, lang)).into_response();
    set_cookie(&mut response, &token.cookie(is_https(&app, &headers), session::LIFE_MS));
    Ok(response)
}

/// Tells who is signed in.
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Me), (status = 401, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn show_me(State(app): State<App>, Signed(caller): Signed, lang: Lang) -> Json<Me> {
    Json(me(&app, &caller, lang))
}

/// Signs out: the session ends on the server too.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204)), extensions(("x-access" = json!("signed_in"))))]
async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Answer<Response> {
    if let Some(token) = token_of(&headers) {
        app.db.write(move |tx| session::end(tx, &token).map_err(Refused::from)).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &session::Token::no_cookie(is_https(&app, &headers)));
    Ok(response)
}

/// The old password and the new one.
#[derive(Deserialize, utoipa::ToSchema)]
pub struct ChangePassword {
    /// The present password.
    old: String,
    /// The new one: at least 10 characters of two kinds, not a common one, not the name.
    new: String,
}

/// Changes the caller's own password; every other session of theirs ends.
#[utoipa::path(post, path = "/api/session/password", tag = "session", request_body = ChangePassword,
    responses((status = 204), (status = 401, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("signed_in"))))]
async fn change_password(
    State(app): State<App>,
    headers: HeaderMap,
    Signed(caller): Signed,
    Body(body): Body<ChangePassword>,
) -> Answer<StatusCode> {
    check_password(&body.new, &caller.name, "new")?;
    let name = caller.name.clone();
    let account = app
        .db
        .read(move |conn| Login::find(conn, &name).map_err(Refused::from))
        .await?
        .ok_or(ProblemCode::NotSignedIn)?;
    let hash = app.slowly(move || {
        if !password::verify(&body.old, &account.password_hash) {
            return Err(Refused::from(Problem::field("old", "wrong_old_password")));
        }
        password::hash(&body.new).map_err(|_| Refused::from(ProblemCode::Internal))
    });
    let hash = hash.await??;
    let now = app.now();
    let role = caller.grants.first().map_or(Role::Resident, |grant| grant.role);
    let token = token_of(&headers);
    app.db
        .write(move |tx| {
            let set = NewPassword { account: caller.account, hash: hash.clone(), must_change: false };
            tx.commit(set.change("password_changed", caller.acting_as(role), now))?;
            session::end_all(tx, caller.account, token.as_ref()).map_err(Refused::from)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks a new password.
///
/// # Errors
/// `Invalid` naming `field` and the rule that it breaks.
pub fn check_password(new: &str, name: &str, field: &'static str) -> Result<(), Problem> {
    use password::WeakPassword;
    password::check(new, name).map_err(|weak| {
        let code = match weak {
            WeakPassword::TooLong => "too_long",
            WeakPassword::TooShort | WeakPassword::OneKind | WeakPassword::Common | WeakPassword::HasName => {
                "weak_password"
            }
        };
        Problem::field(field, code).with("max", "128")
    })
}

/// A password that is set.
pub struct NewPassword {
    /// Whose.
    pub account: AccountId,
    /// Its hash.
    pub hash: String,
    /// Whether the next sign-in demands another one: someone else chose it.
    pub must_change: bool,
}

impl NewPassword {
    /// The change, told by `kind`.
    pub fn change(self, kind: &'static str, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Account, self.account.to_string()),
            kind,
            at,
            actor,
            payload: json!({}),
            text: None,
            area: None,
            unit: None,
        };
        Change::new(self, event)
    }
}

impl Store for NewPassword {
    fn store(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        writer.exec_one(
            "UPDATE account SET password_hash = $2, must_change_password = $3, n_failures = 0, locked_until = NULL, version = version + 1 WHERE id = $1",
            &params![self.account, self.hash, self.must_change],
        )
    }
}

/// What signing in needs of an account.
#[derive(Clone)]
struct Login {
    id: AccountId,
    password_hash: String,
    disabled: bool,
    locked_until: Option<Timestamp>,
}

impl Login {
    fn find(conn: &mut linli_db::Conn, name: &str) -> Result<Option<Self>, StoreError> {
        conn.first(
            "SELECT id, password_hash, disabled_at, locked_until FROM account WHERE name = $1",
            &params![name],
            |row| {
                Ok(Self {
                    id: row.parse("id")?,
                    password_hash: row.get("password_hash")?,
                    disabled: row.at_opt("disabled_at")?.is_some(),
                    locked_until: row.at_opt("locked_until")?,
                })
            },
        )
    }

    /// Counts a wrong password; until when the account rests, if it does now. One statement, so that fifty attempts at
    /// once are fifty, and a rest that was begun is never taken back.
    fn failed(&self, tx: &mut linli_db::Tx<'_>, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = "UPDATE account SET \
                   n_failures = CASE WHEN locked_until IS NOT NULL AND locked_until <= $2 THEN 1 ELSE n_failures + 1 END, \
                   locked_until = CASE WHEN locked_until > $2 THEN locked_until WHEN locked_until IS NULL AND n_failures + 1 >= $3 THEN $4 ELSE NULL END \
                   WHERE id = $1 RETURNING locked_until";
        let until = now.plus_ms(password::REST_MS);
        let rows = tx.bookkeep(|writer| {
            writer.returning(sql, &params![self.id, now, password::FAILURES_BEFORE_REST, until], |row| {
                row.at_opt("locked_until")
            })
        })?;
        Ok(rows.into_iter().next().flatten())
    }

    /// Whether the account rests now, read again inside the transaction that would open a session.
    fn rests(&self, tx: &mut linli_db::Tx<'_>, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let sql = format!("SELECT locked_until FROM account WHERE id = $1{}", tx.dialect().for_update());
        let until = tx.first(&sql, &params![self.id], |row| row.at_opt("locked_until"))?.flatten();
        Ok(until.filter(|until| *until > now))
    }

    fn succeeded(&self, tx: &mut linli_db::Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
        tx.bookkeep(|writer| {
            writer.exec(
                "UPDATE account SET n_failures = 0, locked_until = NULL, last_login_at = $2 WHERE id = $1",
                &params![self.id, now],
            )
        })?;
        Ok(())
    }
}

fn me(app: &App, caller: &Caller, lang: Lang) -> Me {
    let areas = app.areas();
    let may: Vec<String> =
        Act::ALL.iter().filter(|act| !scope(caller, **act).is_empty()).map(|act| act.as_str().to_owned()).collect();
    let home = caller.grants.iter().map(|grant| grant.area).min_by_key(AreaCode::level);
    let home = home.or_else(|| areas.cities().first().copied());
    let home_area = home.map(|code| areas.reference(&code));
    let missing = app.calendar.missing(app.now());
    let this_year = app.now().plus_ms(8 * 3_600_000).to_jiff().to_zoned(jiff::tz::TimeZone::UTC).year();
    let warnings = missing.into_iter().map(|year| {
        let key = if year > this_year { "warning.calendar_missing_next" } else { "warning.calendar_missing" };
        Warning { code: "calendar_missing".to_owned(), text: lang.say(key, &[("year", &year.to_string())]) }
    });
    Me {
        id: caller.account,
        name: caller.name.clone(),
        display_name: caller.display_name.clone(),
        grants: caller.grants.iter().map(|grant| GrantView::of(app, grant, lang)).collect(),
        faces: faces(caller),
        may,
        home_area,
        must_change_password: caller.must_change_password,
        warnings: warnings.collect(),
    }
}

fn faces(caller: &Caller) -> Vec<Face> {
    let goes_round = |role: Role| matches!(role, Role::GridWorker | Role::CompoundLead | Role::LinkPerson);
    let in_field = caller.grants.iter().any(|grant| goes_round(grant.role) || grant.role == Role::GridHead);
    let at_desk = caller.grants.iter().any(|grant| !goes_round(grant.role));
    let wall = !scope(caller, Act::ViewWall).is_empty();
    [(in_field, Face::Field), (at_desk, Face::Desk), (wall, Face::Wall)]
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, face)| face)
        .collect()
}

fn clock_time(at: Timestamp) -> String {
    let local = at.plus_ms(8 * 3_600_000).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    format!("{:02}:{:02}", local.hour(), local.minute())
}
