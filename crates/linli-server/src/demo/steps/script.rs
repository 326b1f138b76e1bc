//! By a script: what becomes of an arranged case beyond one handler.

use linli_civic::cases::Seat;
use linli_kernel::Action;
use serde_json::Value;

use super::super::duty::local;
use super::super::tale::Running;
use super::super::texts::Line;
use super::{DAY_MS, MINUTE_MS, Next, Step};

impl Next<'_> {
    /// The next line of the case's script.
    pub(super) fn line(&self, running: &mut Running) -> Option<Step> {
        let script = self.stage.texts.scripts.get(running.fate.then.as_deref()?)?;
        let line = script.get(running.n_lines)?;
        running.n_lines += 1;
        let who = self.speaker(line, running)?;
        let at = self.now.plus_ms(line.after * MINUTE_MS);
        let mut fields = line.fields.clone();
        fields.values_mut().for_each(|value| self.put_names(value));
        fields.extend(line.text.clone().map(|text| ("text".to_owned(), Value::from(text))));
        fields.extend(line.stars.map(|stars| ("stars".to_owned(), Value::from(stars))));
        let task = line.task.and_then(|verb| Some((line.of.clone().or_else(|| line.unit.clone())?, verb)));
        let verb = line.verb.unwrap_or(Action::Comment);
        Some(Step { at, verb, who: Some(who), fields, scene: None, task })
    }

    fn speaker(&self, line: &Line, running: &mut Running) -> Option<usize> {
        if let Some(name) = &line.who {
            return self.stage.cast.by_name(name);
        }
        let code = line.unit.clone()?;
        let area = self.case.area.at(self.app.playbooks.current().unit(&code)?.level);
        self.stage.cast.taker(&Seat { area, unit: Some(code) }, &mut running.chance)
    }

    /// Accounts for names, days for distances.
    fn put_names(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(name) = text.strip_prefix('@') {
                    let person = self.stage.cast.by_name(name).and_then(|who| self.stage.cast.get(who));
                    *text = person.map(|person| person.caller.account.to_string()).unwrap_or_default();
                } else if let Some(days) = days_ahead(text) {
                    *text = local(self.now.plus_ms(days * DAY_MS)).date().to_string();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.put_names(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.put_names(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn days_ahead(text: &str) -> Option<i64> {
    text.strip_prefix('+')?.strip_suffix('d')?.parse().ok()
}
