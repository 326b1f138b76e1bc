//! Rehearsals of cases that a city in memory went through: nothing moves by itself, and what moves is what was changed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use linli_db::feed::Event;
use linli_kernel::{Action, Amount, CaseId, DeadlineKind, Role, TimeUnit, Weight};
use linli_playbook::{Host, Playbook};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::compare::{Difference, differences};
use super::past::{Head, Part, Past, text_in};
use super::replay::{Ground, Run};
use super::store::Kept;
use crate::cases::tests::city::{COMMUNITY, COUNTY, City, GRID, Player, calendar, fields, shipped};
use crate::cases::tests::forms::Luck;
use crate::cases::tests::walk::Walk;
use crate::people::Tenures;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn past(city: &City, id: CaseId) -> Past {
    let case = &city.cases[&id];
    let pinned = (city.book.id.clone(), city.book.version.clone());
    let history = |id: CaseId| -> Vec<(Event, Option<String>)> {
        (1..).zip(&city.histories[&id]).map(|(n, event)| (Event::of(event, n), event.text.clone())).collect()
    };
    let head = Head {
        id,
        paper_no: String::new(),
        kind: case.kind,
        channel: case.channel,
        area: case.area,
        pinned: pinned.clone(),
    };
    let mut past = Past::of(head, &history(id)).unwrap();
    let parts = city.cases.values().filter(|part| part.parent == Some(id));
    past.parts = parts
        .map(|part| {
            let to = |event: &Event| text_in(&serde_json::from_str::<Value>(&event.payload).unwrap(), "to");
            let stages = history(part.id).into_iter().filter_map(|(event, _)| Some((event.at, to(&event)?))).collect();
            Part { pinned: pinned.clone(), kind: part.kind, stages }
        })
        .collect();
    let followers = city.cases.values().filter(|other| other.master == Some(id));
    past.followed_at = followers
        .filter_map(|other| {
            history(other.id).iter().rfind(|(event, _)| event.kind == "merged").map(|(event, _)| event.at)
        })
        .collect();
    past
}

/// A case as it was and by the draft.
fn replayed(city: &City, id: CaseId, draft: &Playbook) -> (Run, Run) {
    let past = past(city, id);
    let mut tenures = Tenures::default();
    for caller in &city.people {
        caller.grants.iter().for_each(|grant| tenures.add(caller.account, grant.clone()));
    }
    let kept = Kept { tenures, entries: Vec::new() };
    let book = Arc::new(city.book.clone());
    let books = HashMap::from([(past.pinned.clone(), Arc::clone(&book))]);
    let ground = Ground { calendar: calendar(), kept: &kept, books: &books, until: city.now };
    let was = Run::as_it_was(&past, &book, &ground);
    let would = Run::by_draft(&past, &was, &Arc::new(draft.clone()), &ground);
    (was, would)
}

fn rehearsed(city: &City, id: CaseId, draft: &Playbook) -> Vec<Difference> {
    let (was, would) = replayed(city, id, draft);
    assert_eq!(was.unlike, None, "the replay tells it as it was");
    differences(&was, &would)
}

fn words(differences: &[Difference]) -> Vec<&'static str> {
    differences.iter().map(Difference::word).collect()
}

fn draft(change: impl FnOnce(&mut Playbook)) -> Playbook {
    let mut book = shipped("base").clone();
    book.version = "draft".to_owned();
    change(&mut book);
    book
}

fn reply() -> Value {
    json!({ "reply": { "received": "28日", "talked_to": "反映人", "done": "换了灯泡和开关", "by_when": "当天" } })
}

/// Reported, taken, escalated, settled, verified, rated; three of them with a clock that ran out.
fn a_busy_week(city: &mut City) -> Vec<CaseId> {
    let worker = city.who(Role::GridWorker, GRID);
    let clerk = city.who(Role::CommunityClerk, COMMUNITY);
    let leader = city.who(Role::CountyLeader, COUNTY);
    let mut ids = Vec::new();
    for (category, weight) in [
        ("street_light", None),
        ("street_light", Some(Weight::General)),
        ("rubbish", None),
        ("noise", Some(Weight::Larger)),
        ("parking", None),
        ("street_light", Some(Weight::Major)),
    ] {
        ids.push(city.report(GRID, Some(category), weight).unwrap());
    }
    city.act(ids[0], &worker, Action::Take, &fields(json!({}))).unwrap();
    city.act(ids[0], &worker, Action::Settle, &fields(reply())).unwrap();
    city.act(ids[0], &clerk, Action::Verify, &fields(json!({}))).unwrap();
    let rating = json!({ "stars": 5, "solved": true, "satisfied": true });
    city.act(ids[0], &Player::Resident, Action::Rate, &fields(rating)).unwrap();
    city.act(ids[1], &clerk, Action::Take, &fields(json!({}))).unwrap();
    city.act(ids[1], &clerk, Action::Escalate, &fields(json!({ "reason": "要街道来" }))).unwrap();
    city.now = city.now.plus_ms(DAY_MS);
    city.sweep();
    let _ = leader;
    city.now = city.now.plus_ms(9 * DAY_MS);
    city.sweep();
    ids
}

#[test]
fn nothing_moves_by_the_playbook_that_it_was() {
    let mut city = City::staffed(shipped("base"));
    for id in a_busy_week(&mut city) {
        assert!(rehearsed(&city, id, &draft(|_| ())).is_empty());
    }
}

