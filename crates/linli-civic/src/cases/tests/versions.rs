//! A running case moved to another version.

use linli_kernel::{Action, Actor, Amount, CaseId, DeadlineKind, Phase, Problem, Role, TimeUnit, Timestamp};
use linli_playbook::{OnBreach, Playbook};
use serde_json::json;

use super::super::Case;
use super::super::version::Move;
use super::city::{City, GRID, fields, shipped};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn days(n: u32) -> Amount {
    Amount { n, unit: TimeUnit::WorkingDays }
}

/// The base playbook, changed.
fn other(change: impl FnOnce(&mut Playbook)) -> Playbook {
    let mut book = shipped("base").clone();
    book.version = "another00001".to_owned();
    change(&mut book);
    book
}

fn with_promise_of(amount: Amount) -> Playbook {
    other(|book| {
        for rule in book.deadlines.iter_mut().filter(|rule| rule.kind == DeadlineKind::Reply) {
            rule.amount = amount;
            rule.soon = None;
        }
    })
}

fn lamp_in_hand(city: &mut City) -> CaseId {
    let id = city.report(GRID, Some("street_light"), None).unwrap();
    let worker = city.who(Role::GridWorker, GRID);
    city.act(id, &worker, Action::Take, &fields(json!({}))).unwrap();
    id
}

/// Moves a case to `to`, or says why not.
fn moved(city: &mut City, id: CaseId, to: &Playbook, stage: Option<&str>) -> Result<Case, Problem> {
    let from = std::mem::replace(&mut city.book, to.clone());
    let case = city.cases[&id].clone();
    let wish = Move { from: &from, stage, reason: "新的办理时限今天起施行" };
    let done = city.decide(|world| case.move_to_version(&wish, Actor::System, world));
    if done.is_err() {
        city.book = from;
    }
    let id = city.commit(done?);
    Ok(city.cases[&id].clone())
}

fn due(case: &Case, kind: DeadlineKind) -> Timestamp {
    case.deadlines.iter().rfind(|clock| clock.kind == kind).unwrap().due_at
}

#[test]
fn a_promise_is_never_worsened_by_another_version() {
    let mut city = City::staffed(shipped("base"));
    let id = lamp_in_hand(&mut city);
    let before = due(&city.cases[&id], DeadlineKind::Reply);
    let after = moved(&mut city, id, &with_promise_of(days(20)), None).unwrap();
    assert_eq!(due(&after, DeadlineKind::Reply), before);
    assert_eq!(after.playbook.1, "another00001");
    let told = city.histories[&id].last().unwrap();
    assert_eq!(
        (told.kind, told.payload["version_after"]["version"].as_str()),
        ("moved_to_version", Some("another00001"))
    );
    assert_eq!(told.payload["version_before"]["version"], json!(shipped("base").version));
    assert_eq!(told.text.as_deref(), Some("新的办理时限今天起施行"));
}

#[test]
fn an_earlier_promise_counts_and_is_not_over_at_once() {
    let mut city = City::staffed(shipped("base"));
    let id = lamp_in_hand(&mut city);
    let (promise, handle) = (due(&city.cases[&id], DeadlineKind::Reply), due(&city.cases[&id], DeadlineKind::Handle));
    let after = moved(&mut city, id, &with_promise_of(days(2)), None).unwrap();
    assert!(due(&after, DeadlineKind::Reply) < promise);
    assert_eq!(due(&after, DeadlineKind::Handle), handle, "what the handler was given stays");

    // Moved when the earlier day is over already: an hour is left.
    let mut city = City::staffed(shipped("base"));
    let id = lamp_in_hand(&mut city);
    city.now = city.now.plus_ms(2 * DAY_MS);
    let after = moved(&mut city, id, &with_promise_of(Amount { n: 1, unit: TimeUnit::Hours }), None).unwrap();
    assert_eq!(due(&after, DeadlineKind::Reply).since(city.now), 60 * 60 * 1000);
}

#[test]
fn a_promise_that_was_moved_since_stands_as_it_was_told() {
    let mut city = City::staffed(shipped("base"));
    let id = lamp_in_hand(&mut city);
    let worker = city.who(Role::GridWorker, GRID);
    city.act(id, &worker, Action::AskExtension, &fields(json!({ "days": 3, "reason": "等配件" }))).unwrap();
    let clerk = city.who(Role::CommunityClerk, super::city::COMMUNITY);
    city.act(id, &clerk, Action::GrantExtension, &fields(json!({}))).unwrap();
    let told = due(&city.cases[&id], DeadlineKind::Reply);
    let after = moved(&mut city, id, &with_promise_of(days(2)), None).unwrap();
    assert_eq!(due(&after, DeadlineKind::Reply), told);
}

#[test]
fn a_stage_that_is_not_there_is_named_by_a_person_and_of_the_same_phase() {
    let renamed = other(|book| {
        let flow = book.flows.iter_mut().find(|flow| flow.kind == linli_kernel::CaseKind::Request).unwrap();
        for stage in flow.stages.iter_mut().filter(|stage| stage.id == "handling") {
            stage.id = "working".to_owned();
        }
        for def in &mut flow.actions {
            for stage in def.from.iter_mut().chain(def.to.as_mut()).filter(|stage| *stage == "handling") {
                *stage = "working".to_owned();
            }
        }
    });
    let mut city = City::staffed(shipped("base"));
    let id = lamp_in_hand(&mut city);
    let refused = moved(&mut city, id, &renamed, None).unwrap_err();
    assert_eq!(refused.errors[0].field, "stage");
    for wrong in ["handling", "closed", "asking", "nowhere"] {
        assert!(moved(&mut city, id, &renamed, Some(wrong)).is_err(), "{wrong}");
    }
    let after = moved(&mut city, id, &renamed, Some("working")).unwrap();
    assert_eq!((after.stage.as_str(), after.phase), ("working", Phase::Open));
    let worker = city.who(Role::GridWorker, GRID);
    assert!(city.offers(&after, &worker).iter().any(|def| def.verb == Action::Settle), "it goes on there");
}

#[test]
fn a_stage_that_is_there_is_not_changed_by_the_way() {
    let mut city = City::staffed(shipped("base"));
    let id = lamp_in_hand(&mut city);
    assert!(moved(&mut city, id, &with_promise_of(days(2)), Some("verifying")).is_err());
}

#[test]
fn what_follows_when_a_clock_runs_out_is_what_the_other_version_says() {
    let quiet = other(|book| {
        for rule in book.deadlines.iter_mut().filter(|rule| rule.kind == DeadlineKind::Handle) {
            rule.on_breach = OnBreach::Nothing;
        }
    });
    let mut city = City::staffed(shipped("base"));
    let id = lamp_in_hand(&mut city);
    moved(&mut city, id, &quiet, None).unwrap();
    city.now = city.now.plus_ms(4 * DAY_MS);
    city.sweep();
    assert_eq!(city.cases[&id].stage, "handling", "nobody took it up");
}

#[test]
fn a_version_that_does_not_know_the_matter_is_refused() {
    let mut city = City::staffed(shipped("base"));
    let id = lamp_in_hand(&mut city);
    let without = other(|book| book.categories.retain(|category| category.code != "street_light"));
    assert_eq!(moved(&mut city, id, &without, None).unwrap_err().errors[0].code, "version_without_category");
    let without = other(|book| book.flows.clear());
    assert_eq!(moved(&mut city, id, &without, None).unwrap_err().errors[0].code, "version_without_kind");
    let same = shipped("base").clone();
    assert!(moved(&mut city, id, &same, None).is_err(), "it goes by that version already");
}
