//! What was filled in. Pure.

use jiff::civil::Date;
use linli_kernel::{AccountId, Action, Timestamp};
use linli_playbook::{ActionDef, FieldKind, Playbook};
use serde_json::{Map, Value};

use super::model::{Case, Reply, Seat};

/// A day that is named as an end lasts until offices close. Unit: hours of Beijing time.
const END_OF_DAY_H: i8 = 18;
const ZONE_H: i64 = 8;
const HOUR_MS: i64 = 3_600_000;

/// A filled-in form.
pub(super) struct Form<'a> {
    pub def: &'a ActionDef,
    pub fields: &'a Map<String, Value>,
}

impl Form<'_> {
    pub fn value_of(&self, is: impl Fn(&FieldKind) -> bool) -> Option<&Value> {
        let field = self.def.form.iter().find(|field| is(&field.kind))?;
        self.fields.get(&field.name).filter(|value| !value.is_null())
    }

    pub fn text_of(&self, is: impl Fn(&FieldKind) -> bool) -> Option<&str> {
        self.value_of(is)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    pub fn named(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    pub fn seat(&self) -> Option<Seat> {
        serde_json::from_value(self.value_of(|kind| matches!(kind, FieldKind::Seat))?.clone()).ok()
    }

    pub fn seats(&self) -> Vec<Seat> {
        let seats = self.value_of(|kind| matches!(kind, FieldKind::Seats)).and_then(Value::as_array);
        let mut seats: Vec<Seat> =
            seats.into_iter().flatten().filter_map(|seat| serde_json::from_value(seat.clone()).ok()).collect();
        seats.sort();
        seats.dedup();
        seats
    }

    pub fn people(&self) -> Vec<AccountId> {
        let people = self.value_of(|kind| matches!(kind, FieldKind::People)).and_then(Value::as_array);
        people.into_iter().flatten().filter_map(Value::as_str).filter_map(|id| id.parse().ok()).collect()
    }

    pub fn whistle(&self) -> Option<&str> {
        self.text_of(|kind| matches!(kind, FieldKind::Whistle))
    }

    /// The name of the other case.
    pub fn case(&self) -> Option<&str> {
        self.text_of(|kind| matches!(kind, FieldKind::Case))
    }

    pub fn number(&self) -> Option<u32> {
        let number = self.value_of(|kind| matches!(kind, FieldKind::Number { .. }))?;
        u32::try_from(number.as_u64()?).ok()
    }

    /// The end of the office hours of the day that was named.
    pub fn day(&self) -> Option<Timestamp> {
        let day: Date = self.text_of(|kind| matches!(kind, FieldKind::Date))?.parse().ok()?;
        let end = day.at(END_OF_DAY_H, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Timestamp::from_jiff(end.timestamp()).plus_ms(-ZONE_H * HOUR_MS))
    }

    pub fn reply(&self) -> Option<Reply> {
        serde_json::from_value(self.value_of(|kind| matches!(kind, FieldKind::Reply))?.clone()).ok()
    }

    pub fn stars(&self) -> Option<u32> {
        self.value_of(|kind| matches!(kind, FieldKind::Stars))?.as_u64().and_then(|n| u32::try_from(n).ok())
    }

    pub fn ground(&self) -> Option<&str> {
        self.text_of(|kind| matches!(kind, FieldKind::Ground { .. }))
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.fields.get(name)?.as_bool()
    }

    pub fn photos(&self) -> Vec<&str> {
        let photos = self.value_of(|kind| matches!(kind, FieldKind::Photos { .. })).and_then(Value::as_array);
        photos.map(|ids| ids.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    /// The words that go into the history: the reply whole, or else the free text.
    pub fn said(&self) -> Option<String> {
        if let Some(reply) = self.value_of(|kind| matches!(kind, FieldKind::Reply)) {
            return Some(reply.to_string());
        }
        self.text_of(|kind| matches!(kind, FieldKind::LongText))
            .or_else(|| self.text_of(|kind| matches!(kind, FieldKind::Text)))
            .map(str::to_owned)
    }
}

/// The seats that a command names, wherever its form asks for them.
#[must_use]
pub fn chosen_seats(book: &Playbook, case: &Case, verb: Action, fields: &Map<String, Value>) -> Vec<Seat> {
    let Some(flow) = book.flow(case.kind) else { return Vec::new() };
    let forms = flow.actions.iter().filter(|def| def.verb == verb).map(|def| Form { def, fields });
    let mut seats: Vec<Seat> = forms.flat_map(|form| form.seat().into_iter().chain(form.seats())).collect();
    seats.sort();
    seats.dedup();
    seats
}

/// The other case that a command names, as it was written.
#[must_use]
pub fn named_case(book: &Playbook, case: &Case, verb: Action, fields: &Map<String, Value>) -> Option<String> {
    let flow = book.flow(case.kind)?;
    flow.actions.iter().filter(|def| def.verb == verb).find_map(|def| Form { def, fields }.case().map(str::to_owned))
}

/// The accounts that a command names.
#[must_use]
pub fn named_people(book: &Playbook, case: &Case, verb: Action, fields: &Map<String, Value>) -> Vec<AccountId> {
    let Some(flow) = book.flow(case.kind) else { return Vec::new() };
    flow.actions.iter().filter(|def| def.verb == verb).flat_map(|def| Form { def, fields }.people()).collect()
}

/// The ids of the photos in the fields of a command, whatever the form calls them.
#[must_use]
pub fn photo_ids(def: &ActionDef, fields: &Map<String, Value>) -> Vec<String> {
    Form { def, fields }.photos().into_iter().map(str::to_owned).collect()
}
