//! What is due, where help is needed, who is on duty: as pages show it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use linli_access::{Act, Caller};
use linli_db::{Conn, StoreError};
use linli_kernel::{AccountId, AreaCode, RecordId, Role, Timestamp};
use linli_playbook::{Duty, DutyEvidence, DutyRhythm, DutyShare, DutyTarget, Playbook, SelfCheckItem};
use serde::Serialize;

use super::due::{self, Due, Facts, Post, State, Target};
use super::store::{self, Asked};
use crate::app::App;
use crate::areas::tree::AreaRef;
use crate::http::Answer;
use crate::people::duty::{self, Person};
use crate::people::leave::{self, Leave};
use crate::say::Lang;

/// What is due within this time is pressing. Unit: ms.
const PRESSING_MS: i64 = 2 * 24 * 3_600_000;
/// Most areas without anybody that are named.
const MOST_EMPTY: usize = 50;

/// A dwelling or premises for which something is due. Which, never why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DutyTargetView)]
pub struct TargetView {
    /// Which record of the registry.
    #[schema(value_type = String)]
    pub record_id: RecordId,
    /// Its address, or its name.
    pub label: String,
    /// Its address, where the name is not one.
    pub address: Option<String>,
    /// The kind of premises.
    pub premises_kind: Option<String>,
}

/// One thing that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DutyDue)]
pub struct DueView {
    /// Stable while the period lasts.
    pub key: String,
    /// By which rule.
    pub duty_id: String,
    /// What people call it.
    pub name: String,
    /// What is to be done.
    pub about: Option<String>,
    /// Why, in a sentence: the formula, how often, which rule says so.
    pub why: String,
    /// How often.
    pub rhythm: DutyRhythm,
    /// Of what once for each.
    pub target_kind: DutyTarget,
    /// Any one of these records does.
    pub evidence: Vec<DutyEvidence>,
    /// Why a photo is needed, where one is.
    pub photo_reason: Option<String>,
    /// Where.
    pub area: AreaRef,
    /// For which dwelling or premises.
    pub target: Option<TargetView>,
    /// How it stands.
    pub state: State,
    /// The first day on which it can be done.
    #[schema(value_type = String, format = Date)]
    pub from: String,
    /// The last day on which it is due.
    #[schema(value_type = String, format = Date)]
    pub to: String,
    /// When that day's work is over.
    pub due_at: Timestamp,
    /// Whether a year on the way has no published holidays.
    pub provisional: bool,
    /// How many times in the period.
    pub times: u32,
    /// How many of them are done.
    pub n_done: u32,
    /// When it was done last in the period.
    pub last_at: Option<Timestamp>,
    /// For whom one stands in.
    pub for_name: Option<String>,
}

/// 今日职责
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = MyDuties)]
pub struct Mine {
    /// What is due, what is coming and what is done, by when it is due.
    pub items: Vec<DueView>,
    /// Of lists and key premises: how far one is.
    pub progress: Vec<Progress>,
    /// Until when one is away and owes nothing.
    pub away_until: Option<Timestamp>,
    /// Who stands in meanwhile.
    pub stand_in_name: Option<String>,
    /// When it was computed.
    pub at: Timestamp,
}

/// How far a list is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DutyProgress)]
pub struct Progress {
    /// By which rule.
    pub duty_id: String,
    /// What people call it.
    pub name: String,
    /// How many there are.
    pub n_all: u32,
    /// How many are done.
    pub n_done: u32,
}

/// 缺口: what a place lacks, so that somebody can help. Of the place, never of a person.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DutyGap)]
pub struct Gap {
    /// Where.
    pub area: AreaRef,
    /// By which rule.
    pub duty_id: String,
    /// What people call it.
    pub name: String,
    /// What is missing, in a sentence.
    pub missing: String,
    /// How it stands.
    pub state: State,
    /// By when.
    pub due_at: Timestamp,
    /// The dwellings or premises that are still to be visited, at most ten.
    pub targets: Vec<TargetView>,
    /// How many of them there are.
    pub n_targets: u32,
}

/// Somebody who is away.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LeaveView)]
pub struct LeaveView {
    /// Which.
    pub id: String,
    /// Who.
    #[schema(value_type = String)]
    pub account_id: AccountId,
    /// By name.
    pub name: String,
    /// Where they work.
    pub areas: Vec<AreaRef>,
    /// From when.
    pub starts_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
    /// Who stands in.
    pub stand_in_name: Option<String>,
    /// Whether the reader may end it.
    pub may_end: bool,
}

