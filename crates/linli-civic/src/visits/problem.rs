//! 走访问题: what a person decided of what visits keep coming upon. Pure.
//!
//! A problem is proposed under the id of the first of its visits about which nobody decided yet, and keeps it when it is
//! decided: of two people who decide at once, the second meets the history of the first.

use linli_kernel::{Actor, AreaCode, CaseId, Change, NewEvent, Stream, StreamKind, Timestamp, VisitId, VisitProblemId};
use serde_json::json;

/// What a person decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A case was opened.
    Opened(CaseId),
    /// Nothing follows.
    Dismissed,
}

/// A problem that was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitProblem {
    /// Which.
    pub id: VisitProblemId,
    /// Where.
    pub area: AreaCode,
    /// The building, where all the visits were to one.
    pub place_code: Option<String>,
    /// The words that the notes shared; never a name.
    pub words: Vec<String>,
    /// The visits that whoever decided had before them, the oldest first.
    pub visits: Vec<VisitId>,
    /// How many they are.
    pub n_visits: u32,
    /// When the first of them came.
    pub first_at: Timestamp,
    /// When the last of them came.
    pub last_at: Timestamp,
    /// What was decided.
    pub outcome: Outcome,
}

impl VisitProblem {
    /// The change that writes the decision down; `reason` where nothing follows.
    pub fn decide(self, reason: Option<String>, at: Timestamp, by: Actor) -> Change<Self> {
        let (kind, case) = match self.outcome {
            Outcome::Opened(case) => ("opened", Some(case)),
            Outcome::Dismissed => ("dismissed", None),
        };
        let event = NewEvent {
            stream: Stream::new(StreamKind::VisitProblem, self.id.to_string()),
            kind,
            at,
            actor: by,
            payload: json!({ "n_visits": self.n_visits, "visits": self.visits, "place": self.place_code, "case": case }),
            text: reason,
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
    fn a_decision_is_one_event_that_names_its_visits_and_no_words() {
        let problem = VisitProblem {
            id: VisitProblemId::new(Default::default()),
            area: "610502005007001".parse().unwrap(),
            place_code: None,
            words: vec!["楼道堆放".to_owned()],
            visits: vec![VisitId::new(Default::default())],
            n_visits: 1,
            first_at: Timestamp::from_ms(1),
            last_at: Timestamp::from_ms(2),
            outcome: Outcome::Dismissed,
        };
        let change = problem.decide(Some("同一辆车".to_owned()), Timestamp::from_ms(3), Actor::System);
        let event = change.events().first().unwrap();
        assert_eq!((event.kind, event.text.as_deref()), ("dismissed", Some("同一辆车")));
        assert!(event.payload.to_string().contains("\"visits\"") && !event.payload.to_string().contains("楼道"));
    }
}
