//! Whether what was filled in is what the form asks for.

use linli_kernel::{AreaCode, Weight};
use serde_json::{Map, Value};

use crate::flow::{ActionDef, Field, FieldKind};
use crate::replies::ReplyFault;
use crate::types::Playbook;

/// The parts of a four-part reply (四要素答复): when received, who was spoken to, what was done, by when.
const REPLY_PARTS: [&str; 4] = ["received", "talked_to", DONE, "by_when"];
/// The part that tells what was done.
const DONE: &str = "done";
/// Longest name of another case, in characters: its id.
const CASE_LEN: u32 = 40;

/// One field that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The path below the fields of the command: `reason`, `reply.done`.
    pub field: String,
    /// What is wrong.
    pub fault: FieldFault,
    /// Values of the sentence that says it.
    pub values: Vec<(&'static str, String)>,
}

impl FieldError {
    const fn new(field: String, fault: FieldFault) -> Self {
        Self { field, fault, values: Vec::new() }
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldFault {
    /// Missing or blank.
    Required,
    /// Longer (or more) than allowed.
    TooLong,
    /// Fewer photos than needed.
    TooFew,
    /// The form has no such field.
    Unknown,
    /// Not a value of this kind.
    WrongType,
    /// None of the options; no such category, unit or weight.
    NotAnOption,
    /// Less or more than allowed.
    OutOfRange,
    /// Too few words to say anything.
    TooShort,
    /// Words that say nothing to a resident.
    SaysNothing,
    /// A phone or identity number of somebody.
    PersonalData,
}

impl FieldFault {
    /// The stable code of the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong => "too_long",
            Self::TooFew => "too_few",
            Self::Unknown => "unknown",
            Self::WrongType => "wrong_type",
            Self::NotAnOption => "not_an_option",
            Self::OutOfRange => "out_of_range",
            Self::TooShort => "too_short",
            Self::SaysNothing => "says_nothing",
            Self::PersonalData => "personal_data",
        }
    }
}

