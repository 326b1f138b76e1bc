//! One order comes in: a new case, or news of the one that its number made before. One transaction, with its outcome.

use std::sync::Arc;

use linli_db::{StoreError, Tx};
use linli_kernel::{Action, CaseId, Channel, ImportId, ProblemCode, Timestamp};
use serde_json::{Map, Value, json};

use super::import_store::{self, Outcome, RowOutcome};
use super::order::{Limit, Order, RowFault};
use super::partner::Hotline;
use super::plan::Placed;
use super::store::{self, Kept};
use crate::app::App;
use crate::cases::command::{Command, Who, run_in};
use crate::cases::report::{self, ReportCase, Sender};
use crate::cases::store::Named;
use crate::cases::{Why, store as cases};
use crate::http::{Answer, Refused};
use crate::say::Lang;

/// Most characters of an address that a case keeps.
const MAX_ADDRESS: usize = 200;
/// Most characters of a comment, and of why a case was closed.
const MAX_COMMENT: usize = 2_000;
const MAX_CLOSING: usize = 500;

/// The row of an import that an order stands in.
#[derive(Clone, Copy, Debug)]
pub struct RowOf {
    /// The import.
    pub import: ImportId,
    /// Which sheet.
    pub sheet: u32,
    /// Which row.
    pub n: u32,
}

/// What came of an order.
#[derive(Clone, Debug)]
pub struct Landed {
    /// What.
    pub outcome: Outcome,
    /// The case.
    pub case: Option<CaseId>,
    /// What the hotline sent that the case could not take any more: it stands on the order.
    pub is_noted: bool,
}

/// Brings one order in. The same order again changes nothing.
///
/// # Errors
/// What a report is refused for; the database's.
pub async fn land(
    app: &App,
    hotline: &Hotline,
    placed: Arc<Placed>,
    row: Option<RowOf>,
    is_known: bool,
) -> Answer<Landed> {
    let ready = if is_known { None } else { Some(prepare(app, hotline, &placed).await?) };
    let (app, hotline, now) = (app.clone(), hotline.clone(), app.now());
    let db = app.db.clone();
    let landed = db.write(move |tx| {
        if let Some(row) = row
            && import_store::has_outcome(tx, row.import, row.sheet, row.n)?
        {
            // Done before the server was killed.
            return Ok(Landed { outcome: Outcome::Same, case: None, is_noted: true });
        }
        let landing = Landing { app: &app, hotline: &hotline, order: &placed.order, now };
        let landed = match store::order_for_change(tx, &hotline.id, &placed.order.no)? {
            Some(kept) => landing.news(tx, kept)?,
            None => {
                let ready = ready.as_ref().ok_or(StoreError::Retry)?;
                landing.enter(tx, ready)?
            }
        };
        if let Some(row) = row {
            let outcome = RowOutcome {
                sheet: row.sheet,
                n: row.n,
                outcome: landed.outcome,
                order_no: Some(placed.order.no.clone()),
                case: landed.case,
                faults: Vec::new(),
            };
            outcome.record(tx, row.import)?;
        }
        Ok::<_, Refused>(landed)
    });
    landed.await
}

async fn prepare(app: &App, hotline: &Hotline, placed: &Placed) -> Answer<report::Ready> {
    let order = &placed.order;
    let address: String = order.place.address().chars().take(MAX_ADDRESS).collect();
    let body = ReportCase {
        text: order.matter(),
        area_code: Some(placed.area.to_string()),
        address: Some(address),
        category: placed.category.clone(),
        phone: order.phone.as_ref().map(|phone| phone.reveal().to_owned()),
        name: order.name.as_ref().map(|name| name.reveal().to_owned()),
        channel: Some(Channel::Hotline),
        ..ReportCase::default()
    };
    let sender = Sender::Partner { id: hotline.id.clone(), name: hotline.name.clone(), channel: Channel::Hotline };
    let mut ready = report::prepare(app, body, sender).await?;
    ready.draft.found_by =
        vec![Why::new("address_match", &[("area", placed.area.to_string()), ("word", app.areas().name(&placed.area))])];
    Ok(ready)
}

struct Landing<'a> {
    app: &'a App,
    hotline: &'a Hotline,
    order: &'a Order,
    now: Timestamp,
}

