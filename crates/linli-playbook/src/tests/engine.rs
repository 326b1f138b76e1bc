//! The flow engine on the base flow: the story, the separations, and what holds for every walk.

use std::collections::BTreeSet;

use linli_kernel::{Action, Approval, AreaLevel, CaseKind, Phase, Role, Timestamp};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::support::base;
use crate::{
    ActionDef, Effect, Facts, Flow, FlowRefusal, GrantPlace, Handled, Playbook, SeatMove, Seating, Situation, Standing,
    check_form,
};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn playbook() -> &'static Playbook {
    static BASE: std::sync::OnceLock<Playbook> = std::sync::OnceLock::new();
    BASE.get_or_init(base)
}

fn flow() -> &'static Flow {
    playbook().flow(CaseKind::Request).unwrap()
}

fn situation(stage: &'static str, seat_level: AreaLevel) -> Situation<'static> {
    Situation {
        playbook: playbook(),
        stage,
        seat_level,
        reopened: 0,
        settled_at: None,
        now: Timestamp::from_ms(0),
        facts: Facts { may_send_back: true, ..Facts::default() },
    }
}

fn staff(role: Role, place: GrantPlace, handled: Handled) -> Standing {
    Standing::staff([(role, place)], handled)
}

fn verbs(offers: &[&ActionDef]) -> Vec<&'static str> {
    offers.iter().map(|def| def.verb.as_str()).collect()
}

fn step(
    situation: &Situation<'_>,
    standing: &Standing,
    verb: Action,
    fields: Value,
) -> Result<&'static ActionDef, FlowRefusal> {
    flow().step(situation, standing, verb, fields.as_object().unwrap())
}

#[test]
fn a_new_case_waits_for_its_seat_or_for_a_person() {
    let found = flow().begin(Seating::Found).unwrap();
    assert_eq!(found.to.as_deref(), Some("dispatched"));
    let not_found = flow().begin(Seating::NotFound).unwrap();
    assert_eq!(not_found.to.as_deref(), Some("received"));
}

#[test]
fn a_worker_of_the_seat_is_offered_what_a_worker_may_do() {
    let worker = staff(Role::GridWorker, GrantPlace::Seat, Handled::Never);
    let offers = flow().offers(&situation("dispatched", AreaLevel::Grid), &worker);
    assert_eq!(verbs(&offers), ["take", "comment", "escalate", "send_back", "whistle"]);
    let handler = staff(Role::GridWorker, GrantPlace::Seat, Handled::Now);
    let offers = flow().offers(&situation("handling", AreaLevel::Grid), &handler);
    assert_eq!(
        verbs(&offers),
        [
            "settle",
            "ask",
            "comment",
            "escalate",
            "send_back",
            "ask_extension",
            "ask_suspension",
            "split",
            "call_help",
            "whistle",
            "hand_out",
            "hand_on"
        ]
    );
}

