//! 流程: the stages of one kind of case and the actions that lead between them.

use linli_kernel::{Action, AreaLevel, CaseKind, Phase, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::effects::Effect;
use crate::guards::Guard;

/// 流程: how a case of one kind runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Flow {
    /// Of which kind.
    pub kind: CaseKind,
    /// What people call it.
    pub name: String,
    /// The stage of a new case that no seat was found for.
    pub start: String,
    /// Where a case can stand.
    pub stages: Vec<Stage>,
    /// How it moves. The same verb may stand several times: the first that fits wins.
    pub actions: Vec<ActionDef>,
    /// What linli does by itself once something has come to be so.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// 自动规则: an action that `system` takes as soon as all of `when` hold and did not hold before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// All must hold.
    #[schema(value_type = Vec<String>)]
    pub when: Vec<Guard>,
    /// What is done.
    pub take: Action,
    /// Why, in words for the history.
    pub why: String,
}

/// 环节: where a case stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stage {
    /// Stable id within the flow.
    pub id: String,
    /// What staff read.
    pub name: String,
    /// What the resident reads.
    pub public_name: String,
    /// What everything outside the flow relies on.
    pub phase: Phase,
}

/// 动作: one arrow of the flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionDef {
    /// What is done.
    pub verb: Action,
    /// The button.
    pub name: String,
    /// Stages it starts from; empty for `report` only.
    pub from: Vec<String>,
    /// Where it leads; `None` leaves the case where it is.
    pub to: Option<String>,
    /// Any one of these may take it.
    pub who: Vec<Who>,
    /// Only while the seat is at one of these levels; empty for every level.
    pub seat_levels: Vec<AreaLevel>,
    /// All must hold.
    #[schema(value_type = Vec<String>)]
    pub guards: Vec<Guard>,
    /// What must be said.
    pub form: Vec<Field>,
    /// What follows, in this order.
    #[schema(value_type = Vec<String>)]
    pub effects: Vec<Effect>,
    /// A line below the button.
    pub hint: Option<String>,
    /// How loud the button is.
    pub tone: Tone,
}

/// Who may take an action: a relation to the case, and a role in which it is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Who {
    /// `None`: any role of staff, or none for those who need no account.
    pub role: Option<Role>,
    /// How the person stands to the case.
    pub relation: Relation,
}

/// 关系: how someone stands to a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// Holds a role at the seat: at its area, and in its unit if it has one.
    Seat,
    /// Took the case and has it now.
    Handler,
    /// Belongs to the seat, the place or above, and never handled this case.
    NotHandler,
    /// Holds a role at an area above the seat.
    Above,
    /// Holds a role at the area of the case or above it, whoever the seat is.
    Place,
    /// Neither handled this case nor belongs to a seat that did: who may ask the resident how it went.
    NotUnit,
    /// Was called to work on this case beside its seat: a department, a member of the task force.
    Helper,
    /// Holds the public code.
    Reporter,
    /// linli itself, when a deadline falls due.
    System,
    /// Anybody.
    Anyone,
}

impl Relation {
    /// Every relation.
    pub const ALL: &'static [Self] = &[
        Self::Seat,
        Self::Handler,
        Self::NotHandler,
        Self::Above,
        Self::Place,
        Self::NotUnit,
        Self::Helper,
        Self::Reporter,
        Self::System,
        Self::Anyone,
    ];

    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seat => "seat",
            Self::Handler => "handler",
            Self::NotHandler => "not_handler",
            Self::Above => "above",
            Self::Place => "place",
            Self::NotUnit => "not_unit",
            Self::Helper => "helper",
            Self::Reporter => "reporter",
            Self::System => "system",
            Self::Anyone => "anyone",
        }
    }
}

/// How loud a button is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tone {
    /// The thing to do next.
    Primary,
    /// One of the things that can be done.
    #[default]
    Normal,
    /// Hard to undo; asked again before it is done.
    Danger,
}

impl Tone {
    /// Every tone.
    pub const ALL: &'static [Self] = &[Self::Primary, Self::Normal, Self::Danger];

    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Normal => "normal",
            Self::Danger => "danger",
        }
    }
}

/// 表单项
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Field {
    /// Key in the fields of the command.
    pub name: String,
    /// What people read.
    pub label: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether the action waits for it.
    pub required: bool,
    /// Longest text, in characters; most photos, for photos.
    pub max_len: u32,
    /// A line below the field.
    pub help: Option<String>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    /// One of a list.
    Choice {
        /// The list.
        options: Vec<Choice>,
    },
    /// 照片: attachment ids.
    Photos {
        /// Fewest.
        min: u32,
        /// Why photos are asked for; needed where they are required.
        reason: Option<String>,
    },
    /// Who shall answer: `{area_code, unit_code?}`.
    Seat,
    /// A category's code.
    Category,
    /// A weight.
    Weight,
    /// 1 to 5.
    Stars,
    /// Yes or no.
    Boolean,
    /// A whole number.
    Number {
        /// Least.
        min: u32,
        /// Most.
        max: u32,
    },
    /// A day: `2026-10-09`.
    Date,
    /// Everyone who shall work on it: a list of `{area_code, unit_code?}`.
    Seats,
    /// Another case, by its public code or id.
    Case,
    /// Accounts of staff: a list of ids.
    People,
    /// A kind of whistle, by its code.
    Whistle,
    /// 四要素答复: `{received, talked_to, done, by_when}`, none of them empty.
    Reply,
    /// 理由: one of a list that the event keeps by its value.
    Ground {
        /// The list.
        options: Vec<Choice>,
    },
}

impl FieldKind {
    /// The words used in files.
    pub const WORDS: &'static [&'static str] = &[
        "text", "longtext", "choice", "photos", "seat", "category", "weight", "stars", "boolean", "number", "date",
        "seats", "case", "people", "whistle", "reply", "ground",
    ];

    /// The word used in files and in the API.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::LongText => "longtext",
            Self::Choice { .. } => "choice",
            Self::Photos { .. } => "photos",
            Self::Seat => "seat",
            Self::Category => "category",
            Self::Weight => "weight",
            Self::Stars => "stars",
            Self::Boolean => "boolean",
            Self::Number { .. } => "number",
            Self::Date => "date",
            Self::Seats => "seats",
            Self::Case => "case",
            Self::People => "people",
            Self::Whistle => "whistle",
            Self::Reply => "reply",
            Self::Ground { .. } => "ground",
        }
    }

    /// The list to choose from, where there is one.
    #[must_use]
    pub fn options(&self) -> &[Choice] {
        match self {
            Self::Choice { options } | Self::Ground { options } => options,
            Self::Text
            | Self::LongText
            | Self::Photos { .. }
            | Self::Seat
            | Self::Category
            | Self::Weight
            | Self::Stars
            | Self::Boolean
            | Self::Number { .. }
            | Self::Date
            | Self::Seats
            | Self::Case
            | Self::People
            | Self::Whistle
            | Self::Reply => &[],
        }
    }
}

/// One entry of a list to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What people read.
    pub label: String,
}

impl Flow {
    /// A stage by its id.
    #[must_use]
    pub fn stage(&self, id: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }
}
