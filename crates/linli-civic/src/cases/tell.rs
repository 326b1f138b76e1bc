//! The history in sentences: which of the sentences of the translation files an event is told by, and with what values.

use linli_db::feed;
use linli_kernel::Phase;

use super::model::Seat;
use super::reader::{Reader, Shown};
use super::view::ActorView;
use crate::say::Lang;

const ZONE_MS: i64 = 8 * 3_600_000;

impl Reader<'_> {
    pub(super) fn sentence(
        &self,
        shown: &Shown,
        event: &feed::Event,
        payload: &serde_json::Value,
        actor: &ActorView,
    ) -> String {
        let text = |name: &str| payload.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        let number = |name: &str| {
            payload.get(name).and_then(serde_json::Value::as_u64).map(|n| n.to_string()).unwrap_or_default()
        };
        let seat =
            |name: &str| seat_in(payload, name).map(|seat| self.seat_name(&shown.book, &seat)).unwrap_or_default();
        let scanned = text("place");
        let role = actor.role_name.clone().unwrap_or_default();
        let who = if actor.kind == "staff" && !actor.name.ends_with(&role) {
            self.lang.say("actor.staff", &[("role", &role), ("name", &actor.name)])
        } else {
            actor.name.clone()
        };
        let category = shown.book.category(&text("category")).map(|category| category.name.clone()).unwrap_or_default();
        let values = [
            ("actor", who),
            ("place", if scanned.is_empty() { shown.case.place_text.clone() } else { scanned }),
            ("category", category),
            ("seat", seat("seat")),
            ("from", seat("seat_before")),
            ("to", seat("seat")),
            ("ground", self.ground(shown, &text("ground"))),
            ("deadline", self.lang.word("deadline", &text("deadline"))),
            ("stars", number("stars")),
            ("n", number("n_reopened")),
            ("days", number("days")),
            ("until", self.day(moment_in(payload, "until"))),
            ("party", self.party_of(shown, payload)),
            ("whistle", self.whistle(shown, &text("whistle"))),
            ("rule", text("rule")),
            ("version", version_in(payload)),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.lang.say(&sentence_key(shown, event, payload), &values)
    }

    /// The words of a ground, from the forms of the flow.
    pub(super) fn ground(&self, shown: &Shown, value: &str) -> String {
        let flow = shown.book.flow(shown.case.kind);
        let options =
            flow.iter().flat_map(|flow| &flow.actions).flat_map(|def| &def.form).flat_map(|field| field.kind.options());
        options
            .into_iter()
            .find(|option| option.value == value)
            .map_or_else(|| value.to_owned(), |option| option.label.clone())
    }

    /// Who was called, in words.
    fn party_of(&self, shown: &Shown, payload: &serde_json::Value) -> String {
        let Some(task) = payload.get("task") else { return String::new() };
        match task.get("party").and_then(serde_json::Value::as_str) {
            Some(name) => name.to_owned(),
            None => serde_json::from_value::<Seat>(task.clone())
                .map(|seat| self.seat_name(&shown.book, &seat))
                .unwrap_or_default(),
        }
    }

    fn whistle(&self, shown: &Shown, code: &str) -> String {
        shown.book.whistle(code).map_or_else(|| code.to_owned(), |whistle| whistle.name.clone())
    }

    /// A day of Beijing time, in words.
    pub(super) fn day(&self, at_ms: Option<i64>) -> String {
        let Some(at_ms) = at_ms else { return String::new() };
        let day = linli_kernel::Timestamp::from_ms(at_ms).plus_ms(ZONE_MS).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
        let (year, month, day) = (day.year().to_string(), day.month().to_string(), day.day().to_string());
        self.lang.say("due.date_year", &[("year", &year), ("month", &month), ("day", &day)])
    }
}

