//! The one search box.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use linli_access::scope::person_key;
use linli_db::{Conn, StoreError};
use linli_kernel::{AreaCode, Cursor, Weight};

use super::find::{Hit, Mark, Outcome, Search, find};
use super::plan::{Plan, Rank};
use super::query::{Asked, Word};
use super::snippet::{Piece, around};
use super::terms;
use crate::app::App;
use crate::areas::tree::{AreaRef, AreaTree};
use crate::cases::found::{self, By, Narrowed};
use crate::cases::list::Asker;
use crate::cases::reader::Reader;
use crate::cases::row::CaseRow;
use crate::hotline;
use crate::http::{Answer, Query, Refused, Signed};
use crate::say::Lang;

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search_cases))
}

/// What is looked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchCases {
    /// A public code, a paper number, the number of a hotline's order; or words, all of which have to be found, of which some may name
    /// places in Chinese or in pinyin (`红旗社区 路灯`, `hqsq 路灯`). Phone numbers are looked for by `POST /api/cases/by-phone`: they do
    /// not belong into an address.
    q: String,
    /// Only within this area.
    #[param(value_type = Option<String>)]
    area: Option<AreaCode>,
    /// Only of this category, or below it.
    category: Option<String>,
    /// Only of this weight.
    weight: Option<Weight>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Rows wanted, at most 200.
    limit: Option<u32>,
}

/// Where a case was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FoundIn {
    /// It is the case of this code.
    Code,
    /// It is the case of this paper number.
    PaperNo,
    /// It is the case of this order of the hotline.
    OrderNo,
    /// It is at this place.
    Area,
    /// In what was said.
    Said,
    /// In the words for the place.
    Place,
    /// In what was done, of the last reply.
    Reply,
}

/// Why a case is shown: what was found, with a little around it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundPart {
    /// Where.
    part: FoundIn,
    /// The text in pieces, some of which are what was looked for.
    pieces: Vec<Piece>,
}

/// A case that was found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundCase {
    /// The case.
    case: CaseRow,
    /// Why it is shown; never empty.
    found: Vec<FoundPart>,
}

/// One page of what was found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FoundCases {
    /// The number that was typed first, then what is at the place named, then what says the words, then what has them anywhere; the
    /// newest first in each.
    items: Vec<FoundCase>,
    /// Pass as `cursor` for the next page; `null` on the last one.
    next: Option<String>,
    /// Words that were understood as places.
    places: Vec<AreaRef>,
    /// Whether every case was looked at; not while the index is being made anew.
    is_whole: bool,
}

/// Finds cases that the caller may see, closed ones too. Keyset pages.
#[utoipa::path(get, path = "/api/search", tag = "cases", params(SearchCases), responses((status = 200, body = FoundCases)), extensions(("x-access" = json!("view_case"))))]
async fn search_cases(
    State(app): State<App>,
    Signed(caller): Signed,
    lang: Lang,
    Query(wish): Query<SearchCases>,
) -> Answer<Json<FoundCases>> {
    let (book, areas, now) = (app.playbooks.current(), app.areas(), app.now());
    let db = app.db.clone();
    let page = db.read(move |conn| {
        let asker = Asker { caller: &caller, book: &book, areas: &areas, now };
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        let search = understood(conn, &asker, &wish)?;
        let cursor = Cursor::new(wish.cursor.clone(), wish.limit);
        let after = cursor.after.as_deref().and_then(mark_of);
        let limit = usize::try_from(cursor.limit).unwrap_or(usize::MAX);
        let outcome = find(conn, &search, after, limit)?;
        shown(conn, &asker, &search, outcome, &reader).map_err(Refused::from)
    });
    Ok(Json(page.await?))
}

fn understood(conn: &mut Conn, asker: &Asker<'_>, wish: &SearchCases) -> Result<Search, StoreError> {
    let asked = Asked::of(&wish.q);
    let mut keys = asker.keys(None);
    let placed = asked.placed(asker.areas, |area| keys.iter().any(|key| touches(key, area)));
    if !keys.is_empty() {
        // Whoever was called to a case by name finds it too.
        keys.push(person_key(asker.caller.account));
    }
    let narrowed = Narrowed {
        categories: wish.category.as_deref().map(|code| asker.categories(code)).unwrap_or_default(),
        weight: wish.weight,
        area: wish.area,
        keys,
    };
    let mut plan = Plan::of(&asked, placed.as_ref()).and_any(narrowed.keys.iter().map(|key| terms::key(key)));
    if let Some(area) = &narrowed.area {
        plan = plan.within(area);
    }
    if !narrowed.categories.is_empty() {
        plan = plan.and_any(narrowed.categories.iter().map(|code| terms::category(code)));
    }
    if let Some(weight) = narrowed.weight {
        plan = plan.and_any(std::iter::once(terms::weight(weight)));
    }
    let numbered = numbered(conn, &asked)?;
    Ok(Search { asked, placed, narrowed, plan, numbered })
}