#[test]
fn a_lamp_is_reported_mended_doubted_and_mended_again() {
    let light = playbook().category("street_light").unwrap();
    let seat_level = playbook().first_level(Some(&light.code), light.default_weight);
    assert_eq!(seat_level, AreaLevel::Grid);
    let mut walk = Walk {
        stage: flow().begin(Seating::Found).unwrap().to.clone().unwrap(),
        seat_level,
        reopened: 0,
        settled_at: None,
        now: Timestamp::from_ms(0),
        facts: Facts { may_send_back: true, ..Facts::default() },
    };
    let at_seat = |role, handled| staff(role, GrantPlace::Seat, handled);
    let reply =
        json!({ "reply": { "received": "8日", "talked_to": "报修居民", "done": "换了灯泡", "by_when": "当天" } });
    let rating = |satisfied: bool| json!({ "stars": 3, "solved": satisfied, "satisfied": satisfied });
    let story = [
        (at_seat(Role::GridWorker, Handled::Never), Action::Take, json!({}), "handling", AreaLevel::Grid),
        (
            at_seat(Role::GridWorker, Handled::Now),
            Action::Ask,
            json!({ "question": "哪一盏？" }),
            "asking",
            AreaLevel::Grid,
        ),
        (Standing::reporter(), Action::Answer, json!({ "text": "3号楼前" }), "handling", AreaLevel::Grid),
        (at_seat(Role::GridWorker, Handled::Now), Action::Settle, reply.clone(), "verifying", AreaLevel::Grid),
        (at_seat(Role::GridHead, Handled::Never), Action::Verify, json!({}), "answered", AreaLevel::Grid),
        (Standing::reporter(), Action::Rate, rating(false), "dispatched", AreaLevel::Community),
        (at_seat(Role::CommunityClerk, Handled::Never), Action::Take, json!({}), "handling", AreaLevel::Community),
        (at_seat(Role::CommunityClerk, Handled::Now), Action::Settle, reply, "verifying", AreaLevel::Community),
        (
            staff(Role::StreetDispatcher, GrantPlace::Above, Handled::Never),
            Action::Verify,
            json!({}),
            "answered",
            AreaLevel::Community,
        ),
        (Standing::reporter(), Action::Rate, rating(true), "closed", AreaLevel::Community),
    ];
    for (standing, verb, fields, stage, level) in story {
        let fields = fields.as_object().unwrap().clone();
        let def = flow().step(&walk.situation(), &standing, verb, &fields).unwrap();
        check_form(playbook(), def, &fields).unwrap();
        walk.take(def, seat_level);
        assert_eq!((walk.stage.as_str(), walk.seat_level), (stage, level), "after {verb}");
    }
    assert_eq!(walk.reopened, 1);
}

#[test]
fn people_without_a_relation_are_offered_nothing() {
    for stage in &flow().stages {
        let situation = Situation { stage: &stage.id, ..situation("received", AreaLevel::Grid) };
        assert!(flow().offers(&situation, &Standing::anyone()).is_empty(), "{}", stage.id);
        for role in [Role::Auditor, Role::Administrator, Role::Resident] {
            let standing = Standing::staff([(role, GrantPlace::Seat), (role, GrantPlace::Above)], Handled::Never);
            assert!(flow().offers(&situation, &standing).is_empty(), "{} {role}", stage.id);
        }
    }
}

#[test]
fn whoever_handled_a_case_cannot_judge_it() {
    let verifying = situation("verifying", AreaLevel::Community);
    for handled in [Handled::Now, Handled::Before] {
        let clerk = staff(Role::CommunityClerk, GrantPlace::Seat, handled);
        assert_eq!(step(&verifying, &clerk, Action::Verify, json!({})), Err(FlowRefusal::OwnWork));
        assert_eq!(step(&verifying, &clerk, Action::Reject, json!({})), Err(FlowRefusal::OwnWork));
    }
    let other = staff(Role::CommunityClerk, GrantPlace::Seat, Handled::Never);
    assert_eq!(step(&verifying, &other, Action::Verify, json!({})).unwrap().to.as_deref(), Some("answered"));
    // The community of the place verifies what a department of the county did.
    let place = staff(Role::CommunityClerk, GrantPlace::Place, Handled::Never);
    assert!(step(&situation("verifying", AreaLevel::County), &place, Action::Verify, json!({})).is_ok());
}

#[test]
fn a_refusal_says_why() {
    let worker = staff(Role::GridWorker, GrantPlace::Seat, Handled::Never);
    let handling = situation("handling", AreaLevel::Grid);
    assert_eq!(step(&handling, &worker, Action::Settle, json!({})), Err(FlowRefusal::NotYours));
    assert_eq!(step(&handling, &worker, Action::Take, json!({})), Err(FlowRefusal::NotNow));
    assert_eq!(
        step(&situation("nowhere", AreaLevel::Grid), &worker, Action::Take, json!({})),
        Err(FlowRefusal::NotNow)
    );
}

