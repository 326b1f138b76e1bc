//! 时限: a clock in working time that starts, stands still, is met, is breached, or is no longer owed. Pure.

use linli_kernel::{Action, AreaLevel, DeadlineId, DeadlineKind, DeadlineState, TaskId, TimeUnit, Timestamp};
use linli_kernel::{Amount, Calendar, WorkingHours};
use linli_playbook::{DeadlineRule, OnBreach};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::act::World;

/// The rule that a clock was started by, as it stood then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleText {
    /// How long.
    pub amount: Amount,
    /// Which regulation says so.
    pub basis: Option<String>,
}

/// One clock of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Which.
    pub id: DeadlineId,
    /// Of what.
    pub kind: DeadlineKind,
    /// Of which task; `None` for the case itself.
    pub task: Option<TaskId>,
    /// The level of the seat when it started.
    pub level: AreaLevel,
    /// How it stands.
    pub state: DeadlineState,
    /// When it started.
    pub starts_at: Timestamp,
    /// When it ends.
    pub due_at: Timestamp,
    /// From when it is shown as due soon.
    pub soon_at: Timestamp,
    /// Whether a day on the way lies in a year whose holidays are not published yet.
    pub provisional: bool,
    /// The unit that it was counted in.
    pub unit: TimeUnit,
    /// Since when it stands still.
    pub paused_at: Option<Timestamp>,
    /// When it was met.
    pub met_at: Option<Timestamp>,
    /// When it was found to be over.
    pub breached_at: Option<Timestamp>,
    /// What linli does then.
    pub on_breach: OnBreach,
    /// By which rule.
    pub rule: RuleText,
}

/// Shown as due soon for this share of the time where the rule names none.
const SOON_SHARE: i64 = 4;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// What is left at least of a clock that goes on.
const LEAST_LEFT: Amount = Amount { n: 1, unit: TimeUnit::WorkingHours };

impl Deadline {
    /// Starts a clock at `at` by `rule`.
    #[must_use]
    pub fn start(
        id: DeadlineId,
        rule: &DeadlineRule,
        level: AreaLevel,
        at: Timestamp,
        calendar: &Calendar,
        hours: &WorkingHours,
    ) -> Self {
        let due = calendar.add(at, rule.amount, hours);
        let soon_at = match rule.soon {
            Some(soon) => due.at.plus_ms(-length_ms(calendar, at, soon, hours)),
            None => due.at.plus_ms(-(due.at.since(at) / SOON_SHARE)),
        };
        Self {
            id,
            kind: rule.kind,
            task: None,
            level,
            state: DeadlineState::Running,
            starts_at: at,
            due_at: due.at,
            soon_at: soon_at.max(at),
            provisional: due.provisional,
            unit: rule.amount.unit,
            paused_at: None,
            met_at: None,
            breached_at: None,
            on_breach: rule.on_breach,
            rule: RuleText { amount: rule.amount, basis: rule.basis.clone() },
        }
    }

    /// A clock of a task, by its amount and the rule that names it.
    #[must_use]
    pub fn of_task(
        id: DeadlineId,
        task: TaskId,
        (kind, amount, basis): (DeadlineKind, Amount, Option<&str>),
        level: AreaLevel,
        world: &World<'_>,
    ) -> Self {
        let rule = DeadlineRule {
            kind,
            category: None,
            weight: None,
            level: None,
            amount,
            soon: None,
            on_breach: OnBreach::Nothing,
            basis: basis.map(str::to_owned),
        };
        let clock = Self::start(id, &rule, level, world.at, world.calendar, &world.book.working_hours);
        Self { task: Some(task), ..clock }
    }

    /// 挂账复核: the day on which a suspension ends by itself.
    #[must_use]
    pub fn review(id: DeadlineId, level: AreaLevel, at: Timestamp, until: Timestamp) -> Self {
        let days = u32::try_from(until.since(at) / DAY_MS).unwrap_or(0);
        Self {
            id,
            kind: DeadlineKind::Review,
            task: None,
            level,
            state: DeadlineState::Running,
            starts_at: at,
            due_at: until,
            soon_at: until.plus_ms(-DAY_MS).max(at),
            provisional: false,
            unit: TimeUnit::Days,
            paused_at: None,
            met_at: None,
            breached_at: None,
            on_breach: OnBreach::Take(Action::Resume),
            rule: RuleText { amount: Amount { n: days, unit: TimeUnit::Days }, basis: None },
        }
    }

