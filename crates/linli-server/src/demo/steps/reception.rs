//! From the report to somebody who takes it: accepted, dispatched, given down, called, sent back.

use linli_civic::cases::Seat;
use linli_kernel::{Action, AreaLevel, DeadlineKind, Role, Timestamp};
use serde_json::{Map, json};

use super::super::chance::{Draw, minutes};
use super::super::duty::awake;
use super::super::tale::Running;
use super::{MINUTE_MS, Next, Step};

impl Next<'_> {
    pub(super) fn at_reception(&mut self, running: &mut Running) -> Option<Step> {
        let who = self.stage.cast.clerk(self.case, &mut running.chance)?;
        let at = self.taken_up(running, who);
        if let Some(step) = self.closed_early(running, at, who) {
            return Some(step);
        }
        if std::mem::take(&mut running.fate.up_at_reception)
            && let Some(step) = self.escalate(running, at, who)
        {
            return Some(step);
        }
        if self.case.n_sent_back > 0
            && let Some(seat) = self.another_seat()
        {
            return Some(self.dispatched(running, at, who, &seat));
        }
        let mut fields = Map::from_iter([
            ("category".to_owned(), json!(self.arrival.category)),
            ("weight".to_owned(), json!(self.arrival.weight)),
        ]);
        if running.chance.hits(0.5) {
            let said = self.say(running, &self.stage.texts.talk.accept, at);
            fields.insert("text".to_owned(), json!(said));
        }
        Some(Step::plain(at, Action::Accept, Some(who), fields))
    }

    /// After a send-back: the people of the community themselves, or of the street.
    fn another_seat(&self) -> Option<Seat> {
        let own = Seat::of(self.case.seat.area);
        let may_sit = |seat: &Seat| {
            let book = self.app.playbooks.current();
            self.stage.cast.answers(seat) && book.may_sit_at(Some(&self.arrival.category), seat.area.level())
        };
        Some(own).filter(may_sit)
    }

    fn dispatched(&self, running: &mut Running, at: Timestamp, who: usize, seat: &Seat) -> Step {
        let receiver = match (&seat.unit, seat.area.level()) {
            (Some(_), _) => "to_unit",
            (None, AreaLevel::Grid | AreaLevel::MicroGrid) => "to_grid",
            (None, AreaLevel::Community) => "to_community",
            (None, AreaLevel::Street) => "to_street",
            (None, AreaLevel::County | AreaLevel::City) => "any",
        };
        let pools = &self.stage.texts.moves.dispatch;
        let reason = match pools.get(receiver).or_else(|| pools.get("any")) {
            Some(pool) => self.say(running, pool, at),
            None => String::new(),
        };
        let fields = Map::from_iter([("seat".to_owned(), json!(seat)), ("reason".to_owned(), json!(reason))]);
        Step::plain(at, Action::Dispatch, Some(who), fields)
    }

    /// The same as another case, or nothing that anybody has to handle.
    fn closed_early(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let ends = &self.stage.texts.ends;
        let (ground, text) = if let Some(first) = self.first {
            let text = self.say(running, &ends.merge, at);
            if self.first_is_open {
                let fields = Map::from_iter([("case".to_owned(), json!(first)), ("reason".to_owned(), json!(text))]);
                return Some(Step::plain(at, Action::Merge, Some(who), fields));
            }
            running.fate.same_as = None;
            ("duplicate".to_owned(), text)
        } else {
            let ground = running.fate.closed_by.take()?;
            let text = ends.close.get(&ground).map(|pool| self.say(running, pool, at))?;
            (ground, text)
        };
        let fields = Map::from_iter([("ground".to_owned(), json!(ground)), ("text".to_owned(), json!(text))]);
        Some(Step::plain(at, Action::Close, Some(who), fields))
    }

    pub(super) fn at_the_seat(&mut self, running: &mut Running) -> Option<Step> {
        if std::mem::take(&mut running.fate.withdrawn) {
            let at = awake(self.now.plus_ms(minutes(running.chance.mostly_low([8.0, 200.0]))), 9 * MINUTE_MS);
            let text = self.say(running, &self.stage.texts.ends.withdrawn_by_reporter, at);
            let fields = Map::from_iter([("text".to_owned(), json!(text))]);
            return Some(Step::plain(at, Action::Close, None, fields));
        }
        if (self.first.is_some() || running.fate.closed_by.is_some())
            && let Some(clerk) = self.stage.cast.clerk(self.case, &mut running.chance)
        {
            let at = self.taken_up(running, clerk);
            if let Some(step) = self.closed_early(running, at, clerk) {
                return Some(step);
            }
        }
        if running.fate.unsigned && self.due(DeadlineKind::Sign).is_some() {
            return None;
        }
        if let Some(step) = self.to_unit(running).or_else(|| self.given_down(running)) {
            return Some(step);
        }
        let pinned = running.fate.hands.as_deref().and_then(|name| self.stage.cast.named(&self.case.seat, name));
        let who = pinned.or_else(|| self.stage.cast.taker(&self.case.seat, &mut running.chance))?;
        let at = self.taken_up(running, who);
        if std::mem::take(&mut running.fate.sent_back)
            && let Some(step) = self.sent_back(running, at, who)
        {
            return Some(step);
        }
        running.taken_at = Some(at);
        running.todo.clear();
        Some(Step::plain(at, Action::Take, Some(who), Map::new()))
    }

    /// The community or the street calls on a department.
    fn to_unit(&self, running: &mut Running) -> Option<Step> {
        let is_clerks =
            self.case.seat.unit.is_none() && matches!(self.case.seat.level(), AreaLevel::Community | AreaLevel::Street);
        if !is_clerks || self.case.n_reopened > 0 {
            return None;
        }
        let code = running.fate.to_unit.take()?;
        let book = self.app.playbooks.current();
        let area = self.case.area.at(book.unit(&code)?.level);
        let seat = Seat { area, unit: Some(code) };
        if !self.stage.cast.answers(&seat) {
            return None;
        }
        let clerk = self.stage.cast.clerk(self.case, &mut running.chance)?;
        let at = self.taken_up(running, clerk);
        Some(self.dispatched(running, at, clerk, &seat))
    }

    /// The community looks at it and gives it to the grid: small things don't leave the grid.
    fn given_down(&self, running: &mut Running) -> Option<Step> {
        let grid = Seat::of(self.case.area.at(AreaLevel::Grid));
        let is_here = self.case.seat.level() == AreaLevel::Community && self.case.n_reopened == 0;
        let is_new = self.case.n_sent_back == 0 && self.case.back.is_none();
        if !is_here || !is_new || grid.level() != AreaLevel::Grid || !self.stage.cast.answers(&grid) {
            return None;
        }
        if !std::mem::take(&mut running.fate.given_down) {
            return None;
        }
        let clerk = self.stage.cast.clerk(self.case, &mut running.chance)?;
        let at = self.taken_up(running, clerk);
        Some(self.dispatched(running, at, clerk, &grid))
    }

    fn sent_back(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let role = self.stage.cast.get(who)?.role;
        // Too late to send it back: then it is handled.
        let over = self.case.dossier.send_back_until.is_some_and(|until| at > until);
        if role == Role::CountyLeader || over {
            return None;
        }
        let keys = [self.arrival.category.as_str(), self.arrival.parent.as_str(), "any", "field", "works"];
        let family = self.stage.texts.mix.families.get(&self.arrival.parent).map_or("works", String::as_str);
        let fits = |key: &String| {
            keys.contains(&key.as_str())
                && (key != "works" || family == "works")
                && (key != "field" || family != "consult")
        };
        // What is a duplicate is closed as one; the story has its own way for that.
        let items: Vec<_> = self
            .stage
            .texts
            .moves
            .send_back
            .items
            .iter()
            .filter(|item| item.ground != "duplicate" && item.fits.iter().any(fits))
            .collect();
        let item = *running.chance.pick(&items)?;
        let text = self.fill(running, &item.text, at);
        let fields = Map::from_iter([("ground".to_owned(), json!(item.ground)), ("text".to_owned(), json!(text))]);
        Some(Step::plain(at, Action::SendBack, Some(who), fields))
    }
}
