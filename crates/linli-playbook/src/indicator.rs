//! 指标: what is counted of cases, told so that anybody can check it. What a figure is made of is one of a few subjects that
//! the history of a case yields; a playbook chooses, narrows, names and explains.

use linli_kernel::{AreaLevel, CaseKind, Channel, DeadlineKind, TaskKind, Weight};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::vocabulary::vocabulary;

/// Most indicators of a playbook: each has a bit of its own in what is kept of a case.
pub const MOST_INDICATORS: usize = 60;

vocabulary! {
    /// How a figure is made.
    IndicatorKind {
        /// How many.
        Count = "count",
        /// The part of what was counted that came out one way; never more than all of it.
        Share = "share",
        /// How long: median and ninth decile.
        Duration = "duration",
        /// How many stand so now, whatever the period.
        Stock = "stock",
    }
}

vocabulary! {
    /// 计数对象: what of a case is counted, and by which day.
    IndicatorSubject {
        /// 登记: each case, by the day it was reported.
        Report = "report",
        /// Events of certain names, by their own day.
        Event = "event",
        /// 结案: each case that is closed, by the day it was; one that is opened again is not counted until it closes again.
        Closing = "closing",
        /// 时限: each clock of a kind that was met or ran out, by that day, for whoever had the case then.
        Clock = "clock",
        /// 派单: each time that a case was given to a seat, by that day.
        Dispatch = "dispatch",
        /// 退单: each time that a seat sent a case back, by that day.
        SendBack = "send_back",
        /// 办结: each time that a case was answered to the resident, by that day.
        Settlement = "settlement",
        /// 了结: how a case ended, while that stands: answered, or closed for a reason; by that day.
        Ending = "ending",
        /// 评价: each time that the resident said whether it is solved and whether they are satisfied, by rating or follow-up.
        Rating = "rating",
        /// 回访: each answer that was followed up, by the day of the last try.
        FollowUp = "follow_up",
        /// 在办: cases that somebody has to work on now. Only for `stock`.
        Open = "open",
        /// 挂账: cases that stand still now. Only for `stock`.
        Suspended = "suspended",
    }
}

vocabulary! {
    /// What makes one of the counted a hit of a share.
    IndicatorHit {
        /// The clock was met before it ran out.
        InTime = "in_time",
        /// The seat sent the case back.
        SentBack = "sent_back",
        /// A ruling found the objection of the seat that sent it back to be without ground.
        Overruled = "overruled",
        /// It was opened again.
        Reopened = "reopened",
        /// It was settled at this level or below.
        Within = "within",
        /// The resident says that it is solved.
        Solved = "solved",
        /// The resident says that they are satisfied.
        Satisfied = "satisfied",
        /// Somebody was reached.
        Reached = "reached",
        /// Departments were whistled for.
        Whistled = "whistled",
    }
}

impl IndicatorHit {
    /// What it is a property of.
    #[must_use]
    pub const fn subject(self) -> IndicatorSubject {
        match self {
            Self::InTime => IndicatorSubject::Clock,
            Self::SentBack => IndicatorSubject::Dispatch,
            Self::Overruled => IndicatorSubject::SendBack,
            Self::Reopened => IndicatorSubject::Settlement,
            Self::Within => IndicatorSubject::Ending,
            Self::Solved | Self::Satisfied => IndicatorSubject::Rating,
            Self::Reached => IndicatorSubject::FollowUp,
            Self::Whistled => IndicatorSubject::Report,
        }
    }
}

vocabulary! {
    /// Which way is better than before: for one's own past only.
    IndicatorGood {
        /// More is better.
        Up = "up",
        /// Less is better.
        Down = "down",
        /// Neither.
        Neither = "neither",
    }
}

vocabulary! {
    /// 并单计数: how cases that follow another are counted.
    MergedRule {
        /// Each, because each caller is answered.
        Each = "each",
        /// Once, by the case that the others follow.
        Once = "once",
    }
}

vocabulary! {
    /// What a stock is divided by.
    IndicatorPer {
        /// The grid workers of the area.
        GridWorker = "grid_worker",
    }
}

/// 健康区间: too little and too much are both worth a look. Unit: per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthyBand {
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
}

/// What alone is counted; an empty list narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IndicatorFilter {
    /// Kinds of case.
    pub kinds: Vec<CaseKind>,
    /// Codes of categories, first-level ones for all below them.
    pub categories: Vec<String>,
    /// Weights.
    pub weights: Vec<Weight>,
    /// How they came.
    pub channels: Vec<Channel>,
    /// Levels of the seat at that moment.
    pub levels: Vec<AreaLevel>,
}

/// 指标: one figure, and everything that is needed to check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Indicator {
    /// Stable id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is shown with.
    pub group: String,
    /// In plain words: what it says, and what it does not.
    pub about: String,
    /// What is counted above the line.
    pub numerator: Option<String>,
    /// What is counted below the line.
    pub denominator: Option<String>,
    /// What is left out, and why.
    pub left_out: Option<String>,
    /// Which rule or publication it comes from.
    pub source: Option<String>,
    /// Of what: 件, 次, %.
    pub unit: String,
    /// How it is made.
    pub kind: IndicatorKind,
    /// What is counted.
    pub of: IndicatorSubject,
    /// What makes one a hit.
    pub hit: Option<IndicatorHit>,
    /// The names of events, for `of = "event"`.
    pub events: Vec<String>,
    /// Which clock, for `of = "clock"`.
    pub clock: Option<DeadlineKind>,
    /// Of which tasks, for `of = "clock"`; the clocks of the case itself without it.
    pub task: Option<TaskKind>,
    /// The level of `within`.
    pub level: Option<AreaLevel>,
    /// Grounds of a closing by which a case went out of the hands of `within`.
    pub outside: Vec<String>,
    /// What a stock is divided by.
    pub per: Option<IndicatorPer>,
    /// What alone is counted.
    pub only: IndicatorFilter,
    /// How cases that follow another are counted.
    pub merged: MergedRule,
    /// Grounds of exclusion that leave a case out; without it all do for shares and durations, and none for counts.
    pub exclusions: Option<Vec<String>>,
    /// Which way is better than before.
    pub good: IndicatorGood,
    /// Where a share should lie.
    pub healthy: Option<HealthyBand>,
}

impl Indicator {
    /// Whether a case that was excluded for this ground is left out.
    #[must_use]
    pub fn leaves_out(&self, ground: &str) -> bool {
        match &self.exclusions {
            Some(grounds) => grounds.iter().any(|known| known == ground),
            None => matches!(self.kind, IndicatorKind::Share | IndicatorKind::Duration),
        }
    }
}
