//! 关爱服务: which help a person wants, who gives it, and when next. Pure.
//!
//! A plan and its packages offer; nothing is given that the person does not want, and whatever is declined is not offered as if it were
//! due. Events say that something about services changed and never which.

use jiff::civil::Date;
use linli_kernel::{Change, Problem, ProblemCode, Timestamp};
use linli_playbook::{CarePlan, CareRules, CareService};
use serde::{Deserialize, Serialize};

use super::due::{self, DAY_MS};
use super::model::{By, Entry, Written};
use super::words::{ServiceStep, State};

/// Most services of one person.
const MOST: usize = 20;

/// A service that was spoken about with the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its code.
    pub code: String,
    /// How it stands.
    pub step: ServiceStep,
    /// Who gives it, in words.
    pub by: Option<String>,
    /// Since when it stands so.
    pub since: Timestamp,
    /// When it is due next.
    pub next_at: Option<Timestamp>,
    /// When it was given last.
    pub last_at: Option<Timestamp>,
}

impl Service {
    fn new(code: &str, at: Timestamp) -> Self {
        Self { code: code.to_owned(), step: ServiceStep::Wanted, by: None, since: at, next_at: None, last_at: None }
    }

    /// From when somebody has to do something: arrange it, or give it.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.step {
            ServiceStep::Wanted => Some(self.since),
            ServiceStep::Arranged => self.next_at,
            ServiceStep::Offered | ServiceStep::Declined | ServiceStep::Done => None,
        }
    }
}

/// What is offered and what was spoken about: the person's own first, then what the plan holds besides.
#[must_use]
pub fn all(entry: &Entry, plan: Option<&CarePlan>) -> Vec<Service> {
    let mut all = entry.held.services.clone();
    for code in plan.into_iter().flat_map(|plan| &plan.services) {
        if !all.iter().any(|service| service.code == *code) {
            all.push(Service { step: ServiceStep::Offered, ..Service::new(code, entry.since) });
        }
    }
    all
}

impl Entry {
    /// From when somebody has to do something about a service. While visits stand still nothing is given at home, and what the person
    /// asks for is heard all the same.
    #[must_use]
    pub fn service_due_at(&self) -> Option<Timestamp> {
        self.held.services.iter().filter_map(|service| self.due_of(service)).min()
    }

    /// As [`Entry::service_due_at`], for one of them.
    #[must_use]
    pub fn due_of(&self, service: &Service) -> Option<Timestamp> {
        let is_heard = self.state == State::Active || service.step == ServiceStep::Wanted;
        service.due_at().filter(|_| is_heard)
    }

    /// Services that whoever is paired gives, due until `until`.
    #[must_use]
    pub fn helped(&self, rules: &CareRules, until: Timestamp) -> Vec<&Service> {
        let is_own = |service: &&Service| rules.service(&service.code).is_some_and(|known| known.by_helper);
        let is_due = |service: &&Service| service.due_at().is_some_and(|at| at <= until);
        self.held.services.iter().filter(is_own).filter(is_due).filter(|_| self.state == State::Active).collect()
    }

