//! 协办与吹哨: the clocks of those who work on a case beside its seat, and the kinds of whistle.

use linli_kernel::{Amount, AreaLevel, Role, TaskKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long each step of a task may last; a step without an amount has no clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskClocks {
    /// 签收
    pub sign: Option<Amount>,
    /// 联系属地
    pub contact: Option<Amount>,
    /// 到场报到
    pub arrive: Option<Amount>,
    /// 办结反馈
    pub handle: Option<Amount>,
}

/// The clocks of one kind of task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskRule {
    /// Of which kind.
    pub kind: TaskKind,
    /// For this unit only, by its code; it comes before a rule for all.
    #[serde(default)]
    pub unit: Option<String>,
    /// How long each step may last.
    pub clocks: TaskClocks,
    /// Which rule says so.
    pub basis: Option<String>,
}

/// 哨: one kind of whistle. Source of the idea: 街道吹哨、部门报到 (北京平谷 2018; 南京鼓楼 2023).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhistleKind {
    /// Stable code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// When it is the right one.
    pub about: String,
    /// Who may blow it.
    pub initiators: Vec<Role>,
    /// At which levels of the seat it can be blown.
    pub levels: Vec<AreaLevel>,
    /// Units that are called unless others are chosen: their codes.
    pub units: Vec<String>,
    /// How long each step may last for everyone who is called.
    pub clocks: TaskClocks,
    /// Which rule says so.
    pub basis: Option<String>,
}
