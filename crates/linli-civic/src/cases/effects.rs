//! What follows from an action: clocks, seats, people. Pure; [`super::act`] decides which effects there are.

use linli_kernel::{
    AccountId, Action, Actor, Amount, Approval, AreaLevel, DeadlineId, DeadlineKind, Problem, ProblemCode, TaskKind,
    TimeUnit, Timestamp,
};
use linli_playbook::{Assignee, DeadlineRule, Effect, SeatMove, Standing};
use serde_json::{Value, json};

use super::act::World;
use super::deadline::Deadline;
use super::dossier::{Force, Pending};
use super::form::Form;
use super::model::{Case, Reply, Seat, Why};
use super::task::{Call, Party, task_payload};

/// 并单: the case that is to be followed, as far as following it depends on it.
#[derive(Clone, Debug)]
pub struct Master {
    /// Which.
    pub id: linli_kernel::CaseId,
    /// Whether it can be followed: it is open and follows no other.
    pub is_open: bool,
}

/// What an effect may need to know besides the case.
pub(super) struct Cause<'a> {
    pub form: &'a Form<'a>,
    pub actor: &'a Actor,
    pub standing: &'a Standing,
    pub master: Option<&'a Master>,
    pub reply: Option<&'a Reply>,
}

impl Case {
    /// What one effect does; the payloads of those who were called by it.
    pub(super) fn follow(
        &mut self,
        effect: Effect,
        world: &World<'_>,
        cause: &Cause<'_>,
    ) -> Result<Vec<Value>, Problem> {
        let at = world.at;
        match effect {
            Effect::Start(kind) => self.start(kind, world),
            Effect::Meet(kind) => self.of_kind(kind).for_each(|deadline| deadline.meet(at)),
            Effect::Cancel(kind) => self.of_kind(kind).for_each(Deadline::cancel),
            Effect::CancelAll => self.cancel_all(),
            Effect::Pause => self.own_clocks().for_each(|deadline| deadline.pause(at)),
            Effect::Resume => {
                // Of a question only the resident's own answer gives time back.
                let by_resident = matches!(cause.actor, Actor::Reporter | Actor::Partner { .. });
                let is_answer = cause.form.def.verb == Action::Answer;
                let go_on = if by_resident || !is_answer { Deadline::resume } else { Deadline::go_on };
                self.own_clocks().for_each(|deadline| go_on(deadline, at, world.calendar, &world.book.working_hours));
                self.dossier.suspended_until = None;
            }
            Effect::Assign(Assignee::Actor) => {
                self.handler = cause.actor.account();
                self.hands.extend(self.handler);
                self.dossier.handled_by.insert(self.seat.key());
            }
            Effect::Assign(Assignee::Nobody) => self.handler = None,
            Effect::Seat(to) => self.move_seat(to, world, cause.form.seat().as_ref())?,
            Effect::CountReopen => {
                self.n_reopened += 1;
                // A case that begins anew begins without the rulings of the last round, and for itself.
                self.dossier.is_ruled = false;
                self.master = None;
                self.dossier.outcome = None;
            }
            Effect::Supervise => self.supervised_at = self.supervised_at.or(Some(at)),
            Effect::Call(kind) => return self.call_all(kind, world, cause),
            Effect::CancelTasks => self.cancel_tasks(at),
            Effect::Ask(what) => self.ask(what, world, cause)?,
            Effect::Grant(what) => self.grant(what, world),
            Effect::Refuse(_) => drop(self.answered(at)),
            Effect::Object => self.dossier.objector = Some(self.seat.clone()),
            Effect::Bind => self.dossier.is_ruled = true,
            Effect::Merge => {
                let master = cause.master.ok_or_else(|| Problem::field("fields.case", "unknown"))?;
                if !master.is_open || master.id == self.id {
                    return Err(Problem::field("fields.case", "not_an_option"));
                }
                self.master = Some(master.id);
            }
            Effect::Unmerge => self.master = None,
            Effect::TakeReply => self.reply = cause.reply.cloned().or_else(|| self.reply.clone()),
            Effect::OpenForce => {
                let members = cause.form.people().into_iter().chain(cause.actor.account()).collect();
                let name = cause.form.named("name").unwrap_or_default().to_owned();
                let lead = cause.actor.account();
                self.dossier.force = Some(Force { name, lead, members, opened_at: at, closed_at: None });
            }
            Effect::CloseForce => {
                if let Some(force) = &mut self.dossier.force {
                    force.closed_at = Some(at);
                }
            }
            // The part becomes a case of its own beside this change.
            Effect::Split => {}
            Effect::Sample => {
                if self.is_drawn(world.book.settings.follow_up_percent) {
                    self.start(DeadlineKind::FollowUp, world);
                }
            }
            Effect::SetPrivacy => self.private = cause.form.flag("private").unwrap_or(self.private),
        }
        Ok(Vec::new())
    }

    /// The clocks of the case itself, not of its tasks.
    fn own_clocks(&mut self) -> impl Iterator<Item = &mut Deadline> {
        self.deadlines.iter_mut().filter(|deadline| deadline.task.is_none())
    }