    /// 延期: it ends so much later; one that ran out begins to run again only if that brings it past `at`.
    pub fn extend(&mut self, amount: Amount, at: Timestamp, calendar: &Calendar, hours: &WorkingHours) {
        if !self.is_owed() {
            return;
        }
        let warning_ms = self.due_at.since(self.soon_at);
        let due = calendar.add(self.due_at, amount, hours);
        self.provisional |= due.provisional;
        self.due_at = due.at;
        self.soon_at = due.at.plus_ms(-warning_ms);
        if self.state == DeadlineState::Breached && due.at > at {
            self.state = DeadlineState::Running;
        }
    }

    /// Whether it is still owed, running or not.
    #[must_use]
    pub const fn is_owed(&self) -> bool {
        matches!(self.state, DeadlineState::Running | DeadlineState::Paused | DeadlineState::Breached)
    }

    /// Whether staff owe it now: it runs, or ran out and is not met.
    #[must_use]
    pub fn is_owed_by_staff(&self) -> bool {
        matches!(self.state, DeadlineState::Running | DeadlineState::Breached)
            && self.kind != DeadlineKind::Rate
            && self.task.is_none()
    }

    /// Whether it is the promise to the resident.
    #[must_use]
    pub fn is_promise(&self) -> bool {
        self.kind == DeadlineKind::Reply && self.state != DeadlineState::Cancelled
    }

    /// What it asked for is done.
    pub fn meet(&mut self, at: Timestamp) {
        if self.is_owed() {
            if self.state == DeadlineState::Running && at > self.due_at {
                self.breached_at = Some(self.due_at);
            }
            self.state = DeadlineState::Met;
            self.met_at = Some(at);
            self.paused_at = None;
        }
    }

    /// It is no longer owed; that it was late stays on record.
    pub fn cancel(&mut self) {
        if self.is_owed() {
            self.state = DeadlineState::Cancelled;
            self.paused_at = None;
        }
    }

    /// It stands still.
    pub fn pause(&mut self, at: Timestamp) {
        if self.state == DeadlineState::Running && at < self.due_at {
            self.state = DeadlineState::Paused;
            self.paused_at = Some(at);
        }
    }

    /// It runs again: what was left is left again.
    pub fn resume(&mut self, at: Timestamp, calendar: &Calendar, hours: &WorkingHours) {
        let (DeadlineState::Paused, Some(paused_at)) = (self.state, self.paused_at) else { return };
        let warning_ms = self.due_at.since(self.soon_at);
        let due = calendar.resume(self.due_at, paused_at, at, self.unit, hours);
        self.state = DeadlineState::Running;
        self.paused_at = None;
        self.provisional |= due.provisional;
        self.due_at = due.at;
        self.soon_at = due.at.plus_ms(-warning_ms);
    }

    /// It runs again as if it had never stood still: whoever answers their own question gains no time. What ran out meanwhile
    /// is due a working hour from now.
    pub fn go_on(&mut self, at: Timestamp, calendar: &Calendar, hours: &WorkingHours) {
        let (DeadlineState::Paused, Some(_)) = (self.state, self.paused_at) else { return };
        let warning_ms = self.due_at.since(self.soon_at);
        let least = calendar.add(at, LEAST_LEFT, hours);
        self.state = DeadlineState::Running;
        self.paused_at = None;
        if self.due_at < least.at {
            self.due_at = least.at;
            self.provisional |= least.provisional;
            self.soon_at = least.at.plus_ms(-warning_ms);
        }
    }

    /// Whether it runs and its time is over.
    #[must_use]
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.state == DeadlineState::Running && self.due_at <= at
    }

    /// What an event says of it once it was met: which one, and whether in time.
    #[must_use]
    pub fn told(&self) -> Value {
        json!({ "deadline": self.kind, "started": self.starts_at, "late": self.breached_at.is_some() })
    }

    /// It is over and not met.
    pub fn breach(&mut self, at: Timestamp) {
        if self.state == DeadlineState::Running {
            self.state = DeadlineState::Breached;
            self.breached_at = Some(at);
        }
    }
}

/// How long an amount is from `at` on, on the clock.
fn length_ms(calendar: &Calendar, at: Timestamp, amount: Amount, hours: &WorkingHours) -> i64 {
    calendar.add(at, amount, hours).at.since(at)
}
