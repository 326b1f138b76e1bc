//! 职责任务: what recurs, for whom, and by which record of the work itself it counts as done. What is due is computed from the
//! rule and from what was recorded; nothing is stored ahead, and nobody writes anything down for the sake of a duty alone.

use linli_kernel::{AreaLevel, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// 周期
    DutyRhythm {
        /// 每日
        Day = "day",
        /// 每周, from Monday.
        Week = "week",
        /// 每月
        Month = "month",
        /// 每季度
        Quarter = "quarter",
        /// 每年
        Year = "year",
    }
}

impl DutyRhythm {
    /// The most days of a period.
    #[must_use]
    pub const fn most_days(self) -> u32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::Year => 366,
        }
    }
}

vocabulary! {
    /// 对象: of what it is due once for each.
    DutyTarget {
        /// The area of the post itself.
        Area = "area",
        /// 照单走访: each dwelling of the visiting list of the area.
        VisitList = "visit_list",
        /// Each key premises of the area.
        KeyPremises = "key_premises",
    }
}

vocabulary! {
    /// 凭据: the record of the work by which it counts as done.
    DutyEvidence {
        /// 入户走访
        Visit = "visit",
        /// 日常巡查
        Patrol = "patrol",
        /// 联合巡查: a patrol that other units went along on.
        JointPatrol = "joint_patrol",
        /// 专项检查: an inspection by its checklist, or one that was noted.
        Inspection = "inspection",
        /// 例会
        Meeting = "meeting",
        /// 培训
        Training = "training",
        /// 季度评议
        Review = "review",
        /// 表扬
        Commendation = "commendation",
        /// 接待
        Reception = "reception",
        /// 活动、演练
        Activity = "activity",
        /// Any record of the day's work.
        Any = "any",
    }
}

vocabulary! {
    /// Who owes it where several hold the post.
    DutyShare {
        /// Each of them.
        Each = "each",
        /// One of them, for the area.
        One = "one",
    }
}

vocabulary! {
    /// 到位: what a self-check looks at. Each is found in what was recorded already; none is asked for.
    SelfCheckItem {
        /// 走访到位: a visit was made.
        Visits = "visits",
        /// 活动到位: a meeting, a training or an activity was attended.
        Activities = "activities",
        /// 上报到位: something that was found was reported.
        Reports = "reports",
        /// 联系到位: a dwelling was visited or its record was confirmed.
        Contacts = "contacts",
    }
}

/// 职责任务
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Duty {
    /// Stable id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What is to be done, in a sentence.
    pub about: Option<String>,
    /// The formula that it belongs to: 六个一, 456.
    pub group: Option<String>,
    /// Its category in the duty catalogue.
    pub category: Option<String>,
    /// How often.
    pub rhythm: DutyRhythm,
    /// How many times in a period.
    pub times: u32,
    /// Whether it is due on working days alone; a window that begins on a day off begins on the next working day.
    pub workdays_only: bool,
    /// Of what once for each.
    pub target: DutyTarget,
    /// Any one of these records will do.
    pub evidence: Vec<DutyEvidence>,
    /// Who owes it where several hold the post.
    pub share: DutyShare,
    /// Who.
    pub roles: Vec<Role>,
    /// At which levels.
    pub levels: Vec<AreaLevel>,
    /// The first day of the period on which it can be done, from 1; the first of all without it.
    pub from_day: Option<u32>,
    /// The last day of the period on which it can be done.
    pub to_day: Option<u32>,
    /// Why a photo is needed, where one is.
    pub photo_reason: Option<String>,
    /// Which rule says so.
    pub basis: Option<String>,
}

/// 职责类别: one category of the duty catalogue (职责指导目录), with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DutyCategory {
    /// Stable code.
    pub code: String,
    /// What people call it.
    pub name: String,
    /// What a worker does there, and what not.
    pub items: Vec<String>,
}

/// 到位自查: whether the work shows, computed from what was recorded. Yes or no, never how many times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SelfCheck {
    /// Stable id.
    pub id: String,
    /// What people call it: 四到位.
    pub name: String,
    /// Over which period.
    pub rhythm: DutyRhythm,
    /// Who.
    pub roles: Vec<Role>,
    /// At which levels.
    pub levels: Vec<AreaLevel>,
    /// What it looks at.
    pub items: Vec<SelfCheckLine>,
}

/// One line of a self-check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SelfCheckLine {
    /// What is looked for.
    pub of: SelfCheckItem,
    /// What people call it: 走访到位.
    pub name: String,
    /// What a head can help with where it is missing.
    pub help: String,
}

/// What of a playbook is about duties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Duties {
    /// 职责指导目录
    pub categories: Vec<DutyCategory>,
    /// 职责任务
    pub duties: Vec<Duty>,
    /// 到位自查
    pub self_checks: Vec<SelfCheck>,
}

impl Duties {
    /// A duty by its id.
    #[must_use]
    pub fn duty(&self, id: &str) -> Option<&Duty> {
        self.duties.iter().find(|duty| duty.id == id)
    }
}
