//! The check by another, and the resident's word.

use linli_kernel::{Action, Channel, DeadlineKind, Role, Timestamp};
use serde_json::{Map, json};

use super::super::chance::{Draw, minutes};
use super::super::duty::awake;
use super::super::tale::Running;
use super::{MINUTE_MS, Next, Step};

impl Next<'_> {
    pub(super) fn to_check(&self, running: &mut Running) -> Option<Step> {
        let who = self.stage.cast.checker(self.case, &mut running.chance)?;
        let hours = running.chance.mostly_low(self.stage.texts.mix.pace.verify_hours);
        let due = self.due(DeadlineKind::Verify);
        let at = match due.filter(|_| std::mem::take(&mut running.fate.checked_late)) {
            Some(due) => {
                let late = due.plus_ms(minutes(running.chance.between([40.0, 600.0])));
                self.on_duty(running, who, late)
            }
            None => {
                let open = self.shift(who).next(&self.app.calendar, self.now);
                let at = self.on_duty(running, who, open.plus_ms(minutes(60.0 * hours)));
                self.in_time(running, at, due)
            }
        };
        let ends = &self.stage.texts.ends;
        if std::mem::take(&mut running.fate.rejected) {
            let reason = self.say(running, &ends.reject, at);
            let fields = Map::from_iter([("reason".to_owned(), json!(reason))]);
            return Some(Step::plain(at, Action::Reject, Some(who), fields));
        }
        let mut fields = Map::new();
        if running.chance.hits(0.75) {
            let is_on_site = self.stage.cast.get(who).is_some_and(|person| person.role != Role::HotlineClerk);
            let text = if is_on_site { self.say(running, &ends.verify, at) } else { self.said_by_phone(running, at) };
            fields.insert("text".to_owned(), json!(text));
        }
        Some(Step::plain(at, Action::Verify, Some(who), fields))
    }

    /// The hotline checks by telephone.
    fn said_by_phone(&self, running: &mut Running, at: Timestamp) -> String {
        let pool = &self.stage.texts.ends.verify;
        let lists: Vec<&String> = ["any", "consult"].iter().filter_map(|key| pool.get(*key)).flatten().collect();
        let template = running.chance.pick(&lists).map(|text| (*text).clone()).unwrap_or_default();
        self.fill(running, &template, at)
    }

    /// 回访: the hotline calls those who were drawn, unless they say by themselves how it was.
    pub(super) fn to_follow_up(&self, running: &mut Running) -> Option<Step> {
        let due = self.case.follow_up_due()?;
        if running.fate.rated.is_some() {
            return None;
        }
        let who = self.stage.cast.registrar(&self.case.area, Channel::Hotline, &mut running.chance)?;
        let wait = minutes(60.0 * running.chance.between([6.0, 66.0]));
        let at = self.on_duty(running, who, self.now.plus_ms(wait));
        let at = self.in_time(running, at, Some(due));
        let mix = &self.stage.texts.mix.follow_up;
        let reached = running.chance.hits(mix.reached);
        let satisfied = reached && running.chance.hits(mix.satisfied);
        let solved = satisfied || (reached && running.chance.hits(mix.solved_all_the_same));
        let words = &self.stage.texts.ends.follow_up;
        let pool = if !reached {
            &words.unreached
        } else if satisfied {
            &words.good
        } else {
            &words.bad
        };
        let text = self.say(running, pool, at);
        let fields = Map::from_iter([
            ("reached".to_owned(), json!(reached)),
            ("solved".to_owned(), json!(solved)),
            ("satisfied".to_owned(), json!(satisfied)),
            ("text".to_owned(), json!(text)),
        ]);
        Some(Step::plain(at, Action::FollowUp, Some(who), fields))
    }

    pub(super) fn to_rate(&self, running: &mut Running) -> Option<Step> {
        let satisfied = running.fate.rated?;
        // The second time it is nearly always settled.
        running.fate.rated = running.chance.hits(0.8).then_some(true);
        let texts = &self.stage.texts;
        let hours = running.chance.mostly_low(texts.mix.pace.rate_hours);
        let at = awake(self.now.plus_ms(minutes(60.0 * hours)), 25 * MINUTE_MS);
        let weights = if satisfied { &texts.mix.stars.satisfied } else { &texts.mix.stars.unsatisfied };
        let stars = running.chance.weighted(weights.iter().copied()) + 1;
        let solved = satisfied || running.chance.hits(0.4);
        let mut fields = Map::from_iter([
            ("stars".to_owned(), json!(stars)),
            ("solved".to_owned(), json!(solved)),
            ("satisfied".to_owned(), json!(satisfied)),
        ]);
        if !satisfied || running.chance.hits(0.55) {
            let pool = match (satisfied, solved) {
                (true, _) => &texts.ends.satisfied,
                (false, true) => &texts.ends.unsatisfied.poor,
                (false, false) => &texts.ends.unsatisfied.unsolved,
            };
            let text = self.say(running, pool, at);
            fields.insert("text".to_owned(), json!(text));
        }
        Some(Step::plain(at, Action::Rate, None, fields))
    }
}
