//! In somebody's hands: notes, questions, the reply.

use linli_kernel::{Action, DeadlineKind, Timestamp};
use serde_json::{Map, Value, json};

use super::super::chance::{Draw, minutes};
use super::super::duty::awake;
use super::super::photos::Scene;
use super::super::tale::Running;
use super::super::texts::Question;
use super::super::words::fitting;
use super::{DAY_MS, HOUR_MS, MINUTE_MS, Next, Step, Todo, whole_minutes};

impl Next<'_> {
    pub(super) fn in_hand(&mut self, running: &mut Running) -> Option<Step> {
        let who = self.stage.cast.handler(self.case)?;
        let due = self.due(DeadlineKind::Handle);
        if running.todo.is_empty() {
            self.make_up_ones_mind(running, due);
        }
        if running.todo.is_empty() {
            return None;
        }
        let (at, todo) = running.todo.remove(0);
        let at = at.max(self.now.plus_ms(minutes(running.chance.between([2.0, 9.0]))));
        let at = match todo {
            Todo::ResidentNote => awake(at, 20 * MINUTE_MS),
            _ => self.on_duty(running, who, at),
        };
        let at = if running.fate.overdue { at } else { self.in_time(running, at, due) };
        match todo {
            Todo::Note(when) => Some(self.note(running, at, who, when)),
            Todo::ResidentNote => {
                let text = self.say(running, &self.stage.texts.talk.resident_comments, at);
                let fields = Map::from_iter([("text".to_owned(), json!(text))]);
                Some(Step::plain(at, Action::Comment, None, fields))
            }
            Todo::Ask => self.ask(running, at, who).or_else(|| Some(self.note(running, at, who, "working"))),
            Todo::HandOn => self.hand_on(running, at, who).or_else(|| Some(self.note(running, at, who, "working"))),
            Todo::Escalate => self.escalate(running, at, who).or_else(|| Some(self.note(running, at, who, "waiting"))),
            Todo::Settle => self.settle(running, at, who),
        }
    }

    /// What the handler means to do, and when.
    fn make_up_ones_mind(&self, running: &mut Running, due: Option<Timestamp>) {
        if running.fate.brisk {
            let last = if running.fate.asked { Todo::Ask } else { Todo::Settle };
            running.fate.asked = false;
            running.todo = vec![(self.now, Todo::Note("taken")), (self.now, last)];
            return;
        }
        let pace = &self.stage.texts.mix.pace;
        let due = due.unwrap_or_else(|| self.now.plus_ms(2 * DAY_MS));
        let left_ms = due.since(self.now).max(HOUR_MS);
        let share = running.chance.between(pace.settle_share);
        let end = self.now.plus_ms(minutes(share * whole_minutes(left_ms)).max(15 * MINUTE_MS));
        let span = whole_minutes(end.since(self.now));
        let mut todo: Vec<(Timestamp, Todo)> = Vec::new();
        let at = |running: &mut Running, part: [f64; 2]| self.now.plus_ms(minutes(running.chance.between(part) * span));
        let n_notes = running.fate.n_notes.saturating_sub(running.n_noted);
        if n_notes > 0 {
            let first = minutes(60.0 * running.chance.mostly_low(pace.first_note_hours));
            todo.push((self.now.plus_ms(first.min(end.since(self.now) / 2)), Todo::Note("taken")));
        }
        if std::mem::take(&mut running.fate.asked) {
            todo.push((at(running, [0.05, 0.3]), Todo::Ask));
        }
        if std::mem::take(&mut running.fate.resident_note) {
            todo.push((at(running, [0.3, 0.9]), Todo::ResidentNote));
        }
        for nth in 1..n_notes {
            let when = if nth % 2 == 0 { "waiting" } else { "working" };
            todo.push((at(running, [0.3, 0.85]), Todo::Note(when)));
        }
        let (handed_on, escalated) = (running.fate.handed_on, running.fate.escalated);
        running.fate.handed_on = false;
        running.fate.escalated = escalated && handed_on;
        todo.sort_by_key(|(at, _)| *at);
        if handed_on || escalated {
            let at = self.now.plus_ms(minutes(running.chance.between([0.15, 0.5]) * span));
            todo.retain(|(before, what)| *before < at && *what != Todo::Ask);
            todo.push((at, if handed_on { Todo::HandOn } else { Todo::Escalate }));
            // If nothing comes of it, it is settled all the same.
            todo.push((end, Todo::Settle));
        } else if running.fate.overdue {
            todo.retain(|(before, _)| *before < due);
        } else {
            if n_notes > 1 && running.chance.hits(0.6) {
                todo.push((self.now.plus_ms(minutes(0.95 * span)), Todo::Note("done_soon")));
            }
            todo.push((end, Todo::Settle));
        }
        running.todo = todo;
    }

    fn note(&self, running: &mut Running, at: Timestamp, who: usize, when: &str) -> Step {
        running.n_noted += 1;
        let own = self.stage.texts.reports.get(&self.arrival.category).map(|words| words.comments.as_slice());
        let own = own.unwrap_or_default();
        let text = if !running.own_note_made && !own.is_empty() && when != "taken" && running.chance.hits(0.6) {
            running.own_note_made = true;
            let template = running.chance.pick(own).cloned().unwrap_or_default();
            self.fill(running, &template, at)
        } else {
            self.stage.texts.talk.comments.get(when).map(|pool| self.say(running, pool, at)).unwrap_or_default()
        };
        let mut fields = Map::from_iter([("text".to_owned(), json!(text))]);
        if running.chance.hits(0.4) {
            fields.insert("public".to_owned(), json!(true));
        }
        let scene = running.chance.hits(0.08).then(|| Scene::of(&self.arrival.category, &self.arrival.parent));
        Step { at, verb: Action::Comment, who: Some(who), fields, scene, task: None }
    }

    fn questions(&self) -> Vec<&Question> {
        let texts = &self.stage.texts;
        let own = texts.reports.get(&self.arrival.category).map(|words| &words.questions);
        let mut all: Vec<&Question> = own.into_iter().flatten().collect();
        if all.is_empty() {
            let keys = ["any", "field", "works", self.arrival.parent.as_str()];
            all.extend(keys.iter().filter_map(|key| texts.talk.questions.get(*key)).flatten());
        }
        all
    }

    fn ask(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let questions = self.questions();
        let question = fitting(&questions, |question| &question.when, &self.case.body, &mut running.chance)?;
        let text = self.fill(running, &question.q, at);
        let fields = Map::from_iter([("question".to_owned(), json!(text))]);
        Some(Step::plain(at, Action::Ask, Some(who), fields))
    }

    pub(super) fn asked(&self, running: &mut Running) -> Step {
        let pace = &self.stage.texts.mix.pace;
        if running.fate.unanswered {
            let at = self.now.plus_ms(minutes(running.chance.between([60.0 * 76.0, 60.0 * 110.0])));
            if let Some(who) = self.stage.cast.handler(self.case) {
                let at = self.on_duty(running, who, at);
                let text = "电话联系上了，情况已经问清楚，接着办。";
                let fields = Map::from_iter([("text".to_owned(), json!(text))]);
                return Step::plain(at, Action::Answer, Some(who), fields);
            }
        }
        let at = self.now.plus_ms(minutes(60.0 * running.chance.mostly_low(pace.answer_hours)));
        let at = awake(at, 30 * MINUTE_MS);
        let asked = self.case.question.as_deref().unwrap_or_default();
        let questions = self.questions();
        // The question was filled in: it is found again by its beginning, which holds no slot.
        let beginning = |question: &str| question.chars().take_while(|c| *c != '{').take(8).collect::<String>();
        let question = questions.iter().find(|question| asked.starts_with(&beginning(&question.q)));
        let answer = question.and_then(|question| running.chance.pick(&question.a)).cloned();
        let text = self.fill(running, answer.as_deref().unwrap_or("情况和前面说的一样，麻烦了。"), at);
        let fields = Map::from_iter([("text".to_owned(), json!(text))]);
        Step::plain(at, Action::Answer, None, fields)
    }

    fn settle(&self, running: &mut Running, at: Timestamp, who: usize) -> Option<Step> {
        let texts = &self.stage.texts;
        let replies = &texts.reports.get(&self.arrival.category)?.replies;
        let reply = fitting(replies, |reply| &reply.when, &self.case.body, &mut running.chance)?;
        let received =
            texts.talk.received.get(self.case.channel.as_str()).or_else(|| texts.talk.received.get("web"))?;
        let received = running.chance.pick(received).cloned().unwrap_or_default();
        let parts = [
            ("received", received.as_str()),
            ("talked_to", &reply.talked_to),
            ("done", &reply.done),
            ("by_when", &reply.by_when),
        ];
        let mut parts: Map<String, Value> =
            parts.into_iter().map(|(part, text)| (part.to_owned(), json!(self.fill(running, text, at)))).collect();
        // Nobody writes the same words twice to someone who was not content with them.
        if let Some(done) = parts.get_mut("done").filter(|_| self.case.reply.is_some()) {
            let again = if self.case.n_reopened > 0 {
                "按您提的意见重新办理："
            } else {
                "核查指出的问题已补办："
            };
            *done = json!(format!("{again}{}", done.as_str().unwrap_or_default()));
        }
        let fields = Map::from_iter([("reply".to_owned(), Value::Object(parts))]);
        let scene = std::mem::take(&mut running.fate.photo_after).then_some(Scene::Done);
        Some(Step { at, verb: Action::Settle, who: Some(who), fields, scene, task: None })
    }
}
