//! A case in a list: what is read of it and how it is shown.

use std::collections::HashSet;

use linli_access::Keys;
use linli_db::{Conn, Row, StoreError};
use linli_kernel::{AccountId, AreaCode, CaseId, CaseKind, Channel, Page, Phase, PublicCode, Timestamp, Weight};
use linli_playbook::Playbook;
use serde::Serialize;

use super::model::{Case, Seat};
use super::reader::Reader;
use crate::areas::Point;
use crate::areas::tree::AreaRef;
use crate::areas::view::PointView;
use crate::people::duty;

/// How a clock stands in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DueState {
    /// Over.
    Late,
    /// Nearly over.
    Soon,
    /// Time enough.
    Ok,
    /// No clock runs.
    None,
}

/// A case in a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CaseRow {
    /// Its id.
    pub id: CaseId,
    /// The resident's code.
    pub code: PublicCode,
    /// The number for paper.
    pub paper_no: String,
    /// The first 80 characters of what was said.
    pub text: String,
    /// The category in words.
    pub category_name: Option<String>,
    /// How heavy it is.
    pub weight: Weight,
    /// In words.
    pub weight_name: String,
    /// The stage.
    pub stage: String,
    /// In words.
    pub stage_name: String,
    /// Its summary.
    pub phase: Phase,
    /// Where it is.
    pub area: AreaRef,
    /// Who answers now.
    pub seat_name: String,
    /// Who has it in hand.
    pub handler_name: Option<String>,
    /// When it was said.
    pub reported_at: Timestamp,
    /// The clock that ends next.
    pub due_at: Option<Timestamp>,
    /// Of what.
    pub due_kind_name: Option<String>,
    /// How it stands.
    pub due_state: DueState,
    /// How often it was reopened.
    pub reopened: u32,
    /// Whether photos belong to it.
    pub has_photos: bool,
    /// Where, on the map.
    pub point: Option<PointView>,
    /// How it came.
    pub channel: Channel,
    /// 上报: from where it came up to whoever answers now.
    pub risen_from: Option<AreaRef>,
    /// The version that a command names.
    pub version: u32,
}

const SHOWN_CHARS: usize = 80;

impl CaseRow {
    /// Of a whole case.
    #[must_use]
    pub fn of(case: &Case, book: &Playbook, reader: &Reader<'_>, handler_name: Option<String>) -> Self {
        let due = case.next_due();
        let facts = Facts {
            id: case.id,
            code: case.code.clone(),
            paper_no: case.paper_no.clone(),
            body: case.body.chars().take(SHOWN_CHARS).collect(),
            kind: case.kind,
            category: case.category.clone(),
            weight: case.weight,
            stage: case.stage.clone(),
            phase: case.phase,
            area: case.area,
            seat: case.seat.clone(),
            handler: case.handler,
            reported_at: case.reported_at,
            due: due.map(|due| (due.due_at, due.kind.as_str().to_owned(), due.soon_at)),
            n_reopened: case.n_reopened,
            n_photos: case.n_photos,
            point: case.point,
            channel: case.channel,
            risen_from: case.risen_from,
            version: case.version,
        };
        facts.row(book, reader, handler_name)
    }
}

/// What the list query reads of a case.
pub struct Facts {
    pub(super) id: CaseId,
    pub(super) code: PublicCode,
    pub(super) paper_no: String,
    pub(super) body: String,
    pub(super) kind: CaseKind,
    pub(super) category: Option<String>,
    pub(super) weight: Weight,
    pub(super) stage: String,
    pub(super) phase: Phase,
    pub(super) area: AreaCode,
    pub(super) seat: Seat,
    pub(super) handler: Option<AccountId>,
    pub(super) reported_at: Timestamp,
    pub(super) due: Option<(Timestamp, String, Timestamp)>,
    pub(super) n_reopened: u32,
    pub(super) n_photos: u32,
    pub(super) point: Option<Point>,
    pub(super) channel: Channel,
    pub(super) risen_from: Option<AreaCode>,
    pub(super) version: u32,
}

pub(super) const COLUMNS: &str = "c.id, c.code, c.paper_no, SUBSTR(c.body, 1, 80) AS body, c.kind, c.category, c.weight, c.stage, c.phase, c.area_code, c.seat_area, c.seat_unit, \
    c.handler_id, c.reported_at, c.due_at, c.due_kind, c.due_soon_at, c.n_reopened, c.n_photos, c.lon, c.lat, c.channel, c.risen_from, c.version";