/// Where help is needed.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DutyGaps)]
pub struct Gaps {
    /// By place, then in the order of the rules.
    pub items: Vec<Gap>,
    /// Who is away now.
    pub away: Vec<LeaveView>,
    /// Grids at which nobody works.
    pub empty: Vec<AreaRef>,
    /// Whether there were more records than one look goes through: a smaller area says more.
    pub is_cut: bool,
    /// When it was computed.
    pub at: Timestamp,
}

/// A self-check, for the person themself: with figures.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SelfCheckOwn)]
pub struct Checked {
    /// Which.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Over which period.
    pub rhythm: DutyRhythm,
    /// Its lines.
    pub lines: Vec<CheckedLine>,
}

/// A line of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SelfCheckOwnLine)]
pub struct CheckedLine {
    /// What was looked for.
    pub of: SelfCheckItem,
    /// What people call it.
    pub name: String,
    /// Whether it shows.
    pub is_there: bool,
    /// How many there are; told to the person alone.
    pub n: Option<u32>,
    /// What a head can help with, where it does not show.
    pub help: Option<String>,
}

/// The self-check of somebody who works in the reader's area: yes or no.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SelfCheckOther)]
pub struct CheckedOther {
    /// Where.
    pub area: AreaRef,
    /// Who.
    pub name: String,
    /// Which check.
    pub check: String,
    /// Its lines, without figures.
    pub lines: Vec<CheckedLine>,
}

/// 到位自查
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SelfChecks)]
pub struct SelfChecks {
    /// One's own, with figures.
    pub mine: Vec<Checked>,
    /// Those of one's own grids, yes or no, by place.
    pub others: Vec<CheckedOther>,
}

/// Everything that one look at duties is made of.
pub struct Look {
    posts: Vec<Post>,
    works: Vec<super::work::Work>,
    targets: Vec<Target>,
    reports: HashMap<AccountId, u32>,
}

impl Look {
    /// Reads what is needed for these posts.
    ///
    /// # Errors
    /// The database's.
    pub fn read(conn: &mut Conn, book: &Playbook, posts: Vec<Post>, now: Timestamp) -> Result<Self, StoreError> {
        let mut areas: Vec<AreaCode> = posts.iter().map(|post| post.area).collect();
        areas.sort();
        areas.dedup();
        let outer: Vec<AreaCode> = areas
            .iter()
            .copied()
            .filter(|area| !areas.iter().any(|other| other != area && other.contains(area)))
            .collect();
        let mut accounts: Vec<AccountId> = posts.iter().map(|post| post.account).collect();
        accounts.sort();
        accounts.dedup();
        let (visits_since, met_since) = due::since(&book.duties, now);
        let asked = Asked { areas: &outer, accounts: &accounts, visits_since, met_since };
        let works = if outer.is_empty() { Vec::new() } else { store::works(conn, &asked)? };
        let targets = if outer.is_empty() { Vec::new() } else { store::targets(conn, &outer)? };
        let checks_since = book.duties.self_checks.iter().map(|check| {
            super::period::Days::around(check.rhythm, linli_kernel::calendar::beijing_date(now)).begins_at()
        });
        let reports = store::reporters(conn, &accounts, checks_since.min().unwrap_or(now))?;
        Ok(Self { posts, works, targets, reports })
    }

    fn facts<'a>(&'a self, app: &'a App, book: &'a Playbook, now: Timestamp) -> Facts<'a> {
        Facts {
            duties: &book.duties,
            calendar: &app.calendar,
            hours: &book.working_hours,
            works: &self.works,
            targets: &self.targets,
            now,
        }
    }
}

/// The posts of a caller that duties are for.
#[must_use]
pub fn posts_of(caller: &Caller) -> Vec<Post> {
    let own = |grant: &linli_access::Grant| Post { account: caller.account, role: grant.role, area: grant.area };
    caller.grants.iter().filter(|grant| grant.unit.is_none()).map(own).collect()
}

