//! What an action depends on: short sentences such as `below_top`, `sent_back >= 2`, `satisfied is false`, kept as text in
//! files and in stored playbooks.

use std::fmt;
use std::str::FromStr;

use linli_kernel::Approval;
use serde::{Deserialize, Serialize};

use crate::effects::{BadRule, spoken};

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
    /// How often something happened.
    Count {
        /// What.
        what: Counter,
        /// How it compares.
        compare: Compare,
        /// With what.
        n: u32,
    },
    /// The clock of the handling is not over.
    OnTime,
    /// Nothing was asked of the level above that is not answered yet.
    NothingPending,
    /// This was asked and is not answered yet.
    Pending(Approval),
    /// 退单 is open to this seat: it never sent the case back, and the time for it is not over.
    MaySendBack,
    /// This seat sent the case back once and has it again: it may object.
    SentBackBefore,
    /// No ruling binds the seat.
    NotRuled,
    /// Nobody who was called still owes something.
    TasksDone,
    /// No case that was split off is open.
    ChildrenDone,
    /// A task force works on it.
    ForceOpen,
    /// No task force works on it.
    NoForce,
    /// No other case follows this one.
    NoFollowers,
    /// It is counted in the figures.
    Counted,
    /// A boolean of the form.
    Field {
        /// Its name.
        name: String,
        /// What it must be.
        is: bool,
    },
}

/// What happened to a case how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Sent back.
    SentBack,
    /// Reopened.
    Reopened,
    /// Clocks of this case that ran out.
    Late,
    /// Extended.
    Extended,
    /// Follow-ups that reached nobody.
    Unreached,
    /// Times that it was asked to be left out of the figures.
    ExclusionAsked,
    /// Everyone who was called to work on it beside its seat, then or now.
    Called,
    /// Of those who were called: who did not sign, get in touch or come in time.
    CallsLate,
}

impl Counter {
    /// Every counter.
    pub const ALL: &'static [Self] = &[
        Self::SentBack,
        Self::Reopened,
        Self::Late,
        Self::Extended,
        Self::Unreached,
        Self::ExclusionAsked,
        Self::Called,
        Self::CallsLate,
    ];

    /// The word used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SentBack => "sent_back",
            Self::Reopened => "reopened",
            Self::Late => "late",
            Self::Extended => "extended",
            Self::Unreached => "unreached",
            Self::ExclusionAsked => "exclusion_asked",
            Self::Called => "called",
            Self::CallsLate => "calls_late",
        }
    }
}

/// How a count compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Fewer than.
    Below,
    /// As many as or more.
    AtLeast,
}

impl Compare {
    /// The sign used in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Below => "<",
            Self::AtLeast => ">=",
        }
    }
}

impl Guard {
    /// The guards that name no field, as sentences.
    pub const WORDS: &'static [&'static str] = &[
        "routed",
        "unrouted",
        "below_top",
        "at_top",
        "reopen_left",
        "reopen_spent",
        "within_window",
        "on_time",
        "nothing_pending",
        "may_send_back",
        "sent_back_before",
        "not_ruled",
        "tasks_done",
        "children_done",
        "force_open",
        "no_force",
        "no_followers",
        "counted",
    ];

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
            | Self::WithinWindow
            | Self::Count { .. }
            | Self::OnTime
            | Self::NothingPending
            | Self::Pending(_)
            | Self::MaySendBack
            | Self::SentBackBefore
            | Self::NotRuled
            | Self::TasksDone
            | Self::ChildrenDone
            | Self::ForceOpen
            | Self::NoForce
            | Self::NoFollowers
            | Self::Counted => false,
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
            Self::Count { what, compare, n } => write!(f, "{} {} {n}", what.as_str(), compare.as_str()),
            Self::OnTime => f.write_str("on_time"),
            Self::NothingPending => f.write_str("nothing_pending"),
            Self::Pending(what) => write!(f, "pending {what}"),
            Self::MaySendBack => f.write_str("may_send_back"),
            Self::SentBackBefore => f.write_str("sent_back_before"),
            Self::NotRuled => f.write_str("not_ruled"),
            Self::TasksDone => f.write_str("tasks_done"),
            Self::ChildrenDone => f.write_str("children_done"),
            Self::ForceOpen => f.write_str("force_open"),
            Self::NoForce => f.write_str("no_force"),
            Self::NoFollowers => f.write_str("no_followers"),
            Self::Counted => f.write_str("counted"),
        }
    }
}

impl FromStr for Guard {
    type Err = BadRule;
    fn from_str(sentence: &str) -> Result<Self, BadRule> {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        let bad = || BadRule { what: "guard", sentence: sentence.to_owned() };
        let count = |what: &str, compare: Compare, n: &str| {
            let what = Counter::ALL.iter().find(|counter| counter.as_str() == what).ok_or_else(bad)?;
            Ok(Self::Count { what: *what, compare, n: n.parse().map_err(|_| bad())? })
        };
        match words.as_slice() {
            [what, "<", n] => count(what, Compare::Below, n),
            [what, ">=", n] => count(what, Compare::AtLeast, n),
            ["pending", what] => Ok(Self::Pending(what.parse().map_err(|_| bad())?)),
            ["on_time"] => Ok(Self::OnTime),
            ["nothing_pending"] => Ok(Self::NothingPending),
            ["may_send_back"] => Ok(Self::MaySendBack),
            ["sent_back_before"] => Ok(Self::SentBackBefore),
            ["not_ruled"] => Ok(Self::NotRuled),
            ["tasks_done"] => Ok(Self::TasksDone),
            ["children_done"] => Ok(Self::ChildrenDone),
            ["force_open"] => Ok(Self::ForceOpen),
            ["no_force"] => Ok(Self::NoForce),
            ["no_followers"] => Ok(Self::NoFollowers),
            ["counted"] => Ok(Self::Counted),
            ["routed"] => Ok(Self::Routed),
            ["unrouted"] => Ok(Self::Unrouted),
            ["below_top"] => Ok(Self::BelowTop),
            ["at_top"] => Ok(Self::AtTop),
            ["reopen_left"] => Ok(Self::ReopenLeft),
            ["reopen_spent"] => Ok(Self::ReopenSpent),
            ["within_window"] => Ok(Self::WithinWindow),
            [name, "is", "true"] => Ok(Self::Field { name: (*name).to_owned(), is: true }),
            [name, "is", "false"] => Ok(Self::Field { name: (*name).to_owned(), is: false }),
            _ => Err(bad()),
        }
    }
}

spoken!(Guard);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guard_reads_back_as_written() {
        for sentence in Guard::WORDS.iter().copied().chain([
            "satisfied is true",
            "solved is false",
            "sent_back >= 2",
            "extended < 1",
            "pending extension",
        ]) {
            assert_eq!(sentence.parse::<Guard>().unwrap().to_string(), sentence);
        }
        assert!("satisfied is maybe".parse::<Guard>().is_err());
        assert!("tea >= 2".parse::<Guard>().is_err());
        assert!("pending lunch".parse::<Guard>().is_err());
    }
}
