//! A case and how people stand to it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use linli_access::{Caller, Keys, scope::unit_key};
use linli_kernel::{
    AccountId, AreaCode, AreaLevel, CaseId, CaseKind, Channel, DeadlineKind, Phase, PublicCode, TaskState, Timestamp,
    Weight,
};
use linli_playbook::{Facts, GrantPlace, Handled, Standing};
use serde::{Deserialize, Serialize};

use super::deadline::Deadline;
use super::dossier::Dossier;
use super::task::Task;
use crate::areas::Point;

/// 承办: who answers for a case now: the people of an area, or one of its units.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seat {
    /// The area.
    #[serde(rename = "area_code")]
    pub area: AreaCode,
    /// The unit (部门), if one answers.
    #[serde(rename = "unit_code", default)]
    pub unit: Option<String>,
}

impl Seat {
    /// The people of an area.
    #[must_use]
    pub const fn of(area: AreaCode) -> Self {
        Self { area, unit: None }
    }

    /// The key by which its cases are listed.
    #[must_use]
    pub fn key(&self) -> String {
        self.unit.as_deref().map_or_else(|| self.area.to_string(), |unit| unit_key(&self.area, unit))
    }

    /// The level at which the case stands.
    #[must_use]
    pub fn level(&self) -> AreaLevel {
        self.area.level()
    }
}

/// Why a case went where it went: a sentence of the translation files and its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// The sentence: `why.by_point`.
    pub key: String,
    /// Its values.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

impl Why {
    /// A reason.
    #[must_use]
    pub fn new(key: &str, values: &[(&str, String)]) -> Self {
        Self {
            key: format!("why.{key}"),
            values: values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        }
    }
}

/// 四要素答复. Source: 宜兴市吹哨报到工作规则 (2023): 受理时间、与谁沟通、解决措施、解决时限.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reply {
    /// 受理时间
    pub received: String,
    /// 与谁沟通
    pub talked_to: String,
    /// 解决措施
    pub done: String,
    /// 解决时限
    pub by_when: String,
}

/// 评价: what the resident says of the result. Solved and satisfied are two answers, not one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Rating {
    /// 1 to 5.
    pub stars: u32,
    /// 是否解决
    pub solved: bool,
    /// 是否满意
    pub satisfied: bool,
    /// In their own words.
    pub text: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// 反映人: sealed; nobody needs to be known to report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reporter {
    /// The sealed phone number.
    pub phone_sealed: Option<Vec<u8>>,
    /// Its blind index, by which earlier cases of the same caller are found.
    pub phone_index: Option<String>,
    /// The sealed name.
    pub name_sealed: Option<Vec<u8>>,
    /// The account that registered it for the resident, if one did.
    pub account: Option<AccountId>,
}

/// A case that is about to be reported.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id.
    pub id: CaseId,
    /// Its public code.
    pub code: PublicCode,
    /// Its number for paper.
    pub paper_no: String,
    /// What it is.
    pub kind: CaseKind,
    /// The category, if the reporter chose one.
    pub category: Option<String>,
    /// The weight, if staff named one.
    pub weight: Option<Weight>,
    /// How it came.
    pub channel: Channel,
    /// Where it is.
    pub area: AreaCode,
    /// How the area was found.
    pub found_by: Vec<Why>,
    /// What was said.
    pub body: String,
    /// Where, in words.
    pub place_text: String,
    /// Where, on the map.
    pub point: Option<Point>,
    /// Who said it.
    pub reporter: Reporter,
    /// Photos that go with it.
    pub n_photos: u32,
    /// Whether only those who answer for it see it.
    pub private: bool,
    /// The case that it was split off.
    pub parent: Option<CaseId>,
    /// 整改期限: how long a finding may take to be put right, by its checklist; the rule of the playbook without it. Whoever found it
    /// by a checklist has judged it: it goes by weight to whoever answers, without a clerk looking first.
    pub within: Option<linli_kernel::Amount>,
    /// The public facility that it is about.
    pub facility: Option<linli_kernel::RecordId>,
}

