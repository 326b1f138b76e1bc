//! Figures as pages show them.

use linli_kernel::{AreaLevel, Timestamp};
use linli_playbook::{HealthyBand, Indicator, IndicatorGood, IndicatorKind};
use serde::Serialize;

use super::day::{Day, Step};
use super::store::{Lag, Part};
use super::tally::{Tally, number, share};
use crate::areas::tree::AreaRef;
use crate::cases::row::CaseRow;

/// 指标说明: a figure in words.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IndicatorView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is shown with.
    pub group: String,
    /// What it says, and what it does not.
    pub about: String,
    /// What stands above the line, in words.
    pub numerator: Option<String>,
    /// What stands below the line, in words.
    pub denominator: Option<String>,
    /// What is left out, and why.
    pub left_out: Option<String>,
    /// Which rule or publication it comes from.
    pub source: Option<String>,
    /// Of what: 件, 次, %.
    pub unit: String,
    /// How it is made.
    pub kind: IndicatorKind,
    /// Which way is better than before.
    pub good: IndicatorGood,
    /// Where a share should lie, in per cent.
    pub healthy: Option<HealthyBand>,
    /// Whether it is divided by the grid workers of the area.
    pub per_worker: bool,
}

impl From<&Indicator> for IndicatorView {
    fn from(indicator: &Indicator) -> Self {
        Self {
            id: indicator.id.clone(),
            name: indicator.name.clone(),
            group: indicator.group.clone(),
            about: indicator.about.clone(),
            numerator: indicator.numerator.clone(),
            denominator: indicator.denominator.clone(),
            left_out: indicator.left_out.clone(),
            source: indicator.source.clone(),
            unit: indicator.unit.clone(),
            kind: indicator.kind,
            good: indicator.good,
            healthy: indicator.healthy,
            per_worker: indicator.per.is_some(),
        }
    }
}

/// Every definition, and which playbook they are of.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct IndicatorList {
    /// The playbook.
    pub playbook_name: String,
    /// Its version.
    pub playbook_version: String,
    /// Whether departments may be listed by their figures.
    pub may_rank_units: bool,
    /// In the order of the playbook.
    pub items: Vec<IndicatorView>,
}

/// 统计进度: how far figures are behind what happened.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BoardLag {
    /// Events that are not counted yet.
    pub events_behind: i64,
    /// For how long the first of them has been waiting. Unit: milliseconds.
    pub behind_ms: i64,
    /// Everything until then is counted.
    pub as_of: Timestamp,
    /// Whether everything is just being counted again, so that figures are incomplete.
    pub is_anew: bool,
}

impl BoardLag {
    /// As it is at `now`.
    #[must_use]
    pub fn of(lag: Lag, now: Timestamp) -> Self {
        let as_of = lag.first_at.unwrap_or(now).min(now);
        Self { events_behind: lag.events_behind, behind_ms: now.since(as_of), as_of, is_anew: lag.is_anew }
    }
}

/// Whose figures.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct BoardScope {
    /// The area.
    pub area: AreaRef,
    /// The unit, if it is one's.
    pub unit: Option<BoardUnit>,
}

/// A unit of an area.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct BoardUnit {
    /// The key by which its figures are asked for.
    pub key: String,
    /// Its code.
    pub code: String,
    /// What people call it.
    pub name: String,
}

/// 数值: one figure with what it is made of.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct BoardValue {
    /// A count; a share from 0 to 1; a median in milliseconds; a stock, or a load per worker. Nothing where the line is empty below.
    pub value: Option<f64>,
    /// Above the line.
    pub num: i64,
    /// Below the line; of a load, the workers.
    pub den: i64,
    /// Left out, because the cases were excluded.
    pub n_left_out: i64,
    /// Of a duration: nine in ten were faster. Unit: milliseconds.
    pub p90_ms: Option<i64>,
}

impl BoardValue {
    /// Of what was added up; a load is divided by `workers`.
    #[must_use]
    pub fn of(indicator: &Indicator, tally: &Tally, workers: Option<i64>) -> Self {
        let den = workers.filter(|_| indicator.per.is_some()).unwrap_or(tally.den);
        let value = match indicator.kind {
            IndicatorKind::Count => Some(number(tally.num)),
            IndicatorKind::Share => share(tally.num, tally.den),
            IndicatorKind::Duration => tally.quantile_ms(0.5).map(number),
            IndicatorKind::Stock if indicator.per.is_some() => share(tally.num, den),
            IndicatorKind::Stock => Some(number(tally.num)),
        };
        Self { value, num: tally.num, den, n_left_out: tally.left_out, p90_ms: tally.quantile_ms(0.9) }
    }
}

/// Against one's own past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardChange {
    /// Better than before.
    Better,
    /// As before: too little to speak of.
    Same,
    /// Worse than before.
    Worse,
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoardPlace {
    /// Below the band.
    Below,
    /// Inside.
    Inside,
    /// Above the band.
    Above,
}