impl Facts {
    /// The keys by which the case can be reached.
    pub(super) fn keys(&self) -> Keys {
        Keys::of_area(&self.area).with_seat(&self.seat.area, self.seat.unit.as_deref())
    }

    pub(super) fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        let code: String = row.get("code")?;
        let (lon, lat): (Option<f64>, Option<f64>) = (row.get("lon")?, row.get("lat")?);
        let due_kind: Option<String> = row.get("due_kind")?;
        let due = row
            .at_opt("due_at")?
            .zip(row.at_opt("due_soon_at")?)
            .zip(due_kind)
            .map(|((at, soon), kind)| (at, kind, soon));
        Ok(Self {
            id: row.parse("id")?,
            code: PublicCode::parse(&code).ok_or_else(|| StoreError::Inconsistent {
                table: "cases.code",
                row: code.clone(),
                what: "no public code".to_owned(),
            })?,
            paper_no: row.get("paper_no")?,
            body: row.get("body")?,
            kind: row.parse("kind")?,
            category: row.get("category")?,
            weight: row.parse("weight")?,
            stage: row.get("stage")?,
            phase: row.parse("phase")?,
            area: row.parse("area_code")?,
            seat: Seat { area: row.parse("seat_area")?, unit: row.get("seat_unit")? },
            handler: row.parse_opt("handler_id")?,
            reported_at: row.at("reported_at")?,
            due,
            n_reopened: row.count("n_reopened")?,
            n_photos: row.count("n_photos")?,
            point: lon.zip(lat).map(|(lon, lat)| Point::new(lon, lat)),
            channel: row.parse("channel")?,
            risen_from: row.parse_opt("risen_from")?,
            version: row.count("version")?,
        })
    }

    pub(super) fn row(self, book: &Playbook, reader: &Reader<'_>, handler_name: Option<String>) -> CaseRow {
        let due_state = match &self.due {
            None => DueState::None,
            Some((at, _, _)) if *at <= reader.now => DueState::Late,
            Some((_, _, soon)) if *soon <= reader.now => DueState::Soon,
            Some(_) => DueState::Ok,
        };
        CaseRow {
            id: self.id,
            code: self.code,
            paper_no: self.paper_no,
            text: self.body,
            category_name: self
                .category
                .as_deref()
                .and_then(|code| book.category(code))
                .map(|category| category.name.clone()),
            weight: self.weight,
            weight_name: reader.lang.word("weight", self.weight.as_str()),
            stage_name: book
                .stage(self.kind, &self.stage)
                .map_or_else(|| self.stage.clone(), |stage| stage.name.clone()),
            stage: self.stage,
            phase: self.phase,
            area: reader.areas.reference(&self.area),
            seat_name: reader.seat_name(book, &self.seat),
            handler_name,
            reported_at: self.reported_at,
            due_at: self.due.as_ref().map(|(at, _, _)| *at),
            due_kind_name: self.due.as_ref().map(|(_, kind, _)| reader.lang.word("deadline", kind)),
            due_state,
            reopened: self.n_reopened,
            has_photos: self.n_photos > 0,
            point: self.point.map(Into::into),
            channel: self.channel,
            risen_from: self.risen_from.map(|area| reader.areas.reference(&area)),
            version: self.version,
        }
    }
}

/// What was read, with the names of whoever has each in hand.
///
/// # Errors
/// The database's.
pub(super) fn rows(
    conn: &mut Conn,
    book: &Playbook,
    page: Page<Facts>,
    reader: &Reader<'_>,
) -> Result<Page<CaseRow>, StoreError> {
    let handlers: HashSet<AccountId> = page.items.iter().filter_map(|facts| facts.handler).collect();
    let names = duty::people(conn, reader.vault, &handlers)?;
    let named = |handler: Option<AccountId>| handler.and_then(|id| names.get(&id)).map(|person| person.name.clone());
    let items = page.items.into_iter().map(|facts| {
        let name = named(facts.handler);
        facts.row(book, reader, name)
    });
    Ok(Page { items: items.collect(), next: page.next })
}
