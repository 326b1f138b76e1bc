//! What holds of every case at every moment.

use std::collections::{BTreeMap, BTreeSet};

use linli_kernel::{AccountId, Actor, Approval, CaseId, DeadlineKind, DeadlineState, NewEvent, Phase, Timestamp};
use serde_json::Value;

use super::super::{Case, Deadline, Seat};
use super::city::City;

/// What the histories alone tell of who did what: kept apart from what the cases keep of themselves.
#[derive(Default)]
pub struct Told {
    read: BTreeMap<CaseId, usize>,
    hands: BTreeMap<CaseId, BTreeSet<AccountId>>,
    seats: BTreeMap<CaseId, BTreeSet<String>>,
    asked: BTreeMap<CaseId, AccountId>,
    promises: BTreeMap<CaseId, Timestamp>,
}

impl Told {
    /// Looks at everything that happened since the last look.
    pub fn check(&mut self, city: &City) {
        for case in city.cases.values() {
            let history = &city.histories[&case.id];
            let from = self.read.insert(case.id, history.len()).unwrap_or(0);
            if from == history.len() {
                continue;
            }
            for event in &history[from..] {
                self.separation(city, case, event);
            }
            self.promise(case, &history[from..]);
            state(city, case);
            last_event(case, history);
        }
    }

    /// Who handled never judges, whose office handled never follows up, who asked never answers.
    fn separation(&mut self, city: &City, case: &Case, event: &NewEvent) {
        let hands = self.hands.entry(case.id).or_default();
        let seats = self.seats.entry(case.id).or_default();
        let account = event.actor.account();
        let seat_key = |name: &str| {
            serde_json::from_value::<Seat>(event.payload[name].clone()).map(|seat| seat.key()).unwrap_or_default()
        };
        match event.kind {
            "taken" | "settled" | "force_opened" => {
                hands.extend(account);
                let before = seat_key("seat_before");
                seats.insert(if before.is_empty() { seat_key("seat") } else { before });
            }
            "verified" | "rejected" | "followed_up" => {
                let account = account.expect("a person judges");
                assert!(!hands.contains(&account), "{} judged their own work: {}", account, event.kind);
            }
            "rated" => assert_eq!(event.actor, Actor::Reporter, "only the resident rates"),
            "extension_asked" | "suspension_asked" | "exclusion_asked" => {
                self.asked.extend(account.map(|account| (case.id, account)));
            }
            "extension_granted" | "extension_refused" | "suspended" | "suspension_refused" | "excluded"
            | "exclusion_refused" => {
                let asked = self.asked.get(&case.id).expect("nothing is granted that was not asked");
                assert_ne!(Some(*asked), account, "whoever asked answered: {}", event.kind);
            }
            _ => {}
        }
        if event.kind == "followed_up" {
            let caller = city.people.iter().find(|caller| Some(caller.account) == account).unwrap();
            let own = caller.grants.iter().map(|grant| Seat { area: grant.area, unit: grant.unit.clone() }.key());
            assert!(own.clone().all(|key| !seats.contains(&key)), "an office followed up its own work");
        }
    }

    /// The promise moves only where the resident was asked or told, and never to an earlier day by itself.
    fn promise(&mut self, case: &Case, events: &[NewEvent]) {
        let is_owed = matches!(case.phase, Phase::Open | Phase::Waiting);
        let Some(promise) = case.promise().filter(|_| is_owed) else { return };
        let moves = ["answered", "resumed", "extension_granted", "rated", "reopened", "followed_up", "reported"];
        let before = self.promises.insert(case.id, promise.due_at);
        let was_moved = before.is_some_and(|before| before != promise.due_at);
        assert!(
            !was_moved || events.iter().any(|event| moves.contains(&event.kind)),
            "the promise was moved by {:?}",
            events.iter().map(|event| event.kind).collect::<Vec<_>>()
        );
    }
}

