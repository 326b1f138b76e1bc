//! 减负: how much of the paperwork is still typed. About forms, never about people.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, scope};
use linli_db::StoreError;

use super::http::areas_of;
use super::model::Ledger;
use super::store;
use crate::app::App;
use crate::http::{Answer, Query, Refused, Signed};
use crate::sheets::when;

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_burden))
}

/// Which part of the paperwork is looked at.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BurdenWish {
    /// So many months back, at most 24; 12 without it.
    months: Option<u32>,
}

/// The forms of one month.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = BurdenMonth)]
pub struct BurdenMonth {
    /// `2026-11`
    month: String,
    /// Forms that were filled by hand.
    by_hand: u32,
    /// Cells that were typed in them.
    typed_cells: u32,
    /// Forms that filled themselves.
    by_linli: u32,
    /// Cells that nobody typed.
    filled_cells: u32,
}

/// How much paperwork is still typed.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Burden)]
pub struct Burden {
    /// By month, the latest last; months without a form are left out.
    months: Vec<BurdenMonth>,
    /// Ledgers that are asked for now.
    n_ledgers: u32,
    /// Of these, those that were never filled by linli yet.
    n_only_typed: u32,
}

/// Shows how many forms were typed and how many filled themselves, by month. About forms, never about people.
#[utoipa::path(get, path = "/api/ledgers/burden", tag = "ledgers", params(BurdenWish), responses((status = 200, body = Burden)), extensions(("x-access" = json!("keep_ledgers"))))]
async fn show_burden(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Query(wish): Query<BurdenWish>,
) -> Answer<Json<Burden>> {
    let areas = areas_of(&scope(&caller, Act::KeepLedgers));
    let days = i64::from(wish.months.unwrap_or(12).min(24)) * 31;
    let since = app.now().plus_ms(-days * 24 * 60 * 60 * 1_000);
    let read = app
        .db
        .read(move |conn| Ok::<_, StoreError>((store::handed_in(conn, &areas, since)?, store::list(conn, &areas)?)));
    let (all, ledgers) = read.await.map_err(Refused::from)?;
    let mut months: BTreeMap<String, BurdenMonth> = BTreeMap::new();
    for one in &all {
        let key: String = when::written(one.at).chars().take(7).collect();
        let month = months.entry(key.clone()).or_insert_with(|| BurdenMonth { month: key, ..BurdenMonth::default() });
        if one.by_hand {
            month.by_hand += 1;
            month.typed_cells = month.typed_cells.saturating_add(one.n_cells);
        } else {
            month.by_linli += 1;
            month.filled_cells = month.filled_cells.saturating_add(one.n_cells);
        }
    }
    let current: Vec<&Ledger> = ledgers.iter().filter(|ledger| ledger.ended_at.is_none()).collect();
    let is_only_typed = |ledger: &&&Ledger| !all.iter().any(|one| one.ledger == ledger.id && !one.by_hand);
    Ok(Json(Burden {
        months: months.into_values().collect(),
        n_ledgers: u32::try_from(current.len()).unwrap_or(u32::MAX),
        n_only_typed: u32::try_from(current.iter().filter(is_only_typed).count()).unwrap_or(u32::MAX),
    }))
}
