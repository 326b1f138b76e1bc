//! What a row comes to: which records it means, and what is to be entered or changed. Reads and writes nothing.

use linli_access::Vault;
use linli_db::Conn;
use linli_kernel::{AreaCode, IdSource, RecordId, Timestamp};

use super::reading::{RowFault, Said};
use super::store::RowOutcome;
use crate::areas::tree::AreaTree;
use crate::http::Answer;
use crate::registry::fields::Kind;
use crate::registry::merge::{Edits, Values};
use crate::registry::model::{Left, Record, State};
use crate::registry::{store, twins};

/// One thing to be done.
#[derive(Clone, Debug)]
pub enum Step {
    /// A new record.
    Enter(Box<Record>),
    /// New values of a known one.
    Change(Box<Record>, Values),
    /// Whoever it is left.
    Leave(Box<Record>, Left),
}

/// What a row comes to.
#[derive(Clone, Debug)]
pub struct Planned {
    /// In one word.
    pub outcome: RowOutcome,
    /// What is done, in order: what is referred to comes first.
    pub steps: Vec<Step>,
    /// Why not.
    pub faults: Vec<RowFault>,
    /// The fields of a known record that would change.
    pub changes: Vec<&'static str>,
}

impl Planned {
    fn not(outcome: RowOutcome, fault: RowFault) -> Self {
        Self { outcome, steps: Vec::new(), faults: vec![fault], changes: Vec::new() }
    }
}

/// Everything by which rows are planned.
pub struct Planner<'a> {
    /// Opens and indexes.
    pub vault: &'a Vault,
    /// Makes ids.
    pub ids: &'a IdSource,
    /// The areas.
    pub tree: &'a AreaTree,
    /// Of what.
    pub kind: Kind,
    /// Where its records may lie.
    pub area: AreaCode,
    /// The present.
    pub now: Timestamp,
}