/// The version that a case was moved to.
fn version_in(payload: &serde_json::Value) -> String {
    let after = payload.get("version_after").and_then(|after| after.get("version"));
    after.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

fn moment_in(payload: &serde_json::Value, name: &str) -> Option<i64> {
    let at: linli_kernel::Timestamp = serde_json::from_value(payload.get(name)?.clone()).ok()?;
    Some(at.ms())
}

pub(super) fn seat_in(payload: &serde_json::Value, name: &str) -> Option<Seat> {
    payload.get(name).and_then(|seat| serde_json::from_value(seat.clone()).ok())
}

/// Which of the sentences of an event fits: the nearest variant that the translation files have.
fn sentence_key(shown: &Shown, event: &feed::Event, payload: &serde_json::Value) -> String {
    let kind = event.kind.as_str();
    let flag = |name: &str| payload.get(name).and_then(serde_json::Value::as_bool);
    let said = |name: &str| payload.get(name).and_then(|value| value.as_str());
    let moved = payload.get("seat_before").is_some();
    let variant = match kind {
        "reported" => said("channel"),
        "dispatched"
            if event.actor_kind == "staff" && seat_in(payload, "seat").is_some_and(|seat| seat.unit.is_some()) =>
        {
            Some("unit")
        }
        "dispatched" if event.actor_kind == "staff" && earlier(shown, event, &["dispatched"]) => Some("again"),
        "taken" if took_before(shown, event) => Some("again"),
        "rated" if event.actor_kind == "staff" => Some("staff"),
        "rated" if flag("satisfied") == Some(false) => Some("unsatisfied"),
        "rated" if flag("solved") == Some(false) => Some("unsolved"),
        "rated" if flag("satisfied") == Some(true) && closes(shown, payload) => Some("satisfied_closed"),
        "rated" if flag("satisfied") == Some(true) => Some("satisfied"),
        "escalated" if said("rule").is_some() => Some("rule_system"),
        "escalated" if event.actor_kind == "system" && !moved => Some("top_system"),
        "escalated" if event.actor_kind == "system" && said("deadline") == Some("sign") => Some("unsigned_system"),
        "closed" if event.actor_kind == "staff" && said("ground").is_some() => Some("ground"),
        "closed" if event.actor_kind == "system" && said("from") == Some("merged") => Some("merged"),
        "settled" if said("ground").is_some() => Some("ground"),
        "mediation_concluded" if flag("agreed") == Some(true) => Some("agreed"),
        "ruled" if flag("upheld") == Some(true) => Some("upheld"),
        "followed_up" if flag("reached") == Some(false) => Some("unreached"),
        "followed_up" if flag("satisfied") == Some(false) => Some("unsatisfied"),
        "privacy_set" if flag("private") == Some(true) => Some("private"),
        "deadline_breached" if payload.get("task").is_some_and(|task| !task.is_null()) => Some("task"),
        "task_called" => payload.get("task").and_then(|task| task.get("kind")).and_then(serde_json::Value::as_str),
        _ => Some(event.actor_kind.as_str()),
    };
    let key = format!("event.{kind}_{}", variant.unwrap_or_default());
    if Lang::ZhCn.has(&key) { key } else { format!("event.{kind}") }
}

/// Whether an event brought the case to its end.
fn closes(shown: &Shown, payload: &serde_json::Value) -> bool {
    let stage = payload.get("to").and_then(|stage| stage.as_str()).unwrap_or_default();
    shown.book.stage(shown.case.kind, stage).is_some_and(|stage| stage.phase == Phase::Closed)
}

/// Whether whoever takes the case now had it in hand before.
fn took_before(shown: &Shown, event: &feed::Event) -> bool {
    let same = |before: &feed::Event| before.kind == "taken" && before.actor_id == event.actor_id;
    shown.history.iter().any(|(before, _)| before.n < event.n && same(before))
}

/// Whether one of `kinds` happened before `event` by somebody's hand.
fn earlier(shown: &Shown, event: &feed::Event, kinds: &[&str]) -> bool {
    shown
        .history
        .iter()
        .any(|(before, _)| before.n < event.n && before.actor_kind == "staff" && kinds.contains(&before.kind.as_str()))
}