/// Checks the fields of a command against the form of its action.
///
/// # Errors
/// Every field that is missing, too long, of the wrong kind or not part of the form.
pub fn check_form(playbook: &Playbook, def: &ActionDef, fields: &Map<String, Value>) -> Result<(), Vec<FieldError>> {
    let mut errors: Vec<FieldError> = fields
        .keys()
        .filter(|name| def.form.iter().all(|field| field.name != **name))
        .map(|name| FieldError::new(name.clone(), FieldFault::Unknown))
        .collect();
    for field in &def.form {
        let value = fields.get(&field.name).filter(|value| !is_blank(value));
        match value {
            None if field.required => {
                errors.push(FieldError::new(field.name.clone(), FieldFault::Required));
            }
            None => {}
            Some(value) => check_value(playbook, field, value, &mut errors),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn check_value(playbook: &Playbook, field: &Field, value: &Value, errors: &mut Vec<FieldError>) {
    let fault = match &field.kind {
        FieldKind::Reply => return check_reply(playbook, field, value, errors),
        FieldKind::Text | FieldKind::LongText => text_fault(value, field.max_len),
        FieldKind::Choice { options } | FieldKind::Ground { options } => {
            word_fault(value, |word| options.iter().any(|option| option.value == word))
        }
        FieldKind::Photos { min, .. } => photos_fault(value, *min, field.max_len),
        FieldKind::Seat => seat_fault(playbook, value),
        FieldKind::Category => word_fault(value, |code| playbook.leaves().any(|category| category.code == code)),
        FieldKind::Weight => word_fault(value, |word| word.parse::<Weight>().is_ok()),
        FieldKind::Stars => match value.as_u64() {
            Some(1..=5) => None,
            Some(_) => Some(FieldFault::NotAnOption),
            None => Some(FieldFault::WrongType),
        },
        FieldKind::Boolean => (!value.is_boolean()).then_some(FieldFault::WrongType),
        FieldKind::Number { min, max } => match value.as_u64() {
            Some(n) if n >= u64::from(*min) && n <= u64::from(*max) => None,
            Some(_) => Some(FieldFault::OutOfRange),
            None => Some(FieldFault::WrongType),
        },
        FieldKind::Date => word_fault(value, is_day),
        FieldKind::Seats => items_fault(value, field.max_len, |seat| seat_fault(playbook, seat)),
        FieldKind::Case => text_fault(value, CASE_LEN),
        FieldKind::People => {
            items_fault(value, field.max_len, |id| word_fault(id, |id| id.parse::<linli_kernel::AccountId>().is_ok()))
        }
        FieldKind::Whistle => word_fault(value, |code| playbook.whistle(code).is_some()),
    };
    errors.extend(fault.map(|fault| FieldError::new(field.name.clone(), fault)));
}

fn text_fault(value: &Value, max_len: u32) -> Option<FieldFault> {
    let Some(text) = value.as_str() else { return Some(FieldFault::WrongType) };
    exceeds(text.chars().count(), max_len).then_some(FieldFault::TooLong)
}

fn word_fault(value: &Value, is_known: impl Fn(&str) -> bool) -> Option<FieldFault> {
    let Some(word) = value.as_str() else { return Some(FieldFault::WrongType) };
    (!is_known(word)).then_some(FieldFault::NotAnOption)
}

fn photos_fault(value: &Value, min: u32, max: u32) -> Option<FieldFault> {
    let Some(photos) = value.as_array().filter(|photos| photos.iter().all(Value::is_string)) else {
        return Some(FieldFault::WrongType);
    };
    if exceeds(photos.len(), max) {
        Some(FieldFault::TooLong)
    } else {
        (!exceeds(photos.len() + 1, min)).then_some(FieldFault::TooFew)
    }
}

fn seat_fault(playbook: &Playbook, value: &Value) -> Option<FieldFault> {
    let Some(seat) = value.as_object() else { return Some(FieldFault::WrongType) };
    if seat.keys().any(|key| key != "area_code" && key != "unit_code") {
        return Some(FieldFault::Unknown);
    }
    let Some(area_code) = seat.get("area_code").and_then(Value::as_str) else { return Some(FieldFault::WrongType) };
    if AreaCode::parse(area_code).is_err() {
        return Some(FieldFault::NotAnOption);
    }
    match seat.get("unit_code") {
        None | Some(Value::Null) => None,
        Some(unit) => word_fault(unit, |code| playbook.unit(code).is_some()),
    }
}

fn items_fault(value: &Value, max: u32, fault: impl Fn(&Value) -> Option<FieldFault>) -> Option<FieldFault> {
    let Some(items) = value.as_array() else { return Some(FieldFault::WrongType) };
    if exceeds(items.len(), max) { Some(FieldFault::TooLong) } else { items.iter().find_map(fault) }
}

/// Whether a text is a day: `2026-10-09`.
fn is_day(text: &str) -> bool {
    text.parse::<jiff::civil::Date>().is_ok()
}

/// 答复要求: each of the four parts must be said, in words that mean something, without anybody's number.
fn check_reply(playbook: &Playbook, field: &Field, value: &Value, errors: &mut Vec<FieldError>) {
    let Some(reply) = value.as_object() else {
        errors.push(FieldError::new(field.name.clone(), FieldFault::WrongType));
        return;
    };
    let path = |part: &str| format!("{}.{part}", field.name);
    for part in REPLY_PARTS {
        let fault = match reply.get(part).filter(|value| !is_blank(value)) {
            None => Some(FieldFault::Required),
            Some(value) => text_fault(value, field.max_len),
        };
        errors.extend(fault.map(|fault| FieldError::new(path(part), fault)));
        let said = reply.get(part).and_then(Value::as_str).filter(|_| fault.is_none());
        errors.extend(said.and_then(|said| gate(playbook, path(part), said, part == DONE)));
    }
    let unknown = reply.keys().filter(|key| !REPLY_PARTS.contains(&key.as_str()));
    errors.extend(unknown.map(|key| FieldError::new(path(key), FieldFault::Unknown)));
}

fn gate(playbook: &Playbook, field: String, said: &str, is_done: bool) -> Option<FieldError> {
    let (fault, values) = match playbook.reply_fault(said, is_done)? {
        ReplyFault::TooShort { min } => (FieldFault::TooShort, vec![("min", min.to_string())]),
        ReplyFault::SaysNothing { phrase, hint } => (FieldFault::SaysNothing, vec![("phrase", phrase), ("hint", hint)]),
        ReplyFault::PersonalData { masked } => (FieldFault::PersonalData, vec![("number", masked)]),
    };
    Some(FieldError { field, fault, values })
}

fn exceeds(n: usize, max: u32) -> bool {
    u32::try_from(n).map_or(true, |n| n > max)
}
