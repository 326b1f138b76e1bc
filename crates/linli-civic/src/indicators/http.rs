//! Figures over HTTP: what they mean, a board of them, area by area, and the cases behind each.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use linli_access::Caller;
use linli_kernel::{AreaCode, CaseId, Cursor, Problem, ProblemCode};
use linli_playbook::{Indicator, IndicatorKind};
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::board::{Names, Read, Wish, board};
use super::day::{Day, Period};
use super::scope::{BoardOf, meant};
use super::store::{self, Line, Part, Wanted};
use super::tally::Tallies;
use super::view::{
    AreaFigure, AreaFigures, BoardLag, BoardValue, BoardView, CountedCase, CountedCases, IndicatorList, IndicatorView,
    UnitFigure, UnitFigures,
};
use super::{load, sheet};
use crate::app::App;
use crate::cases::list::Asker;
use crate::cases::picked::pick;
use crate::cases::reader::Reader;
use crate::http::{Answer, Path, Query, Refused, Signed};
use crate::say::Lang;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_indicators))
        .routes(routes!(show_board))
        .routes(routes!(export_board))
        .routes(routes!(list_area_figures))
        .routes(routes!(list_unit_figures))
        .routes(routes!(list_counted_cases))
}

/// Whose figures, and of which days.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BoardWish {
    /// An area; the caller's widest one without it.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// A unit of an area in place of an area, by its key: `610502000000/urban_management`.
    unit: Option<String>,
    /// The first day, such as `2026-09-01`; 30 days in all without it.
    from: Option<String>,
    /// The last day; today without it.
    to: Option<String>,
}

/// Says what each figure is: what stands above and below the line, what is left out and why, where it comes from.
#[utoipa::path(get, path = "/api/indicators", tag = "indicators", responses((status = 200, body = IndicatorList)), extensions(("x-access" = json!("view_board"))))]
async fn list_indicators(State(app): State<App>) -> Answer<Json<IndicatorList>> {
    let book = app.playbooks.current();
    Ok(Json(IndicatorList {
        playbook_name: book.name.clone(),
        playbook_version: book.version.clone(),
        may_rank_units: book.settings.rank_departments,
        items: book.indicators.iter().map(IndicatorView::from).collect(),
    }))
}

/// Shows every figure of an area or a unit: in the period, in as many days before, a year before, against like areas, and its course.
#[utoipa::path(get, path = "/api/indicators/board", tag = "indicators", params(BoardWish),
    responses((status = 200, body = BoardView), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_board"))))]
async fn show_board(
    State(app): State<App>,
    Signed(caller): Signed,
    Query(wish): Query<BoardWish>,
) -> Answer<Json<BoardView>> {
    Ok(Json(read_board(&app, wished(&app, &caller, &wish)?).await?))
}

fn wished(app: &App, caller: &Caller, wish: &BoardWish) -> Answer<Wish> {
    let of = meant(app, caller, wish.area, wish.unit.as_deref())?;
    let period = Period::read(wish.from.as_deref(), wish.to.as_deref(), Day::of(app.now()))?;
    Ok(Wish { of, period })
}

async fn read_board(app: &App, wish: Wish) -> Answer<BoardView> {
    let (areas, basis) = (app.areas(), Arc::clone(&app.indicators));
    let read = {
        let (wish, areas, basis) = (wish.clone(), Arc::clone(&areas), Arc::clone(&basis));
        app.db.read(move |conn| Read::load(conn, &wish, &basis, &areas)).await?
    };
    let book = app.playbooks.current();
    Ok(board(&wish, &read, &basis, &Names { areas: &areas, book: &book }, app.now()))
}

/// Exports a board as xlsx: its figures with their words, and on a second sheet those of the areas directly below. Nothing of a person.
#[utoipa::path(get, path = "/api/indicators/board.xlsx", tag = "indicators", params(BoardWish),
    responses((status = 200, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", body = Vec<u8>), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_board"))))]
async fn export_board(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<BoardWish>,
) -> Answer<Response> {
    let wish = wished(&app, &caller, &wish)?;
    let view = read_board(&app, wish.clone()).await?;
    let below = read_below(&app, &wish).await?;
    let (book, areas) = (app.playbooks.current(), app.areas());
    let written = app.slowly(move || sheet::write(&book, &areas, &view, &below, lang)).await?;
    sheet::send(written, &wish)
}

/// The sums of an area and of what lies directly below.
pub(super) struct Below {
    pub(super) whole: BelowOne,
    pub(super) children: Vec<(AreaCode, BelowOne)>,
    lag: store::Lag,
}

