//! What of a case, a visit, a grid goes to a phone: enough to work with no network, and no more. Never a phone number of a
//! reporter, never a name. What of the registry goes there is in [`registry`](super::registry).

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use linli_access::{Act, Caller, Decision, decide, scope};
use linli_db::{Conn, StoreError};
use linli_kernel::{Action, AreaCode, AreaLevel, CaseId, Change, Phase, Timestamp};
use linli_playbook::Playbook;

use crate::app::App;
use crate::areas;
use crate::cases::act::{Doer, Given};
use crate::cases::model::Case;
use crate::cases::public::kinds;
use crate::cases::reader::Reader;
use crate::cases::row::CaseRow;
use crate::cases::store::{self as cases, Named};
use crate::cases::surroundings::Surroundings;
use crate::duties;
use crate::http::Answer;
use crate::people::duty;
use crate::people::view::Contact;
use crate::say::Lang;
use crate::visits::Visit;
use crate::visits::view as visit_view;

use super::registry;

/// Kinds of rows, as phones know them.
pub const CASE: &str = "case";
/// 关爱走访: a visit that is due.
pub const CARE_VISIT: &str = "care_visit";
/// 走访记录
pub const VISIT: &str = "visit";
/// 底数: a dwelling, a household, premises or a firm.
pub const RECORD: &str = "record";
/// A grid with its printed codes and who answers there.
pub const AREA: &str = "area";
/// Categories and units.
pub const PLAYBOOK: &str = "playbook";
/// A form, named by its content: many cases offer the same.
pub const FORM: &str = "form";

/// What is due; named by what stands in it, so that one that changed is another row.
pub const DUTY: &str = "duty";
/// A checklist; named by what stands in it.
pub const CHECKLIST: &str = "checklist";

/// A row as it is sent.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = SyncRow)]
pub struct Upsert {
    /// `case`, `visit`, `care_visit`, `record`, `area`, `playbook`, `form`, `duty` or `checklist`.
    pub kind: &'static str,
    /// Which one.
    pub id: String,
    /// What the phone keeps of it, in place of what it had.
    pub body: Value,
}

impl Upsert {
    /// Unit: bytes, about.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.body.to_string().len() + self.id.len() + 40
    }
}

/// Who reads, and with what.
pub struct Sight<'a> {
    /// The parts of the server.
    pub app: &'a App,
    /// Who.
    pub caller: &'a Caller,
    /// In which language.
    pub lang: Lang,
    /// The present.
    pub now: Timestamp,
}

/// A case with the forms that it needs.
pub struct CaseUpsert {
    /// The case.
    pub row: Upsert,
    /// The forms by their names.
    pub forms: BTreeMap<String, Value>,
}

