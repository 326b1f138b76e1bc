//! What is due: the rule, the window, the records. Pure.

use std::collections::BTreeSet;

use linli_kernel::calendar::beijing_midnight;
use linli_kernel::{AccountId, AreaCode, Calendar, RecordId, Role, Timestamp, WorkingHours};
use linli_playbook::{Duties, Duty, DutyEvidence, DutyShare, DutyTarget, SelfCheck, SelfCheckItem};

use super::period::{Days, Window, window};
use super::work::Work;

/// 岗位: somebody at an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Post {
    /// Who.
    pub account: AccountId,
    /// As what.
    pub role: Role,
    /// Where.
    pub area: AreaCode,
}

/// A dwelling or premises for which something is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Of which list; `None` for key premises.
    pub duty: Option<String>,
    /// Which.
    pub record: RecordId,
    /// Where.
    pub area: AreaCode,
    /// What people call it.
    pub label: String,
    /// Its address, where the name is not one.
    pub address: Option<String>,
    /// The kind of premises.
    pub premises_kind: Option<String>,
}

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DutyState)]
pub enum State {
    /// Its time is over and the period is not: doing it now counts.
    Late,
    /// It can be done now.
    Due,
    /// Its days are ahead.
    Coming,
    /// It is done for this period.
    Done,
}

/// One thing that is due.
#[derive(Clone, Debug)]
pub struct Due<'a> {
    /// By which rule.
    pub duty: &'a Duty,
    /// For which area.
    pub area: AreaCode,
    /// For which dwelling or premises.
    pub target: Option<&'a Target>,
    /// When.
    pub window: Window,
    /// How often it was done in this period; never counted past what is asked.
    pub n_done: u32,
    /// When it was done last.
    pub last_at: Option<Timestamp>,
    /// How it stands.
    pub state: State,
}

/// What is known, as far as it is asked.
pub struct Facts<'a> {
    /// The rules.
    pub duties: &'a Duties,
    /// Holidays and make-up workdays.
    pub calendar: &'a Calendar,
    /// Office hours.
    pub hours: &'a WorkingHours,
    /// What was done.
    pub works: &'a [Work],
    /// Dwellings of lists, key premises.
    pub targets: &'a [Target],
    /// The present.
    pub now: Timestamp,
}

impl Post {
    /// Whether a rule is for this post.
    #[must_use]
    pub fn owes(&self, duty: &Duty) -> bool {
        duty.roles.contains(&self.role) && duty.levels.contains(&self.area.level())
    }

    fn has_check(&self, check: &SelfCheck) -> bool {
        check.roles.contains(&self.role) && check.levels.contains(&self.area.level())
    }
}

