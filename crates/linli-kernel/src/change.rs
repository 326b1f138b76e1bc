//! What a decision leaves behind: the new state, the events that tell it, and the jobs that follow.

use serde_json::Value;

use crate::actor::Actor;
use crate::area::AreaCode;
use crate::time::Timestamp;
use crate::words::words;

words! {
    /// What an event is about; with the id it names one hash chain.
    StreamKind {
        /// 事项
        Case = "case",
        /// 区域
        Area = "area",
        /// 账号
        Account = "account",
        /// 二维码位置
        Place = "place",
        /// 工作法
        Playbook = "playbook",
        /// 热点
        HotSpot = "hot_spot",
        /// 权责清单
        ResponsibilityList = "responsibility_list",
        /// 公告横幅
        Banner = "banner",
        /// 走访记录
        Visit = "visit",
        /// 设备
        Device = "device",
        /// 底数: a dwelling, a household, a resident, premises, a firm.
        Registry = "registry",
        /// 关爱登记
        Care = "care",
        /// 会议、培训、接待
        Gathering = "gathering",
        /// 排班
        Shift = "shift",
        /// 请假
        Leave = "leave",
        /// 走访清单
        VisitList = "visit_list",
        /// 走访问题
        VisitProblem = "visit_problem",
        /// 检查记录
        Inspection = "inspection",
        /// 报表
        Ledger = "ledger",
        /// 意见建议的公开答复
        Opinion = "opinion",
    }
}

/// One history: all events of one case, one account, one area.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    /// What it is about.
    pub kind: StreamKind,
    /// Which one.
    pub id: String,
}

impl Stream {
    /// The history of `id`.
    pub fn new(kind: StreamKind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }
}

/// An event to be written: a fact in the past tense.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Which history it belongs to.
    pub stream: Stream,
    /// Past tense, in snake case: `taken`, `settled`.
    pub kind: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Ids, codes and numbers; never a name, a phone number or free text.
    pub payload: Value,
    /// Free text that people wrote. Kept beside the chain, which holds only its digest: the text can
    /// be erased when its retention ends and the chain still verifies.
    pub text: Option<String>,
    /// Where it happened; decides who hears of it live.
    pub area: Option<AreaCode>,
    /// The unit that answers now, which hears of it too.
    pub unit: Option<String>,
}

/// A job to be done after the commit, at least once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    /// What to do: `notify`, `forward`.
    pub topic: &'static str,
    /// Ids only.
    pub payload: Value,
    /// Not before.
    pub due_at: Timestamp,
}

/// A decided change. It cannot be built without an event, and only the commit writes it.
#[derive(Clone, Debug)]
#[must_use = "a change that is not committed did not happen"]
pub struct Change<S> {
    state: S,
    events: Vec<NewEvent>,
    jobs: Vec<NewJob>,
}

impl<S> Change<S> {
    /// A change told by `event`.
    pub fn new(state: S, event: NewEvent) -> Self {
        Self { state, events: vec![event], jobs: Vec::new() }
    }

    /// Adds what else happened.
    pub fn and(mut self, event: NewEvent) -> Self {
        self.events.push(event);
        self
    }

    /// What happens next, in the same change: the state that it leads to, and its event.
    pub fn next(mut self, state: S, event: NewEvent) -> Self {
        self.state = state;
        self.events.push(event);
        self
    }

    /// Adds what must follow.
    pub fn then(mut self, job: NewJob) -> Self {
        self.jobs.push(job);
        self
    }

    /// The new state.
    pub const fn state(&self) -> &S {
        &self.state
    }

    /// The events, first to last; never empty.
    #[must_use]
    pub fn events(&self) -> &[NewEvent] {
        &self.events
    }

    /// The jobs that follow.
    #[must_use]
    pub fn jobs(&self) -> &[NewJob] {
        &self.jobs
    }

    /// Its parts: the state, the events, the jobs.
    pub fn into_parts(self) -> (S, Vec<NewEvent>, Vec<NewJob>) {
        (self.state, self.events, self.jobs)
    }

    /// The same change with its state made into another: sealed, for one.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn try_map<T, E>(self, make: impl FnOnce(S) -> Result<T, E>) -> Result<Change<T>, E> {
        Ok(Change { state: make(self.state)?, events: self.events, jobs: self.jobs })
    }

    /// Takes the new state and leaves the rest.
    pub fn into_state(self) -> S {
        self.state
    }
}
