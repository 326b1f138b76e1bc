//! What the history of a case says that figures can be made of. A fold over its events, in their order. Pure.

use linli_kernel::{AreaCode, CaseKind, Channel, DeadlineKind, Phase, TaskKind, Timestamp, Weight};
use serde::Deserialize;

use super::basis::Basis;
use crate::cases::Seat;

/// An event of a case, as far as figures depend on it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number in the history.
    pub n: i64,
    /// Past tense.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Where; of what is not public, where it is answered.
    pub area: Option<AreaCode>,
    /// What it says.
    pub said: Said,
}

/// What an event says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    pub(super) kind: Option<CaseKind>,
    pub(super) phase: Option<Phase>,
    pub(super) to: Option<String>,
    pub(super) seat: Option<Seat>,
    pub(super) category: Option<String>,
    pub(super) weight: Option<Weight>,
    pub(super) channel: Option<Channel>,
    pub(super) met: Vec<Met>,
    pub(super) deadline: Option<DeadlineKind>,
    pub(super) started: Option<Timestamp>,
    pub(super) task: Option<TaskSaid>,
    pub(super) reached: Option<bool>,
    pub(super) solved: Option<bool>,
    pub(super) satisfied: Option<bool>,
    pub(super) upheld: Option<bool>,
    pub(super) ground: Option<String>,
}

/// A clock that was met by an event.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Met {
    pub(super) deadline: DeadlineKind,
    pub(super) started: Timestamp,
    pub(super) late: bool,
}

/// The task that an event is about.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaskSaid {
    pub(super) id: String,
    pub(super) kind: TaskKind,
    #[serde(default)]
    pub(super) area_code: Option<AreaCode>,
    #[serde(default)]
    pub(super) unit_code: Option<String>,
}

impl TaskSaid {
    fn seat(&self) -> Option<Seat> {
        self.area_code.map(|area| Seat { area, unit: self.unit_code.clone() })
    }
}

/// Something that happened: by which event, when, and who had the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The number of the event.
    pub n: i64,
    /// When.
    pub at: Timestamp,
    /// Who had it.
    pub seat: Option<Seat>,
}

/// A case given to a seat.
#[derive(Clone, Debug)]
pub struct Dispatch {
    pub(super) mark: Mark,
    pub(super) sent_back: bool,
}

/// A case sent back by a seat.
#[derive(Clone, Debug)]
pub struct SendBack {
    pub(super) mark: Mark,
    pub(super) overruled: bool,
}

/// A clock that was met or ran out.
#[derive(Clone, Debug)]
pub struct Run {
    pub(super) mark: Mark,
    pub(super) clock: DeadlineKind,
    pub(super) task: Option<(String, TaskKind)>,
    started: Option<Timestamp>,
    pub(super) late: bool,
    /// How long until it was met.
    pub(super) took_ms: Option<i64>,
}

/// An answer to the resident.
#[derive(Clone, Debug)]
pub struct Settlement {
    pub(super) mark: Mark,
    pub(super) took_ms: i64,
    pub(super) reopened: bool,
}

/// How a case ended, while that stands.
#[derive(Clone, Debug)]
pub struct Ending {
    pub(super) mark: Mark,
    pub(super) took_ms: i64,
    /// The ground of a closing without an answer; empty where none was named.
    pub(super) closed_for: Option<String>,
}

/// What the resident says of the result.
#[derive(Clone, Debug)]
pub struct RatingSaid {
    pub(super) mark: Mark,
    pub(super) solved: Option<bool>,
    pub(super) satisfied: Option<bool>,
}

/// The last try to follow up an answer.
#[derive(Clone, Debug)]
pub struct FollowedUp {
    pub(super) mark: Mark,
    /// Of which answer.
    round: usize,
    pub(super) reached: bool,
}