impl<'a> Facts<'a> {
    /// Everything that a post owes in the periods around now, in the order of the rules.
    #[must_use]
    pub fn of_post(&self, post: &Post) -> Vec<Due<'a>> {
        let owed = self.duties.duties.iter().filter(|duty| post.owes(duty));
        owed.filter_map(|duty| Some((duty, window(duty, self.now, self.calendar, self.hours)?)))
            .flat_map(|(duty, window)| self.of_duty(post, duty, window))
            .collect()
    }

    fn of_duty(&self, post: &Post, duty: &'a Duty, window: Window) -> Vec<Due<'a>> {
        match duty.target {
            DutyTarget::Area => {
                let done = |work: &&Work| match duty.share {
                    DutyShare::Each => work.accounts.contains(&post.account),
                    DutyShare::One => post.area.contains(&work.area),
                };
                vec![self.judged(duty, post.area, None, window, self.works.iter().filter(done))]
            }
            DutyTarget::VisitList | DutyTarget::KeyPremises => {
                let list = (duty.target == DutyTarget::VisitList).then_some(&duty.id);
                let mine = self
                    .targets
                    .iter()
                    .filter(|target| target.duty.as_ref() == list && post.area.contains(&target.area));
                let due = |target: &'a Target| {
                    let works = self.works.iter().filter(|work| work.is_at(target.record));
                    self.judged(duty, target.area, Some(target), window, works)
                };
                mine.map(due).collect()
            }
        }
    }

    /// How each home of a list stands, whoever goes there, in the order of places.
    #[must_use]
    pub fn of_list(&self, duty: &'a Duty, window: &Window) -> Vec<Due<'a>> {
        let listed = self.targets.iter().filter(|target| target.duty.as_ref() == Some(&duty.id));
        let due = |target: &'a Target| {
            let works = self.works.iter().filter(|work| work.is_at(target.record));
            self.judged(duty, target.area, Some(target), *window, works)
        };
        listed.map(due).collect()
    }

    fn judged<'w>(
        &self,
        duty: &'a Duty,
        area: AreaCode,
        target: Option<&'a Target>,
        window: Window,
        works: impl Iterator<Item = &'w Work>,
    ) -> Due<'a> {
        let fits =
            |work: &&Work| window.period.has(work.at) && duty.evidence.iter().any(|evidence| work.shows(*evidence));
        let (n, last_at) = works.filter(fits).fold((0_u32, None), |(n, last), work| (n + 1, last.max(Some(work.at))));
        let n_done = n.min(duty.times);
        let state = if n_done >= duty.times {
            State::Done
        } else if self.now < beijing_midnight(window.days.first) {
            State::Coming
        } else if self.now >= window.due_at {
            State::Late
        } else {
            State::Due
        };
        Due { duty, area, target, window, n_done, last_at, state }
    }

    /// 到位自查: each line with what was found of it.
    #[must_use]
    pub fn checked(&self, post: &Post) -> Vec<(&'a SelfCheck, Vec<u32>)> {
        let found = |check: &'a SelfCheck| {
            let period = Days::around(check.rhythm, linli_kernel::calendar::beijing_date(self.now));
            let lines = check.items.iter().map(|line| self.found(line.of, post.account, &period)).collect();
            (check, lines)
        };
        self.duties.self_checks.iter().filter(|check| post.has_check(check)).map(found).collect()
    }

    fn found(&self, item: SelfCheckItem, account: AccountId, period: &Days) -> u32 {
        let own = || self.works.iter().filter(|work| work.accounts.contains(&account) && period.has(work.at));
        let n = match item {
            SelfCheckItem::Visits => own().filter(|work| work.is_visit()).count(),
            SelfCheckItem::Activities => own().filter(|work| work.is_gathering()).count(),
            SelfCheckItem::Reports => own().filter(|work| work.found).count(),
            SelfCheckItem::Contacts => {
                let door = |work: &Work| work.record.map_or_else(|| work.place.clone(), |record| record.to_string());
                own().filter(|work| work.is_visit() && !work.not_met).map(door).collect::<BTreeSet<_>>().len()
            }
        };
        u32::try_from(n).unwrap_or(u32::MAX)
    }
}

/// Since when records are looked at: visits and inspections, and meetings.
#[must_use]
pub fn since(duties: &Duties, now: Timestamp) -> (Timestamp, Timestamp) {
    let date = linli_kernel::calendar::beijing_date(now);
    let begins = |duty: &&Duty| Days::around(duty.rhythm, date).begins_at();
    let is_met = |evidence: &DutyEvidence| {
        matches!(
            evidence,
            DutyEvidence::Training
                | DutyEvidence::Review
                | DutyEvidence::Commendation
                | DutyEvidence::Reception
                | DutyEvidence::Activity
        )
    };
    let on_the_way = duties.duties.iter().filter(|duty| !duty.evidence.iter().all(is_met));
    let checks = duties.self_checks.iter().map(|check| Days::around(check.rhythm, date).begins_at());
    let checks: Vec<Timestamp> = checks.collect();
    let visits = on_the_way.map(|duty| begins(&duty)).chain(checks.iter().copied()).min().unwrap_or(now);
    let all = duties.duties.iter().map(|duty| begins(&duty)).chain(checks).min().unwrap_or(now);
    (visits, all)
}

/// In which order people do what is due: what is over first, then by when it is due, then by place.
#[must_use]
pub fn in_order(a: &Due<'_>, b: &Due<'_>) -> std::cmp::Ordering {
    let label = |due: &Due<'_>| due.target.map(|target| target.label.clone());
    (a.state, a.window.due_at, a.area).cmp(&(b.state, b.window.due_at, b.area)).then_with(|| label(a).cmp(&label(b)))
}

