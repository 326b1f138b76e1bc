//! What a resident's client sends and gets, as examples of the API's document.
//!
//! They are kept in one file, told as one story, and a test sends them to the real routes: an example that the routes would
//! not take, or an answer of another shape, fails it (`tests/examples.rs`).

use serde_json::{Map, Value};

/// The story, operation by operation.
pub const STORY: &str = include_str!("../api/resident_examples.json");

/// Puts each example beside the operation that it is of.
pub fn put_into(document: &mut Value) {
    let Ok(Value::Object(story)) = serde_json::from_str(STORY) else { return };
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths.into_iter().flat_map(|paths| paths.values_mut()).filter_map(Value::as_object_mut);
    for operation in operations.flat_map(|methods| methods.values_mut()) {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        if let Some(steps) = story.get(id).and_then(Value::as_object).cloned() {
            put_steps(operation, &steps);
        }
    }
}

fn put_steps(operation: &mut Value, steps: &Map<String, Value>) {
    let of = |part: &str| -> Map<String, Value> {
        let named = steps.iter().filter_map(|(name, step)| Some((name, step.get(part)?)));
        named.map(|(name, value)| (name.clone(), serde_json::json!({ "value": value }))).collect()
    };
    if let Some(body) = operation.pointer_mut("/requestBody/content/application~1json") {
        put(body, of("request"));
    }
    let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
    let good = responses.and_then(|all| all.iter_mut().find(|(status, _)| status.starts_with('2')));
    if let Some(body) = good.and_then(|(_, response)| response.pointer_mut("/content/application~1json")) {
        put(body, of("response"));
    }
}

fn put(body: &mut Value, examples: Map<String, Value>) {
    if let (Some(body), false) = (body.as_object_mut(), examples.is_empty()) {
        body.insert("examples".to_owned(), Value::Object(examples));
    }
}