#[test]
fn satisfied_closes_and_unsatisfied_goes_up_until_the_limit() {
    let reporter = Standing::reporter();
    let answered = |reopened| Situation { reopened, ..situation("answered", AreaLevel::Grid) };
    let satisfied = step(&answered(0), &reporter, Action::Rate, json!({ "satisfied": true })).unwrap();
    assert_eq!(satisfied.to.as_deref(), Some("closed"));
    let unsatisfied = step(&answered(1), &reporter, Action::Rate, json!({ "satisfied": false })).unwrap();
    assert_eq!(unsatisfied.to.as_deref(), Some("dispatched"));
    assert!(
        unsatisfied.effects.contains(&Effect::Seat(SeatMove::Up)) && unsatisfied.effects.contains(&Effect::CountReopen)
    );
    let again = step(&answered(2), &reporter, Action::Rate, json!({ "satisfied": false })).unwrap();
    assert_eq!(again.to.as_deref(), Some("received"));
    assert!(again.effects.contains(&Effect::Seat(SeatMove::Top)));
    // One button, one form, and the form misses what was not said.
    let offers = flow().offers(&answered(0), &reporter);
    assert_eq!(verbs(&offers), ["rate"]);
    let undecided = step(&answered(0), &reporter, Action::Rate, json!({})).unwrap();
    assert!(check_form(playbook(), undecided, &Map::new()).is_err());
}

#[test]
fn a_closed_case_offers_only_to_reopen_and_only_within_the_window() {
    let settled_at = Some(Timestamp::from_ms(0));
    let closed = |days: i64| Situation {
        settled_at,
        now: Timestamp::from_ms(days * DAY_MS),
        ..situation("closed", AreaLevel::Grid)
    };
    assert_eq!(verbs(&flow().offers(&closed(15), &Standing::reporter())), ["reopen"]);
    assert!(flow().offers(&closed(16), &Standing::reporter()).is_empty());
    let spent = Situation { reopened: 2, ..closed(1) };
    assert!(flow().offers(&spent, &Standing::reporter()).is_empty());
    let clerk = staff(Role::CommunityClerk, GrantPlace::Above, Handled::Before);
    assert_eq!(verbs(&flow().offers(&spent, &clerk)), ["reopen"]);
}

#[test]
fn an_unsigned_case_goes_up_by_itself_and_stays_at_the_top() {
    let system = Standing::system();
    let below = step(&situation("dispatched", AreaLevel::Grid), &system, Action::Escalate, json!({})).unwrap();
    assert_eq!(below.to.as_deref(), Some("dispatched"));
    assert!(below.effects.contains(&Effect::Seat(SeatMove::Up)));
    let top = step(&situation("dispatched", AreaLevel::County), &system, Action::Escalate, json!({})).unwrap();
    assert_eq!((top.to.as_deref(), top.effects.as_slice()), (None, [Effect::Supervise].as_slice()));
    let worker = staff(Role::DepartmentClerk, GrantPlace::Seat, Handled::Never);
    let by_hand = step(&situation("dispatched", AreaLevel::County), &worker, Action::Escalate, json!({}));
    assert_eq!(by_hand, Err(FlowRefusal::NotNow));
}

#[test]
fn a_comment_moves_no_deadline_and_no_stage() {
    let comments = flow().actions.iter().filter(|def| def.verb == Action::Comment);
    for def in comments {
        assert!(def.effects.is_empty() && def.to.is_none());
    }
}

#[test]
fn the_acting_role_is_the_one_that_allowed_it() {
    let both = Standing::staff(
        [(Role::GridWorker, GrantPlace::Seat), (Role::StreetDispatcher, GrantPlace::Above)],
        Handled::Never,
    );
    let dispatched = situation("dispatched", AreaLevel::Grid);
    let role = |verb| both.role_for(&step(&dispatched, &both, verb, json!({})).unwrap().who);
    assert_eq!(role(Action::Take), Some(Role::GridWorker));
    assert_eq!(role(Action::Dispatch), Some(Role::StreetDispatcher));
    assert_eq!(Standing::reporter().role_for(&flow().actions[0].who), None);
}

#[test]
fn a_role_held_elsewhere_does_not_lend_itself_to_another_relation() {
    // A worker of the seat who is a dispatcher of the place is no dispatcher of the seat or above it.
    let both = Standing::staff(
        [(Role::GridWorker, GrantPlace::Seat), (Role::StreetDispatcher, GrantPlace::Place)],
        Handled::Never,
    );
    let dispatched = situation("dispatched", AreaLevel::Grid);
    assert_eq!(step(&dispatched, &both, Action::Dispatch, json!({})), Err(FlowRefusal::NotYours));
}

