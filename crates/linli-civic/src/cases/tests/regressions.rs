//! What walks found, each by its name.

use linli_kernel::{Action, CaseId, DeadlineKind, DeadlineState, Phase, ProblemCode, Role};
use serde_json::json;

use super::city::{COMMUNITY, COUNTY, City, GRID, Player, STREET, fields, shipped};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn lamp(city: &mut City) -> CaseId {
    city.report(GRID, Some("street_light"), None).unwrap()
}

fn reply() -> serde_json::Value {
    json!({ "reply": { "received": "28日", "talked_to": "反映人", "done": "换了灯泡和开关", "by_when": "当天" } })
}

/// A lamp that a grid worker took, settled, and a clerk of the community verified.
fn answered(city: &mut City) -> CaseId {
    let id = lamp(city);
    let worker = city.who(Role::GridWorker, GRID);
    city.act(id, &worker, Action::Take, &fields(json!({}))).unwrap();
    city.act(id, &worker, Action::Settle, &fields(reply())).unwrap();
    let clerk = city.who(Role::CommunityClerk, COMMUNITY);
    city.act(id, &clerk, Action::Verify, &fields(json!({}))).unwrap();
    id
}

fn kinds(city: &City, id: CaseId) -> Vec<&'static str> {
    city.histories[&id].iter().map(|event| event.kind).collect()
}

#[test]
fn the_third_clock_that_runs_out_puts_a_case_under_supervision() {
    let mut city = City::staffed(shipped("base"));
    let id = lamp(&mut city);
    for _ in 0..20 {
        city.now = city.now.plus_ms(DAY_MS);
        city.sweep();
        let case = &city.cases[&id];
        let n_late = case.facts(city.now).late;
        assert_eq!(case.supervised_at.is_some(), n_late >= 3, "{n_late} late");
        if n_late >= 3 {
            let last = city.histories[&id].last().unwrap();
            assert_eq!((last.kind, last.payload["rule"].as_str()), ("supervised", Some("三次逾期，自动列入督办")));
            return;
        }
    }
    panic!("three clocks should have run out: {:?}", kinds(&city, id));
}

#[test]
fn what_is_asked_of_a_closed_case_can_be_granted_there() {
    let mut city = City::staffed(shipped("base"));
    let id = answered(&mut city);
    let rating = json!({ "stars": 5, "solved": true, "satisfied": true });
    city.act(id, &Player::Resident, Action::Rate, &fields(rating)).unwrap();
    assert_eq!(city.cases[&id].phase, Phase::Closed);
    let worker = city.who(Role::GridWorker, GRID);
    let ask = json!({ "ground": "beyond_power", "reason": "属省管道路" });
    city.act(id, &worker, Action::AskExclusion, &fields(ask)).unwrap();
    let leader = city.who(Role::CountyLeader, COUNTY);
    city.act(id, &leader, Action::Exclude, &fields(json!({ "text": "同意" }))).unwrap();
    assert_eq!(city.cases[&id].dossier.excluded.as_deref(), Some("beyond_power"));
}

#[test]
fn what_is_asked_about_the_figures_outlives_the_end_of_the_case() {
    let mut city = City::staffed(shipped("base"));
    let id = answered(&mut city);
    let worker = city.who(Role::GridWorker, GRID);
    let ask = json!({ "ground": "beyond_power", "reason": "属省管道路" });
    city.act(id, &worker, Action::AskExclusion, &fields(ask)).unwrap();
    let rating = json!({ "stars": 5, "solved": true, "satisfied": true });
    city.act(id, &Player::Resident, Action::Rate, &fields(rating)).unwrap();
    let case = &city.cases[&id];
    let running: Vec<DeadlineKind> =
        case.deadlines.iter().filter(|clock| clock.state == DeadlineState::Running).map(|clock| clock.kind).collect();
    assert_eq!((case.phase, running), (Phase::Closed, vec![DeadlineKind::Approve]));
    let leader = city.who(Role::CountyLeader, COUNTY);
    city.act(id, &leader, Action::RefuseExclusion, &fields(json!({ "reason": "属本单位职责" }))).unwrap();
    assert!(city.cases[&id].deadlines.iter().all(|clock| !clock.is_owed()));
}

#[test]
fn a_case_that_was_answered_with_another_and_reopened_goes_its_own_way() {
    let mut city = City::staffed(shipped("base"));
    let (first, second) = (lamp(&mut city), lamp(&mut city));
    let clerk = city.who(Role::CommunityClerk, COMMUNITY);
    city.act(second, &clerk, Action::Merge, &fields(json!({ "case": first.to_string() }))).unwrap();
    let worker = city.who(Role::GridWorker, GRID);
    let go_round = |city: &mut City, taker: &Player| {
        city.act(first, taker, Action::Take, &fields(json!({}))).unwrap();
        city.act(first, taker, Action::Settle, &fields(reply())).unwrap();
        let dispatcher = city.who(Role::StreetDispatcher, STREET);
        city.act(first, &dispatcher, Action::Verify, &fields(json!({}))).unwrap();
    };
    go_round(&mut city, &worker);
    assert_eq!(city.cases[&second].stage, "answered");
    // Neither of the two who called is satisfied; what comes of the first is no answer to the second any more.
    let rating = json!({ "stars": 1, "solved": false, "satisfied": false });
    city.act(second, &Player::Resident, Action::Rate, &fields(rating.clone())).unwrap();
    city.act(first, &Player::Resident, Action::Rate, &fields(rating)).unwrap();
    go_round(&mut city, &clerk);
    assert_eq!((city.cases[&second].stage.as_str(), city.cases[&second].master), ("dispatched", None));
}