fn state(city: &City, case: &Case) {
    let stage = city.book.stage(case.kind, &case.stage);
    let stage = stage.unwrap_or_else(|| panic!("{} is no stage of the flow", case.stage));
    assert_eq!(case.phase, stage.phase, "the phase is that of the stage");
    assert!(city.book.levels.contains(&case.seat.level()) || case.seat.level() < city.book.top_level());
    assert!(
        case.seat.area.contains(&case.area)
            || case.seat.area.at(linli_kernel::AreaLevel::County) == case.area.at(linli_kernel::AreaLevel::County)
    );
    assert!(city.book.may_sit_at(case.category.as_deref(), case.seat.level()) || case.seat.unit.is_none());
    clocks(city, case);
    tasks(case);
    let closed = case.phase == Phase::Closed;
    assert_eq!(case.closed_at.is_some(), closed);
    if let Some(pending) = &case.dossier.pending {
        assert!(!closed || pending.what == Approval::Exclusion);
    }
}

fn own(case: &Case) -> impl Iterator<Item = &Deadline> {
    case.deadlines.iter().filter(|clock| clock.task.is_none())
}

fn clocks(city: &City, case: &Case) {
    let runs = |kind: Option<DeadlineKind>| {
        own(case).any(|clock| clock.state == DeadlineState::Running && kind.is_none_or(|kind| clock.kind == kind))
    };
    let told = || format!("{} {:?}", case.stage, case.deadlines);
    match case.phase {
        Phase::Open => assert!(runs(None), "an open case without a running clock: {}", told()),
        Phase::Waiting => {
            let is_asked = case.question.is_some() && runs(Some(DeadlineKind::Contact));
            let is_suspended = case.dossier.suspended_until.is_some() && runs(Some(DeadlineKind::Review));
            let master = case.master.and_then(|master| city.cases.get(&master));
            let follows = master.is_some_and(|master| matches!(master.phase, Phase::Open | Phase::Waiting));
            assert!(is_asked || is_suspended || follows, "a case waits for nothing: {}", told());
        }
        Phase::Settled => {}
        Phase::Closed => {
            let asked = case.dossier.pending.is_some();
            let owed = own(case).filter(|clock| clock.is_owed());
            let stays = owed.filter(|clock| !(asked && clock.kind == DeadlineKind::Approve));
            assert_eq!(stays.count(), 0, "a closed case owes something: {}", told());
        }
    }
    if case.dossier.pending.is_some() {
        let approve = own(case).any(|clock| clock.kind == DeadlineKind::Approve && clock.is_owed());
        assert!(approve, "what was asked has a clock: {}", told());
    }
    for clock in &case.deadlines {
        assert_eq!(clock.state == DeadlineState::Paused, clock.paused_at.is_some());
        assert_eq!(clock.state == DeadlineState::Met, clock.met_at.is_some());
    }
}

fn tasks(case: &Case) {
    for task in &case.tasks {
        let mut clocks = case.deadlines.iter().filter(|clock| clock.task == Some(task.id));
        assert_eq!(task.state.is_open(), task.ended_at.is_none());
        assert!(task.state.is_open() || !clocks.any(Deadline::is_owed), "a task that ended owes something: {task:?}");
        assert!(task.state.is_open() <= (case.phase != Phase::Closed), "a closed case has an open task");
    }
}

/// The last event tells where the case stands.
fn last_event(case: &Case, history: &[NewEvent]) {
    assert_eq!(usize::try_from(case.version).unwrap(), history.len(), "every event is numbered");
    let last = history.last().unwrap();
    let told = |name: &str| last.payload.get(name).filter(|value| !value.is_null());
    if let Some(stage) = told("to").and_then(Value::as_str) {
        assert_eq!(stage, case.stage, "after {}", last.kind);
    }
    if let Some(seat) = told("seat") {
        assert_eq!(*seat, serde_json::json!(case.seat), "after {}", last.kind);
    }
    let weight = told("weight").and_then(Value::as_str);
    assert!(weight.is_none_or(|weight| weight == case.weight.as_str()), "after {}", last.kind);
}