    fn of_kind(&mut self, kind: DeadlineKind) -> impl Iterator<Item = &mut Deadline> {
        self.own_clocks().filter(move |deadline| deadline.kind == kind)
    }

    /// Nothing is owed any more but an answer to what was asked about the figures.
    fn cancel_all(&mut self) {
        let asked = self.dossier.pending.as_ref().is_some_and(|pending| pending.what == Approval::Exclusion);
        let stays = |deadline: &Deadline| asked && deadline.kind == DeadlineKind::Approve;
        self.deadlines.iter_mut().filter(|deadline| !stays(deadline)).for_each(Deadline::cancel);
    }

    pub(super) fn start(&mut self, kind: DeadlineKind, world: &World<'_>) {
        self.of_kind(kind).for_each(Deadline::cancel);
        self.add_clock(kind, world);
        if kind == DeadlineKind::Sign {
            let within = world.book.settings.send_back_within;
            self.dossier.send_back_until = Some(world.calendar.add(world.at, within, &world.book.working_hours).at);
        }
    }

    /// A clock by the rule of the playbook for the case as it is now.
    pub(super) fn add_clock(&mut self, kind: DeadlineKind, world: &World<'_>) {
        let level = self.seat.level();
        let hours = &world.book.working_hours;
        if let Some(rule) = world.book.deadline(kind, self.category.as_deref(), self.weight, level) {
            let id = DeadlineId::new(world.ids.uuid(world.at));
            // What a checklist says comes before the general rule.
            let rule = match self.dossier.within.filter(|_| kind == DeadlineKind::Handle) {
                Some(amount) => DeadlineRule { amount, soon: None, ..rule.clone() },
                None => rule.clone(),
            };
            self.deadlines.push(Deadline::start(id, &rule, level, world.at, world.calendar, hours));
        }
    }

    /// 回访抽样: by the digits of the id, so that nobody can choose.
    fn is_drawn(&self, percent: u32) -> bool {
        let lot = self.id.uuid().as_u128() % 100;
        lot < u128::from(percent)
    }

    fn call_all(&mut self, kind: TaskKind, world: &World<'_>, cause: &Cause<'_>) -> Result<Vec<Value>, Problem> {
        let form = cause.form;
        let whistle = match kind {
            TaskKind::Whistle => Some(self.whistle_of(world, cause)?),
            TaskKind::Help | TaskKind::External | TaskKind::Force => None,
        };
        let parties: Vec<Party> = if kind == TaskKind::External {
            let name = form.named("party").ok_or_else(|| Problem::field("fields.party", "required"))?;
            vec![Party::Outside(name.chars().take(super::task::MAX_PARTY).collect())]
        } else {
            form.seats().into_iter().map(Party::Seat).collect()
        };
        let body = form.said().unwrap_or_default();
        let mut called = Vec::new();
        for party in parties {
            let is_called = self.tasks.iter().any(|task| task.state.is_open() && task.party == party);
            if is_called || party == Party::Seat(self.seat.clone()) {
                return Err(Problem::field("fields.seats", "already_called"));
            }
            let call = Call { kind, whistle: whistle.as_deref(), party: party.clone(), body: &body };
            let id = self.call(call, world, cause.actor.account());
            called.push(json!({ "task": task_payload(id, kind, &party), "whistle": whistle }));
        }
        Ok(called)
    }

    /// The whistle that is blown: by someone who may, at a level where it can be.
    fn whistle_of(&self, world: &World<'_>, cause: &Cause<'_>) -> Result<String, Problem> {
        let code = cause.form.whistle().ok_or_else(|| Problem::field("fields.whistle", "required"))?;
        if world.book.whistle(code).is_none() {
            return Err(Problem::field("fields.whistle", "unknown"));
        }
        let may = self.whistles(world.book, cause.form.def, cause.standing);
        if may.iter().all(|whistle| whistle.code != code) {
            return Err(Problem::field("fields.whistle", "not_an_option"));
        }
        Ok(code.to_owned())
    }

    fn ask(&mut self, what: Approval, world: &World<'_>, cause: &Cause<'_>) -> Result<(), Problem> {
        let until = cause.form.day();
        if what == Approval::Suspension && until.is_none_or(|until| until <= world.at) {
            return Err(Problem::field("fields.until", "must_be_later"));
        }
        if what == Approval::Exclusion {
            self.dossier.n_exclusion_asked += 1;
        }
        self.dossier.pending = Some(Pending {
            what,
            by: cause.actor.account(),
            at: world.at,
            days: cause.form.number(),
            until,
            code: cause.form.ground().map(str::to_owned),
            reason: cause.form.said().unwrap_or_default(),
        });
        self.start(DeadlineKind::Approve, world);
        Ok(())
    }

    fn answered(&mut self, at: Timestamp) -> Option<Pending> {
        self.of_kind(DeadlineKind::Approve).for_each(|deadline| deadline.meet(at));
        self.dossier.pending.take()
    }