#[test]
fn what_one_caller_takes_back_does_not_end_the_matter_of_another() {
    let mut city = City::staffed(shipped("base"));
    let (first, second) = (lamp(&mut city), lamp(&mut city));
    let clerk = city.who(Role::CommunityClerk, COMMUNITY);
    city.act(second, &clerk, Action::Merge, &fields(json!({ "case": first.to_string() }))).unwrap();
    city.act(first, &Player::Resident, Action::Close, &fields(json!({}))).unwrap();
    let second = &city.cases[&second];
    assert_eq!((second.stage.as_str(), second.master), ("dispatched", None));
    assert!(second.deadlines.iter().any(|clock| clock.kind == DeadlineKind::Handle && clock.is_owed()));
}

#[test]
fn what_an_office_ends_without_an_answer_ends_for_everybody_who_called() {
    let mut city = City::staffed(shipped("base"));
    let (first, second) = (lamp(&mut city), lamp(&mut city));
    let clerk = city.who(Role::CommunityClerk, COMMUNITY);
    city.act(second, &clerk, Action::Merge, &fields(json!({ "case": first.to_string() }))).unwrap();
    let court = json!({ "ground": "court", "text": "可以向人民法院起诉" });
    city.act(first, &clerk, Action::Close, &fields(court)).unwrap();
    assert_eq!(city.cases[&second].phase, Phase::Closed);
}

#[test]
fn a_case_that_nobody_verifies_is_looked_at_again_and_stays_late() {
    let mut city = City::staffed(shipped("base"));
    let id = lamp(&mut city);
    let worker = city.who(Role::GridWorker, GRID);
    city.act(id, &worker, Action::Take, &fields(json!({}))).unwrap();
    city.act(id, &worker, Action::Settle, &fields(reply())).unwrap();
    // Past the clock of the verification and past the promise; nothing follows from either.
    city.now = city.now.plus_ms(30 * DAY_MS);
    city.sweep();
    let case = &city.cases[&id];
    assert_eq!(case.stage, "verifying");
    let states: Vec<DeadlineState> =
        case.deadlines.iter().filter(|clock| clock.kind == DeadlineKind::Verify).map(|clock| clock.state).collect();
    assert_eq!(states, [DeadlineState::Breached, DeadlineState::Running]);
    assert!(case.next_due().unwrap().due_at < city.now, "it is still shown as late");
    // Whoever verifies it at last is done with both.
    let clerk = city.who(Role::CommunityClerk, COMMUNITY);
    city.act(id, &clerk, Action::Verify, &fields(json!({}))).unwrap();
    let owed = city.cases[&id].deadlines.iter().filter(|clock| clock.is_owed()).map(|clock| clock.kind);
    assert!(owed.into_iter().all(|kind| matches!(kind, DeadlineKind::Rate | DeadlineKind::FollowUp)));
}

#[test]
fn a_case_at_the_top_that_stays_late_is_supervised_and_has_a_new_day() {
    let mut city = City::staffed(shipped("base"));
    let id = city.report(COUNTY, None, None).unwrap();
    for _ in 0..6 {
        city.now = city.now.plus_ms(10 * DAY_MS);
        city.sweep();
        let case = &city.cases[&id];
        assert!(case.deadlines.iter().any(|clock| clock.state == DeadlineState::Running));
    }
    assert!(city.cases[&id].supervised_at.is_some());
}

#[test]
fn a_whistle_is_blown_by_the_role_that_may_blow_it() {
    let mut city = City::staffed(shipped("base"));
    // Works in a department of the street and dispatches for the street.
    let both =
        city.hire(&[(Role::DepartmentClerk, STREET, Some("police_station")), (Role::StreetDispatcher, STREET, None)]);
    let both = Player::Staff(both);
    let id = city.report(GRID, Some("noise"), Some(linli_kernel::Weight::Larger)).unwrap();
    assert_eq!(city.cases[&id].seat.unit.as_deref(), Some("police_station"));
    city.act(id, &both, Action::Take, &fields(json!({}))).unwrap();
    let seats = json!([{ "area_code": COUNTY, "unit_code": "urban_management" }]);
    let hard = json!({ "whistle": "hard", "seats": seats, "text": "请到场" });
    city.act(id, &both, Action::Whistle, &fields(hard)).unwrap();
    let whistled = city.histories[&id].iter().find(|event| event.kind == "whistled").unwrap();
    assert_eq!(whistled.actor.role(), Some(Role::StreetDispatcher));
}

#[test]
fn a_whistle_that_somebody_may_not_blow_is_no_button() {
    let mut city = City::staffed(shipped("base"));
    let police = city.hire(&[(Role::DepartmentClerk, STREET, Some("police_station"))]);
    let police = Player::Staff(police);
    let id = city.report(GRID, Some("noise"), Some(linli_kernel::Weight::Larger)).unwrap();
    city.act(id, &police, Action::Take, &fields(json!({}))).unwrap();
    let case = &city.cases[&id];
    assert!(city.offers(case, &police).iter().all(|def| def.verb != Action::Whistle));
    let seats = json!([{ "area_code": COUNTY, "unit_code": "urban_management" }]);
    let work = fields(json!({ "whistle": "work", "seats": seats, "text": "请到场" }));
    let refused = city.try_act(id, &police, Action::Whistle, &work).unwrap().unwrap_err();
    assert!(matches!(refused.code, ProblemCode::Invalid | ProblemCode::Forbidden), "{refused:?}");
}
