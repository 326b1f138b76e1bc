//! What a case keeps besides its stage and its clocks: what was asked of the level above, rulings, the task force, the
//! follow-up. Pure; stored as one text and never queried.

use std::collections::BTreeSet;

use linli_kernel::{AccountId, Amount, Approval, RecordId, Timestamp};
use serde::{Deserialize, Serialize};

use super::model::Seat;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dossier {
    /// What was asked of the level above and is not answered yet.
    pub pending: Option<Pending>,
    /// How often it was extended.
    pub n_extended: u32,
    /// How many follow-ups reached nobody.
    pub n_unreached: u32,
    /// How often it was asked to be left out of the figures.
    pub n_exclusion_asked: u32,
    /// Until when the present seat may send it back.
    pub send_back_until: Option<Timestamp>,
    /// Seats that sent it back, by their keys.
    pub sent_back_by: BTreeSet<String>,
    /// Seats that had it in hand, by their keys: none of them follows it up.
    pub handled_by: BTreeSet<String>,
    /// The seat that objects to having been given the case.
    pub objector: Option<Seat>,
    /// Whether a ruling binds the seat.
    pub is_ruled: bool,
    /// 挂账: until when it stands still.
    pub suspended_until: Option<Timestamp>,
    /// 剔除: why it is left out of the figures, by its code.
    pub excluded: Option<String>,
    /// How it ended, by the code of the ground; `None` for an ordinary answer.
    pub outcome: Option<String>,
    /// 整改期限 of a finding, by its checklist.
    pub within: Option<Amount>,
    /// The public facility that it is about.
    pub facility: Option<RecordId>,
    /// 专班
    pub force: Option<Force>,
    /// 回访
    pub follow_up: Option<FollowUp>,
}

/// What was asked of the level above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// What.
    pub what: Approval,
    /// Who asked; somebody else answers.
    pub by: Option<AccountId>,
    /// When.
    pub at: Timestamp,
    /// Extension: so many working days more.
    #[serde(default)]
    pub days: Option<u32>,
    /// Suspension: until this moment.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Exclusion: the code of the reason.
    #[serde(default)]
    pub code: Option<String>,
    /// Why, in words; the resident reads it when it is granted.
    pub reason: String,
}

/// 专班: people of several offices under one lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Force {
    /// What it is called.
    pub name: String,
    /// Who leads it.
    pub lead: Option<AccountId>,
    /// Who belongs to it.
    pub members: BTreeSet<AccountId>,
    /// Since when.
    pub opened_at: Timestamp,
    /// When it ended.
    pub closed_at: Option<Timestamp>,
}

impl Force {
    /// Whether it still works.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
}

/// 回访结果: reached, solved and satisfied are three answers. Source: 北京市接诉即办工作条例 (三率).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FollowUp {
    /// 是否联系上
    pub reached: bool,
    /// 是否解决; unknown where nobody was reached.
    pub solved: Option<bool>,
    /// 是否满意; unknown where nobody was reached.
    pub satisfied: Option<bool>,
    /// How often it was tried.
    pub n_tries: u32,
    /// When it was tried last.
    pub at: Timestamp,
}
