//! The boxes of the inbox: what a case waits for, and whom it concerns. Pure; [`super::list`] finds what lies in them.

use linli_kernel::Action;
use serde::{Deserialize, Serialize};

/// 收件箱: a box of the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoxKey {
    /// 待受理: at my seat, nobody has accepted it.
    ToAccept,
    /// 待签收: at my seat, nobody has signed for it.
    ToSign,
    /// 我在办
    Mine,
    /// 待核查: others settled it, I may verify.
    ToVerify,
    /// 被退回: came back to my seat.
    SentBack,
    /// 上报来的: came up from below to my seat.
    CameUp,
    /// 请我办的: called to help, whistled for, a task of the task force.
    Tasks,
    /// 待我审批: an extension, a suspension, an exclusion that was asked for below.
    ToApprove,
    /// 待裁定: an objection at my seat.
    ToRule,
    /// 待回访: answered, and drawn for a follow-up.
    ToFollowUp,
    /// 无人经办: whoever had it in hand cannot go on with it.
    Unattended,
    /// 等待居民
    Waiting,
    /// 挂账台账
    Suspended,
    /// 督办
    Supervised,
    /// 下级在办: stands at a seat below mine.
    Below,
    /// 将到期
    Soon,
    /// 已逾期
    Late,
    /// 全部在办
    AllOpen,
    /// 已办结
    Closed,
}

impl BoxKey {
    /// Every box, in the order of the page.
    pub const ALL: [Self; 19] = [
        Self::ToAccept,
        Self::ToSign,
        Self::Mine,
        Self::ToVerify,
        Self::SentBack,
        Self::CameUp,
        Self::Tasks,
        Self::ToApprove,
        Self::ToRule,
        Self::ToFollowUp,
        Self::Unattended,
        Self::Waiting,
        Self::Suspended,
        Self::Supervised,
        Self::Below,
        Self::Soon,
        Self::Late,
        Self::AllOpen,
        Self::Closed,
    ];

    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ToAccept => "to_accept",
            Self::ToSign => "to_sign",
            Self::Mine => "mine",
            Self::ToVerify => "to_verify",
            Self::SentBack => "sent_back",
            Self::CameUp => "came_up",
            Self::Tasks => "tasks",
            Self::ToApprove => "to_approve",
            Self::ToRule => "to_rule",
            Self::ToFollowUp => "to_follow_up",
            Self::Suspended => "suspended",
            Self::Supervised => "supervised",
            Self::Unattended => "unattended",
            Self::Waiting => "waiting",
            Self::Below => "below",
            Self::Soon => "soon",
            Self::Late => "late",
            Self::AllOpen => "all_open",
            Self::Closed => "closed",
        }
    }

    /// The actions without one of which the box is none of a caller's; nothing for those that everyone has.
    pub(super) const fn verbs(self) -> &'static [Action] {
        match self {
            Self::ToApprove => &[Action::GrantExtension, Action::Suspend, Action::Exclude],
            Self::ToRule => &[Action::Rule],
            Self::ToFollowUp => &[Action::FollowUp],
            Self::Suspended | Self::Supervised => &[Action::Supervise],
            Self::CameUp | Self::Below => &[Action::Dispatch],
            _ => &[],
        }
    }

    /// Whether it is ordered by what ends next; the others show the newest first.
    pub(super) const fn by_due(self) -> bool {
        !matches!(self, Self::AllOpen | Self::Closed)
    }
}