/// The sums of one area.
#[derive(Default)]
pub(super) struct BelowOne {
    now: Tallies,
    standing: Tallies,
    n_workers: i64,
}

impl BelowOne {
    pub(super) fn value(&self, slot: u8, indicator: &Indicator) -> BoardValue {
        let is_stock = indicator.kind == IndicatorKind::Stock;
        let tally = if is_stock { self.standing.of(slot) } else { self.now.of(slot) };
        BoardValue::of(indicator, &tally, Some(self.n_workers))
    }
}

async fn read_below(app: &App, wish: &Wish) -> Answer<Below> {
    let children: Vec<AreaCode> = match &wish.of.unit {
        None => app.areas().children(&wish.of.area).to_vec(),
        Some(_) => Vec::new(),
    };
    let own = wish.of.key();
    let keys: Vec<String> = std::iter::once(own.clone()).chain(children.iter().map(ToString::to_string)).collect();
    let mut read = read_ones(app, keys, wish.period).await?;
    let whole = read.0.remove(&own).unwrap_or_default();
    let of = |code: AreaCode| (code, read.0.remove(&code.to_string()).unwrap_or_default());
    Ok(Below { whole, children: children.into_iter().map(of).collect(), lag: read.1 })
}

type Ones = (std::collections::HashMap<String, BelowOne>, store::Lag);

async fn read_ones(app: &App, keys: Vec<String>, period: Period) -> Answer<Ones> {
    let read = app.db.read(move |conn| {
        let mut now = store::sums(conn, &keys, &period)?;
        let mut standing = store::now(conn, &keys)?;
        let workers = load::workers_of(conn, &keys, &standing)?;
        let lag = store::lag(conn)?;
        let one = |key: String| {
            let one = BelowOne {
                now: now.remove(&key).unwrap_or_default(),
                standing: standing.remove(&key).unwrap_or_default(),
                n_workers: workers.get(&key).copied().unwrap_or(0),
            };
            (key, one)
        };
        Ok::<_, Refused>((keys.into_iter().map(one).collect(), lag))
    });
    read.await
}

fn found(app: &App, id: &str) -> Answer<(u8, Indicator)> {
    let found = app.indicators.find(id).map(|(n, slot)| (n, slot.indicator.clone()));
    found.ok_or_else(|| ProblemCode::NotFound.into())
}

/// Shows one figure for each area directly below, in the order of the official codes.
#[utoipa::path(get, path = "/api/indicators/{id}/areas", tag = "indicators", params(("id" = String, Path), BoardWish),
    responses((status = 200, body = AreaFigures), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_board"))))]
async fn list_area_figures(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    Query(wish): Query<BoardWish>,
) -> Answer<Json<AreaFigures>> {
    let (slot, indicator) = found(&app, &id)?;
    let wish = wished(&app, &caller, &wish)?;
    if wish.of.unit.is_some() {
        return Err(Problem::field("unit", "area_needed").into());
    }
    let below = read_below(&app, &wish).await?;
    let areas = app.areas();
    let figure = |(code, one): &(AreaCode, BelowOne)| AreaFigure {
        area: areas.reference(code),
        figure: one.value(slot, &indicator),
    };
    Ok(Json(AreaFigures {
        area: areas.reference(&wish.of.area),
        from: wish.period.from,
        to: wish.period.to,
        whole: below.whole.value(slot, &indicator),
        items: below.children.iter().map(figure).collect(),
        lag: BoardLag::of(below.lag, app.now()),
        indicator: IndicatorView::from(&indicator),
    }))
}

/// In which order units stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitOrder {
    /// As the playbook lists them.
    #[default]
    Listed,
    /// By their figures, where the playbook lets departments be listed so.
    Value,
}

/// Whose figures, of which days, in which order.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UnitsWish {
    /// An area; the caller's widest one without it.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// The first day; 30 days in all without it.
    from: Option<String>,
    /// The last day; today without it.
    to: Option<String>,
    /// `listed`, or `value` where the playbook lets departments be listed by their figures.
    #[serde(default)]
    #[param(inline)]
    order: UnitOrder,
}

