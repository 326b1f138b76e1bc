//! The wall as its page shows it.

use std::collections::HashMap;

use linli_access::Scope;
use linli_kernel::{AreaCode, AreaLevel, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::areas::counts::{Done, Open};
use crate::areas::tree::{AreaRef, AreaTree};
use crate::areas::view::{FeatureCollection, counted, outlines};
use crate::cases::list::BoxKey;
use crate::cases::row::CaseRow;
use crate::say::Lang;

/// 一图 of an area.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct WallView {
    /// The area.
    pub area: AreaRef,
    /// What lies above it and is the reader's too, from the top down.
    pub ancestors: Vec<AreaRef>,
    /// What lies directly below.
    pub children: Vec<WallArea>,
    /// Figures of the whole area.
    pub figures: Vec<WallFigure>,
    /// The cases that are overdue the longest, at most 20.
    pub late: Vec<CaseRow>,
    /// Outlines of what lies below, or of the area itself where nothing below is drawn.
    pub features: FeatureCollection,
    /// Open cases with a point, where the area has nothing below it; empty elsewhere.
    pub cases: Vec<CaseRow>,
}

/// An area on the wall.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WallArea {
    /// Its code.
    pub code: AreaCode,
    /// The name that people use.
    pub name: String,
    /// Its level.
    pub level: AreaLevel,
    /// Where it lies, from the county down.
    pub full_name: String,
    /// Open cases.
    pub n_open: i64,
    /// Of them past a deadline.
    pub n_late: i64,
    /// Whether its outline is known.
    pub has_boundary: bool,
}

impl WallArea {
    /// An area with what is open there.
    pub fn of(areas: &AreaTree, code: &AreaCode, open: Open) -> Self {
        let AreaRef { code, name, level, full_name } = areas.reference(code);
        let has_boundary = areas.index().has(&code);
        Self { code, name, level, full_name, n_open: open.n_open, n_late: open.n_late, has_boundary }
    }

    /// Every area directly below `area`, with what `reach` may count there.
    pub fn below(areas: &AreaTree, area: &AreaCode, reach: &Scope, counts: &HashMap<String, Open>) -> Vec<Self> {
        areas.children(area).iter().map(|code| Self::of(areas, code, counted(reach, code, counts))).collect()
    }
}

/// Which figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FigureKey {
    /// 在办
    Open,
    /// 超时
    Late,
    /// 快到期
    Soon,
    /// 今天新增
    ReportedToday,
    /// 今天办结
    SettledToday,
    /// 网格内办结: of what was settled in the last 30 days, the share that the grid itself settled. Unit: per cent.
    WithinGrid,
}

impl FigureKey {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Late => "late",
            Self::Soon => "soon",
            Self::ReportedToday => "reported_today",
            Self::SettledToday => "settled_today",
            Self::WithinGrid => "within_grid",
        }
    }

    /// The list of cases behind it.
    const fn list(self) -> BoxKey {
        match self {
            Self::Open | Self::ReportedToday => BoxKey::AllOpen,
            Self::Late => BoxKey::Late,
            Self::Soon => BoxKey::Soon,
            Self::SettledToday | Self::WithinGrid => BoxKey::Closed,
        }
    }
}

/// A figure of the wall.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WallFigure {
    /// Which.
    key: FigureKey,
    /// In words.
    name: String,
    /// How many.
    value: i64,
    /// Of what.
    unit: String,
    /// The box of the inbox that lists what was counted.
    #[serde(rename = "box")]
    list: BoxKey,
}

/// The figures of an area; a share of nothing is left out.
pub fn figures(open: Open, done: Done, lang: Lang) -> Vec<WallFigure> {
    let share = (done.n_settled > 0).then(|| (done.n_settled_in_grid * 100 + done.n_settled / 2) / done.n_settled);
    let values = [
        (FigureKey::Open, Some(open.n_open)),
        (FigureKey::Late, Some(open.n_late)),
        (FigureKey::Soon, Some(open.n_soon)),
        (FigureKey::ReportedToday, Some(done.n_reported_today)),
        (FigureKey::SettledToday, Some(done.n_settled_today)),
        (FigureKey::WithinGrid, share),
    ];
    let figure = |(key, value): (FigureKey, Option<i64>)| {
        Some(WallFigure {
            key,
            name: lang.word("figure", key.as_str()),
            value: value?,
            unit: lang.word("figure_unit", key.as_str()),
            list: key.list(),
        })
    };
    values.into_iter().filter_map(figure).collect()
}

/// The outlines of what lies below; of the area itself where nothing below is drawn.
pub fn features(areas: &AreaTree, area: &WallArea, children: &[WallArea]) -> FeatureCollection {
    let told = |area: &WallArea| (area.code, properties(area));
    let below = outlines(areas, area.level, children.iter().map(told));
    if below.features.is_empty() { outlines(areas, area.level, [told(area)]) } else { below }
}

fn properties(area: &WallArea) -> Value {
    json!({ "code": area.code, "name": area.name, "n_open": area.n_open, "n_late": area.n_late })
}

const DAY_MS: i64 = 86_400_000;
const BEIJING_MS: i64 = 8 * 3_600_000;
/// The period of the share that grids settle themselves. Source: ours; long enough for a steady figure, short enough to move.
const PERIOD_DAYS: i64 = 30;

/// When the day of Beijing began that `now` lies in.
pub fn day_start(now: Timestamp) -> Timestamp {
    now.plus_ms(-(now.ms() + BEIJING_MS).rem_euclid(DAY_MS))
}

/// When the period began over which grids' own share is counted.
pub fn period_start(now: Timestamp) -> Timestamp {
    day_start(now).plus_ms(-PERIOD_DAYS * DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn today_is_the_day_of_beijing() {
        assert_eq!(day_start(at("2026-10-09T00:00:00+08:00")), at("2026-10-09T00:00:00+08:00"));
        assert_eq!(day_start(at("2026-10-09T07:59:59+08:00")), at("2026-10-09T00:00:00+08:00"));
        assert_eq!(day_start(at("2026-10-09T23:59:59.999+08:00")), at("2026-10-09T00:00:00+08:00"));
    }

    #[test]
    fn a_share_is_rounded_and_a_share_of_nothing_is_left_out() {
        let done = Done { n_settled: 3, n_settled_in_grid: 2, ..Done::default() };
        let shown = figures(Open::default(), done, Lang::ZhCn);
        assert_eq!(shown.last().map(|figure| (figure.key, figure.value)), Some((FigureKey::WithinGrid, 67)));
        let shown = figures(Open::default(), Done::default(), Lang::ZhCn);
        assert_eq!(shown.len(), 5);
        assert!(shown.iter().all(|figure| figure.key != FigureKey::WithinGrid));
    }
}