fn levels() -> impl Strategy<Value = AreaLevel> {
    prop::sample::select(AreaLevel::ALL)
}

fn standings() -> impl Strategy<Value = Standing> {
    let grant = (
        prop::sample::select(Role::ALL),
        prop::sample::select(&[GrantPlace::Seat, GrantPlace::Above, GrantPlace::Place][..]),
    );
    let handled = prop::sample::select(&[Handled::Never, Handled::Before, Handled::Now][..]);
    let staff =
        (prop::collection::vec(grant, 0..3), handled).prop_map(|(grants, handled)| Standing::staff(grants, handled));
    prop_oneof![4 => staff, 2 => Just(Standing::reporter()), 1 => Just(Standing::system()), 1 => Just(Standing::anyone())]
}

fn fields() -> impl Strategy<Value = Map<String, Value>> {
    let said = prop::option::of(any::<bool>());
    (said.clone(), said.clone(), said).prop_map(|(satisfied, reached, upheld)| {
        let said = [("satisfied", satisfied), ("reached", reached), ("upheld", upheld)];
        said.into_iter().filter_map(|(name, said)| Some((name.to_owned(), Value::Bool(said?)))).collect()
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let pending = prop::option::of(prop::sample::select(Approval::ALL));
    (0_u32..4, 0_u32..4, pending, any::<[bool; 10]>()).prop_map(|(n, m, pending, is)| {
        let [
            is_late,
            may_send_back,
            sent_back_here,
            is_ruled,
            tasks_open,
            children_open,
            force_open,
            has_followers,
            is_excluded,
            _,
        ] = is;
        Facts {
            sent_back: n,
            late: m,
            extended: n,
            unreached: m,
            exclusion_asked: n,
            called: m,
            calls_late: n,
            is_late,
            pending,
            may_send_back,
            sent_back_here,
            is_ruled,
            tasks_open,
            children_open,
            force_open,
            has_followers,
            is_excluded,
        }
    })
}

/// What a walk keeps of a case.
struct Walk {
    stage: String,
    seat_level: AreaLevel,
    reopened: u32,
    settled_at: Option<Timestamp>,
    now: Timestamp,
    facts: Facts,
}

impl Walk {
    fn situation(&self) -> Situation<'_> {
        Situation {
            playbook: playbook(),
            stage: &self.stage,
            seat_level: self.seat_level,
            reopened: self.reopened,
            settled_at: self.settled_at,
            now: self.now,
            facts: self.facts,
        }
    }

    fn take(&mut self, def: &ActionDef, chosen: AreaLevel) {
        let phase = |stage: &str| flow().stage(stage).unwrap().phase;
        let was_open = matches!(phase(&self.stage), Phase::Open | Phase::Waiting);
        for effect in &def.effects {
            match effect {
                Effect::Seat(SeatMove::Up | SeatMove::Back) => {
                    self.seat_level = self.seat_level.up().unwrap_or(self.seat_level).max(playbook().top_level());
                }
                Effect::Seat(SeatMove::Top) => self.seat_level = playbook().top_level(),
                Effect::Seat(SeatMove::Chosen | SeatMove::Routed) => self.seat_level = chosen,
                Effect::CountReopen => self.reopened += 1,
                Effect::Seat(SeatMove::Arbiter) => self.seat_level = playbook().settings.arbiter_level,
                Effect::Seat(SeatMove::Objector) => self.seat_level = chosen,
                Effect::Ask(what) => self.facts.pending = Some(*what),
                Effect::Grant(_) | Effect::Refuse(_) => self.facts.pending = None,
                Effect::Bind => self.facts.is_ruled = true,
                _ => {}
            }
        }
        if let Some(to) = &def.to {
            self.stage.clone_from(to);
        }
        if was_open && matches!(phase(&self.stage), Phase::Settled | Phase::Closed) {
            self.settled_at = Some(self.now);
        }
    }
}

proptest! {
    #[test]
    fn what_is_offered_is_what_is_accepted(
        stage in 0_usize..10, seat_level in levels(), reopened in 0_u32..4, days in prop::option::of(0_i64..30),
        standing in standings(), fields in fields(), facts in facts(),
    ) {
        let situation = Situation {
            stage: &flow().stages[stage].id,
            reopened,
            settled_at: days.map(|days| Timestamp::from_ms(-days * DAY_MS)),
            facts,
            ..situation("received", seat_level)
        };
        let offered: BTreeSet<Action> = flow().offers(&situation, &standing).iter().map(|def| def.verb).collect();
        for verb in Action::ALL {
            let taken = flow().step(&situation, &standing, *verb, &fields);
            prop_assert_eq!(taken.is_ok(), offered.contains(verb), "{} {}", situation.stage, verb);
            if let Ok(def) = taken {
                prop_assert_eq!(def.verb, *verb);
                prop_assert!(def.from.iter().any(|from| from == situation.stage));
            }
        }
    }

    #[test]
    fn no_walk_leaves_the_declared_stages(
        steps in prop::collection::vec((standings(), prop::sample::select(Action::ALL), fields(), levels(), 0_i64..10), 0..200),
    ) {
        let mut walk = Walk {
            stage: flow().start.clone(),
            seat_level: AreaLevel::Grid,
            reopened: 0,
            settled_at: None,
            now: Timestamp::from_ms(0),
            facts: Facts { may_send_back: true, ..Facts::default() },
        };
        let mut n_by_word_alone = 0;
        for (standing, verb, fields, chosen, days) in steps {
            walk.now = walk.now.plus_ms(days * DAY_MS);
            let situation = walk.situation();
            if let Ok(def) = flow().step(&situation, &standing, verb, &fields) {
                // What the form would refuse never happens.
                if verb == Action::Rate && !fields.contains_key("satisfied") {
                    continue;
                }
                let is_closed = walk.stage == "closed";
                prop_assert!(!is_closed || verb == Action::Reopen || def.to.is_none(), "a closed case was moved by {}", verb);
                let by_reporter = standing == Standing::reporter();
                n_by_word_alone += u32::from(by_reporter && def.effects.contains(&Effect::CountReopen) && def.to.as_deref() == Some("dispatched"));
                walk.take(def, chosen);
                prop_assert!(flow().stage(&walk.stage).is_some());
                prop_assert!(n_by_word_alone <= playbook().settings.reopen_limit);
            }
        }
    }

    #[test]
    fn nobody_who_handled_a_case_judges_it(
        stage in 0_usize..10, seat_level in levels(),
        grants in prop::collection::vec((prop::sample::select(Role::ALL), prop::sample::select(&[GrantPlace::Seat, GrantPlace::Above, GrantPlace::Place][..])), 1..5),
        now in any::<bool>(),
    ) {
        let situation = Situation { stage: &flow().stages[stage].id, ..situation("received", seat_level) };
        let standing = Standing::staff(grants, if now { Handled::Now } else { Handled::Before });
        let judged = flow().offers(&situation, &standing);
        prop_assert!(judged.iter().all(|def| !matches!(def.verb, Action::Verify | Action::Reject | Action::Rate)));
    }

    #[test]
    fn in_every_open_stage_somebody_can_act(seat_level in prop::sample::select(&[AreaLevel::County, AreaLevel::Street, AreaLevel::Community, AreaLevel::Grid][..])) {
        for stage in flow().stages.iter().filter(|stage| stage.phase != Phase::Closed) {
            let situation = Situation { stage: &stage.id, ..situation("received", seat_level) };
            let everyone = Role::ALL.iter().map(|role| (*role, GrantPlace::Seat)).collect::<Vec<_>>();
            let moves = |standing: &Standing| flow().offers(&situation, standing).iter().any(|def| def.to.is_some());
            let able = [
                Standing::staff(everyone.clone(), Handled::Never),
                Standing::staff(everyone, Handled::Now),
                Standing::reporter(),
            ];
            prop_assert!(able.iter().any(moves), "{} at {}", stage.id, seat_level);
        }
    }
}
