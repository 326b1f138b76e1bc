//! What follows from an action: short sentences such as `start handle`, `seat up`, kept as text in files and in stored
//! playbooks. What an action depends on: [`crate::guards`].

use std::fmt;
use std::str::FromStr;

use linli_kernel::{Approval, DeadlineKind, TaskKind};
use serde::{Deserialize, Serialize};

/// 效果: what follows from an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Effect {
    /// A new deadline; an earlier one of the kind that still runs is cancelled.
    Start(DeadlineKind),
    /// What the deadline asked for is done.
    Meet(DeadlineKind),
    /// No longer owed.
    Cancel(DeadlineKind),
    /// No deadline is owed any more.
    CancelAll,
    /// All running deadlines stand still.
    Pause,
    /// All paused deadlines run again.
    Resume,
    /// Who handles the case.
    Assign(Assignee),
    /// Who answers for the case.
    Seat(SeatMove),
    /// The case counts as reopened once more.
    CountReopen,
    /// 督办: marked for supervision.
    Supervise,
    /// Tasks for everyone named in the form, each with its own clocks.
    Call(TaskKind),
    /// Nothing is owed any more by those who were called.
    CancelTasks,
    /// Asks the level above; one thing at a time.
    Ask(Approval),
    /// What was asked for is granted: more days, standing still until a date, left out of the figures.
    Grant(Approval),
    /// What was asked for is refused.
    Refuse(Approval),
    /// The seat objects to having been given the case.
    Object,
    /// The ruling binds: no send-back and no objection any more.
    Bind,
    /// 并单: follows the case named in the form.
    Merge,
    /// 拆单: follows no other case any more.
    Unmerge,
    /// The reply of the case that it follows is its own.
    TakeReply,
    /// 专班 begins, with the people named in the form.
    OpenForce,
    /// 专班 ends.
    CloseForce,
    /// 分办: a case of its own for a part of the matter.
    Split,
    /// 回访: the clock of the follow-up starts, if the case is drawn for one.
    Sample,
    /// 不公开 or 公开, as the boolean `private` of the form says.
    SetPrivacy,
}

/// Who handles the case from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// Whoever takes the action.
    Actor,
    /// Nobody yet.
    Nobody,
}

/// Where the seat moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatMove {
    /// The people of the area one level up; at the top level those of the same area. A unit is left either way.
    Up,
    /// The people of the area at the top level of the playbook. A unit is left.
    Top,
    /// The seat named in the form (the field of kind `seat`).
    Chosen,
    /// By place, weight and responsibility list, unless the form names one.
    Routed,
    /// The seat whose people accepted or dispatched the case here. If it came here in any other way (routed, escalated, handed
    /// on, reopened): from a unit to the people of its area, from an area one level up as in `Up`.
    Back,
    /// 裁定: the people of the area at the level that rules on objections.
    Arbiter,
    /// The seat that objected.
    Objector,
}

/// A sentence that is no effect or no guard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence:?} is not a {what}")]
pub struct BadRule {
    /// `effect` or `guard`.
    pub what: &'static str,
    /// The sentence.
    pub sentence: String,
}

impl Effect {
    /// The clock that it starts by the rules of `deadlines.toml`.
    #[must_use]
    pub const fn starts(&self) -> Option<DeadlineKind> {
        match self {
            Self::Start(kind) => Some(*kind),
            Self::Ask(_) => Some(DeadlineKind::Approve),
            Self::Sample => Some(DeadlineKind::FollowUp),
            _ => None,
        }
    }

