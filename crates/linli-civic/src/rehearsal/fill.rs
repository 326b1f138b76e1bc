//! A form filled in again, as far as the history tells what was in it. Pure.
//!
//! What nobody can know any more (an optional note, a name that is no fact) is left out, or stands in by a word where the form asks
//! for it: none of it decides anything.

use linli_kernel::Weight;
use linli_playbook::{ActionDef, Field, FieldKind};
use serde_json::{Map, Value, json};

use super::past::{Act, text_in};
use crate::cases::Seat;

/// Stands in for words that are not known any more.
const SAID: &str = "见原记录";
/// A day that never comes too early.
const SOME_DAY: &str = "2099-12-31";
const ZONE_MS: i64 = 8 * 3_600_000;

/// What was named although it would have followed by itself otherwise, as the first replay found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub seat: Option<Seat>,
    pub category: Option<String>,
    pub weight: Option<Weight>,
}

/// The fields of the form of `def`.
pub(super) fn fields(def: &ActionDef, act: &Act, named: &Named) -> Map<String, Value> {
    let mut fields = Map::new();
    for field in &def.form {
        let value = told(def, field, act, named).or_else(|| field.required.then(|| stand_in(field, act)).flatten());
        if let Some(value) = value {
            fields.insert(field.name.clone(), value);
        }
    }
    fields
}

fn told(def: &ActionDef, field: &Field, act: &Act, named: &Named) -> Option<Value> {
    let of = |name: &str| act.told.get(name).filter(|value| !value.is_null()).cloned();
    match &field.kind {
        FieldKind::Reply => serde_json::from_str(act.text.as_deref()?).ok(),
        FieldKind::LongText => said_in(def, field, act),
        FieldKind::Text => {
            let party = act.called.first().and_then(|task| text_in(task, "party"));
            party.map(Value::from).or_else(|| said_in(def, field, act))
        }
        FieldKind::Photos { .. } => of("photos").filter(|photos| photos.as_array().is_some_and(|ids| !ids.is_empty())),
        FieldKind::Seat => {
            named.seat.as_ref().map(|seat| json!(seat)).or_else(|| of("seat").filter(|_| field.required))
        }
        FieldKind::Category => {
            named.category.clone().map(Value::from).or_else(|| of("category").filter(|_| field.required))
        }
        FieldKind::Weight => {
            named.weight.map(|weight| json!(weight)).or_else(|| of("weight").filter(|_| field.required))
        }
        FieldKind::Stars => of("stars"),
        FieldKind::Boolean => of(&field.name).filter(Value::is_boolean),
        FieldKind::Number { .. } => of("days"),
        FieldKind::Date => day(&of("until")?),
        FieldKind::Seats => {
            let seat = |task: &Value| json!({ "area_code": task["area_code"], "unit_code": task["unit_code"] });
            let seats: Vec<Value> =
                act.called.iter().filter(|task| task.get("area_code").is_some()).map(seat).collect();
            (!seats.is_empty()).then(|| Value::from(seats))
        }
        FieldKind::Case => of("master"),
        FieldKind::Whistle => of("whistle"),
        FieldKind::Ground { .. } => of("ground"),
        FieldKind::People => of("members"),
        FieldKind::Choice { .. } => None,
    }
}

/// The one field whose words the history keeps: the reply whole, else the first long text, else the first line.
fn said_in(def: &ActionDef, field: &Field, act: &Act) -> Option<Value> {
    let first = |wanted: fn(&FieldKind) -> bool| def.form.iter().find(|field| wanted(&field.kind));
    let kept = first(|kind| matches!(kind, FieldKind::Reply))
        .or_else(|| first(|kind| matches!(kind, FieldKind::LongText)))
        .or_else(|| first(|kind| matches!(kind, FieldKind::Text)))?;
    let text = act.text.clone().filter(|_| kept.name == field.name)?;
    Some(Value::from(text))
}

fn day(until: &Value) -> Option<Value> {
    let until: linli_kernel::Timestamp = serde_json::from_value(until.clone()).ok()?;
    let day = until.plus_ms(ZONE_MS).to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
    Some(Value::from(day.to_string()))
}

fn stand_in(field: &Field, act: &Act) -> Option<Value> {
    Some(match &field.kind {
        FieldKind::Text | FieldKind::LongText => Value::from(SAID),
        FieldKind::Reply => json!({ "received": SAID, "talked_to": SAID, "done": SAID, "by_when": SAID }),
        FieldKind::Choice { options } | FieldKind::Ground { options } => Value::from(options.first()?.value.clone()),
        FieldKind::Boolean => Value::from(false),
        FieldKind::Stars => Value::from(3),
        FieldKind::Number { min, .. } => Value::from(*min),
        FieldKind::Date => Value::from(SOME_DAY),
        FieldKind::People => Value::from(vec![act.actor.account()?.to_string()]),
        FieldKind::Photos { .. }
        | FieldKind::Seat
        | FieldKind::Category
        | FieldKind::Weight
        | FieldKind::Seats
        | FieldKind::Case
        | FieldKind::Whistle => return None,
    })
}
