//! What a resident sees of the history. Pure.
//!
//! They see everything that happened to their case, in a sentence; whole only what they said themselves, what they were
//! asked or told, and a reply once somebody else has verified it. What was said inside the office stays there.

use linli_db::feed::Event;

/// How much of one event the holder of the public code sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Publicity {
    /// Nothing.
    Hidden,
    /// That it happened.
    Sentence,
    /// What was written and the photos too.
    Whole,
}

/// The publicity of every event of a history, in its order.
#[must_use]
pub fn of(history: &[(Event, Option<String>)]) -> Vec<Publicity> {
    history
        .iter()
        .enumerate()
        .map(|(i, (event, _))| of_event(event, history.get(i + 1..).unwrap_or_default()))
        .collect()
}

fn of_event(event: &Event, later: &[(Event, Option<String>)]) -> Publicity {
    let by_reporter = event.actor_kind == "reporter";
    match event.kind.as_str() {
        "sent_back" | "rejected" | "deadline_breached" => Publicity::Hidden,
        // What was granted is told in the words of whoever asked for it.
        "extension_granted" | "suspended" => Publicity::Whole,
        "extension_asked"
        | "extension_refused"
        | "suspension_asked"
        | "suspension_refused"
        | "objected"
        | "ruled"
        | "exclusion_asked"
        | "excluded"
        | "exclusion_refused"
        | "help_called"
        | "handed_out"
        | "task_assigned"
        | "minuted"
        | "privacy_set"
        | super::version::MOVED => Publicity::Hidden,
        kind if kind.starts_with("task_") => Publicity::Hidden,
        "commented" if by_reporter || said_publicly(event) => Publicity::Whole,
        // That it was passed on is told always; in what words only where whoever wrote them said so.
        "urged" if said_publicly(event) => Publicity::Whole,
        "commented" => Publicity::Hidden,
        "reported" | "asked" => Publicity::Whole,
        "settled" if is_verified(later) => Publicity::Whole,
        // That somebody else looked at it is part of the answer; what they noted is not.
        "verified" => Publicity::Sentence,
        // A staff member who closes says why to the resident: that text is written for them.
        "closed" if event.actor_kind == "staff" => Publicity::Whole,
        _ if by_reporter => Publicity::Whole,
        _ => Publicity::Sentence,
    }
}

fn said_publicly(event: &Event) -> bool {
    let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap_or_default();
    payload.get("public").and_then(serde_json::Value::as_bool) == Some(true)
}

/// A reply counts once it was verified, and never if it was sent back first.
fn is_verified(later: &[(Event, Option<String>)]) -> bool {
    let verdict =
        later.iter().find(|(event, _)| matches!(event.kind.as_str(), "verified" | "rejected" | "settled" | "reopened"));
    verdict.is_some_and(|(event, _)| event.kind == "verified")
}

#[cfg(test)]
mod tests {
    use linli_db::feed::Position;
    use linli_kernel::Timestamp;

    use super::*;

    fn history(kinds: &[(&str, &str, &str)]) -> Vec<(Event, Option<String>)> {
        let event = |(kind, actor, payload): &(&str, &str, &str)| {
            let event = Event {
                position: Position::default(),
                stream_kind: "case".to_owned(),
                stream_id: "1".to_owned(),
                n: 1,
                kind: (*kind).to_owned(),
                at: Timestamp::from_ms(0),
                actor_kind: (*actor).to_owned(),
                actor_id: None,
                actor_role: None,
                area_code: None,
                unit_code: None,
                payload: (*payload).to_owned(),
            };
            (event, None)
        };
        kinds.iter().map(event).collect()
    }

    #[test]
    fn a_reply_is_shown_once_it_is_verified_and_never_when_it_was_refused() {
        use Publicity::{Hidden, Sentence, Whole};
        let told = history(&[
            ("settled", "staff", "{}"),
            ("rejected", "staff", "{}"),
            ("settled", "staff", "{}"),
            ("verified", "staff", "{}"),
            ("settled", "staff", "{}"),
        ]);
        assert_eq!(of(&told), [Sentence, Hidden, Whole, Sentence, Sentence]);
    }

    #[test]
    fn what_is_said_inside_the_office_stays_there() {
        use Publicity::{Hidden, Sentence, Whole};
        let told = history(&[
            ("commented", "staff", "{}"),
            ("commented", "staff", "{\"public\":true}"),
            ("commented", "reporter", "{}"),
            ("urged", "staff", "{}"),
            ("urged", "staff", "{\"public\":true}"),
            ("escalated", "staff", "{}"),
            ("reopened", "staff", "{}"),
            ("reopened", "reporter", "{}"),
            ("answered", "staff", "{}"),
            ("closed", "staff", "{}"),
            ("sent_back", "staff", "{}"),
        ]);
        assert_eq!(
            of(&told),
            [Hidden, Whole, Whole, Sentence, Whole, Sentence, Sentence, Whole, Sentence, Whole, Hidden]
        );
    }
}
