//! Random walks through the city: what people, residents, departments and the clock may do, in any order.

use std::collections::BTreeSet;
use std::sync::Mutex;

use linli_access::{Act, Caller, Decision, decide};
use linli_kernel::{Action, Actor, CaseId, Phase, ProblemCode, Role, TaskAction, Weight};
use linli_playbook::ActionDef;
use proptest::prelude::*;

use super::super::task::{Side, TaskSaid};
use super::super::task_view::sides;
use super::city::{City, PLACES, Player, area, shipped};
use super::forms::{self, Luck};
use super::invariants::Told;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Somebody who may hold any one or two posts, fitting or not.
fn newcomer(city: &mut City, luck: &mut Luck) {
    let units: Vec<(String, linli_kernel::AreaLevel)> =
        city.book.units.iter().map(|unit| (unit.code.clone(), unit.level)).collect();
    let posts: Vec<(Role, String, Option<String>)> = (0..=luck.number(2))
        .map(|_| {
            let role = *luck.pick(Role::ALL).unwrap();
            let at = area(luck.pick(PLACES).unwrap());
            let level = *luck.pick(linli_kernel::AreaLevel::ALL).unwrap();
            let unit = luck.pick(&units).filter(|_| role == Role::DepartmentClerk);
            let at = unit.map_or_else(|| at.at(level), |(_, level)| at.at(*level));
            (role, at.to_string(), unit.map(|(code, _)| code.clone()))
        })
        .collect();
    let posts: Vec<(Role, &str, Option<&str>)> =
        posts.iter().map(|(role, at, unit)| (*role, at.as_str(), unit.as_deref())).collect();
    city.hire(&posts);
}

/// How often an action is taken where several are offered: what leads on more often than what ends it.
const fn often(verb: Action) -> usize {
    match verb {
        Action::Close | Action::Comment | Action::SetPrivacy | Action::Supervise | Action::Minute => 1,
        Action::Merge | Action::Split | Action::OpenForce | Action::HandOn | Action::HandOut | Action::AssignTask => 2,
        Action::Take | Action::Settle | Action::Verify | Action::Rate | Action::FollowUp | Action::Object => 20,
        Action::Rule | Action::CloseForce | Action::Resume | Action::Answer => 20,
        Action::GrantExtension | Action::RefuseExtension | Action::Suspend | Action::RefuseSuspension => 20,
        _ => 5,
    }
}

pub struct Walk {
    pub city: City,
    told: Told,
}

impl Walk {
    pub fn through(book: &str, people: u64) -> Self {
        let mut city = City::staffed(shipped(book));
        let mut luck = Luck::of(people);
        for _ in 0..luck.number(7) {
            newcomer(&mut city, &mut luck);
        }
        Self { city, told: Told::default() }
    }

    pub fn step(&mut self, mut luck: Luck) {
        self.city.now = self.city.now.plus_ms(1_000);
        match luck.number(100) {
            0..8 => self.report(&mut luck),
            8..20 => self.wait(&mut luck),
            20..32 => self.on_a_task(&mut luck),
            32..40 => self.what_is_not_offered(&mut luck),
            _ => self.what_is_offered(&mut luck),
        }
        self.told.check(&self.city);
    }

    pub fn report(&mut self, luck: &mut Luck) {
        let leaves: Vec<String> = self.city.book.leaves().map(|leaf| leaf.code.clone()).collect();
        let category = luck.pick(&leaves).cloned().filter(|_| luck.hits(80));
        let weight = luck.pick(Weight::ALL).copied().filter(|_| luck.hits(50));
        let place = *luck.pick(PLACES).unwrap();
        self.city.report(place, category.as_deref(), weight).unwrap();
        let nowhere = self.city.report(place, Some("nowhere"), None).unwrap_err();
        assert_eq!(nowhere.code, ProblemCode::Invalid);
    }

