//! The desk's view of the outbox: what waits, what failed and why; send again, give up.

use std::collections::{BTreeSet, HashSet};

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, Caller, scope};
use linli_db::{StoreError, params};
use linli_kernel::{CaseId, Cursor, DeliveryId, ProblemCode, PublicCode};

use super::model::{DeliveryState, partner_of};
use super::store::{self, Wanted};
use super::view::{DeliveryRow, DeliveryTarget};
use crate::app::App;
use crate::http::{Answer, Path, Query, Refused, Signed};
use crate::people::duty;
use crate::say::Lang;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_deliveries))
        .routes(routes!(list_delivery_targets))
        .routes(routes!(retry_delivery))
        .routes(routes!(give_up_delivery))
        .routes(routes!(retry_delivery_target))
}

/// Which deliveries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListDeliveries {
    /// Only in this state: `waiting`, `sent`, `dead`, `withdrawn`.
    state: Option<DeliveryState>,
    /// Only to this target.
    target: Option<String>,
    /// Only about the case with this public code.
    case: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// One page of the outbox.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryPage {
    /// The newest first.
    items: Vec<DeliveryRow>,
    /// Pass as `cursor` for the next page; `null` on the last one.
    next: Option<String>,
}

/// Lists what left the house or is to leave it: where to, what about, how it stands and why. About cases of the caller's areas,
/// and what is about no case. Keyset pages.
#[utoipa::path(get, path = "/api/deliveries", tag = "exchange", params(ListDeliveries), responses((status = 200, body = DeliveryPage), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_deliveries"))))]
async fn list_deliveries(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<ListDeliveries>,
) -> Answer<Json<DeliveryPage>> {
    let code = match wish.case.as_deref().map(PublicCode::parse) {
        Some(None) => return Err(ProblemCode::NotFound.into()),
        Some(Some(code)) => Some(code),
        None => None,
    };
    let cursor = Cursor::new(wish.cursor, wish.limit);
    let mut wanted = Wanted { state: wish.state, target: wish.target, ..wanted(&caller, Act::ViewDeliveries) };
    let db = app.db.clone();
    let page = db.read(move |conn| {
        if let Some(code) = &code {
            let found =
                conn.first("SELECT id FROM cases WHERE code = $1", &params![*code], |row| row.parse::<CaseId>("id"))?;
            wanted.case = Some(found.ok_or(ProblemCode::NotFound)?);
        }
        let page = cursor.page(store::list(conn, &wanted, &cursor)?, |logged| logged.n.to_string());
        let who: HashSet<_> = page.items.iter().filter_map(|logged| logged.decided_by).collect();
        let people = duty::people(conn, &app.vault, &who)?;
        let row = |logged: store::Logged| {
            let by = logged.decided_by.and_then(|id| people.get(&id)).map(|person| person.name.clone());
            DeliveryRow::of(&app, logged, by, lang)
        };
        Ok::<_, Refused>(DeliveryPage { items: page.items.into_iter().map(row).collect(), next: page.next })
    });
    Ok(Json(page.await?))
}

fn wanted(caller: &Caller, act: Act) -> Wanted {
    Wanted { keys: scope(caller, act).keys().map(str::to_owned).collect(), ..Wanted::default() }
}

/// Every receiver.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliveryTargets {
    /// In the order of their ids.
    items: Vec<DeliveryTarget>,
}

/// Lists the other systems and how each is: whether it answers, what waits for it, what is dead.
#[utoipa::path(get, path = "/api/deliveries/targets", tag = "exchange", responses((status = 200, body = DeliveryTargets)), extensions(("x-access" = json!("view_deliveries"))))]
async fn list_delivery_targets(State(app): State<App>) -> Answer<Json<DeliveryTargets>> {
    let states = app.db.read(|conn| store::targets(conn).map_err(Refused::from)).await?;
    let known: BTreeSet<String> = states.iter().map(|state| partner_of(&state.target).to_owned()).collect();
    let silent = app.partners.all().filter(|partner| !known.contains(&partner.id)).map(DeliveryTarget::silent);
    let items = states.into_iter().map(|state| DeliveryTarget::of(&app, state)).chain(silent).collect();
    Ok(Json(DeliveryTargets { items }))
}

/// Sends a dead or waiting delivery again, now.
#[utoipa::path(post, path = "/api/deliveries/{id}/retry", tag = "exchange", params(("id" = DeliveryId, Path)),
    responses((status = 204), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("manage_deliveries"))))]
async fn retry_delivery(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<DeliveryId>,
) -> Answer<axum::http::StatusCode> {
    let now = app.now();
    decide(&app, &caller, id, move |tx, by| store::retry(tx, id, by, now)).await
}

/// Gives a dead or waiting delivery up: it is not sent any more.
#[utoipa::path(post, path = "/api/deliveries/{id}/give-up", tag = "exchange", params(("id" = DeliveryId, Path)),
    responses((status = 204), (status = 404, body = crate::http::ProblemBody), (status = 409, body = crate::http::ProblemBody)), extensions(("x-access" = json!("manage_deliveries"))))]
async fn give_up_delivery(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<DeliveryId>,
) -> Answer<axum::http::StatusCode> {
    decide(&app, &caller, id, move |tx, by| store::give_up(tx, id, by)).await
}

async fn decide(
    app: &App,
    caller: &Caller,
    id: DeliveryId,
    mut act: impl FnMut(&mut linli_db::Tx<'_>, linli_kernel::AccountId) -> Result<bool, StoreError> + Send + 'static,
) -> Answer<axum::http::StatusCode> {
    let wanted = Wanted { id: Some(id), ..wanted(caller, Act::ManageDeliveries) };
    let by = caller.account;
    let done = app.db.write(move |tx| {
        if store::list(tx, &wanted, &Cursor::new(None, Some(1)))?.is_empty() {
            return Err(Refused::from(ProblemCode::NotFound));
        }
        // Sent already, or given up by somebody else.
        if act(tx, by)? { Ok(()) } else { Err(ProblemCode::NotNow.into()) }
    });
    done.await?;
    Ok(axum::http::StatusCode::NO_CONTENT)
}

/// What was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Resent {
    /// Dead letters that go out again.
    n: u64,
}

/// Tries a receiver now, and sends all its dead letters again: for when what was wrong has been mended.
#[utoipa::path(post, path = "/api/deliveries/targets/{target}/retry", tag = "exchange", params(("target" = String, Path)),
    responses((status = 200, body = Resent), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("manage_deliveries"))))]
async fn retry_delivery_target(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(target): Path<String>,
) -> Answer<Json<Resent>> {
    let (by, now) = (caller.account, app.now());
    let n = app.db.write(move |tx| store::retry_target(tx, &target, by, now).map_err(Refused::from)).await?;
    Ok(Json(Resent { n }))
}