/// What is due for a caller, ready to be shown.
///
/// # Errors
/// The database's.
pub fn mine(conn: &mut Conn, app: &App, caller: &Caller, lang: Lang) -> Answer<Mine> {
    let now = app.now();
    let book = app.playbooks.current();
    let own_leave = leave::of(conn, &BTreeSet::from([caller.account]), (now, now.plus_ms(1)))?.pop();
    let stands_in: Vec<Leave> = leave::stood_in_by(conn, caller.account, now)?;
    let mut names: HashSet<AccountId> = stands_in.iter().map(|leave| leave.account).collect();
    names.extend(own_leave.as_ref().and_then(|leave| leave.stand_in));
    let names = duty::people(conn, &app.vault, &names)?;
    let name = |account: AccountId| names.get(&account).map(|person| person.name.clone());
    let mut items = Vec::new();
    let mut posts = Vec::new();
    if own_leave.is_none() {
        posts = posts_of(caller);
        for leave in &stands_in {
            posts.extend(posts_of_other(conn, leave.account, caller, now)?);
        }
    }
    let look = Look::read(conn, &book, posts, now)?;
    let facts = look.facts(app, &book, now);
    for post in &look.posts {
        let is_own = post.account == caller.account;
        // Only what is owed for a place passes to whoever stands in: nobody sits through another's training.
        let due = facts.of_post(post).into_iter().filter(|due| is_own || due.duty.share == DutyShare::One);
        let for_name = (!is_own).then(|| name(post.account)).flatten();
        items.extend(due.map(|due| (due, for_name.clone())));
    }
    let progress = progress(items.iter().map(|(due, _)| due));
    items.retain(|(due, _)| due.target.is_none() || due.state != State::Done);
    items.sort_by(|(a, _), (b, _)| due::in_order(a, b));
    // What one owes at two posts, or for somebody and for oneself, is shown once.
    let mut seen = BTreeSet::new();
    let shown = items.iter().map(|(due, for_name)| shown(app, due, for_name.clone(), lang));
    let items = shown.filter(|due| seen.insert(due.key.clone())).collect();
    Ok(Mine {
        items,
        progress,
        stand_in_name: own_leave.as_ref().and_then(|leave| leave.stand_in).and_then(name),
        away_until: own_leave.map(|leave| leave.ends_at),
        at: now,
    })
}

/// The posts of somebody who is away, as far as whoever stands in works there too.
fn posts_of_other(
    conn: &mut Conn,
    account: AccountId,
    caller: &Caller,
    now: Timestamp,
) -> Result<Vec<Post>, StoreError> {
    let areas = store::reached(caller, Act::RecordVisit, None);
    let near: Vec<AreaCode> =
        areas.iter().map(|area| area.at(linli_kernel::AreaLevel::Community.min(area.level()))).collect();
    let roles: BTreeSet<Role> = Role::ALL.iter().copied().collect();
    let posts = store::posts(conn, &near, &roles, now)?;
    Ok(posts.into_iter().filter(|post| post.account == account).collect())
}

fn progress<'a, 'd: 'a>(due: impl Iterator<Item = &'a Due<'d>>) -> Vec<Progress> {
    let mut lists: BTreeMap<String, (Progress, BTreeSet<RecordId>)> = BTreeMap::new();
    for due in due {
        let Some(target) = due.target else { continue };
        let empty = || {
            let (duty_id, name) = (due.duty.id.clone(), due.duty.name.clone());
            (Progress { duty_id, name, n_all: 0, n_done: 0 }, BTreeSet::new())
        };
        let (list, seen) = lists.entry(due.duty.id.clone()).or_insert_with(empty);
        if seen.insert(target.record) {
            list.n_all += 1;
            list.n_done += u32::from(due.state == State::Done);
        }
    }
    lists.into_values().map(|(list, _)| list).collect()
}

fn target_view(target: &Target) -> TargetView {
    TargetView {
        record_id: target.record,
        label: target.label.clone(),
        address: target.address.clone(),
        premises_kind: target.premises_kind.clone(),
    }
}

fn shown(app: &App, due: &Due<'_>, for_name: Option<String>, lang: Lang) -> DueView {
    let Due { duty, window, .. } = due;
    let target = due.target.map(target_view);
    let what = target.as_ref().map_or_else(|| due.area.to_string(), |target| target.record_id.to_string());
    DueView {
        key: format!("{}.{what}.{}", duty.id, window.period.first),
        duty_id: duty.id.clone(),
        name: duty.name.clone(),
        about: duty.about.clone(),
        why: why(duty, lang),
        rhythm: duty.rhythm,
        target_kind: duty.target,
        evidence: duty.evidence.clone(),
        photo_reason: duty.photo_reason.clone(),
        area: app.areas().reference(&due.area),
        target,
        state: due.state,
        from: window.days.first.to_string(),
        to: window.days.last.to_string(),
        due_at: window.due_at,
        provisional: window.provisional,
        times: duty.times,
        n_done: due.n_done,
        last_at: due.last_at,
        for_name,
    }
}

