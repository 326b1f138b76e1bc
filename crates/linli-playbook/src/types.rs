//! What a playbook holds, as it is stored with the cases that began under it.

use linli_kernel::{Amount, AreaCode, AreaLevel, DeadlineKind, DutyKind, Weight, WorkingHours};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::flow::Flow;
use crate::notice::Notices;

/// 工作法: a place's way of working, resolved from its files and those that it extends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Playbook {
    /// The folder's name.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is about, in a sentence or two.
    pub about: Option<String>,
    /// Where the way of working was published.
    pub source: Option<String>,
    /// The first 12 hex digits of the SHA-256 of all files that it was made from.
    pub version: String,
    /// Levels that may answer for a case, from the top down.
    pub levels: Vec<AreaLevel>,
    /// The level that answers first, by weight (四级响应).
    pub first_seat: FirstSeat,
    /// Office hours of a working day.
    #[schema(value_type = Vec<String>)]
    pub working_hours: WorkingHours,
    /// Numbers that steer the flows.
    pub settings: Settings,
    /// What residents report, in two levels.
    pub categories: Vec<Category>,
    /// Departments and companies that may answer.
    pub units: Vec<UnitDef>,
    /// Who answers, by category and level (权责清单).
    pub responsibilities: Vec<Responsibility>,
    /// How long each step may last.
    pub deadlines: Vec<DeadlineRule>,
    /// The steps, one flow for each kind of case.
    pub flows: Vec<Flow>,
    /// Who is told what.
    #[serde(default)]
    pub notices: Notices,
}

/// 首派层级: the level that answers first for each weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirstSeat {
    /// 微小
    pub micro: AreaLevel,
    /// 一般
    pub general: AreaLevel,
    /// 较大
    pub larger: AreaLevel,
    /// 重大
    pub major: AreaLevel,
}

impl FirstSeat {
    /// The level for a weight.
    #[must_use]
    pub const fn of(&self, weight: Weight) -> AreaLevel {
        match weight {
            Weight::Micro => self.micro,
            Weight::General => self.general,
            Weight::Larger => self.larger,
            Weight::Major => self.major,
        }
    }
}

/// Numbers that steer the flows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// How often a case goes back by the resident's word alone; after that a person decides.
    pub reopen_limit: u32,
    /// How long after the answer a case can be reopened. Unit: calendar days.
    pub reopen_window_days: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { reopen_limit: 2, reopen_window_days: 15 }
    }
}

/// 事项类别
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Category {
    /// Stable code.
    pub code: String,
    /// The first-level category above it, if it is a second-level one.
    pub parent: Option<String>,
    /// What residents and staff read.
    pub name: String,
    /// What to say so that the matter can be settled at once.
    pub hint: Option<String>,
    /// A name of the icon set.
    pub icon: Option<String>,
    /// Words in a report that suggest this category.
    pub keywords: Vec<String>,
    /// How heavy such a matter is unless someone says otherwise.
    pub default_weight: Weight,
    /// Whether residents may choose it.
    pub public: bool,
    /// What is shown instead of the form, for matters of life and limb.
    pub emergency: Option<String>,
    /// 履职性质 of the place in such matters.
    pub duty: DutyKind,
}

/// 承办单位: a kind of department or company that may answer for a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitDef {
    /// Stable code.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Short name for lists.
    pub short: Option<String>,
    /// The level of the areas that have such a unit.
    pub level: AreaLevel,
    /// The one area that has it; without it every area of the level has one.
    #[schema(value_type = Option<String>)]
    pub area: Option<AreaCode>,
    /// What it answers for, in words.
    pub duties: Option<String>,
}

/// 权责清单条目: who answers for a category when the case stands at a level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Responsibility {
    /// A category's code, a first-level code for all below it, or `*`.
    pub category: String,
    /// The level at which the case stands.
    pub level: AreaLevel,
    /// 主办
    #[schema(value_type = String)]
    pub host: Host,
    /// 协办
    #[schema(value_type = Vec<String>)]
    pub helpers: Vec<Host>,
    /// 履职性质
    pub duty: DutyKind,
    /// Why, in words that a clerk can quote.
    pub basis: String,
}

/// 主办 or 协办: the people of the area itself, or a unit. Spoken as `seat` or the unit's code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Host {
    /// The people of the area at the level of the line.
    Seat,
    /// A unit, by its code.
    Unit(String),
}

impl From<String> for Host {
    fn from(word: String) -> Self {
        if word == "seat" { Self::Seat } else { Self::Unit(word) }
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        match host {
            Host::Seat => "seat".to_owned(),
            Host::Unit(code) => code,
        }
    }
}

/// 时限规则
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadlineRule {
    /// Of what.
    pub kind: DeadlineKind,
    /// For this category (or all below this first-level one) only.
    pub category: Option<String>,
    /// For this weight only.
    pub weight: Option<Weight>,
    /// While the seat is at this level only.
    pub level: Option<AreaLevel>,
    /// How long.
    pub amount: Amount,
    /// From how long before the end it is shown as due soon.
    pub soon: Option<Amount>,
    /// What linli does when it falls due.
    pub on_breach: OnBreach,
    /// Which rule says so.
    pub basis: Option<String>,
}

/// 逾期处理: what linli does by itself when a deadline falls due. The engine must offer the action to `system`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBreach {
    /// It is shown as late.
    #[default]
    Nothing,
    /// Takes the action `escalate`.
    Escalate,
    /// Takes the action `close`.
    Close,
}

impl OnBreach {
    /// Every word.
    pub const ALL: &'static [Self] = &[Self::Nothing, Self::Escalate, Self::Close];

    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Escalate => "escalate",
            Self::Close => "close",
        }
    }

    /// The action that `system` takes, if any.
    #[must_use]
    pub const fn action(self) -> Option<linli_kernel::Action> {
        match self {
            Self::Nothing => None,
            Self::Escalate => Some(linli_kernel::Action::Escalate),
            Self::Close => Some(linli_kernel::Action::Close),
        }
    }
}