    fn grant(&mut self, what: Approval, world: &World<'_>) {
        let Some(pending) = self.answered(world.at) else { return };
        match what {
            Approval::Extension => {
                let amount = Amount { n: pending.days.unwrap_or(0), unit: TimeUnit::WorkingDays };
                for kind in [DeadlineKind::Handle, DeadlineKind::Reply] {
                    self.of_kind(kind).for_each(|deadline| {
                        deadline.extend(amount, world.at, world.calendar, &world.book.working_hours)
                    });
                }
                self.dossier.n_extended += 1;
            }
            Approval::Suspension => {
                self.own_clocks().for_each(|deadline| deadline.pause(world.at));
                if let Some(until) = pending.until {
                    let id = DeadlineId::new(world.ids.uuid(world.at));
                    self.deadlines.push(Deadline::review(id, self.seat.level(), world.at, until));
                    self.dossier.suspended_until = Some(until);
                }
            }
            Approval::Exclusion => self.dossier.excluded = pending.code,
        }
    }

    fn move_seat(&mut self, to: SeatMove, world: &World<'_>, chosen: Option<&Seat>) -> Result<(), Problem> {
        let ground = world.ground();
        let top = world.book.top_level();
        let above = |seat: &Seat| {
            if seat.unit.is_some() { Some(seat.level()) } else { seat.level().up().filter(|level| *level >= top) }
        };
        // Going up, the people of the area answer; they may then dispatch to a unit.
        let plain_from = |level: AreaLevel| {
            let mut level = Some(level);
            while let Some(here) = level {
                let seat = Seat::of(self.area.at(here));
                if (world.staffed)(&seat) || here <= top {
                    return Some(seat);
                }
                level = here.up();
            }
            None
        };
        let next = match to {
            SeatMove::Up => above(&self.seat).and_then(plain_from),
            SeatMove::Top => Some(Seat::of(self.area.at(top))),
            SeatMove::Chosen => match (chosen, self.dossier.objector.take()) {
                (Some(seat), _) => Some(seat.clone()),
                (None, Some(_) | None) => return Err(Problem::field("fields.seat", "required")),
            },
            SeatMove::Routed => match chosen {
                Some(seat) => Some(seat.clone()),
                None => ground.first_seat(&self.area, self.category.as_deref(), self.weight).map(|routed| {
                    self.routing = routed.why;
                    routed.seat
                }),
            },
            SeatMove::Back => self.back.clone().or_else(|| above(&self.seat).and_then(plain_from)),
            SeatMove::Arbiter => plain_from(world.book.settings.arbiter_level.max(top).min(self.seat.level())),
            SeatMove::Objector => self.dossier.objector.take(),
        };
        let Some(next) = next else { return Ok(()) };
        if next != self.seat {
            if matches!(to, SeatMove::Chosen | SeatMove::Routed) {
                self.back = Some(self.seat.clone());
                if chosen.is_some() {
                    self.routing = vec![Why::new("by_hand", &[])];
                }
            } else {
                self.back = None;
                let key = match to {
                    SeatMove::Back => "sent_back",
                    SeatMove::Objector => "ruled",
                    SeatMove::Arbiter => "objected",
                    SeatMove::Up | SeatMove::Top | SeatMove::Chosen | SeatMove::Routed => "from_below",
                };
                self.routing = vec![Why::new(key, &[("area", self.seat.area.to_string())])];
            }
            // A ruling, an objection, a send-back bind one seat, not the next one.
            if !matches!(to, SeatMove::Arbiter | SeatMove::Objector) {
                self.dossier.is_ruled = false;
            }
            self.risen_from = matches!(to, SeatMove::Up | SeatMove::Top).then_some(self.seat.area);
            self.seat = next;
        }
        Ok(())
    }

    /// Checks a seat that somebody named.
    pub(super) fn check_seat(&self, seat: &Seat, field: &str, world: &World<'_>) -> Result<(), Problem> {
        let known_unit = seat.unit.as_deref().is_none_or(|code| {
            world.ground().unit_seat(&self.area, code).is_some_and(|own| own.area == seat.area)
                || world.book.unit(code).is_some_and(|unit| unit.level == seat.level())
        });
        if !(world.exists)(&seat.area) || !known_unit {
            return Err(Problem::field(field, "unknown"));
        }
        let elsewhere = seat.area.at(AreaLevel::County) != self.area.at(AreaLevel::County);
        if elsewhere || !(world.staffed)(seat) {
            return Err(Problem::field(field, "not_an_option"));
        }
        Ok(())
    }

    /// 履职清单: what was taken back up is not dispatched down.
    pub(super) fn check_level(&self, seat: &Seat, world: &World<'_>) -> Result<(), Problem> {
        if world.book.may_sit_at(self.category.as_deref(), seat.level()) {
            Ok(())
        } else {
            Err(ProblemCode::TakenBack.into())
        }
    }

    /// Whether `account` belongs to the task force.
    #[must_use]
    pub fn is_member(&self, account: AccountId) -> bool {
        self.dossier.force.as_ref().is_some_and(|force| force.members.contains(&account))
    }
}