#[test]
fn a_changed_line_moves_exactly_the_cases_that_it_concerns() {
    let mut city = City::staffed(shipped("base"));
    let ids = a_busy_week(&mut city);
    // Lamps at the county go to the people of the county, not to a department.
    let changed = draft(|book| {
        let at_county = |line: &&mut linli_playbook::Responsibility| {
            line.category == "street_light" && line.level == linli_kernel::AreaLevel::County
        };
        book.responsibilities.iter_mut().find(at_county).unwrap().host = Host::Seat;
    });
    let moved: BTreeSet<CaseId> =
        ids.iter().copied().filter(|id| !rehearsed(&city, *id, &changed).is_empty()).collect();
    // Independently: the one lamp whose weight seats it at the county.
    let first_seat = |id: &CaseId| city.histories[id][0].payload["seat"]["unit_code"] == "urban_management";
    let is_lamp = |id: &CaseId| city.cases[id].category.as_deref() == Some("street_light");
    let expected: BTreeSet<CaseId> = ids.iter().copied().filter(|id| first_seat(id) && is_lamp(id)).collect();
    assert_eq!(expected.len(), 1);
    assert_eq!(moved, expected);
    let differences = rehearsed(&city, *expected.first().unwrap(), &changed);
    let Some(Difference::FirstSeat { was, would, why }) = differences.first() else { panic!("{differences:?}") };
    assert_eq!((was.unit.as_deref(), would.unit.as_deref()), (Some("urban_management"), None));
    assert!(why.iter().any(|why| why.key == "why.responsibility"), "{why:?}");
}

#[test]
fn another_promise_is_told_with_both_days() {
    let mut city = City::staffed(shipped("base"));
    let id = a_busy_week(&mut city)[0];
    let sooner = draft(|book| {
        let of_promise = book.deadlines.iter_mut().filter(|rule| rule.kind == DeadlineKind::Reply);
        of_promise.for_each(|rule| rule.amount = Amount { n: 1, unit: TimeUnit::WorkingDays });
    });
    let differences = rehearsed(&city, id, &sooner);
    let Some(Difference::Promise { was, would, .. }) = differences.first() else { panic!("{differences:?}") };
    assert!(would < was && would.is_some());
    assert_eq!(words(&differences), ["promise"]);
}

#[test]
fn a_shorter_clock_goes_up_where_nobody_was_late_before() {
    let mut city = City::staffed(shipped("base"));
    let id = city.report(GRID, Some("street_light"), None).unwrap();
    let worker = city.who(Role::GridWorker, GRID);
    city.now = city.now.plus_ms(2 * 60 * 60 * 1000);
    city.act(id, &worker, Action::Take, &fields(json!({}))).unwrap();
    let hurried = draft(|book| {
        let of_signing = book.deadlines.iter_mut().filter(|rule| rule.kind == DeadlineKind::Sign);
        of_signing.for_each(|rule| rule.amount = Amount { n: 1, unit: TimeUnit::Hours });
    });
    let differences = rehearsed(&city, id, &hurried);
    assert_eq!(words(&differences), ["later_seat", "clock", "ran_out"], "{differences:?}");
}

#[test]
fn what_the_draft_does_not_allow_ends_the_comparison_there() {
    let mut city = City::staffed(shipped("base"));
    let id = a_busy_week(&mut city)[0];
    let strict = draft(|book| {
        let flow = book.flows.iter_mut().find(|flow| flow.kind == linli_kernel::CaseKind::Request).unwrap();
        let take = flow.actions.iter_mut().filter(|def| def.verb == Action::Take);
        take.for_each(|def| def.who.retain(|who| who.role != Some(Role::GridWorker)));
    });
    let differences = rehearsed(&city, id, &strict);
    assert_eq!(words(&differences), ["refused"], "{differences:?}");
    let Some(Difference::Refused { verb, stage, .. }) = differences.first() else { panic!() };
    assert_eq!((*verb, stage.as_str()), (Some(Action::Take), "dispatched"));
}

#[test]
fn a_category_that_is_gone_cannot_be_reported() {
    let mut city = City::staffed(shipped("base"));
    let id = a_busy_week(&mut city)[2];
    let without = draft(|book| book.categories.retain(|category| category.code != "rubbish"));
    assert_eq!(words(&rehearsed(&city, id, &without)), ["refused"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Whatever people did in whatever order: by the playbook that it was, it comes out as it was.
    #[test]
    fn every_walk_is_replayed_as_it_was(people in any::<u64>().no_shrink(), steps in prop::collection::vec(any::<u64>().no_shrink(), 20..100)) {
        let mut walk = Walk::through("base", people);
        walk.report(&mut Luck::of(people));
        for step in steps {
            walk.step(Luck::of(step));
        }
        for case in walk.city.cases.values() {
            let (was, would) = replayed(&walk.city, case.id, &walk.city.book);
            let found = differences(&was, &would);
            prop_assert!(found.is_empty(), "{found:?}");
            prop_assert_eq!(was.unlike, None, "{:?} {:?}", was.stopped, walk.city.histories[&case.id].iter().map(|event| event.kind).collect::<Vec<_>>());
            let now = was.case.unwrap();
            prop_assert_eq!((&now.stage, &now.seat, now.n_reopened), (&case.stage, &case.seat, case.n_reopened));
        }
    }
}
