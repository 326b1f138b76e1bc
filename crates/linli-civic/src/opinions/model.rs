//! What was proposed and what came of it, as the public is told. Pure.

use linli_kernel::{
    AccountId, Actor, AreaCode, CaseId, CaseKind, Change, NewEvent, Phase, Problem, ProblemCode, Stream, StreamKind,
    Timestamp,
};
use linli_playbook::{Playbook, ReplyFault};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// 采纳情况
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OpinionOutcome)]
pub enum Adoption {
    /// 采纳
    Adopted,
    /// 部分采纳
    Partly,
    /// 列入计划
    Planned,
    /// 暂不采纳，说明原因
    Explained,
}

impl Adoption {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 4] = [Self::Adopted, Self::Partly, Self::Planned, Self::Explained];

    /// The stable identifier.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adopted => "adopted",
            Self::Partly => "partly",
            Self::Planned => "planned",
            Self::Explained => "explained",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == word)
    }
}

/// Longest summary. Unit: characters.
pub const MAX_SUMMARY: usize = 200;
/// Longest answer. Unit: characters.
pub const MAX_ANSWER: usize = 1_000;
/// Fewer characters say nothing.
const MIN_TEXT: usize = 4;

/// 意见建议 with its public answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opinion {
    /// The case that it was.
    pub case: CaseId,
    /// Of which place.
    pub area: AreaCode,
    /// Of which category.
    pub category: String,
    /// What was proposed, in the clerk's words.
    pub summary: String,
    /// What came of it.
    pub adoption: Adoption,
    /// The answer to everybody.
    pub answer: String,
    /// Who published it last.
    pub by: AccountId,
    /// When it was first published.
    pub published_at: Timestamp,
    /// When it was taken back.
    pub withdrawn_at: Option<Timestamp>,
    /// Its version; 0 before it is there.
    pub version: i64,
}

/// What of a case decides whether its answer can be made public.
pub struct Answered<'a> {
    /// Which flow it goes by.
    pub kind: CaseKind,
    /// Its category.
    pub category: Option<&'a str>,
    /// How it stands.
    pub phase: Phase,
    /// Whether it is private.
    pub is_private: bool,
}

impl Answered<'_> {
    /// Whether its answer can be made public.
    ///
    /// # Errors
    /// `NotFound` for what is no opinion, or private; `NotNow` before it is answered.
    pub fn check(&self, book: &Playbook) -> Result<(), Problem> {
        let is_opinion = self.category.and_then(|code| book.category(code)).is_some_and(|category| category.opinion);
        if self.kind != CaseKind::Request || !is_opinion || self.is_private {
            return Err(ProblemCode::NotFound.into());
        }
        match self.phase {
            Phase::Settled | Phase::Closed => Ok(()),
            Phase::Open | Phase::Waiting => Err(ProblemCode::NotNow.into()),
        }
    }
}

/// Whether words can be told to everybody.
///
/// # Errors
/// `Invalid` naming the field.
pub fn check_words(book: &Playbook, field: &str, said: &str, max: usize) -> Result<String, Problem> {
    let said = said.trim().replace('\0', "");
    match said.chars().count() {
        0 => return Err(Problem::field(field, "required")),
        n if n < MIN_TEXT => return Err(Problem::field(field, "too_short").with("min", MIN_TEXT.to_string())),
        n if n > max => return Err(Problem::field(field, "too_long").with("max", max.to_string())),
        _ => {}
    }
    match book.reply_fault(&said, false) {
        Some(ReplyFault::PersonalData { masked }) => Err(Problem::field(field, "personal_data").with("number", masked)),
        Some(ReplyFault::TooShort { .. } | ReplyFault::SaysNothing { .. }) | None => Ok(said),
    }
}

impl Opinion {
    /// The change that publishes it, or says it better.
    pub fn publish(mut self, actor: Actor, at: Timestamp) -> Change<Self> {
        let kind = if self.version == 0 { "opinion_published" } else { "opinion_changed" };
        self.withdrawn_at = None;
        self.tell(kind, actor, at)
    }

    /// The change that takes it back.
    pub fn withdraw(mut self, actor: Actor, at: Timestamp) -> Change<Self> {
        self.withdrawn_at = Some(at);
        self.tell("opinion_withdrawn", actor, at)
    }

    fn tell(self, kind: &'static str, actor: Actor, at: Timestamp) -> Change<Self> {
        let event = NewEvent {
            stream: Stream::new(StreamKind::Opinion, self.case.to_string()),
            kind,
            at,
            actor,
            payload: json!({ "area_code": self.area, "category": self.category, "outcome": self.adoption, "version": self.version + 1 }),
            text: Some(json!({ "summary": self.summary, "answer": self.answer }).to_string()),
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_has_a_word_and_is_read_again() {
        for adoption in Adoption::ALL {
            assert_eq!(Adoption::parse(adoption.as_str()), Some(adoption));
            assert_eq!(serde_json::to_value(adoption).unwrap(), adoption.as_str());
        }
        assert_eq!(Adoption::parse("ignored"), None);
    }
}
