//! What was filled in against what is asked.

use linli_kernel::{Action, CaseKind};
use serde_json::{Map, Value, json};

use super::support::base;
use crate::check_form;

fn faults(verb: Action, fields: Value) -> Vec<String> {
    let playbook = base();
    let def = playbook.flow(CaseKind::Request).unwrap().actions.iter().find(|def| def.verb == verb).unwrap();
    let fields: Map<String, Value> = serde_json::from_value(fields).unwrap();
    let errors = check_form(&playbook, def, &fields).err().unwrap_or_default();
    errors.iter().map(|error| format!("{} {}", error.field, error.fault.code())).collect()
}

#[test]
fn a_reply_must_say_all_four_parts() {
    let good = json!({ "received": "10月8日上午", "talked_to": "电话告知", "done": "已更换灯泡", "by_when": "已办结" });
    assert_eq!(faults(Action::Settle, json!({ "reply": good })), [""; 0]);
    let half = json!({ "received": "10月8日", "talked_to": " ", "done": "好了".repeat(501), "more": "x" });
    let told = faults(Action::Settle, json!({ "reply": half }));
    assert_eq!(
        told,
        ["reply.talked_to required", "reply.done too_long", "reply.by_when required", "reply.more unknown"]
    );
    assert_eq!(faults(Action::Settle, json!({})), ["reply required"]);
    assert_eq!(faults(Action::Settle, json!({ "reply": "好了" })), ["reply wrong_type"]);
}

#[test]
fn a_field_that_is_not_asked_is_refused() {
    assert_eq!(faults(Action::Take, json!({ "weight": "micro" })), ["weight unknown"]);
}

#[test]
fn a_seat_is_an_area_and_a_unit_that_exist() {
    let seat = |seat: Value| faults(Action::Dispatch, json!({ "seat": seat, "reason": "就近" }));
    assert_eq!(seat(json!({ "area_code": "610502001001" })), [""; 0]);
    assert_eq!(seat(json!({ "area_code": "610502000000", "unit_code": "housing" })), [""; 0]);
    assert_eq!(seat(json!({ "area_code": "610502000000", "unit_code": null })), [""; 0]);
    assert_eq!(seat(json!({ "area_code": "610502000000", "unit_code": "hausing" })), ["seat not_an_option"]);
    assert_eq!(seat(json!({ "area_code": "x" })), ["seat not_an_option"]);
    assert_eq!(seat(json!({ "unit_code": "housing" })), ["seat wrong_type"]);
    assert_eq!(seat(json!({ "area_code": "610502001001", "level": "grid" })), ["seat unknown"]);
}

#[test]
fn words_and_numbers_are_of_their_list() {
    let accept =
        |category: Value, weight: Value| faults(Action::Accept, json!({ "category": category, "weight": weight }));
    assert_eq!(accept(json!("noise"), json!("micro")), [""; 0]);
    // A first-level category is none that a case can have.
    assert_eq!(accept(json!("order"), json!("heavy")), ["category not_an_option", "weight not_an_option"]);
    assert_eq!(accept(json!(7), json!(null)), ["category wrong_type", "weight required"]);
    let rate = |stars: Value| faults(Action::Rate, json!({ "stars": stars, "solved": true, "satisfied": "yes" }));
    assert_eq!(rate(json!(6)), ["stars not_an_option", "satisfied wrong_type"]);
    assert_eq!(rate(json!(4.5)), ["stars wrong_type", "satisfied wrong_type"]);
    assert_eq!(faults(Action::SendBack, json!({ "ground": "lazy", "text": "不想办" })), ["ground not_an_option"]);
}

#[test]
fn photos_are_ids_and_not_too_many() {
    let comment = |photos: Value| faults(Action::Comment, json!({ "text": "已到现场", "photos": photos }));
    assert_eq!(comment(json!(["a", "b"])), [""; 0]);
    assert_eq!(comment(json!([])), [""; 0]);
    assert_eq!(comment(json!(vec!["a"; 10])), ["photos too_long"]);
    assert_eq!(comment(json!([1])), ["photos wrong_type"]);
}