/// Everything that figures are made of.
#[derive(Clone, Debug)]
pub struct Facts {
    pub(super) kind: CaseKind,
    pub(super) category: Option<String>,
    pub(super) weight: Weight,
    pub(super) channel: Option<Channel>,
    pub(super) area: Option<AreaCode>,
    seat: Option<Seat>,
    phase: Option<Phase>,
    reported_at: Option<Timestamp>,
    began_at: Option<Timestamp>,
    pub(super) report: Option<Mark>,
    pub(super) follows: bool,
    pub(super) excluded: Option<String>,
    pub(super) whistled: bool,
    pub(super) open: Option<Mark>,
    pub(super) suspended: Option<Mark>,
    pub(super) closing: Option<Mark>,
    pub(super) dispatches: Vec<Dispatch>,
    pub(super) send_backs: Vec<SendBack>,
    pub(super) runs: Vec<Run>,
    pub(super) settlements: Vec<Settlement>,
    pub(super) ending: Option<Ending>,
    pub(super) ratings: Vec<RatingSaid>,
    pub(super) follow_ups: Vec<FollowedUp>,
    pub(super) events: Vec<(String, Mark)>,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            kind: CaseKind::Request,
            category: None,
            weight: Weight::General,
            channel: None,
            area: None,
            seat: None,
            phase: None,
            reported_at: None,
            began_at: None,
            report: None,
            follows: false,
            excluded: None,
            whistled: false,
            open: None,
            suspended: None,
            closing: None,
            dispatches: Vec::new(),
            send_backs: Vec::new(),
            runs: Vec::new(),
            settlements: Vec::new(),
            ending: None,
            ratings: Vec::new(),
            follow_ups: Vec::new(),
            events: Vec::new(),
        }
    }
}

const fn is_active(phase: Phase) -> bool {
    matches!(phase, Phase::Open | Phase::Waiting)
}

