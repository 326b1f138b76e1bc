//! From what happened inside to the word that everybody may read. One table; a state that is not in it changes nothing.
//!
//! Inside, stages are a playbook's own; outside there are the two words of GeoReport and the longer list of the request-updates
//! extension. What is relied on is what code may rely on: the kind of the event and the phase that it led to.

use linli_kernel::Phase;

/// 公开状态: the extended status of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 已受理
    Open,
    /// 办理中
    InProgress,
    /// 等待补充情况
    Investigating,
    /// 按计划办理: put aside with approval until a day that was named.
    ActionScheduled,
    /// 已答复
    Fixed,
    /// 已办结
    Closed,
    /// 不再办理
    NoFurtherAction,
    /// 已告知依法办理途径
    NotOurs,
    /// 已并入同一事项
    Duplicate,
    /// 反映人已撤回
    Cancelled,
}

/// Word of the extension, status.
const WORDS: &[(&str, Status)] = &[
    ("open", Status::Open),
    ("in_progress", Status::InProgress),
    ("investigating", Status::Investigating),
    ("action_scheduled", Status::ActionScheduled),
    ("fixed", Status::Fixed),
    ("closed", Status::Closed),
    ("no_further_action", Status::NoFurtherAction),
    ("not_councils_responsibility", Status::NotOurs),
    ("duplicate", Status::Duplicate),
    ("cancelled", Status::Cancelled),
];

/// Kind of event, phase that it led to, status. `None` stands for every phase. The first line that fits counts.
const TABLE: &[(&str, Option<Phase>, Status)] = &[
    ("reported", None, Status::Open),
    ("accepted", None, Status::Open),
    ("dispatched", None, Status::Open),
    ("handed_on", None, Status::Open),
    ("escalated", None, Status::Open),
    ("sent_back", None, Status::Open),
    ("reopened", None, Status::Open),
    ("force_opened", None, Status::Open),
    ("mediation_begun", None, Status::InProgress),
    ("unmerged", None, Status::Open),
    ("taken", None, Status::InProgress),
    ("rejected", None, Status::InProgress),
    ("resumed", None, Status::InProgress),
    ("answered", Some(Phase::Open), Status::InProgress),
    ("settled", Some(Phase::Open), Status::InProgress),
    ("asked", Some(Phase::Waiting), Status::Investigating),
    ("suspended", None, Status::ActionScheduled),
    ("settled", Some(Phase::Settled), Status::Fixed),
    ("verified", Some(Phase::Settled), Status::Fixed),
    ("verified", Some(Phase::Closed), Status::Closed),
    ("rated", Some(Phase::Closed), Status::Closed),
    ("rated", Some(Phase::Open), Status::Open),
    ("closed", None, Status::Closed),
    ("force_closed", None, Status::NoFurtherAction),
    ("merged", None, Status::Duplicate),
    ("withdrawn", None, Status::Cancelled),
];

impl Status {
    /// What an event makes of the status; `None` when it leaves it as it is.
    #[must_use]
    pub fn after(kind: &str, phase: Option<Phase>) -> Option<Self> {
        TABLE
            .iter()
            .find(|(own, of, _)| *own == kind && of.is_none_or(|of| Some(of) == phase))
            .map(|(_, _, status)| *status)
    }

    /// The word of the extension, in lower case.
    #[must_use]
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(_, status)| *status == self).map_or("open", |(word, _)| *word)
    }

    /// The word of GeoReport itself: everything is open or closed.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Open | Self::InProgress | Self::Investigating | Self::ActionScheduled => true,
            Self::Fixed | Self::Closed | Self::NoFurtherAction | Self::NotOurs | Self::Duplicate | Self::Cancelled => {
                false
            }
        }
    }

    /// `open` or `closed`.
    #[must_use]
    pub const fn georeport(self) -> &'static str {
        if self.is_open() { "open" } else { "closed" }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// A word that is no status that we give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no Open311 status of ours")]
pub struct UnknownStatus(pub String);

impl std::str::FromStr for Status {
    type Err = UnknownStatus;
    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        WORDS
            .iter()
            .find(|(own, _)| *own == word)
            .map(|(_, status)| *status)
            .ok_or_else(|| UnknownStatus(word.to_owned()))
    }
}

/// What another system means when it sends a status with an update of the reporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// It is to be done again.
    Reopen,
    /// Nothing but what is written.
    Comment,
}

impl Wish {
    /// Of the word that came, in any case, with spaces or underscores.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
            "reopen" | "reopened" => Self::Reopen,
            _ => Self::Comment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_word_that_reads_back() {
        for (word, status) in WORDS {
            assert_eq!(status.word(), *word);
            assert_eq!(word.parse::<Status>(), Ok(*status));
        }
        for (_, _, status) in TABLE {
            assert_eq!(status.word().parse::<Status>(), Ok(*status));
        }
        assert!("verifying".parse::<Status>().is_err());
    }

    #[test]
    fn an_answer_counts_once_it_was_verified_and_an_unhappy_rating_opens_again() {
        assert_eq!(Status::after("settled", Some(Phase::Open)), Some(Status::InProgress));
        assert_eq!(Status::after("verified", Some(Phase::Settled)), Some(Status::Fixed));
        assert_eq!(Status::after("rated", Some(Phase::Closed)), Some(Status::Closed));
        assert_eq!(Status::after("rated", Some(Phase::Open)), Some(Status::Open));
        assert_eq!(Status::after("deadline_breached", Some(Phase::Open)), None);
        assert_eq!(Status::after("something_new", None), None);
    }
}