/// 同类区域的中间一半: a quarter of the others lies below, a quarter above.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct BoardBand {
    /// Areas with a value.
    pub n: u32,
    /// A quarter lies below.
    pub p25: f64,
    /// A half lies below.
    pub median: f64,
    /// A quarter lies above.
    pub p75: f64,
    /// Where the own value lies.
    pub place: Option<BoardPlace>,
}

/// A point of a course.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct BoardPoint {
    /// Its first day.
    #[schema(value_type = String)]
    pub day: Day,
    /// See [`BoardValue`].
    pub value: Option<f64>,
    /// Above the line.
    pub num: i64,
    /// Below the line.
    pub den: i64,
}

/// One figure of a board.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct BoardItem {
    /// The id of its definition.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is shown with.
    pub group: String,
    /// How it is made.
    pub kind: IndicatorKind,
    /// Of what.
    pub unit: String,
    /// Which way is better than before.
    pub good: IndicatorGood,
    /// In the period; of a stock, now.
    pub now: BoardValue,
    /// In as many days directly before; nothing where nothing was counted then.
    pub before: Option<BoardValue>,
    /// In the same days a year before; nothing where nothing was counted then.
    pub year_ago: Option<BoardValue>,
    /// Against the days before.
    pub change: Option<BoardChange>,
    /// The middle half of like areas.
    pub like: Option<BoardBand>,
    /// Against the band where a share should lie.
    pub healthy: Option<BoardPlace>,
    /// Of a load: the largest average of a grid below. No grid is named.
    pub largest: Option<f64>,
    /// Its course; empty for a stock.
    pub course: Vec<BoardPoint>,
}

/// With what an area is compared.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LikeAreas {
    /// Areas of this level
    pub level: AreaLevel,
    /// within this area,
    pub within: AreaRef,
    /// so many besides the own one.
    pub n: u32,
}

/// 指标看板
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct BoardView {
    /// Whose figures.
    pub scope: BoardScope,
    /// The first day.
    #[schema(value_type = String)]
    pub from: Day,
    /// The last day.
    #[schema(value_type = String)]
    pub to: Day,
    /// The first of the days before.
    #[schema(value_type = String)]
    pub before_from: Day,
    /// The last of the days before.
    #[schema(value_type = String)]
    pub before_to: Day,
    /// How the courses are drawn.
    pub step: Step,
    /// With what the area is compared; nothing for a unit.
    pub like: Option<LikeAreas>,
    /// How far the figures are behind.
    pub lag: BoardLag,
    /// In the order of the playbook.
    pub items: Vec<BoardItem>,
}

/// A figure of an area below.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AreaFigure {
    /// The area.
    pub area: AreaRef,
    /// Its figure.
    pub figure: BoardValue,
}

/// A figure area by area, in the order of the official codes; never by the figure.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AreaFigures {
    /// The figure in words.
    pub indicator: IndicatorView,
    /// The area.
    pub area: AreaRef,
    /// The first day.
    #[schema(value_type = String)]
    pub from: Day,
    /// The last day.
    #[schema(value_type = String)]
    pub to: Day,
    /// The whole area.
    pub whole: BoardValue,
    /// What lies directly below.
    pub items: Vec<AreaFigure>,
    /// How far the figures are behind.
    pub lag: BoardLag,
}

/// A figure of a unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitFigure {
    /// The unit.
    pub unit: BoardUnit,
    /// Its figure.
    pub figure: BoardValue,
}

/// A figure unit by unit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct UnitFigures {
    /// The figure in words.
    pub indicator: IndicatorView,
    /// The area whose units they are.
    pub area: AreaRef,
    /// The first day.
    #[schema(value_type = String)]
    pub from: Day,
    /// The last day.
    #[schema(value_type = String)]
    pub to: Day,
    /// Whether they stand in the order of their figures: only where the playbook lets departments be listed so, and it was asked for.
    pub is_by_value: bool,
    /// The units that answer in this area.
    pub items: Vec<UnitFigure>,
    /// How far the figures are behind.
    pub lag: BoardLag,
}

/// One of what a figure counts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CountedCase {
    /// By which day it counts; nothing for what stands so now.
    #[schema(value_type = Option<String>)]
    pub day: Option<Day>,
    /// Above the line, below it only, or left out.
    pub part: Part,
    /// The unit that had the case then, by its key.
    pub unit_key: Option<String>,
    /// How long it took. Unit: milliseconds.
    pub took_ms: Option<i64>,
    /// The case.
    pub case: CaseRow,
}

/// The cases behind a figure.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CountedCases {
    /// By area, the newest first in each. A case stands here twice where it counts twice.
    pub items: Vec<CountedCase>,
    /// So many of this page count and are not shown: they went on to somebody else, and the reader may not open them any more.
    pub n_hidden: u32,
    /// Pass as `cursor` for the next page; `null` on the last one.
    pub next: Option<String>,
}