    /// Minutes, hours or weeks go by; linli looks at the clocks, or is down for a while.
    fn wait(&mut self, luck: &mut Luck) {
        let span = [20 * MINUTE_MS, 3 * HOUR_MS, DAY_MS, 6 * DAY_MS, 40 * DAY_MS];
        self.city.now = self.city.now.plus_ms(luck.pick(&span).copied().unwrap());
        if luck.hits(80) {
            self.city.sweep();
        }
    }

    fn a_case(&self, luck: &mut Luck) -> Option<CaseId> {
        let running: Vec<CaseId> =
            self.city.cases.values().filter(|case| case.phase != Phase::Closed).map(|case| case.id).collect();
        let all: Vec<CaseId> = self.city.cases.keys().copied().collect();
        if luck.hits(90) { luck.pick(&running).or(luck.pick(&all)).copied() } else { luck.pick(&all).copied() }
    }

    fn players(&self) -> Vec<Player> {
        (0..self.city.people.len()).map(Player::Staff).chain([Player::Resident]).collect()
    }

    fn what_is_offered(&mut self, luck: &mut Luck) {
        let Some(id) = self.a_case(luck) else { return };
        let case = &self.city.cases[&id];
        let able: Vec<(Player, Action)> = self
            .players()
            .into_iter()
            .flat_map(|player| {
                let offers: Vec<Action> = self.city.offers(case, &player).iter().map(|def| def.verb).collect();
                offers.into_iter().map(move |verb| (player.clone(), verb))
            })
            .collect();
        // What is rare in a crowd of offers is taken often enough: first what is done, then by whom.
        let verbs: Vec<Action> = Action::ALL
            .iter()
            .filter(|verb| able.iter().any(|(_, offered)| offered == *verb))
            .flat_map(|verb| vec![*verb; often(*verb)])
            .collect();
        let Some(verb) = luck.pick(&verbs).copied() else { return };
        let players: Vec<&Player> = able.iter().filter(|(_, offered)| *offered == verb).map(|(who, _)| who).collect();
        let Some(player) = luck.pick(&players).copied().cloned() else { return };
        let def = (*self.city.offers(case, &player).iter().find(|def| def.verb == verb).unwrap()).clone();
        let Some(fields) = forms::right(&self.city, case, &player, &def, luck) else { return };
        let taken = self.city.act(id, &player, verb, &fields);
        assert!(taken.is_ok(), "{verb} was offered to {player:?} and refused: {taken:?} {fields:?}");
    }

    /// Whatever somebody is not offered is refused, filled in rightly or not; wrong forms change nothing either.
    fn what_is_not_offered(&mut self, luck: &mut Luck) {
        let Some(id) = self.a_case(luck) else { return };
        let case = &self.city.cases[&id];
        let players: Vec<Player> = self.players().into_iter().chain([Player::System]).collect();
        let Some(player) = luck.pick(&players).cloned() else { return };
        let offered: Vec<Action> = self.city.offers(case, &player).iter().map(|def| def.verb).collect();
        let flow = self.city.book.flow(case.kind).unwrap();
        for _ in 0..12 {
            let verb = *luck.pick(Action::ALL).unwrap();
            let defs: Vec<&ActionDef> = flow.actions.iter().filter(|def| def.verb == verb).collect();
            let def = luck.pick(&defs).copied();
            let fields = match def.filter(|_| luck.hits(60)) {
                Some(def) => forms::right(&self.city, case, &player, def, luck).unwrap_or_default(),
                None => forms::wrong(def, luck),
            };
            let Some(tried) = self.city.try_act(id, &player, verb, &fields) else { continue };
            match tried {
                Ok(change) => {
                    assert!(offered.contains(&verb), "{verb} was taken by {player:?} and not offered");
                    assert!(!change.events().is_empty());
                }
                Err(problem) => assert!(
                    offered.contains(&verb)
                        || matches!(problem.code, ProblemCode::NotNow | ProblemCode::Forbidden | ProblemCode::OwnWork),
                    "{verb}: {problem:?}"
                ),
            }
        }
    }