impl Facts {
    /// Of a whole history.
    #[must_use]
    pub fn of<'a>(history: impl IntoIterator<Item = &'a Told>, basis: &Basis) -> Self {
        let mut facts = Self::default();
        history.into_iter().for_each(|told| facts.take(told, basis));
        facts
    }

    /// Takes the next event.
    pub fn take(&mut self, told: &Told, basis: &Basis) {
        let said = &told.said;
        let had = self.seat.clone();
        self.take_case(told);
        // Who had it when the event came, and who has it after.
        let before = Mark { n: told.n, at: told.at, seat: had };
        let after = Mark { seat: self.seat.clone(), ..before.clone() };
        self.take_clocks(told, &before);
        self.take_event(told, &before, &after);
        let phase = said.phase.or_else(|| basis.phase(self.kind, said.to.as_deref()?));
        if let Some(phase) = phase {
            self.enter(phase, told, &before, &after);
        } else if let Some(open) = &mut self.open {
            open.seat.clone_from(&self.seat);
        }
        if basis.counts_event(&told.kind) {
            self.events.push((told.kind.clone(), before));
        }
    }

    fn take_case(&mut self, told: &Told) {
        let said = &told.said;
        self.area = told.area.or(self.area);
        self.kind = said.kind.unwrap_or(self.kind);
        self.channel = said.channel.or(self.channel);
        self.weight = said.weight.unwrap_or(self.weight);
        if said.category.is_some() {
            self.category.clone_from(&said.category);
        }
        if said.seat.is_some() {
            self.seat.clone_from(&said.seat);
        }
    }

    fn take_clocks(&mut self, told: &Told, before: &Mark) {
        let said = &told.said;
        let task = said.task.as_ref();
        let owner = task.map_or_else(|| before.seat.clone(), TaskSaid::seat);
        let named = task.map(|task| (task.id.clone(), task.kind));
        if let (Some(clock), "deadline_breached") = (said.deadline, told.kind.as_str()) {
            let mark = Mark { seat: owner.clone(), ..before.clone() };
            self.runs.push(Run { mark, clock, task: named.clone(), started: said.started, late: true, took_ms: None });
        }
        for met in &said.met {
            let took_ms = Some(told.at.since(met.started));
            // One that ran out before was counted then, on that day.
            let known = self
                .runs
                .iter_mut()
                .rev()
                .find(|run| run.clock == met.deadline && run.task == named && run.started == Some(met.started));
            match known {
                Some(run) => run.took_ms = took_ms,
                None => self.runs.push(Run {
                    mark: Mark { seat: owner.clone(), ..before.clone() },
                    clock: met.deadline,
                    task: named.clone(),
                    started: Some(met.started),
                    late: met.late,
                    took_ms,
                }),
            }
        }
    }

    fn take_event(&mut self, told: &Told, before: &Mark, after: &Mark) {
        let said = &told.said;
        match told.kind.as_str() {
            "reported" => {
                (self.reported_at, self.began_at) = (Some(told.at), Some(told.at));
                self.report = Some(after.clone());
            }
            "dispatched" | "accepted" | "handed_on" => self.dispatched(after),
            "ruled" => {
                if said.upheld == Some(false) {
                    let own = |back: &&mut SendBack| back.mark.seat == after.seat;
                    if let Some(back) = self.send_backs.iter_mut().rev().find(own) {
                        back.overruled = true;
                    }
                }
                self.dispatched(after);
            }
            "sent_back" => {
                let own = |dispatch: &&mut Dispatch| dispatch.mark.seat == before.seat && !dispatch.sent_back;
                if let Some(dispatch) = self.dispatches.iter_mut().rev().find(own) {
                    dispatch.sent_back = true;
                }
                self.send_backs.push(SendBack { mark: before.clone(), overruled: false });
            }
            "task_called" => self.whistled |= said.task.as_ref().is_some_and(|task| task.kind == TaskKind::Whistle),
            "reopened" => {
                if let Some(last) = self.settlements.last_mut() {
                    last.reopened = true;
                }
                self.began_at = Some(told.at);
            }
            "rated" => self.rated(before, said),
            "followed_up" => self.followed_up(before, said),
            "merged" => self.follows = true,
            "unmerged" => self.follows = false,
            "suspended" => self.suspended = Some(before.clone()),
            "resumed" => self.suspended = None,
            "excluded" => self.excluded = Some(said.ground.clone().unwrap_or_default()),
            _ => {}
        }
    }

    fn dispatched(&mut self, after: &Mark) {
        self.dispatches.push(Dispatch { mark: after.clone(), sent_back: false });
    }

    /// Who answered, where somebody did: what the resident says is said of them.
    fn of_the_answer(&self, mark: &Mark) -> Mark {
        let seat = self.settlements.last().map_or_else(|| mark.seat.clone(), |last| last.mark.seat.clone());
        Mark { seat, ..mark.clone() }
    }

    fn rated(&mut self, mark: &Mark, said: &Said) {
        let mark = self.of_the_answer(mark);
        self.ratings.push(RatingSaid { mark, solved: said.solved, satisfied: said.satisfied });
    }

    fn followed_up(&mut self, mark: &Mark, said: &Said) {
        let reached = said.reached.unwrap_or(false);
        if reached {
            self.rated(mark, said);
        }
        let round = self.settlements.len();
        let mark = self.of_the_answer(mark);
        // Several tries for one answer count once, by the last.
        self.follow_ups.retain(|before| before.round != round);
        self.follow_ups.push(FollowedUp { mark, round, reached });
    }

    fn enter(&mut self, phase: Phase, told: &Told, before: &Mark, after: &Mark) {
        let was_active = self.phase.is_none_or(is_active);
        let is_answer = phase == Phase::Settled || matches!(told.kind.as_str(), "settled" | "verified" | "followed");
        if is_active(phase) {
            self.ending = None;
            let since = self.open.take().filter(|_| was_active).unwrap_or_else(|| after.clone());
            self.open = Some(Mark { seat: after.seat.clone(), ..since });
        } else {
            (self.open, self.suspended) = (None, None);
            if was_active {
                self.end(told, before, is_answer);
            }
        }
        self.closing = match (phase, self.closing.take()) {
            (Phase::Closed, Some(known)) => Some(known),
            (Phase::Closed, None) => Some(before.clone()),
            (Phase::Open | Phase::Waiting | Phase::Settled, _) => None,
        };
        self.phase = Some(phase);
    }

    fn end(&mut self, told: &Told, before: &Mark, is_answer: bool) {
        let since = |start: Option<Timestamp>| start.map_or(0, |start| told.at.since(start));
        if is_answer {
            let took_ms = since(self.began_at);
            self.settlements.push(Settlement { mark: before.clone(), took_ms, reopened: false });
        }
        let closed_for = (!is_answer).then(|| told.said.ground.clone().unwrap_or_default());
        self.ending = Some(Ending { mark: before.clone(), took_ms: since(self.reported_at), closed_for });
    }
}
