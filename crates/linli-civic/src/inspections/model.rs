//! An inspection by its checklist. Pure.

use std::collections::BTreeSet;

use linli_access::{Act, Caller, Keys, scope};
use linli_kernel::{
    AccountId, Actor, AnswerWord, AreaCode, CaseId, Change, InspectionId, NewEvent, Problem, ProblemCode, RecordId,
    Stream, StreamKind, Timestamp,
};
use linli_playbook::{Checklist, ChecklistItem};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Longest note of a line. Unit: characters.
const MAX_NOTE: usize = 500;

/// What was seen at one line of the checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = InspectionAnswer)]
pub struct ItemAnswer {
    /// Which line.
    pub item: String,
    /// How it was.
    pub answer: AnswerWord,
    /// What exactly; needed for a finding.
    #[serde(default)]
    pub note: Option<String>,
    /// Ids of photos that were sent before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
}

/// 检查记录: written once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Which.
    pub id: InspectionId,
    /// Where.
    pub area: AreaCode,
    /// Which premises.
    pub record: RecordId,
    /// What kind of premises.
    pub premises_kind: String,
    /// Whether they are key premises.
    pub is_key: bool,
    /// By which checklist.
    pub checklist: String,
    /// Of which playbook, in which version.
    pub playbook: (String, String),
    /// Every line, in the order of the checklist.
    pub answers: Vec<ItemAnswer>,
    /// What else was seen.
    pub note: Option<String>,
    /// Codes of the units that went along.
    pub units: Vec<String>,
    /// Who looked.
    pub account: AccountId,
    /// What was found: which line became which case.
    pub hazards: Vec<(String, CaseId)>,
    /// When it was, by the clock of whoever noted it.
    pub captured_at: Timestamp,
    /// When it came here.
    pub received_at: Timestamp,
}

impl Inspection {
    /// The keys by which it can be reached.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::of_area(&self.area)
    }

    /// Whether `caller` may read it.
    #[must_use]
    pub fn is_seen_by(&self, caller: &Caller) -> bool {
        scope(caller, Act::ViewVisits).reaches(&self.keys()).is_some()
    }

    /// The change that writes it down.
    pub fn record(self, actor: Actor) -> Change<Self> {
        let cases: Vec<CaseId> = self.hazards.iter().map(|(_, case)| *case).collect();
        let event = NewEvent {
            stream: Stream::new(StreamKind::Inspection, self.id.to_string()),
            kind: "inspection_recorded",
            at: self.received_at,
            actor,
            payload: json!({ "record": self.record, "checklist": self.checklist, "playbook": self.playbook, "is_key": self.is_key, "cases": cases, "units": self.units, "captured_at": self.captured_at }),
            text: self.note.clone(),
            area: Some(self.area),
            unit: None,
        };
        Change::new(self, event)
    }
}

/// Whether photos that a line asks for must be here already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Photos {
    /// They were sent before.
    Here,
    /// They come when the phone has a network: no record waits for them.
    Later,
}

/// Every line of a checklist answered, in its order; a finding says what, with a photo where the line says why.
///
/// # Errors
/// `Invalid` naming the line.
pub fn answered(checklist: &Checklist, given: &[ItemAnswer], photos: Photos) -> Result<Vec<ItemAnswer>, Problem> {
    let mut problem = Problem::new(ProblemCode::Invalid);
    let mut seen = BTreeSet::new();
    for answer in given {
        if checklist.item(&answer.item).is_none() || !seen.insert(answer.item.as_str()) {
            problem = problem.and_field(format!("answers.{}", answer.item), "unknown");
        }
    }
    let mut answers = Vec::new();
    for item in &checklist.items {
        let Some(answer) = given.iter().find(|answer| answer.item == item.code) else {
            problem = problem.and_field(format!("answers.{}", item.code), "required");
            continue;
        };
        let note = answer.note.as_deref().map(|note| note.trim().replace('\0', "")).filter(|note| !note.is_empty());
        if let Some(code) = fault(item, answer, note.as_deref(), photos) {
            problem = problem.and_field(format!("answers.{}", item.code), code);
        }
        answers.push(ItemAnswer { note, ..answer.clone() });
    }
    if problem.errors.is_empty() { Ok(answers) } else { Err(problem) }
}

fn fault(item: &ChecklistItem, answer: &ItemAnswer, note: Option<&str>, photos: Photos) -> Option<&'static str> {
    let is_finding = answer.answer == AnswerWord::Finding;
    match note {
        None if is_finding => Some("finding_without_note"),
        Some(note) if note.chars().count() > MAX_NOTE => Some("note_too_long"),
        _ if is_finding && photos == Photos::Here && item.photo_reason.is_some() && answer.attachments.is_empty() => {
            Some("photo_needed")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use linli_kernel::{Amount, TimeUnit, Weight};

    use super::*;

    fn checklist() -> Checklist {
        let item = |code: &str, photo: bool| ChecklistItem {
            code: code.to_owned(),
            text: code.to_owned(),
            help: None,
            category: None,
            weight: Weight::General,
            within: Amount { n: 1, unit: TimeUnit::WorkingDays },
            photo_reason: photo.then(|| "看得清型号".to_owned()),
            basis: None,
        };
        Checklist {
            code: "c".to_owned(),
            name: "清单".to_owned(),
            premises: Vec::new(),
            items: vec![item("exit", false), item("gas", true)],
            basis: None,
        }
    }

    fn answer(item: &str, answer: AnswerWord, note: Option<&str>) -> ItemAnswer {
        ItemAnswer { item: item.to_owned(), answer, note: note.map(str::to_owned), attachments: Vec::new() }
    }

    fn faults(given: &[ItemAnswer], photos: Photos) -> Vec<String> {
        match answered(&checklist(), given, photos) {
            Ok(_) => Vec::new(),
            Err(problem) => problem.errors.iter().map(|error| format!("{} {}", error.field, error.code)).collect(),
        }
    }

    #[test]
    fn every_line_is_answered_once_and_in_the_order_of_the_checklist() {
        let fine = [answer("gas", AnswerWord::NotApplicable, None), answer("exit", AnswerWord::Fine, None)];
        let order: Vec<String> =
            answered(&checklist(), &fine, Photos::Here).unwrap().into_iter().map(|answer| answer.item).collect();
        assert_eq!(order, ["exit", "gas"]);
        assert_eq!(faults(&fine[..1], Photos::Here), ["answers.exit required"]);
        let twice = [fine[0].clone(), fine[0].clone(), fine[1].clone(), answer("roof", AnswerWord::Fine, None)];
        assert_eq!(faults(&twice, Photos::Here), ["answers.gas unknown", "answers.roof unknown"]);
    }

    #[test]
    fn a_finding_says_what_and_shows_it_only_where_the_line_says_why() {
        let given =
            |note: Option<&str>| [answer("exit", AnswerWord::Finding, note), answer("gas", AnswerWord::Finding, note)];
        assert_eq!(
            faults(&given(None), Photos::Here),
            ["answers.exit finding_without_note", "answers.gas finding_without_note"]
        );
        assert_eq!(faults(&given(Some("堆了货")), Photos::Here), ["answers.gas photo_needed"]);
        assert!(faults(&given(Some("堆了货")), Photos::Later).is_empty(), "no record of a phone waits for its photos");
    }
}