impl Landing<'_> {
    fn enter(&self, tx: &mut Tx<'_>, ready: &report::Ready) -> Answer<Landed> {
        report::enter(self.app, tx, ready, None)?;
        let case = ready.draft.id;
        let kept = Kept::of(self.order, &self.hotline.id, case, self.limit_at(), self.now);
        if !kept.insert(tx)? {
            // The same number came by another way at this moment: look again.
            return Err(StoreError::Retry.into());
        }
        if self.order.is_finished() {
            let values = [
                ("when", self.order.finished_at.map(crate::sheets::when::written).unwrap_or_default()),
                ("reply", self.order.reply.clone()),
            ];
            let text = say("closed_there", &values, MAX_CLOSING);
            act(self.app, tx, self.hotline, case, Action::Close, json!({ "text": text }))?;
        }
        Ok(Landed { outcome: Outcome::New, case: Some(case), is_noted: true })
    }

    /// The number is known: what is new goes to its case.
    fn news(&self, tx: &mut Tx<'_>, before: Kept) -> Answer<Landed> {
        let digest = self.order.digest();
        if before.digest == digest {
            return Ok(Landed { outcome: Outcome::Same, case: Some(before.case), is_noted: true });
        }
        let mut after = Kept::of(self.order, &self.hotline.id, before.case, self.limit_at(), self.now);
        after.direction = before.direction;
        after.received_at = before.received_at;
        if matches!(before.state.as_str(), "withdrawn" | "returned") {
            after.state.clone_from(&before.state);
        }
        after.update(tx)?;
        let mut is_noted = true;
        if let Some(text) = self.told(&before, &after) {
            is_noted = note(self.app, tx, self.hotline, before.case, &text)?;
        }
        if let Some((solved, satisfied)) =
            after.follow_up.verdict().filter(|verdict| before.follow_up.verdict() != Some(*verdict))
        {
            rate(self.app, tx, self.hotline, before.case, solved, satisfied)?;
        }
        Ok(Landed { outcome: Outcome::Updated, case: Some(before.case), is_noted })
    }

    fn limit_at(&self) -> Option<Timestamp> {
        match self.order.limit? {
            Limit::At(at) => Some(at),
            Limit::Within(amount) => {
                let from = self.order.said_at.unwrap_or(self.now);
                Some(self.app.calendar.add(from, amount, &self.app.playbooks.current().working_hours).at)
            }
        }
    }

    /// What is new, for the people who work on the case.
    fn told(&self, before: &Kept, after: &Kept) -> Option<String> {
        let mut lines = Vec::new();
        if before.matter_digest != after.matter_digest {
            lines.push(say("matter_now", &[("text", self.order.matter())], MAX_COMMENT));
        }
        let mut changed = |key: &str, was: &Option<String>, now: &Option<String>| {
            if let Some(value) = now.as_ref().filter(|_| was != now) {
                lines.push(say(key, &[("value", value.clone())], MAX_COMMENT));
            }
        };
        changed("urgency_now", &before.urgency, &after.urgency);
        changed("limit_now", &before.limit_said, &after.limit_said);
        changed("outcome_now", &before.outcome, &after.outcome);
        changed("reply_now", &before.reply, &after.reply);
        let head = Lang::ZhCn.say("hotline.changed", &[("name", &self.hotline.name)]);
        (!lines.is_empty()).then(|| format!("{head}\n{}", lines.join("\n")).chars().take(MAX_COMMENT).collect())
    }
}

fn say(key: &str, values: &[(&str, String)], max: usize) -> String {
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Lang::ZhCn.say(&format!("hotline.{key}"), &values).chars().take(max).collect()
}

/// Takes an action for the caller whose order it is, on the case as it stands; `false` when its flow does not allow it now.
///
/// # Errors
/// The database's.
pub fn act(app: &App, tx: &mut Tx<'_>, hotline: &Hotline, case: CaseId, verb: Action, fields: Value) -> Answer<bool> {
    let named = Named::Id(case);
    let Some(found) = cases::load_for_change(tx, &named)? else { return Err(ProblemCode::NotFound.into()) };
    let fields: Map<String, Value> = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let who = Who::Partner { id: hotline.id.clone(), name: hotline.name.clone() };
    let command = Command { named, verb, version: found.version, fields, key: None, who };
    match run_in(app, tx, &command) {
        Ok(()) => Ok(true),
        Err(Refused::Problem(problem)) => {
            tracing::info!(%case, verb = verb.as_str(), code = problem.code.as_str(), "what a hotline sent does not fit the case now");
            Ok(false)
        }
        Err(store) => Err(store),
    }
}

/// Puts a text of the hotline's into the case's history: as what the caller adds, or as the answer that is waited for.
///
/// # Errors
/// The database's.
pub fn note(app: &App, tx: &mut Tx<'_>, hotline: &Hotline, case: CaseId, text: &str) -> Answer<bool> {
    let fields = json!({ "text": text });
    if act(app, tx, hotline, case, Action::Comment, fields.clone())? {
        return Ok(true);
    }
    act(app, tx, hotline, case, Action::Answer, fields)
}

/// 回访结果: what the caller told the hotline of the result.
///
/// # Errors
/// The database's.
pub fn rate(
    app: &App,
    tx: &mut Tx<'_>,
    hotline: &Hotline,
    case: CaseId,
    solved: bool,
    satisfied: bool,
) -> Answer<bool> {
    // The hotline asks no stars; a flow that wants them gets the middle of what was said.
    let stars = match (solved, satisfied) {
        (true, true) => 5,
        (true, false) | (false, true) => 3,
        (false, false) => 1,
    };
    let text = Lang::ZhCn.say("hotline.follow_up", &[("name", &hotline.name)]);
    act(
        app,
        tx,
        hotline,
        case,
        Action::Rate,
        json!({ "stars": stars, "solved": solved, "satisfied": satisfied, "text": text }),
    )
}

/// Why an order was refused, as a reason that stands on the sheet.
#[must_use]
pub fn fault_of(refused: &Refused) -> Option<RowFault> {
    match refused {
        Refused::Problem(problem) => {
            let fields: Vec<&str> = problem.errors.iter().map(|error| error.field.as_str()).collect();
            Some(RowFault::new("refused", &[("code", problem.code.as_str()), ("fields", &fields.join("、"))]))
        }
        Refused::Store(_) => None,
    }
}