    /// Whether something is arranged or was given.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.held.services.iter().any(|service| matches!(service.step, ServiceStep::Arranged | ServiceStep::Done))
    }

    /// The person wants these: one service, or all of a package.
    ///
    /// # Errors
    /// `Invalid` for one that the playbook does not know, or one too many; `NotNow` when there is nothing new in them.
    pub fn want(&self, rules: &CareRules, codes: &[String], by: &By<'_>) -> Result<Change<Written>, Problem> {
        let mut next = self.next(by);
        for code in codes {
            known(rules, code)?;
            match next.held.services.iter_mut().find(|service| service.code == *code) {
                Some(service) if matches!(service.step, ServiceStep::Declined | ServiceStep::Done) => {
                    *service = Service { last_at: service.last_at, ..Service::new(code, by.at) };
                }
                Some(_) => {}
                None => next.held.services.push(Service::new(code, by.at)),
            }
        }
        if next.held.services == self.held.services {
            return Err(ProblemCode::NotNow.into());
        }
        if next.held.services.len() > MOST {
            return Err(Problem::field("service", "too_many").with("max", MOST.to_string()));
        }
        Ok(next.told("care_service_wanted", by, None))
    }

    /// The person does not want it, or no more.
    ///
    /// # Errors
    /// `Invalid` for one that the playbook does not know; `NotNow` when it was declined before.
    pub fn decline(&self, rules: &CareRules, code: &str, by: &By<'_>) -> Result<Change<Written>, Problem> {
        known(rules, code)?;
        let mut next = self.next(by);
        next.change(code, by.at, |service| {
            (service.step, service.since, service.by, service.next_at) = (ServiceStep::Declined, by.at, None, None);
        })?;
        Ok(next.told("care_service_declined", by, None))
    }

    /// 安排: who gives it, and on which day next.
    ///
    /// # Errors
    /// `Invalid` for one that the playbook does not know, or a day in the past; `NotNow` when it was declined.
    pub fn arrange(
        &self,
        rules: &CareRules,
        code: &str,
        (who, on): (String, Date),
        by: &By<'_>,
    ) -> Result<Change<Written>, Problem> {
        known(rules, code)?;
        if on < due::date_of(by.at) {
            return Err(Problem::field("on", "care_from_today"));
        }
        let mut next = self.next(by);
        next.change(code, by.at, |service| {
            (service.step, service.since) = (ServiceStep::Arranged, by.at);
            (service.by, service.next_at) = (Some(who), due::end_of(on));
        })?;
        Ok(next.told("care_service_arranged", by, None))
    }

    /// It was given: when next follows from its rhythm; what is standing goes on and is not due again; anything else is done.
    ///
    /// # Errors
    /// `Invalid` for one that the playbook does not know, or a day that is not over or before the entry; `NotNow` when it was declined.
    pub fn give(&self, rules: &CareRules, code: &str, on: Date, by: &By<'_>) -> Result<Change<Written>, Problem> {
        let mut next = self.next(by);
        next.mark_given(rules, code, on, by)?;
        Ok(next.told("care_service_given", by, None))
    }

    /// Notes in `self` that a service was given.
    ///
    /// # Errors
    /// As [`Entry::give`].
    pub(super) fn mark_given(&mut self, rules: &CareRules, code: &str, on: Date, by: &By<'_>) -> Result<(), Problem> {
        let known = known(rules, code)?;
        if on > due::date_of(by.at) || on < due::date_of(self.created_at) {
            return Err(Problem::field("on", "care_day"));
        }
        let given = due::end_of(on).unwrap_or(by.at);
        self.change(code, by.at, |service| {
            // One that is noted late does not take the place of a later one.
            if service.last_at.is_some_and(|last| last > given) {
                return;
            }
            let last = given;
            service.last_at = Some(last);
            service.next_at = known.every_days.map(|days| last.plus_ms(i64::from(days) * DAY_MS));
            let goes_on = known.standing || service.next_at.is_some();
            service.step = if goes_on { ServiceStep::Arranged } else { ServiceStep::Done };
            service.since = by.at;
        })
    }

    /// Changes one service in its place, or begins with it; what was declined stays so until it is wanted.
    fn change(&mut self, code: &str, at: Timestamp, change: impl FnOnce(&mut Service)) -> Result<(), Problem> {
        let services = &mut self.held.services;
        let is_full = services.len() >= MOST;
        match services.iter_mut().find(|service| service.code == code) {
            Some(service) if service.step == ServiceStep::Declined => return Err(ProblemCode::NotNow.into()),
            Some(service) => change(service),
            None if is_full => {
                return Err(Problem::field("service", "too_many").with("max", MOST.to_string()));
            }
            None => {
                let mut service = Service::new(code, at);
                change(&mut service);
                services.push(service);
            }
        }
        Ok(())
    }
}

fn known<'a>(rules: &'a CareRules, code: &str) -> Result<&'a CareService, Problem> {
    rules.service(code).ok_or_else(|| Problem::field("service", "unknown"))
}