/// Whether something at `area` may be reached by a key: an area's, or a unit's of an area.
fn touches(key: &str, area: &AreaCode) -> bool {
    let held = key.split('/').next().and_then(|code| code.parse::<AreaCode>().ok());
    held.is_some_and(|held| held.contains(area) || area.contains(&held))
}

fn numbered(conn: &mut Conn, asked: &Asked) -> Result<Vec<i64>, StoreError> {
    let mut rows = Vec::new();
    if let Some(code) = &asked.code {
        rows.extend(found::row_of(conn, &By::Code(code))?);
    }
    if let Some(no) = &asked.paper_no {
        rows.extend(found::row_of(conn, &By::PaperNo(no))?);
    }
    if let Some(no) = &asked.order_no {
        for case in hotline::store::cases_of_order(conn, no)? {
            rows.extend(found::row_of(conn, &By::Id(case))?);
        }
    }
    rows.dedup();
    Ok(rows)
}

fn shown(
    conn: &mut Conn,
    asker: &Asker<'_>,
    search: &Search,
    outcome: Outcome,
    reader: &Reader<'_>,
) -> Result<FoundCases, StoreError> {
    let why: Vec<Vec<FoundPart>> = outcome.hits.iter().map(|hit| parts(search, hit, asker.areas)).collect();
    let found = outcome.hits.into_iter().map(|hit| hit.found).collect();
    let cases = found::shown(conn, asker, found, reader)?;
    let places = search.placed.iter().flat_map(|placed| &placed.areas).map(|code| asker.areas.reference(code));
    Ok(FoundCases {
        items: cases.into_iter().zip(why).map(|(case, found)| FoundCase { case, found }).collect(),
        next: outcome.next.map(cursor_of),
        places: places.collect(),
        is_whole: outcome.is_whole,
    })
}

/// What was found of a case, and where.
fn parts(search: &Search, hit: &Hit, areas: &AreaTree) -> Vec<FoundPart> {
    let found = &hit.found;
    let in_texts = |words: &[Word], which: &[FoundIn]| -> Vec<FoundPart> {
        let texts = [(FoundIn::Said, &found.said), (FoundIn::Place, &found.place), (FoundIn::Reply, &found.done)];
        let texts = texts.into_iter().filter(|(part, _)| which.contains(part));
        texts.filter_map(|(part, text)| Some(FoundPart { part, pieces: around(text, words)? })).collect()
    };
    const ANY: &[FoundIn] = &[FoundIn::Said, FoundIn::Place, FoundIn::Reply];
    match hit.rank {
        Rank::Number => vec![by_number(search, hit)],
        Rank::Place => {
            let mut parts = vec![FoundPart { part: FoundIn::Area, pieces: at_place(search, hit, areas) }];
            parts.extend(in_texts(search.placed.as_ref().map_or(&[], |placed| &placed.rest), ANY));
            parts
        }
        Rank::Said => in_texts(&search.asked.words, &[FoundIn::Said]),
        Rank::Anywhere => in_texts(&search.asked.words, ANY),
    }
}

fn by_number(search: &Search, hit: &Hit) -> FoundPart {
    let is_code = search.asked.code.as_ref() == Some(hit.found.code());
    let is_paper = search.asked.paper_no.as_deref() == Some(hit.found.paper_no());
    let order_no = search.asked.order_no.clone().unwrap_or_default();
    let (part, text) = match (is_code, is_paper) {
        (true, _) => (FoundIn::Code, hit.found.code().to_string()),
        (_, true) => (FoundIn::PaperNo, hit.found.paper_no().to_owned()),
        _ => (FoundIn::OrderNo, order_no),
    };
    FoundPart { part, pieces: vec![Piece { text, hit: true }] }
}

/// The place of a case from the county down, the place that was named marked in it.
fn at_place(search: &Search, hit: &Hit, areas: &AreaTree) -> Vec<Piece> {
    let named = |code: &AreaCode| search.placed.as_ref().is_some_and(|placed| placed.areas.contains(code));
    let lineage = hit.found.area().lineage().into_iter().skip(1);
    lineage.map(|code| Piece { text: areas.name(&code), hit: named(&code) }).collect()
}

fn cursor_of(mark: Mark) -> String {
    let rank = match mark.rank {
        Rank::Number => "number",
        Rank::Place => "place",
        Rank::Said => "said",
        Rank::Anywhere => "anywhere",
    };
    format!("{rank}_{}", mark.row_no)
}

fn mark_of(cursor: &str) -> Option<Mark> {
    let (rank, row_no) = cursor.split_once('_')?;
    let rank = match rank {
        "number" => Rank::Number,
        "place" => Rank::Place,
        "said" => Rank::Said,
        "anywhere" => Rank::Anywhere,
        _ => return None,
    };
    Some(Mark { rank, row_no: row_no.parse().ok()? })
}