#[cfg(test)]
mod tests {
    use linli_kernel::{AreaLevel, GatheringKind, VisitKind};
    use linli_playbook::DutyRhythm;

    use super::super::work::WorkKind;
    use super::*;

    fn account(n: u128) -> AccountId {
        format!("00000000-0000-7000-8000-{n:012}").parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    fn duty(id: &str, evidence: DutyEvidence, share: DutyShare, target: DutyTarget) -> Duty {
        Duty {
            id: id.to_owned(),
            name: id.to_owned(),
            about: None,
            group: None,
            category: None,
            rhythm: DutyRhythm::Day,
            times: 1,
            workdays_only: false,
            target,
            evidence: vec![evidence],
            share,
            roles: vec![Role::GridWorker],
            levels: vec![AreaLevel::Grid],
            from_day: None,
            to_day: None,
            photo_reason: None,
            basis: None,
        }
    }

    fn work(kind: WorkKind, by: u128) -> Work {
        Work {
            kind,
            area: "610502005007001".parse().unwrap(),
            record: None,
            place: String::new(),
            accounts: vec![account(by)],
            with_units: false,
            not_met: false,
            found: false,
            at: at("2026-09-28T08:00:00"),
        }
    }

    fn states(duties: Vec<Duty>, works: &[Work], targets: &[Target], who: u128) -> Vec<(String, State)> {
        let duties = Duties { duties, ..Duties::default() };
        let (calendar, hours) = (Calendar::default(), WorkingHours::from_spans(&["09:00-18:00"]).unwrap());
        let facts = Facts {
            duties: &duties,
            calendar: &calendar,
            hours: &hours,
            works,
            targets,
            now: at("2026-09-28T09:00:00"),
        };
        let post = Post { account: account(who), role: Role::GridWorker, area: "610502005007001".parse().unwrap() };
        facts.of_post(&post).into_iter().map(|due| (due.duty.id.clone(), due.state)).collect()
    }

    #[test]
    fn one_patrol_does_for_the_patrol_and_for_the_record_of_the_day() {
        let duties = vec![
            duty("patrol", DutyEvidence::Patrol, DutyShare::One, DutyTarget::Area),
            duty("record", DutyEvidence::Any, DutyShare::Each, DutyTarget::Area),
            duty("meeting", DutyEvidence::Meeting, DutyShare::Each, DutyTarget::Area),
        ];
        let works = [work(WorkKind::Visit(VisitKind::Patrol), 1)];
        let of = |who| states(duties.clone(), &works, &[], who).into_iter().map(|(_, state)| state).collect::<Vec<_>>();
        assert_eq!(of(1), [State::Done, State::Done, State::Due]);
        assert_eq!(
            of(2),
            [State::Done, State::Due, State::Due],
            "what one did for the grid, another need not do again"
        );
    }

    #[test]
    fn a_meeting_counts_for_everybody_who_was_there() {
        let duties = vec![duty("meeting", DutyEvidence::Meeting, DutyShare::Each, DutyTarget::Area)];
        let mut met = work(WorkKind::Gathering(GatheringKind::Meeting), 1);
        met.accounts = vec![account(1), account(2)];
        for (who, state) in [(1, State::Done), (2, State::Done), (3, State::Due)] {
            assert_eq!(states(duties.clone(), std::slice::from_ref(&met), &[], who), [("meeting".to_owned(), state)]);
        }
    }

    #[test]
    fn a_list_is_done_door_by_door() {
        let duties = vec![duty("list", DutyEvidence::Visit, DutyShare::One, DutyTarget::VisitList)];
        let record = |n: u128| -> RecordId { format!("00000000-0000-7000-8000-{n:012}").parse().unwrap() };
        let target = |n| Target {
            duty: Some("list".to_owned()),
            record: record(n),
            area: "610502005007001".parse().unwrap(),
            label: format!("{n}号"),
            address: None,
            premises_kind: None,
        };
        let mut seen = work(WorkKind::Visit(VisitKind::Visit), 2);
        seen.record = Some(record(1));
        let told = states(duties, &[seen], &[target(1), target(2)], 1);
        assert_eq!(told, [("list".to_owned(), State::Done), ("list".to_owned(), State::Due)]);
    }
}