/// How often, and which rule says so.
#[must_use]
pub fn why(duty: &Duty, lang: Lang) -> String {
    let rhythm = lang.word("duty_rhythm", duty.rhythm.as_str());
    let times = duty.times.to_string();
    let how_often = lang
        .say(if duty.times == 1 { "duty_due.once" } else { "duty_due.times" }, &[("rhythm", &rhythm), ("n", &times)]);
    let parts = [duty.group.clone(), Some(how_often), duty.basis.clone()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(&lang.text("duty_due.joint"))
}

/// Where help is needed in the areas that a caller arranges.
///
/// # Errors
/// The database's.
pub fn gaps(conn: &mut Conn, app: &App, areas: &[AreaCode], is_whole: bool, lang: Lang) -> Answer<Gaps> {
    let now = app.now();
    let book = app.playbooks.current();
    let roles: BTreeSet<Role> = book.duties.duties.iter().flat_map(|duty| duty.roles.iter().copied()).collect();
    let posts = store::posts(conn, areas, &roles, now)?;
    let accounts: BTreeSet<AccountId> = posts.iter().map(|post| post.account).collect();
    let leaves = leave::of(conn, &accounts, (now, now.plus_ms(1)))?;
    let away: BTreeSet<AccountId> = leaves.iter().map(|leave| leave.account).collect();
    let empty = empty(app, areas, &posts);
    let look = Look::read(conn, &book, posts, now)?;
    let facts = look.facts(app, &book, now);
    let mut by_place: BTreeMap<(AreaCode, usize), Missing<'_>> = BTreeMap::new();
    for post in &look.posts {
        for due in facts.of_post(post) {
            let is_each = due.duty.share == DutyShare::Each;
            let is_excused = is_each && away.contains(&post.account);
            if matches!(due.state, State::Done | State::Coming) || is_excused {
                continue;
            }
            let is_pressing = due.state == State::Late || due.window.due_at.since(now) < PRESSING_MS;
            if !is_whole && !is_pressing {
                continue;
            }
            let nth = book.duties.duties.iter().position(|duty| duty.id == due.duty.id).unwrap_or(0);
            by_place.entry((post.area, nth)).or_default().add(due, is_each);
        }
    }
    let items = by_place.into_iter().filter_map(|((area, _), missing)| missing.told(app, &area, lang)).collect();
    let away = leave_views(conn, app, leaves, &look.posts, true)?;
    let is_cut = store::is_cut(&look.works, &look.targets);
    Ok(Gaps { items, away, empty, is_cut, at: now })
}

/// What of one duty is missing at one place.
#[derive(Default)]
struct Missing<'a> {
    due: Option<Due<'a>>,
    n_people: u32,
    targets: BTreeMap<RecordId, TargetView>,
}

impl<'a> Missing<'a> {
    fn add(&mut self, due: Due<'a>, is_each: bool) {
        self.n_people += u32::from(is_each);
        if let Some(target) = due.target {
            self.targets.insert(target.record, target_view(target));
        }
        self.due.get_or_insert(due);
    }

    fn told(self, app: &App, area: &AreaCode, lang: Lang) -> Option<Gap> {
        let due = self.due?;
        let n_targets = u32::try_from(self.targets.len()).unwrap_or(u32::MAX);
        let left = (due.duty.times - due.n_done).to_string();
        let (key, n) = match (due.duty.target, due.duty.share) {
            (DutyTarget::VisitList, _) => ("duty_gap.dwellings", n_targets.to_string()),
            (DutyTarget::KeyPremises, _) => ("duty_gap.premises", n_targets.to_string()),
            (DutyTarget::Area, DutyShare::Each) => ("duty_gap.people", self.n_people.to_string()),
            (DutyTarget::Area, DutyShare::One) => ("duty_gap.times", left),
        };
        let mut targets: Vec<TargetView> = self.targets.into_values().collect();
        targets.sort_by(|a, b| a.label.cmp(&b.label));
        targets.truncate(10);
        Some(Gap {
            area: app.areas().reference(area),
            duty_id: due.duty.id.clone(),
            name: due.duty.name.clone(),
            missing: lang.say(key, &[("n", &n)]),
            state: due.state,
            due_at: due.window.due_at,
            targets,
            n_targets,
        })
    }
}