impl Sight<'_> {
    /// An open case that the caller sees; `None` when it is not, or not any more.
    ///
    /// # Errors
    /// The database's.
    pub fn case(&self, conn: &mut Conn, id: &str) -> Answer<Option<CaseUpsert>> {
        let Ok(id) = id.parse::<CaseId>() else { return Ok(None) };
        let Some(case) = cases::load(conn, &Named::Id(id))? else { return Ok(None) };
        let is_open = matches!(case.phase, Phase::Open | Phase::Waiting);
        if !is_open || !matches!(decide(self.caller, Act::ViewCase, &case.keys()), Decision::Allowed(_)) {
            return Ok(None);
        }
        let book = self.app.playbooks.pinned(conn, &case.playbook.0, &case.playbook.1)?;
        let areas = self.app.areas();
        let reader = Reader {
            areas: &areas,
            vault: &self.app.vault,
            lang: self.lang,
            now: self.now,
            public_url: &self.app.site.public_url,
        };
        let handler: HashSet<_> = case.handler.into_iter().collect();
        let handler = duty::people(conn, &self.app.vault, &handler)?.into_values().next().map(|person| person.name);
        let mut forms = BTreeMap::new();
        let offers = reader.offers(&case, &book, &case.standing(self.caller));
        let mut actions: Vec<Value> = offers.iter().map(|offer| with_named_form(offer, &mut forms)).collect();
        for (offer, action) in offers.iter().zip(&mut actions).filter(|(offer, _)| offer.form.is_empty()) {
            let after = self.after(conn, &case, &book, offer.verb)?;
            let then =
                after.map(|after| reader.offers(&after, &book, &after.standing(self.caller))).unwrap_or_default();
            let then = then.iter().map(|offer| with_named_form(offer, &mut forms)).collect();
            if let Some(action) = action.as_object_mut() {
                action.insert("then".to_owned(), Value::Array(then));
            }
        }
        let row = CaseRow::of(&case, &book, &reader, handler);
        let body = json!({
            "row": row, "full_text": case.body, "place_text": case.place_text, "category": case.category,
            "question": case.question, "reply": case.reply, "mine": case.handler == Some(self.caller.account), "actions": actions,
        });
        Ok(Some(CaseUpsert { row: Upsert { kind: CASE, id: case.id.to_string(), body }, forms }))
    }

    /// The case as it would stand after an action that asks nothing: whoever takes it in a cellar goes on from there. `None`
    /// when it would be refused.
    fn after(&self, conn: &mut Conn, case: &Case, book: &Arc<Playbook>, verb: Action) -> Answer<Option<Case>> {
        let Decision::Allowed(role) = decide(self.caller, Act::WorkOnCase, &case.keys()) else { return Ok(None) };
        let doer = Doer { actor: self.caller.acting_as(role), standing: case.standing(self.caller) };
        let around = Surroundings::read(self.app, conn, Arc::clone(book), &case.area, &[], self.now)?;
        let change = around.decide(self.app, self.now, |world| case.clone().act(verb, &Given::default(), &doer, world));
        Ok(change.ok().map(Change::into_state))
    }

    /// Visits as a list shows them.
    ///
    /// # Errors
    /// The database's.
    pub fn visits(&self, conn: &mut Conn, visits: Vec<Visit>) -> Result<Vec<Upsert>, StoreError> {
        let names = visit_view::names(conn, self.app, &visits)?;
        let shown = visits.into_iter().map(|visit| {
            let id = visit.id.to_string();
            let view = visit_view::row(self.app, visit, &names, self.caller, self.lang);
            Ok(Upsert { kind: VISIT, id, body: serde_json::to_value(view)? })
        });
        shown.collect()
    }

    /// The grids where the caller works, with their printed codes and who answers there, and what of the playbook a phone needs.
    ///
    /// # Errors
    /// The database's.
    pub fn ground(&self, conn: &mut Conn) -> Result<Vec<Upsert>, StoreError> {
        let mut rows = Vec::new();
        for area in self.areas() {
            rows.push(self.area(conn, &area)?);
        }
        let book = self.app.playbooks.current();
        let units: Vec<Value> = book.units.iter().map(|unit| json!({ "code": unit.code, "name": unit.name })).collect();
        let body = json!({
            "id": book.id, "version": book.version, "categories": book.categories, "kinds": kinds(&book, self.lang), "units": units, "registry": registry::forms(self),
        });
        rows.push(Upsert { kind: PLAYBOOK, id: "current".to_owned(), body });
        Ok(rows)
    }

    /// What is due for the caller, the nearest first, and the checklists that it needs. Premises and dwellings that are to be seen
    /// are rows of what is due, with their names.
    ///
    /// # Errors
    /// The database's.
    pub fn duties(&self, conn: &mut Conn) -> Answer<Vec<Upsert>> {
        if scope(self.caller, Act::ViewDuties).is_empty() {
            return Ok(Vec::new());
        }
        let mine = duties::view::mine(conn, self.app, self.caller, self.lang)?;
        let mut rows = Vec::new();
        for due in mine.items.into_iter().take(MOST_DUTIES) {
            rows.push(named_by_content(DUTY, serde_json::to_value(due).map_err(StoreError::from)?));
        }
        for checklist in &self.app.playbooks.current().checklists {
            rows.push(named_by_content(CHECKLIST, serde_json::to_value(checklist).map_err(StoreError::from)?));
        }
        Ok(rows)
    }

    /// The areas whose places a phone keeps: those of the caller's posts, and the grids of a community.
    #[must_use]
    pub fn areas(&self) -> Vec<AreaCode> {
        let tree = self.app.areas();
        let mut codes = Vec::new();
        for key in scope(self.caller, Act::RecordVisit).keys() {
            let Ok(area) = key.parse::<AreaCode>() else { continue };
            codes.push(area);
            if area.level() >= AreaLevel::Community {
                codes.extend(tree.children(&area).iter().copied());
            }
        }
        codes.sort();
        codes.dedup();
        codes.truncate(MOST_AREAS);
        codes
    }

    fn area(&self, conn: &mut Conn, area: &AreaCode) -> Result<Upsert, StoreError> {
        let tree = self.app.areas();
        let places: Vec<Value> = areas::store::places_of(conn, area)?
            .into_iter()
            .map(|place| json!({ "code": place.code, "name": place.name, "kind": place.kind, "point": place.point.map(areas::view::PointView::from) }))
            .collect();
        let mut on_duty = duty::on_duty(conn, &self.app.vault, &[*area], self.now)?;
        on_duty.extend(duty::beside(conn, &self.app.vault, &[*area], self.now)?);
        let people: Vec<Contact> =
            on_duty.iter().take(MOST_PEOPLE).map(|duty| Contact::of(&duty.person, duty.role, self.lang)).collect();
        let body = json!({ "area": tree.reference(area), "places": places, "people": people });
        Ok(Upsert { kind: AREA, id: area.to_string(), body })
    }
}

/// Most that is due on a phone.
const MOST_DUTIES: usize = 500;

fn named_by_content(kind: &'static str, body: Value) -> Upsert {
    let id = hex::encode(Sha256::digest(body.to_string().as_bytes())).chars().take(16).collect();
    Upsert { kind, id, body }
}

/// Most areas whose places a phone keeps.
const MOST_AREAS: usize = 100;
/// Most people of an area.
const MOST_PEOPLE: usize = 30;

/// An offer whose form is named by its content, so that it is sent once.
fn with_named_form(offer: &impl Serialize, forms: &mut BTreeMap<String, Value>) -> Value {
    let mut offer = serde_json::to_value(offer).unwrap_or_default();
    let Some(fields) = offer.as_object_mut() else { return offer };
    let Some(form) = fields.remove("form").filter(|form| form.as_array().is_some_and(|form| !form.is_empty())) else {
        return offer;
    };
    let name: String = hex::encode(Sha256::digest(form.to_string().as_bytes())).chars().take(16).collect();
    fields.insert("form".to_owned(), name.clone().into());
    forms.insert(name, form);
    offer
}
