//! What a rule's text is filled with.

use linli_kernel::{CaseKind, Timestamp};
use linli_playbook::{NoticeRule, NoticeTo, Playbook};
use serde_json::Value;

use crate::app::App;
use crate::cases::Deadline;
use crate::cases::model::{Case, Seat};
use crate::cases::reader::Reader;
use crate::say::{Lang, fill};

/// The values of the placeholders for one event of a case.
pub struct Words {
    values: Vec<(&'static str, String)>,
    due_staff: String,
    due_reporter: String,
}

impl Words {
    /// Of a case as it stands.
    pub fn of(app: &App, case: &Case, seat: &Seat, book: &Playbook, payload: &Value, now: Timestamp) -> Self {
        // Rules are written in the playbook's language; so are the words in them.
        let lang = Lang::ZhCn;
        let areas = app.areas();
        let reader = Reader { areas: &areas, vault: &app.vault, lang, now, public_url: &app.site.public_url };
        let word = |key: &str| payload.get(key).and_then(Value::as_str).unwrap_or_default();
        let category =
            case.category.as_deref().and_then(|code| book.category(code)).map(|category| category.name.clone());
        let stage = book.flow(case.kind).and_then(|flow| flow.stages.iter().find(|stage| stage.id == case.stage));
        let deadline = Some(word("deadline")).filter(|kind| !kind.is_empty()).map(|kind| lang.word("deadline", kind));
        let moment = |due: Option<&Deadline>, key: &str| {
            let said = |due: &Deadline| {
                let what = lang.word("deadline", due.kind.as_str());
                lang.say(key, &[("when", &clock(due.due_at)), ("what", &what)])
            };
            due.filter(|due| due.due_at > now).map(said).unwrap_or_default()
        };
        Self {
            values: vec![
                ("area", reader.seat_name(book, &Seat::of(case.area))),
                (
                    "category",
                    category.unwrap_or_else(|| match case.kind {
                        CaseKind::Hazard => lang.word("case_kind", case.kind.as_str()),
                        _ => lang.text("notice_text.matter"),
                    }),
                ),
                ("city_phone", app.site.phone.clone()),
                ("code", case.code.to_string()),
                ("deadline", deadline.unwrap_or_default()),
                ("paper_no", case.paper_no.clone()),
                ("seat", reader.seat_name(book, seat)),
                ("stage", stage.map(|stage| stage.public_name.clone()).unwrap_or_default()),
                ("url", reader.follow_url(&case.code)),
                ("weight", lang.word("weight", case.weight.as_str())),
            ],
            due_staff: moment(case.next_due(), "notice_text.due_staff"),
            due_reporter: moment(case.promise(), "notice_text.due_reporter"),
        }
    }

    /// The title and the text of a rule.
    pub fn say(&self, rule: &NoticeRule) -> (String, String) {
        let due = if rule.to.contains(&NoticeTo::Reporter) { &self.due_reporter } else { &self.due_staff };
        let mut values: Vec<(&str, &str)> = self.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        values.push(("due", due));
        (fill(&rule.title, &values), fill(&rule.text, &values))
    }
}

/// 10月9日18:00
fn clock(at: Timestamp) -> String {
    let local = at.to_jiff().to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    format!("{}月{}日{:02}:{:02}", local.month(), local.day(), local.hour(), local.minute())
}

/// Whether the words of an event are as the rule's condition says.
pub fn is_meant(rule: &NoticeRule, payload: &Value) -> bool {
    let says = |word: &str| match payload.get(word) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null) | None => String::new(),
    };
    rule.when.iter().all(|(word, any)| any.contains(&says(word)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_condition_is_about_words_of_the_event() {
        let rule = NoticeRule {
            id: "r".to_owned(),
            on: vec!["deadline_breached".to_owned()],
            when: [("deadline".to_owned(), vec!["sign".to_owned(), "reply".to_owned()])].into(),
            to: Vec::new(),
            roles: Vec::new(),
            ways: Vec::new(),
            title: String::new(),
            text: String::new(),
            urgent: false,
            digest: false,
        };
        assert!(is_meant(&rule, &json!({ "deadline": "sign" })));
        assert!(!is_meant(&rule, &json!({ "deadline": "rate" })));
        assert!(!is_meant(&rule, &json!({})));
    }

    #[test]
    fn a_moment_is_said_in_beijing_time() {
        assert_eq!(clock("2026-10-09T10:00:00Z".parse().unwrap()), "10月9日18:00");
    }
}