/// 事项
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The code by which the resident follows it.
    pub code: PublicCode,
    /// County + year + sequence; gaps are allowed.
    pub paper_no: String,
    /// What it is.
    pub kind: CaseKind,
    /// The category's code.
    pub category: Option<String>,
    /// How heavy it is.
    pub weight: Weight,
    /// How it came.
    pub channel: Channel,
    /// Where it is.
    pub area: AreaCode,
    /// Who answers for it now.
    pub seat: Seat,
    /// The seat that dispatched it, to which a send-back returns.
    pub back: Option<Seat>,
    /// 上报: the area from whose seat it came up to the present one.
    pub risen_from: Option<AreaCode>,
    /// The stage of the flow.
    pub stage: String,
    /// The typed summary of the stage.
    pub phase: Phase,
    /// Who has it in hand.
    pub handler: Option<AccountId>,
    /// The playbook that it is pinned to: id and version.
    pub playbook: (String, String),
    /// What was said.
    pub body: String,
    /// Where, in words.
    pub place_text: String,
    /// Where, on the map.
    pub point: Option<Point>,
    /// Who said it.
    pub reporter: Reporter,
    /// Why it went where it went.
    pub routing: Vec<Why>,
    /// The last reply.
    pub reply: Option<Reply>,
    /// The question that waits for the resident.
    pub question: Option<String>,
    /// The last rating.
    pub rating: Option<Rating>,
    /// How often it was reopened.
    pub n_reopened: u32,
    /// How often it was sent back.
    pub n_sent_back: u32,
    /// Photos of the report and the replies.
    pub n_photos: u32,
    /// When it was said.
    pub reported_at: Timestamp,
    /// Since when the top level supervises it (督办).
    pub supervised_at: Option<Timestamp>,
    /// When it was answered or closed last.
    pub settled_at: Option<Timestamp>,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// The number of its last event; the version that a command names.
    pub version: u32,
    /// Whether only those who answer for it see it, and it appears in nothing public.
    pub private: bool,
    /// 分办: the case that it was split off.
    pub parent: Option<CaseId>,
    /// 并单: the case that it follows.
    pub master: Option<CaseId>,
    /// What else it keeps.
    pub dossier: Dossier,
    /// Work on it beside its seat.
    pub tasks: Vec<Task>,
    /// How many cases follow it; read, never written.
    pub n_followers: u32,
    /// How many cases that were split off it are open; read, never written.
    pub n_children_open: u32,
    /// Its clocks.
    pub deadlines: Vec<Deadline>,
    /// Everyone who had it in hand.
    pub hands: BTreeSet<AccountId>,
    /// How it is listed in the database; `None` for a case that is not there yet.
    pub(super) listed: Option<Listing>,
}

/// How a case is found in the database.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Listing {
    pub(super) phase: Phase,
    pub(super) keys: Keys,
    /// The clock that ends next: when it is over, and from when nearly so.
    pub(super) due: Option<(Timestamp, Timestamp)>,
    /// What of it is searched for and may change.
    pub(super) found_by: (Option<String>, Weight, Option<Reply>),
}

impl Case {
    /// Where those answer who are named with the case: at its seat, and from its place up to the community, whose head is turned to
    /// while the grid worker is away.
    #[must_use]
    pub fn answering_areas(&self) -> Vec<AreaCode> {
        let mut areas = self.area.lineage();
        areas.retain(|area| area.level() >= AreaLevel::Community);
        areas.push(self.seat.area);
        areas
    }

    /// The keys by which the case can be reached.
    #[must_use]
    pub fn keys(&self) -> Keys {
        // Of what is not public the people of the place hear only where they answer for it.
        let place = if self.private { &self.seat.area } else { &self.area };
        let keys = Keys::of_area(place).with_seat(&self.seat.area, self.seat.unit.as_deref());
        let called = self.tasks.iter().filter(|task| task.state != TaskState::Cancelled).filter_map(Task::seat);
        let keys = called.fold(keys, |keys, seat| keys.with_key(&seat.key()));
        let members = self.dossier.force.iter().flat_map(|force| &force.members);
        members.fold(keys, |keys, member| keys.with_person(*member))
    }