    /// Every effect, as sentences.
    #[must_use]
    pub fn sentences() -> Vec<String> {
        let by_kind =
            |make: fn(DeadlineKind) -> Self| DeadlineKind::ALL.iter().map(move |kind| make(*kind).to_string());
        let plain = [
            Self::CancelAll,
            Self::Pause,
            Self::Resume,
            Self::Assign(Assignee::Actor),
            Self::Assign(Assignee::Nobody),
            Self::Seat(SeatMove::Up),
            Self::Seat(SeatMove::Top),
            Self::Seat(SeatMove::Chosen),
            Self::Seat(SeatMove::Routed),
            Self::Seat(SeatMove::Back),
            Self::Seat(SeatMove::Arbiter),
            Self::Seat(SeatMove::Objector),
            Self::CountReopen,
            Self::Supervise,
            Self::CancelTasks,
            Self::Object,
            Self::Bind,
            Self::Merge,
            Self::Unmerge,
            Self::TakeReply,
            Self::OpenForce,
            Self::CloseForce,
            Self::Split,
            Self::Sample,
            Self::SetPrivacy,
        ];
        let by_approval = |make: fn(Approval) -> Self| Approval::ALL.iter().map(move |what| make(*what).to_string());
        by_kind(Self::Start)
            .chain(by_kind(Self::Meet))
            .chain(by_kind(Self::Cancel))
            .chain(plain.iter().map(ToString::to_string))
            .chain(TaskKind::ALL.iter().map(|kind| Self::Call(*kind).to_string()))
            .chain(by_approval(Self::Ask))
            .chain(by_approval(Self::Grant))
            .chain(by_approval(Self::Refuse))
            .collect()
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(kind) => write!(f, "start {kind}"),
            Self::Meet(kind) => write!(f, "meet {kind}"),
            Self::Cancel(kind) => write!(f, "cancel {kind}"),
            Self::CancelAll => f.write_str("cancel all"),
            Self::Pause => f.write_str("pause"),
            Self::Resume => f.write_str("resume"),
            Self::Assign(Assignee::Actor) => f.write_str("assign actor"),
            Self::Assign(Assignee::Nobody) => f.write_str("assign nobody"),
            Self::Seat(SeatMove::Up) => f.write_str("seat up"),
            Self::Seat(SeatMove::Top) => f.write_str("seat top"),
            Self::Seat(SeatMove::Chosen) => f.write_str("seat chosen"),
            Self::Seat(SeatMove::Routed) => f.write_str("seat routed"),
            Self::Seat(SeatMove::Back) => f.write_str("seat back"),
            Self::CountReopen => f.write_str("count_reopen"),
            Self::Seat(SeatMove::Arbiter) => f.write_str("seat arbiter"),
            Self::Seat(SeatMove::Objector) => f.write_str("seat objector"),
            Self::Supervise => f.write_str("supervise"),
            Self::Call(kind) => write!(f, "call {kind}"),
            Self::CancelTasks => f.write_str("cancel tasks"),
            Self::Ask(what) => write!(f, "ask {what}"),
            Self::Grant(what) => write!(f, "grant {what}"),
            Self::Refuse(what) => write!(f, "refuse {what}"),
            Self::Object => f.write_str("object"),
            Self::Bind => f.write_str("bind"),
            Self::Merge => f.write_str("merge"),
            Self::Unmerge => f.write_str("unmerge"),
            Self::TakeReply => f.write_str("take reply"),
            Self::OpenForce => f.write_str("open force"),
            Self::CloseForce => f.write_str("close force"),
            Self::Split => f.write_str("split"),
            Self::Sample => f.write_str("sample follow_up"),
            Self::SetPrivacy => f.write_str("set privacy"),
        }
    }
}

impl FromStr for Effect {
    type Err = BadRule;
    fn from_str(sentence: &str) -> Result<Self, BadRule> {
        let bad = || BadRule { what: "effect", sentence: sentence.to_owned() };
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let kind = |word: &str| word.parse::<DeadlineKind>().map_err(|_| bad());
        match words.as_slice() {
            ["start", word] => Ok(Self::Start(kind(word)?)),
            ["meet", word] => Ok(Self::Meet(kind(word)?)),
            ["cancel", "all"] => Ok(Self::CancelAll),
            ["cancel", "tasks"] => Ok(Self::CancelTasks),
            ["cancel", word] => Ok(Self::Cancel(kind(word)?)),
            ["pause"] => Ok(Self::Pause),
            ["resume"] => Ok(Self::Resume),
            ["assign", "actor"] => Ok(Self::Assign(Assignee::Actor)),
            ["assign", "nobody"] => Ok(Self::Assign(Assignee::Nobody)),
            ["seat", "up"] => Ok(Self::Seat(SeatMove::Up)),
            ["seat", "top"] => Ok(Self::Seat(SeatMove::Top)),
            ["seat", "chosen"] => Ok(Self::Seat(SeatMove::Chosen)),
            ["seat", "routed"] => Ok(Self::Seat(SeatMove::Routed)),
            ["seat", "back"] => Ok(Self::Seat(SeatMove::Back)),
            ["count_reopen"] => Ok(Self::CountReopen),
            ["seat", "arbiter"] => Ok(Self::Seat(SeatMove::Arbiter)),
            ["seat", "objector"] => Ok(Self::Seat(SeatMove::Objector)),
            ["supervise"] => Ok(Self::Supervise),
            ["call", word] => Ok(Self::Call(word.parse().map_err(|_| bad())?)),
            ["ask", word] => Ok(Self::Ask(word.parse().map_err(|_| bad())?)),
            ["grant", word] => Ok(Self::Grant(word.parse().map_err(|_| bad())?)),
            ["refuse", word] => Ok(Self::Refuse(word.parse().map_err(|_| bad())?)),
            ["object"] => Ok(Self::Object),
            ["bind"] => Ok(Self::Bind),
            ["merge"] => Ok(Self::Merge),
            ["unmerge"] => Ok(Self::Unmerge),
            ["take", "reply"] => Ok(Self::TakeReply),
            ["open", "force"] => Ok(Self::OpenForce),
            ["close", "force"] => Ok(Self::CloseForce),
            ["split"] => Ok(Self::Split),
            ["sample", "follow_up"] => Ok(Self::Sample),
            ["set", "privacy"] => Ok(Self::SetPrivacy),
            _ => Err(bad()),
        }
    }
}

macro_rules! spoken {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = $crate::effects::BadRule;
            fn try_from(sentence: String) -> Result<Self, Self::Error> {
                sentence.parse()
            }
        }

        impl From<$name> for String {
            fn from(rule: $name) -> Self {
                rule.to_string()
            }
        }
    )+};
}
pub(crate) use spoken;
spoken!(Effect);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_effect_reads_back_as_written() {
        for sentence in Effect::sentences() {
            assert_eq!(sentence.parse::<Effect>().unwrap().to_string(), sentence);
        }
        assert!("start lunch".parse::<Effect>().is_err());
    }
}