    fn on_a_task(&mut self, luck: &mut Luck) {
        let with_tasks: Vec<CaseId> =
            self.city.cases.values().filter(|case| !case.tasks.is_empty()).map(|case| case.id).collect();
        let Some(id) = luck.pick(&with_tasks).copied() else { return };
        let case = &self.city.cases[&id];
        let task = luck.pick(&case.tasks).unwrap();
        let on = |caller: &Caller| match decide(caller, Act::WorkOnCase, &case.keys()) {
            Decision::Allowed(role) => {
                Some((caller.acting_as(role), sides(case, task, caller, &case.standing(caller))))
            }
            Decision::Forbidden | Decision::Hidden => None,
        };
        let able: Vec<(Actor, Vec<Side>)> =
            self.city.people.iter().filter_map(on).filter(|(_, on)| !on.is_empty()).collect();
        let Some((actor, mut on)) = luck.pick(&able).cloned() else { return };
        // The one-time link of an outside party.
        if task.seat().is_none() {
            on.push(Side::Called);
        }
        let Some(side) = luck.pick(&on).copied() else { return };
        let offered = task.offers(side);
        let leads_on = |verb: &&TaskAction| !matches!(verb, TaskAction::Cancel | TaskAction::Decline);
        let likely = luck.hits(70);
        let verb = luck.pick(&offered).filter(leads_on).filter(|_| likely);
        let verb = verb.or_else(|| luck.pick(TaskAction::ALL)).copied().unwrap();
        let said = TaskSaid {
            text: Some("已看过".to_owned()).filter(|_| luck.hits(80)),
            stars: Some(4).filter(|_| luck.hits(80)),
            photos: Vec::new(),
        };
        let needs_text = matches!(verb, TaskAction::Finish | TaskAction::Decline | TaskAction::Cancel);
        let needs_stars = matches!(verb, TaskAction::Rate | TaskAction::RateCall);
        let is_complete = (said.text.is_some() || !needs_text) && (said.stars.is_some() || !needs_stars);
        let is_offered = offered.contains(&verb);
        let now = self.city.now;
        let taken = case.clone().act_on_task(task.id, verb, &said, side, actor, now);
        assert_eq!(taken.is_ok(), is_offered && is_complete, "{verb} {side:?} {task:?}");
        if let Ok(change) = taken {
            self.city.commit(change);
        }
    }
}

/// What so many walks always come to; if not, they stand still somewhere.
const COMMON: &[&str] = &[
    "taken",
    "settled",
    "verified",
    "rated",
    "reopened",
    "escalated",
    "asked",
    "answered",
    "extension_asked",
    "sent_back",
    "merged",
    "whistled",
    "help_called",
    "split",
    "followed_up",
    "force_opened",
    "deadline_breached",
    "supervised",
];

/// The steps of a walk shrink well as numbers: each of them draws everything else.
fn walks(book: &'static str, n_cases: u32) {
    let config = ProptestConfig {
        cases: n_cases,
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let seen = Mutex::new(BTreeSet::new());
    proptest!(config, |(people in any::<u64>().no_shrink(), steps in prop::collection::vec(any::<u64>().no_shrink(), 20..160))| {
        let mut walk = Walk::through(book, people);
        let mut luck = Luck::of(people);
        walk.report(&mut luck);
        for step in steps {
            walk.step(Luck::of(step));
        }
        seen.lock().unwrap().extend(walk.city.histories.values().flatten().map(|event| event.kind));
    });
    let seen = seen.into_inner().unwrap();
    let missing: Vec<&&str> = COMMON.iter().filter(|kind| !seen.contains(**kind)).collect();
    assert!(missing.is_empty(), "no walk came to {missing:?}: they prove nothing");
}

#[test]
fn no_walk_by_the_base_playbook_breaks_what_every_case_owes() {
    walks("base", 45);
}

#[test]
fn no_walk_by_the_playbook_of_weinan_breaks_what_every_case_owes() {
    walks("weinan", 30);
}

#[test]
fn no_walk_by_the_playbook_of_shaanqi_breaks_what_every_case_owes() {
    walks("shaanqi", 30);
}