    /// What `caller` is to this case.
    #[must_use]
    pub fn standing(&self, caller: &Caller) -> Standing {
        let handled = if self.handler == Some(caller.account) {
            Handled::Now
        } else if self.hands.contains(&caller.account) {
            Handled::Before
        } else {
            Handled::Never
        };
        let touching = caller.grants.iter().filter_map(|grant| {
            let at_seat = grant.area == self.seat.area && grant.unit == self.seat.unit;
            let above = grant.unit.is_none()
                && grant.area.contains(&self.seat.area)
                && (grant.area != self.seat.area || self.seat.unit.is_some());
            let place = grant.unit.is_none() && grant.area.contains(&self.area);
            let place = if at_seat {
                GrantPlace::Seat
            } else if above {
                GrantPlace::Above
            } else if place {
                GrantPlace::Place
            } else {
                return None;
            };
            Some((grant.role, place))
        });
        let mut standing = Standing::staff(touching, handled);
        let of_the_unit = caller.grants.iter().any(|grant| {
            let seat = Seat { area: grant.area, unit: grant.unit.clone() };
            self.dossier.handled_by.contains(&seat.key())
        });
        if !of_the_unit {
            standing = standing.not_of_the_unit();
        }
        let helps = self.tasks.iter().any(|task| task.state.is_open() && task.is_called(caller));
        if helps || self.is_member(caller.account) {
            standing = caller.grants.iter().fold(standing, |standing, grant| standing.who_helps(Some(grant.role)));
        }
        let asked = self.dossier.pending.as_ref().is_some_and(|pending| pending.by == Some(caller.account));
        standing.who_asked(asked)
    }

    /// What a flow may ask of it at `now`.
    #[must_use]
    pub fn facts(&self, now: Timestamp) -> Facts {
        let own = || self.deadlines.iter().filter(|deadline| deadline.task.is_none());
        let n_late = own().filter(|deadline| deadline.breached_at.is_some()).count();
        let mut handle = own().filter(|deadline| deadline.kind == DeadlineKind::Handle && deadline.is_owed());
        let key = self.seat.key();
        let came = [DeadlineKind::Sign, DeadlineKind::Contact, DeadlineKind::Arrive];
        let is_late_call = |task: &&Task| {
            let mut clocks = self.deadlines.iter().filter(|clock| clock.task == Some(task.id));
            clocks.any(|clock| clock.breached_at.is_some() && came.contains(&clock.kind))
        };
        let called = || self.tasks.iter().filter(|task| task.state != TaskState::Cancelled);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Facts {
            sent_back: self.n_sent_back,
            late: u32::try_from(n_late).unwrap_or(u32::MAX),
            extended: self.dossier.n_extended,
            unreached: self.dossier.n_unreached,
            exclusion_asked: self.dossier.n_exclusion_asked,
            called: count(called().count()),
            calls_late: count(called().filter(is_late_call).count()),
            is_late: handle.any(|deadline| deadline.due_at <= now),
            pending: self.dossier.pending.as_ref().map(|pending| pending.what),
            may_send_back: !self.dossier.sent_back_by.contains(&key)
                && self.dossier.send_back_until.is_none_or(|until| now <= until),
            sent_back_here: self.dossier.sent_back_by.contains(&key),
            is_ruled: self.dossier.is_ruled,
            tasks_open: self.tasks.iter().any(|task| task.state.is_open()),
            children_open: self.n_children_open > 0,
            force_open: self.dossier.force.as_ref().is_some_and(super::dossier::Force::is_open),
            has_followers: self.n_followers > 0,
            is_excluded: self.dossier.excluded.is_some(),
        }
    }

    /// The clock that ends next, or ended and is still owed; the resident's own rating is none of the staff's.
    #[must_use]
    pub fn next_due(&self) -> Option<&Deadline> {
        if !matches!(self.phase, Phase::Open | Phase::Waiting) {
            return None;
        }
        self.deadlines.iter().filter(|deadline| deadline.is_owed_by_staff()).min_by_key(|deadline| deadline.due_at)
    }

    /// Whether parts may have been split off it: a part is never split again.
    #[must_use]
    pub const fn may_have_children(&self) -> bool {
        self.parent.is_none()
    }

    /// When it is to be followed up, while that is owed.
    #[must_use]
    pub fn follow_up_due(&self) -> Option<Timestamp> {
        let follow_up =
            self.deadlines.iter().find(|deadline| deadline.kind == DeadlineKind::FollowUp && deadline.is_owed());
        follow_up.map(|deadline| deadline.due_at)
    }

    /// When the resident was promised an answer.
    #[must_use]
    pub fn promise(&self) -> Option<&Deadline> {
        self.deadlines.iter().filter(|deadline| deadline.is_promise()).max_by_key(|deadline| deadline.starts_at)
    }
}
