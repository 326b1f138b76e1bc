//! JSON Schema of the files, for editors, made from the shapes that the loader checks by.

use serde_json::{Map, Value, json};

use crate::shape::{Key, Kind, Presence, Shape};
use crate::shapes;

/// JSON Schema (2020-12) with one definition for each file: `#/$defs/playbook`, `categories`, `units`,
/// `responsibilities`, `deadlines`, `tasks`, `replies`, `flow`, `addition`, `notices`, `indicators`, `care`, `duties`, `checklists`.
#[must_use]
pub fn json_schema() -> Value {
    let files: [(&str, &Shape); 14] = [
        ("playbook", &shapes::HEAD),
        ("categories", &shapes::CATEGORIES),
        ("units", &shapes::UNITS),
        ("responsibilities", &shapes::RESPONSIBILITIES),
        ("deadlines", &shapes::DEADLINES),
        ("tasks", &shapes::TASKS),
        ("replies", &shapes::REPLIES),
        ("flow", &shapes::FLOW),
        ("addition", &shapes::ADDITION),
        ("notices", &shapes::NOTICES),
        ("indicators", &shapes::INDICATORS),
        ("care", &shapes::CARE),
        ("duties", &shapes::DUTIES),
        ("checklists", &shapes::CHECKLISTS),
    ];
    let defs: Map<String, Value> = files.iter().map(|(name, shape)| ((*name).to_owned(), table(shape))).collect();
    let any: Vec<Value> = files.iter().map(|(name, _)| json!({ "$ref": format!("#/$defs/{name}") })).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "linli playbook",
        "description": "One file of a playbook; point an editor at the definition for its name.",
        "anyOf": any,
        "$defs": defs,
    })
}

fn table(shape: &Shape) -> Value {
    let properties: Map<String, Value> = shape.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> =
        shape.keys.iter().filter(|key| key.presence == Presence::Required).map(|key| key.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn property(key: &Key) -> Value {
    let mut value = kind(&key.kind);
    if let Value::Object(value) = &mut value {
        value.insert("description".to_owned(), Value::String(key.doc.to_owned()));
    }
    value
}

fn kind(kind: &Kind) -> Value {
    let text = || json!({ "type": "string", "minLength": 1 });
    let list = |item: Value| json!({ "type": "array", "items": item });
    let one_or_many = |item: Value| json!({ "anyOf": [item.clone(), { "type": "array", "items": item }] });
    let word = |words: &fn() -> Vec<String>| json!({ "type": "string", "enum": words() });
    match kind {
        Kind::Text => text(),
        Kind::Prose => json!({ "type": "string" }),
        Kind::Texts => list(text()),
        Kind::TextOrTexts => one_or_many(text()),
        Kind::Number => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Word(words) => word(words),
        Kind::Words(words) => list(word(words)),
        Kind::WordOrWords(words) => one_or_many(word(words)),
        Kind::Amount => {
            json!({ "type": "string", "pattern": format!("^[0-9]+ ({})$", shapes::time_units().join("|")) })
        }
        Kind::Area => json!({ "type": "string", "pattern": "^[0-9]{12}([0-9]{3}){0,2}$" }),
        Kind::Spans => list(json!({ "type": "string", "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$" })),
        Kind::Guards => list(json!({
            "type": "string",
            "pattern": format!(
                "^({}|pending \\S+|\\S+ (<|>=) [0-9]+|\\S+ is (true|false))$",
                crate::guards::Guard::WORDS.join("|")
            ),
        })),
        Kind::Table(shape) => table(shape),
        Kind::Tables(shape) => list(table(shape)),
    }
}
