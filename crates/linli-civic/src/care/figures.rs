//! 一老一小: how many old and young people are entitled to help in each area, for how many a visit is due, and
//! how many have services. Counts alone, of five and more.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State as Shared;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::{Act, scope};
use linli_kernel::{AreaCode, ProblemCode};
use linli_playbook::CareLife;

use super::counts;
use super::lives::{Lived, lives};
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
    /// Old people.
    old: LifeCounts,
    /// Children.
    young: LifeCounts,
}

/// People of one time of life.
#[derive(Clone, Copy, Debug, Default, Serialize, utoipa::ToSchema)]
#[schema(as = CareLifeCounts)]
pub struct LifeCounts {
    /// Who are entitled to help.
    n: Option<u32>,
    /// Of these, to whom a visit is due.
    due: Option<u32>,
    /// Of these, for whom services are arranged or were given.
    served: Option<u32>,
    /// Of these, for whom a service is to be arranged or given by now.
    waiting: Option<u32>,
}

impl LifeCounts {
    /// Without what tells of one to four by what is left of the whole.
    fn closed(self) -> Self {
        let is_told = |part: u32| self.n.is_none_or(|n| n == part || n.saturating_sub(part) >= counts::FEWEST);
        let told = |part: Option<u32>| part.filter(|part| is_told(*part));
        Self { n: self.n, due: told(self.due), served: told(self.served), waiting: told(self.waiting) }
    }
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

/// People, not entries: whoever is entitled twice is one.
fn n(found: &[Lived], inside: &AreaCode, is_meant: impl Fn(&Lived) -> bool) -> u32 {
    let of = found.iter().filter(|one| inside.contains(&one.area) && is_meant(one));
    u32::try_from(of.map(|one| one.resident).collect::<BTreeSet<_>>().len()).unwrap_or(u32::MAX)
}

/// One time of life in each of `below`, and in `whole`. Each column hides what is small by itself.
fn counted(found: &[Lived], whole: &AreaCode, below: &[AreaCode], life: CareLife) -> (LifeCounts, Vec<LifeCounts>) {
    let column = |is_meant: &dyn Fn(&Lived) -> bool| {
        let is_meant = |one: &Lived| one.life == life && is_meant(one);
        let cells: Vec<u32> = below.iter().map(|area| n(found, area, is_meant)).collect();
        (counts::total(&[n(found, whole, is_meant)]), counts::told(&cells))
    };
    let (all, alls) = column(&|_| true);
    let (due, dues) = column(&|one| one.is_due);
    let (served, serveds) = column(&|one| one.is_served);
    let (waiting, waitings) = column(&|one| one.waits);
    let cell = |cells: &[Option<u32>], at: usize| cells.get(at).copied().flatten();
    let row = |at: usize| LifeCounts {
        n: cell(&alls, at),
        due: cell(&dues, at),
        served: cell(&serveds, at),
        waiting: cell(&waitings, at),
    };
    let rows = (0..below.len()).map(row).map(LifeCounts::closed).collect();
    (LifeCounts { n: all, due, served, waiting }.closed(), rows)
}

/// Counts old and young people who are entitled to help, for how many a visit is due, and how many have services: per area, five and more.
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
    let found =
        app.db.read(move |conn| lives(conn, &reader.vault, &within, reader.now()).map_err(Refused::from)).await?;
    // A street sees its communities; whoever leads one community sees its own part of the county.
    let below: Vec<AreaCode> = tree
        .children(&wish.area)
        .iter()
        .filter(|child| areas.iter().any(|held| held.contains(child) || child.contains(held)))
        .copied()
        .collect();
    let (old, olds) = counted(&found, &wish.area, &below, CareLife::Old);
    let (young, youngs) = counted(&found, &wish.area, &below, CareLife::Young);
    let items = below.iter().zip(olds.into_iter().zip(youngs));
    let items = items.map(|(area, (old, young))| FigureRow { area: tree.reference(area), old, young });
    let total = FigureRow { area: tree.reference(&wish.area), old, young };
    Ok(Json(Figures { items: items.collect(), total }))
}