fn empty(app: &App, areas: &[AreaCode], posts: &[Post]) -> Vec<AreaRef> {
    let tree = app.areas();
    let is_manned =
        |grid: &AreaCode| posts.iter().any(|post| post.role == Role::GridWorker && grid.contains(&post.area));
    let grids = tree.iter().filter(|area| area.code.level() == linli_kernel::AreaLevel::Grid);
    let mine = grids.filter(|grid| areas.iter().any(|area| area.contains(&grid.code)));
    mine.filter(|grid| !is_manned(&grid.code)).take(MOST_EMPTY).map(|grid| tree.reference(&grid.code)).collect()
}

/// Leaves with names and places.
///
/// # Errors
/// The database's.
pub fn leave_views(
    conn: &mut Conn,
    app: &App,
    leaves: Vec<Leave>,
    posts: &[Post],
    may_end: bool,
) -> Result<Vec<LeaveView>, StoreError> {
    let accounts: HashSet<AccountId> =
        leaves.iter().flat_map(|leave| [Some(leave.account), leave.stand_in]).flatten().collect();
    let names = duty::people(conn, &app.vault, &accounts)?;
    let name = |account: AccountId| names.get(&account).map(|person: &Person| person.name.clone());
    let tree = app.areas();
    let areas = |account: AccountId| {
        let mut areas: Vec<AreaCode> =
            posts.iter().filter(|post| post.account == account).map(|post| post.area).collect();
        areas.dedup();
        areas.iter().map(|area| tree.reference(area)).collect()
    };
    let view = |leave: Leave| LeaveView {
        id: leave.id.to_string(),
        account_id: leave.account,
        name: name(leave.account).unwrap_or_default(),
        areas: areas(leave.account),
        starts_at: leave.starts_at,
        ends_at: leave.ends_at,
        stand_in_name: leave.stand_in.and_then(name),
        may_end,
    };
    Ok(leaves.into_iter().map(view).collect())
}

/// The self-checks of a caller, and those of the grids that they arrange.
///
/// # Errors
/// The database's.
pub fn self_checks(conn: &mut Conn, app: &App, caller: &Caller) -> Answer<SelfChecks> {
    let now = app.now();
    let book = app.playbooks.current();
    let own = Look::read(conn, &book, posts_of(caller), now)?;
    let facts = own.facts(app, &book, now);
    let mut mine: Vec<Checked> = Vec::new();
    for post in &own.posts {
        for (check, found) in facts.checked(post) {
            if mine.iter().all(|other| other.id != check.id) {
                let reported = own.reports.get(&post.account).copied().unwrap_or(0);
                let lines = lines(check, &found, reported, true);
                let (id, name) = (check.id.clone(), check.name.clone());
                mine.push(Checked { id, name, rhythm: check.rhythm, lines });
            }
        }
    }
    let areas = store::reached(caller, Act::ArrangeDuties, None);
    let roles: BTreeSet<Role> = book.duties.self_checks.iter().flat_map(|check| check.roles.iter().copied()).collect();
    let mut posts = if areas.is_empty() { Vec::new() } else { store::posts(conn, &areas, &roles, now)? };
    posts.retain(|post| post.account != caller.account);
    let accounts: HashSet<AccountId> = posts.iter().map(|post| post.account).collect();
    let names = duty::people(conn, &app.vault, &accounts)?;
    let look = Look::read(conn, &book, posts, now)?;
    let facts = look.facts(app, &book, now);
    let tree = app.areas();
    let mut others = Vec::new();
    for post in &look.posts {
        for (check, found) in facts.checked(post) {
            let reported = look.reports.get(&post.account).copied().unwrap_or(0);
            others.push(CheckedOther {
                area: tree.reference(&post.area),
                name: names.get(&post.account).map(|person| person.name.clone()).unwrap_or_default(),
                check: check.name.clone(),
                lines: lines(check, &found, reported, false),
            });
        }
    }
    Ok(SelfChecks { mine, others })
}

fn lines(check: &linli_playbook::SelfCheck, found: &[u32], reported: u32, with_figures: bool) -> Vec<CheckedLine> {
    let line = |(line, n): (&linli_playbook::SelfCheckLine, &u32)| {
        let n = if line.of == SelfCheckItem::Reports { n + reported } else { *n };
        CheckedLine {
            of: line.of,
            name: line.name.clone(),
            is_there: n > 0,
            n: with_figures.then_some(n),
            help: (n == 0).then(|| line.help.clone()),
        }
    };
    check.items.iter().zip(found).map(line).collect()
}
