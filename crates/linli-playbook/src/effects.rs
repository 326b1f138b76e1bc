//! What follows from an action, and what it depends on: short sentences such as `start handle`,
//! `seat up`, `satisfied is false`, kept as text in files and in stored playbooks.

use std::fmt;
use std::str::FromStr;

use linli_kernel::DeadlineKind;
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
    /// 督办: marked for supervision at the top level.
    Supervise,
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
}

/// 条件: what an action depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Guard {
    /// (`report` only) a seat was found.
    Routed,
    /// (`report` only) no seat was found.
    Unrouted,
    /// The seat is below the top level of the playbook.
    BelowTop,
    /// The seat is at the top level of the playbook.
    AtTop,
    /// Reopened fewer times than the limit.
    ReopenLeft,
    /// Reopened as often as the limit allows.
    ReopenSpent,
    /// Not longer ago than the window since the answer.
    WithinWindow,
    /// A boolean of the form.
    Field {
        /// Its name.
        name: String,
        /// What it must be.
        is: bool,
    },
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
            Self::CountReopen,
            Self::Supervise,
        ];
        by_kind(Self::Start)
            .chain(by_kind(Self::Meet))
            .chain(by_kind(Self::Cancel))
            .chain(plain.iter().map(ToString::to_string))
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
            Self::Supervise => f.write_str("supervise"),
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
            ["supervise"] => Ok(Self::Supervise),
            _ => Err(bad()),
        }
    }
}

impl Guard {
    /// The guards that name no field, as sentences.
    pub const WORDS: &'static [&'static str] =
        &["routed", "unrouted", "below_top", "at_top", "reopen_left", "reopen_spent", "within_window"];

    /// Whether it can be answered before the form is filled in.
    #[must_use]
    pub const fn is_about_form(&self) -> bool {
        match self {
            Self::Field { .. } => true,
            Self::Routed
            | Self::Unrouted
            | Self::BelowTop
            | Self::AtTop
            | Self::ReopenLeft
            | Self::ReopenSpent
            | Self::WithinWindow => false,
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Routed => f.write_str("routed"),
            Self::Unrouted => f.write_str("unrouted"),
            Self::BelowTop => f.write_str("below_top"),
            Self::AtTop => f.write_str("at_top"),
            Self::ReopenLeft => f.write_str("reopen_left"),
            Self::ReopenSpent => f.write_str("reopen_spent"),
            Self::WithinWindow => f.write_str("within_window"),
            Self::Field { name, is } => write!(f, "{name} is {is}"),
        }
    }
}

impl FromStr for Guard {
    type Err = BadRule;
    fn from_str(sentence: &str) -> Result<Self, BadRule> {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        match words.as_slice() {
            ["routed"] => Ok(Self::Routed),
            ["unrouted"] => Ok(Self::Unrouted),
            ["below_top"] => Ok(Self::BelowTop),
            ["at_top"] => Ok(Self::AtTop),
            ["reopen_left"] => Ok(Self::ReopenLeft),
            ["reopen_spent"] => Ok(Self::ReopenSpent),
            ["within_window"] => Ok(Self::WithinWindow),
            [name, "is", "true"] => Ok(Self::Field { name: (*name).to_owned(), is: true }),
            [name, "is", "false"] => Ok(Self::Field { name: (*name).to_owned(), is: false }),
            _ => Err(BadRule { what: "guard", sentence: sentence.to_owned() }),
        }
    }
}

macro_rules! spoken {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = BadRule;
            fn try_from(sentence: String) -> Result<Self, BadRule> {
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
spoken!(Effect, Guard);

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

    #[test]
    fn every_guard_reads_back_as_written() {
        for sentence in Guard::WORDS.iter().copied().chain(["satisfied is true", "solved is false"]) {
            assert_eq!(sentence.parse::<Guard>().unwrap().to_string(), sentence);
        }
        assert!("satisfied is maybe".parse::<Guard>().is_err());
    }
}
