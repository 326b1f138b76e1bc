//! A case and how people stand to it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use linli_access::{Caller, Keys, scope::unit_key};
use linli_kernel::{AccountId, AreaCode, AreaLevel, CaseId, CaseKind, Channel, Phase, PublicCode, Timestamp, Weight};
use linli_playbook::{GrantPlace, Handled, Standing};
use serde::{Deserialize, Serialize};

use super::deadline::Deadline;
use crate::areas::Point;

/// 承办: who answers for a case now: the people of an area, or one of its units.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seat {
    /// The area.
    #[serde(rename = "area_code")]
    pub area: AreaCode,
    /// The unit (部门), if one answers.
    #[serde(rename = "unit_code", default)]
    pub unit: Option<String>,
}

impl Seat {
    /// The people of an area.
    #[must_use]
    pub const fn of(area: AreaCode) -> Self {
        Self { area, unit: None }
    }

    /// The key by which its cases are listed.
    #[must_use]
    pub fn key(&self) -> String {
        self.unit.as_deref().map_or_else(|| self.area.to_string(), |unit| unit_key(&self.area, unit))
    }

    /// The level at which the case stands.
    #[must_use]
    pub fn level(&self) -> AreaLevel {
        self.area.level()
    }
}

/// Why a case went where it went: a sentence of the translation files and its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The sentence: `why.by_point`.
    pub key: String,
    /// Its values.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

impl Why {
    /// A reason.
    #[must_use]
    pub fn new(key: &str, values: &[(&str, String)]) -> Self {
        Self {
            key: format!("why.{key}"),
            values: values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        }
    }
}

/// 四要素答复. Source: 宜兴市吹哨报到工作规则 (2023): 受理时间、与谁沟通、解决措施、解决时限.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reply {
    /// 受理时间
    pub received: String,
    /// 与谁沟通
    pub talked_to: String,
    /// 解决措施
    pub done: String,
    /// 解决时限
    pub by_when: String,
}

/// 评价: what the resident says of the result. Solved and satisfied are two answers, not one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Rating {
    /// 1 to 5.
    pub stars: u32,
    /// 是否解决
    pub solved: bool,
    /// 是否满意
    pub satisfied: bool,
    /// In their own words.
    pub text: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// 反映人: sealed; nobody needs to be known to report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reporter {
    /// The sealed phone number.
    pub phone_sealed: Option<Vec<u8>>,
    /// Its blind index, by which earlier cases of the same caller are found.
    pub phone_index: Option<String>,
    /// The sealed name.
    pub name_sealed: Option<Vec<u8>>,
    /// The account that registered it for the resident, if one did.
    pub account: Option<AccountId>,
}

/// A case that is about to be reported.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id.
    pub id: CaseId,
    /// Its public code.
    pub code: PublicCode,
    /// Its number for paper.
    pub paper_no: String,
    /// What it is.
    pub kind: CaseKind,
    /// The category, if the reporter chose one.
    pub category: Option<String>,
    /// The weight, if staff named one.
    pub weight: Option<Weight>,
    /// How it came.
    pub channel: Channel,
    /// Where it is.
    pub area: AreaCode,
    /// How the area was found.
    pub found_by: Vec<Why>,
    /// What was said.
    pub body: String,
    /// Where, in words.
    pub place_text: String,
    /// Where, on the map.
    pub point: Option<Point>,
    /// Who said it.
    pub reporter: Reporter,
    /// Photos that go with it.
    pub n_photos: u32,
}

/// 事项
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The code by which the resident follows it.
    pub code: PublicCode,
    /// County + year + sequence; gaps are allowed.
    pub paper_no: String,
    /// What it is.
    pub kind: CaseKind,
    /// The category's code.
    pub category: Option<String>,
    /// How heavy it is.
    pub weight: Weight,
    /// How it came.
    pub channel: Channel,
    /// Where it is.
    pub area: AreaCode,
    /// Who answers for it now.
    pub seat: Seat,
    /// The seat that dispatched it, to which a send-back returns.
    pub back: Option<Seat>,
    /// The stage of the flow.
    pub stage: String,
    /// The typed summary of the stage.
    pub phase: Phase,
    /// Who has it in hand.
    pub handler: Option<AccountId>,
    /// The playbook that it is pinned to: id and version.
    pub playbook: (String, String),
    /// What was said.
    pub body: String,
    /// Where, in words.
    pub place_text: String,
    /// Where, on the map.
    pub point: Option<Point>,
    /// Who said it.
    pub reporter: Reporter,
    /// Why it went where it went.
    pub routing: Vec<Why>,
    /// The last reply.
    pub reply: Option<Reply>,
    /// The question that waits for the resident.
    pub question: Option<String>,
    /// The last rating.
    pub rating: Option<Rating>,
    /// How often it was reopened.
    pub n_reopened: u32,
    /// How often it was sent back.
    pub n_sent_back: u32,
    /// Photos of the report and the replies.
    pub n_photos: u32,
    /// When it was said.
    pub reported_at: Timestamp,
    /// Since when the top level supervises it (督办).
    pub supervised_at: Option<Timestamp>,
    /// When it was answered or closed last.
    pub settled_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The number of its last event; the version that a command names.
    pub version: u32,
    /// Its clocks.
    pub deadlines: Vec<Deadline>,
    /// Everyone who had it in hand.
    pub hands: BTreeSet<AccountId>,
    /// How it is listed in the database; `None` for a case that is not there yet.
    pub(super) listed: Option<(Phase, Keys)>,
}

impl Case {
    /// The keys by which the case can be reached.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::of_area(&self.area).with_seat(&self.seat.area, self.seat.unit.as_deref())
    }

    /// What `caller` is to this case.
    #[must_use]
    pub fn standing(&self, caller: &Caller) -> Standing {
        let handled = if self.handler == Some(caller.account) {
            Handled::Now
        } else if self.hands.contains(&caller.account) {
            Handled::Before
        } else {
            Handled::Never
        };
        let touching = caller.grants.iter().filter_map(|grant| {
            let at_seat = grant.area == self.seat.area && grant.unit == self.seat.unit;
            let above = grant.unit.is_none()
                && grant.area.contains(&self.seat.area)
                && (grant.area != self.seat.area || self.seat.unit.is_some());
            let place = grant.unit.is_none() && grant.area.contains(&self.area);
            let place = if at_seat {
                GrantPlace::Seat
            } else if above {
                GrantPlace::Above
            } else if place {
                GrantPlace::Place
            } else {
                return None;
            };
            Some((grant.role, place))
        });
        Standing::staff(touching, handled)
    }

    /// The clock that ends next, or ended and is still owed; the resident's own rating is none of the staff's.
    #[must_use]
    pub fn next_due(&self) -> Option<&Deadline> {
        if !matches!(self.phase, Phase::Open | Phase::Waiting) {
            return None;
        }
        self.deadlines.iter().filter(|deadline| deadline.is_owed_by_staff()).min_by_key(|deadline| deadline.due_at)
    }

    /// When the resident was promised an answer.
    #[must_use]
    pub fn promise(&self) -> Option<&Deadline> {
        self.deadlines.iter().filter(|deadline| deadline.is_promise()).max_by_key(|deadline| deadline.starts_at)
    }
}