impl Planner<'_> {
    /// Plans a row.
    ///
    /// # Errors
    /// The database's.
    pub fn plan(&self, conn: &mut Conn, said: &Said) -> Answer<Planned> {
        match self.kind {
            Kind::Resident => self.resident(conn, said),
            Kind::Household => Ok(Planned::not(RowOutcome::Bad, RowFault::of("not_an_option", ""))),
            Kind::Dwelling | Kind::Premises | Kind::Firm | Kind::Facility => self.thing(conn, said),
        }
    }

    fn thing(&self, conn: &mut Conn, said: &Said) -> Answer<Planned> {
        let fresh = self.fresh(self.kind, said.grid, &said.edits);
        let known = match said.edits.get("unified_code").cloned().flatten() {
            Some(code) => self.by(conn, "unified_code", &code)?,
            None => None,
        };
        let known = match known {
            Some(known) => Some(known),
            None => self.same_place(conn, &fresh)?,
        };
        let Some(known) = known else { return Ok(self.entered(vec![Step::Enter(Box::new(fresh))])) };
        if known.area != said.grid {
            return Ok(self.elsewhere(&known));
        }
        Ok(self.changed(Vec::new(), known, &said.edits))
    }

    /// The record with the same words in the same grid; shops of one name at two addresses are two.
    fn same_place(&self, conn: &mut Conn, fresh: &Record) -> Answer<Option<Record>> {
        let same = store::same_label(conn, self.vault, fresh.kind, &fresh.area, &fresh.label())?;
        Ok(same.into_iter().find(|known| twins::is_same(known, fresh)))
    }

    fn by(&self, conn: &mut Conn, key: &str, value: &str) -> Answer<Option<Record>> {
        let Some(field) = self.kind.field(key) else { return Ok(None) };
        Ok(store::same_value(conn, self.vault, self.kind, field, (value, &self.area))?.into_iter().next())
    }

    fn resident(&self, conn: &mut Conn, said: &Said) -> Answer<Planned> {
        let by_number = match said.edits.get("id_number").cloned().flatten() {
            Some(number) => self.by(conn, "id_number", &number)?,
            None => None,
        };
        if let Some(known) = by_number.as_ref().filter(|known| known.area != said.grid) {
            return Ok(self.elsewhere(known));
        }
        let mut steps = Vec::new();
        let dwelling = self.dwelling(conn, said, &mut steps)?;
        let household = self.household(conn, said, &dwelling, &mut steps)?;
        let known = match by_number {
            Some(known) => Some(known),
            None => self.same_name(conn, said, household.id)?,
        };
        if let Some(reason) = said.left {
            return Ok(match known {
                Some(known) => Planned {
                    outcome: RowOutcome::Changed,
                    steps: vec![Step::Leave(Box::new(known), reason)],
                    faults: Vec::new(),
                    changes: Vec::new(),
                },
                None => Planned::not(RowOutcome::Skipped, RowFault::of("left_unknown", "")),
            });
        }
        let mut edits = said.edits.clone();
        edits.insert("household_id", Some(household.id.to_string()));
        match known {
            Some(known) => Ok(self.changed(steps, known, &edits)),
            None => {
                let mut fresh = self.fresh(Kind::Resident, said.grid, &edits);
                fresh.sort_key.clone_from(&dwelling.sort_key);
                steps.push(Step::Enter(Box::new(fresh)));
                Ok(self.entered(steps))
            }
        }
    }

    fn dwelling(&self, conn: &mut Conn, said: &Said, steps: &mut Vec<Step>) -> Answer<Record> {
        let mut fresh = self.fresh(Kind::Dwelling, said.grid, &said.dwelling);
        let same = store::same_label(conn, self.vault, Kind::Dwelling, &said.grid, &fresh.label())?;
        let Some(known) = same.into_iter().next() else {
            fresh.sort_key = crate::registry::model::natural(&fresh.label());
            steps.push(Step::Enter(Box::new(fresh.clone())));
            return Ok(fresh);
        };
        let values = known.values.with(&said.dwelling);
        if values != known.values {
            steps.push(Step::Change(Box::new(known.clone()), values));
        }
        Ok(known)
    }

    fn household(&self, conn: &mut Conn, said: &Said, dwelling: &Record, steps: &mut Vec<Step>) -> Answer<Record> {
        let field = Kind::Household.field("dwelling_id");
        let within = (dwelling.id.to_string(), said.grid);
        let inside = match field {
            Some(field) => store::same_value(conn, self.vault, Kind::Household, field, (&within.0, &within.1))?,
            None => Vec::new(),
        };
        let number = |record: &Record| record.values.get("household_no").map(str::to_owned);
        let known = inside.into_iter().find(|record| {
            said.household_no.is_none() || number(record).is_none() || number(record) == said.household_no
        });
        if let Some(known) = known {
            let edits = Edits::from_iter(said.household_no.clone().map(|number| ("household_no", Some(number))));
            let values = known.values.with(&edits);
            if values != known.values {
                steps.push(Step::Change(Box::new(known.clone()), values));
            }
            return Ok(known);
        }
        let mut edits = Edits::from([("dwelling_id", Some(dwelling.id.to_string()))]);
        edits.insert("household_no", said.household_no.clone());
        let mut fresh = self.fresh(Kind::Household, said.grid, &edits);
        fresh.sort_key.clone_from(&dwelling.sort_key);
        steps.push(Step::Enter(Box::new(fresh.clone())));
        Ok(fresh)
    }

    /// The resident of this name in the household; a name alone is looked for nowhere else.
    fn same_name(&self, conn: &mut Conn, said: &Said, household: RecordId) -> Answer<Option<Record>> {
        let (Some(field), Some(name)) =
            (Kind::Resident.field("household_id"), said.edits.get("name").cloned().flatten())
        else {
            return Ok(None);
        };
        let household = household.to_string();
        let inside = store::same_value(conn, self.vault, Kind::Resident, field, (&household, &said.grid))?;
        let number = said.edits.get("id_number").cloned().flatten();
        Ok(inside.into_iter().find(|record| {
            // Two of one name in one household who have different numbers are two people.
            let is_other = number.is_some() && record.values.get("id_number").is_some();
            record.values.get("name") == Some(name.as_str()) && !is_other
        }))
    }

    fn fresh(&self, kind: Kind, area: AreaCode, edits: &Edits) -> Record {
        Record {
            id: RecordId::new(self.ids.uuid(self.now)),
            kind,
            area,
            values: Values::default().with(edits),
            state: State::Active,
            version: 0,
            sort_key: String::new(),
            created_at: self.now,
            changed_at: self.now,
            confirmed_at: None,
        }
    }

    fn entered(&self, steps: Vec<Step>) -> Planned {
        Planned { outcome: RowOutcome::New, steps, faults: Vec::new(), changes: Vec::new() }
    }

    fn changed(&self, mut steps: Vec<Step>, known: Record, edits: &Edits) -> Planned {
        let values = known.values.with(edits);
        let changes: Vec<&'static str> = values.differs_from(&known.values).into_iter().collect();
        if !changes.is_empty() {
            steps.push(Step::Change(Box::new(known), values));
        }
        let outcome = if steps.is_empty() { RowOutcome::Same } else { RowOutcome::Changed };
        Planned { outcome, steps, faults: Vec::new(), changes }
    }

    fn elsewhere(&self, known: &Record) -> Planned {
        let fault = RowFault { area: self.tree.full_name(&known.area), ..RowFault::of("elsewhere", "") };
        Planned::not(RowOutcome::Bad, fault)
    }
}
