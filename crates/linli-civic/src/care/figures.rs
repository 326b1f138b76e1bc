//! 一老一小: how many old and young people are entitled to help in each area, and for how many a visit is due. Counts alone, of five
//! and more.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, scope};
use linli_kernel::{AreaCode, ProblemCode, RecordId};
use linli_playbook::CareLife;

use super::{counts, store};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::{Answer, Query, Refused, Signed};

/// The routes of this module.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show_care_figures))
}

/// Of which area.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfArea {
    /// The area.
    #[param(value_type = String)]
    area: AreaCode,
}

/// One area's figures; `null` where fewer than five people would be told of, or could be reckoned back.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareFigureRow)]
pub struct FigureRow {
    /// Which area.
    area: AreaRef,
    /// Old people who are entitled to help.
    old: Option<u32>,
    /// Of these, to whom a visit is due.
    old_due: Option<u32>,
    /// Children who are entitled to help.
    young: Option<u32>,
    /// Of these, to whom a visit is due.
    young_due: Option<u32>,
}

/// The figures of an area and of each area below it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CareFigures)]
pub struct Figures {
    /// The area itself.
    total: FigureRow,
    /// Each area below it, in the order of their codes. There is no other order.
    items: Vec<FigureRow>,
}

type Found = Vec<(AreaCode, CareLife, RecordId, bool)>;

/// People, not entries: whoever is entitled twice is one.
fn n(found: &Found, inside: &AreaCode, life: CareLife, only_due: bool) -> u32 {
    let of = found.iter().filter(|(area, own, _, due)| inside.contains(area) && *own == life && (*due || !only_due));
    u32::try_from(of.map(|(_, _, resident, _)| *resident).collect::<BTreeSet<_>>().len()).unwrap_or(u32::MAX)
}

/// Counts old and young people who are entitled to help, and for how many a visit is due: per area, five and more.
#[utoipa::path(get, path = "/api/care/figures", tag = "care", params(OfArea),
    responses((status = 200, body = Figures), (status = 404, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_care_figures"))))]
async fn show_care_figures(
    Shared(app): Shared<App>,
    Signed(caller): Signed,
    Query(wish): Query<OfArea>,
) -> Answer<Json<Figures>> {
    let keys = scope(&caller, Act::ViewCareFigures).within(&wish.area);
    let areas: Vec<AreaCode> = keys.iter().filter_map(|key| key.parse().ok()).collect();
    if areas.is_empty() || app.areas().get(&wish.area).is_none() {
        return Err(ProblemCode::NotFound.into());
    }
    let tree = app.areas();
    let (reader, within) = (app.clone(), areas.clone());
    let found = app
        .db
        .read(move |conn| store::lives(conn, &reader.vault, &within, reader.now()).map_err(Refused::from))
        .await?;
    // A street sees its communities; whoever leads one community sees its own part of the county.
    let below: Vec<AreaCode> = tree
        .children(&wish.area)
        .iter()
        .filter(|child| areas.iter().any(|held| held.contains(child) || child.contains(held)))
        .copied()
        .collect();
    let column = |life, only_due| {
        let cells: Vec<u32> = below.iter().map(|area| n(&found, area, life, only_due)).collect();
        (counts::told(&cells), counts::total(&[n(&found, &wish.area, life, only_due)]))
    };
    let (old, all_old) = column(CareLife::Old, false);
    let (old_due, all_old_due) = column(CareLife::Old, true);
    let (young, all_young) = column(CareLife::Young, false);
    let (young_due, all_young_due) = column(CareLife::Young, true);
    let cell = |cells: &[Option<u32>], at: usize| cells.get(at).copied().flatten();
    let items = below.iter().enumerate().map(|(at, area)| FigureRow {
        area: tree.reference(area),
        old: cell(&old, at),
        old_due: cell(&old_due, at),
        young: cell(&young, at),
        young_due: cell(&young_due, at),
    });
    let total = FigureRow {
        area: tree.reference(&wish.area),
        old: all_old,
        old_due: all_old_due,
        young: all_young,
        young_due: all_young_due,
    };
    Ok(Json(Figures { items: items.collect(), total }))
}
