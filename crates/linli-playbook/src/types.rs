//! What a playbook holds, as it is stored with the cases that began under it.

use linli_kernel::{Action, Amount, AreaCode, AreaLevel, DeadlineKind, DutyKind, TimeUnit, Weight, WorkingHours};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::care::CareRules;
use crate::checklist::Checklist;
use crate::duty::Duties;
use crate::flow::Flow;
use crate::indicator::Indicator;
use crate::notice::Notices;
use crate::replies::{ReplyRules, Template};
use crate::tasks::{TaskRule, WhistleKind};

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
    /// The clocks of those who work on a case beside its seat.
    #[serde(default)]
    pub tasks: Vec<TaskRule>,
    /// 哨
    #[serde(default)]
    pub whistles: Vec<WhistleKind>,
    /// What is checked before a reply goes out.
    #[serde(default)]
    pub replies: ReplyRules,
    /// Texts to begin from.
    #[serde(default)]
    pub templates: Vec<Template>,
    /// Who is told what.
    #[serde(default)]
    pub notices: Notices,
    /// What is counted.
    #[serde(default)]
    pub indicators: Vec<Indicator>,
    /// Who is entitled to care, and what that means.
    #[serde(default)]
    pub care: CareRules,
    /// What recurs.
    #[serde(default)]
    pub duties: Duties,
    /// What is looked at in premises.
    #[serde(default)]
    pub checklists: Vec<Checklist>,
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
    /// How long after the dispatch a seat may send a case back.
    #[serde(default = "default_send_back_within")]
    pub send_back_within: Amount,
    /// The level that rules on objections.
    #[serde(default = "default_arbiter_level")]
    pub arbiter_level: AreaLevel,
    /// 回访抽样: how many of a hundred answered cases are followed up.
    #[serde(default)]
    pub follow_up_percent: u32,
    /// 未诉先办: so many cases of one category in one grid within `hot_spot_days` make a hot spot; 0 looks for none.
    #[serde(default)]
    pub hot_spot_cases: u32,
    /// See `hot_spot_cases`. Unit: calendar days.
    #[serde(default)]
    pub hot_spot_days: u32,
    /// 走访问题: so many notes of visits with alike words of one place within `visit_problem_days` are proposed as a problem; 0
    /// looks for none.
    #[serde(default)]
    pub visit_problem_visits: u32,
    /// See `visit_problem_visits`. Unit: calendar days.
    #[serde(default)]
    pub visit_problem_days: u32,
    /// What is noted in a clause with one of these words is no problem: 正常, 已劝导.
    #[serde(default)]
    pub visit_quiet_words: Vec<String>,
    /// Whether departments may be listed by their figures. Areas and people never are.
    #[serde(default)]
    pub rank_departments: bool,
}

const fn default_send_back_within() -> Amount {
    Amount { n: 1, unit: TimeUnit::WorkingDays }
}

const fn default_arbiter_level() -> AreaLevel {
    AreaLevel::County
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reopen_limit: 2,
            reopen_window_days: 15,
            send_back_within: default_send_back_within(),
            arbiter_level: default_arbiter_level(),
            follow_up_percent: 0,
            hot_spot_cases: 0,
            hot_spot_days: 0,
            visit_problem_visits: 0,
            visit_problem_days: 0,
            visit_quiet_words: Vec::new(),
            rank_departments: false,
        }
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
    /// 意见建议: what is proposed and what came of it is told to everybody once it is answered, without whoever proposed it.
    pub opinion: bool,
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
    #[schema(value_type = String)]
    pub on_breach: OnBreach,
    /// Which rule says so.
    pub basis: Option<String>,
}

/// 逾期处理: what linli does by itself when a deadline falls due. The engine must offer the action to `system`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum OnBreach {
    /// It is shown as late.
    #[default]
    Nothing,
    /// Takes this action.
    Take(Action),
}

impl OnBreach {
    /// Every word.
    #[must_use]
    pub fn words() -> Vec<String> {
        let verbs = Action::ALL.iter().map(|verb| verb.as_str());
        ["nothing"].into_iter().chain(verbs).map(str::to_owned).collect()
    }

    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Take(verb) => verb.as_str(),
        }
    }

    /// The action that `system` takes, if any.
    #[must_use]
    pub const fn action(self) -> Option<Action> {
        match self {
            Self::Nothing => None,
            Self::Take(verb) => Some(verb),
        }
    }
}

impl std::str::FromStr for OnBreach {
    type Err = linli_kernel::UnknownWord;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        if word == "nothing" { Ok(Self::Nothing) } else { word.parse().map(Self::Take) }
    }
}

impl TryFrom<String> for OnBreach {
    type Error = linli_kernel::UnknownWord;
    fn try_from(word: String) -> Result<Self, Self::Error> {
        word.parse()
    }
}

impl From<OnBreach> for String {
    fn from(breach: OnBreach) -> Self {
        breach.as_str().to_owned()
    }
}