/// Shows one figure for each unit of an area, in the order of the playbook; by the figure only where the playbook says so.
#[utoipa::path(get, path = "/api/indicators/{id}/units", tag = "indicators", params(("id" = String, Path), UnitsWish),
    responses((status = 200, body = UnitFigures), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_board"))))]
async fn list_unit_figures(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    Query(asked): Query<UnitsWish>,
) -> Answer<Json<UnitFigures>> {
    let (slot, indicator) = found(&app, &id)?;
    let wish = BoardWish { area: asked.area, unit: None, from: asked.from, to: asked.to };
    let Wish { of, period } = wished(&app, &caller, &wish)?;
    if of.unit.is_some() {
        return Err(ProblemCode::NotFound.into());
    }
    let book = app.playbooks.current();
    let is_by_value = asked.order == UnitOrder::Value;
    if is_by_value && !book.settings.rank_departments {
        return Err(Problem::field("order", "not_an_option").into());
    }
    let areas = app.areas();
    let names = Names { areas: &areas, book: &book };
    let here =
        book.units.iter().filter(|unit| unit.level == of.area.level() && unit.area.is_none_or(|own| own == of.area));
    let units: Vec<_> = here.map(|unit| names.unit(&of.area, &unit.code)).collect();
    let (mut read, lag) = read_ones(&app, units.iter().map(|unit| unit.key.clone()).collect(), period).await?;
    let figure = |unit: super::view::BoardUnit| {
        let one = read.remove(&unit.key).unwrap_or_default();
        UnitFigure { figure: one.value(slot, &indicator), unit }
    };
    let mut items: Vec<UnitFigure> = units.into_iter().map(figure).collect();
    if is_by_value {
        let value = |item: &UnitFigure| item.figure.value.unwrap_or(f64::NEG_INFINITY);
        items.sort_by(|a, b| value(b).total_cmp(&value(a)));
    }
    Ok(Json(UnitFigures {
        indicator: IndicatorView::from(&indicator),
        area: areas.reference(&of.area),
        from: period.from,
        to: period.to,
        is_by_value,
        items,
        lag: BoardLag::of(lag, app.now()),
    }))
}

/// Which cases behind a figure.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CountedWish {
    /// An area; the caller's widest one without it.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// A unit of an area in place of an area, by its key.
    unit: Option<String>,
    /// The first day; 30 days in all without it.
    from: Option<String>,
    /// The last day; today without it.
    to: Option<String>,
    /// `all`, `met` above the line, `missed` below it only, `left_out` because the case was excluded.
    #[serde(default)]
    #[param(inline)]
    part: Part,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Lists the cases behind a figure, as far as the caller may see them. Keyset pages.
#[utoipa::path(get, path = "/api/indicators/{id}/cases", tag = "indicators", params(("id" = String, Path), CountedWish),
    responses((status = 200, body = CountedCases), (status = 404, body = crate::http::ProblemBody), (status = 422, body = crate::http::ProblemBody)), extensions(("x-access" = json!("view_board"))))]
async fn list_counted_cases(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Path(id): Path<String>,
    Query(asked): Query<CountedWish>,
) -> Answer<Json<CountedCases>> {
    let (n, slot) = app.indicators.find(&id).ok_or(ProblemCode::NotFound)?;
    let wish = BoardWish { area: asked.area, unit: asked.unit, from: asked.from, to: asked.to };
    let Wish { of, period } = wished(&app, &caller, &wish)?;
    let is_stock = slot.indicator.kind == IndicatorKind::Stock;
    let wanted = Wanted {
        subject: slot.subject.clone(),
        slot: n,
        whose: of.whose(),
        period: if is_stock { Period { from: Day::NOW, to: Day::NOW } } else { period },
        part: asked.part,
    };
    let cursor = Cursor::new(asked.cursor, asked.limit);
    let (areas, book, now) = (app.areas(), app.playbooks.current(), app.now());
    let own = app.clone();
    let read = app.db.read(move |conn| {
        let page = cursor.page(store::lines(conn, &wanted, &cursor)?, Line::key);
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        let reader = Reader { areas: &areas, vault: &own.vault, lang, now, public_url: &own.site.public_url };
        let ids: Vec<CaseId> = page.items.iter().map(|line| line.case).collect();
        let cases = pick(conn, &asker, &ids, &reader)?;
        let shown = page.items.iter().filter_map(|line| Some(counted_case(line, cases.get(&line.case)?.clone())));
        let items: Vec<CountedCase> = shown.collect();
        let n_hidden = u32::try_from(page.items.len() - items.len()).unwrap_or(u32::MAX);
        Ok::<_, Refused>(CountedCases { items, n_hidden, next: page.next })
    });
    Ok(Json(read.await?))
}

fn counted_case(line: &Line, case: crate::cases::row::CaseRow) -> CountedCase {
    CountedCase {
        day: (line.day != Day::NOW).then_some(line.day),
        part: line.part,
        unit_key: line.unit.clone(),
        took_ms: line.value_ms,
        case,
    }
}

/// What the board says of its scope, for whoever names the file.
pub(super) fn file_name(of: &BoardOf, period: Period) -> String {
    format!("board-{}-{}-{}.xlsx", of.key().replace('/', "-"), period.from, period.to)
}
