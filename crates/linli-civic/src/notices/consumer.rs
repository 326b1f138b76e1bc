//! Reads the feed and tells whom the rules mean.

use linli_db::{StoreError, Tx, feed};
use serde_json::{Value, json};

use super::model::{Notice, Recipient};
use super::recipients::{self, Told};
use super::send::{self, Manner};
use super::words::{Words, is_meant};
use crate::app::App;
use crate::cases::model::Seat;
use crate::cases::store::{self as cases, Named};
use crate::delivery::consume::Consumer;

/// The consumer of the feed that makes notices.
pub struct Notifier;

impl Consumer for Notifier {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn take(&self, app: &App, tx: &mut Tx<'_>, event: &feed::Event) -> Result<(), StoreError> {
        if event.stream_kind != "case" {
            return Ok(());
        }
        let mut payload: Value = serde_json::from_str(&event.payload).unwrap_or_default();
        let book = app.playbooks.current();
        let meant: Vec<_> = book.notices.rules.iter().filter(|rule| rule.on.contains(&event.kind)).collect();
        if meant.is_empty() {
            return Ok(());
        }
        let Ok(id) = event.stream_id.parse() else { return Ok(()) };
        let Some(case) = cases::load(tx, &Named::Id(id))? else { return Ok(()) };
        // The seat of that moment: by now the case may stand elsewhere.
        let seat: Option<Seat> = payload.get("seat").and_then(|seat| serde_json::from_value(seat.clone()).ok());
        let seat = seat.unwrap_or_else(|| case.seat.clone());
        // What the event does not say of itself, the case does.
        if let Some(said) = payload.as_object_mut() {
            said.entry("weight").or_insert_with(|| json!(case.weight));
            said.entry("category").or_insert_with(|| json!(case.category));
            said.entry("level").or_insert_with(|| json!(seat.level()));
        }
        let now = app.now();
        let words = Words::of(app, &case, &seat, &book, &payload, now);
        let by = event.actor_id.as_deref().and_then(|id| id.parse().ok());
        let told = Told { case: &case, seat: &seat, payload: &payload, by, now };
        for rule in meant.into_iter().filter(|rule| is_meant(rule, &payload)) {
            let (title, said) = words.say(rule);
            for to in recipients::of_rule(app, tx, rule, &told)? {
                // A resident who acts by the case's code knows what they did.
                if to == Recipient::Reporter && event.actor_kind == "reporter" {
                    continue;
                }
                let notice = Notice {
                    case: Some(case.id),
                    rule: rule.id.clone(),
                    event: event.kind.clone(),
                    dedup: format!("{} {} {} {}", event.stream_id, event.n, rule.id, to.key()),
                    to,
                    title: title.clone(),
                    said: said.clone(),
                };
                send::tell(app, tx, &notice, &Manner::from(rule), Some(&case), &book.notices)?;
            }
        }
        Ok(())
    }
}
