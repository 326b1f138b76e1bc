//! The rows of a workbook of what was done in a time: visits and hazards, as their records tell of them, the first first.

use std::collections::{BTreeSet, HashMap, HashSet};

use linli_access::{Act, Caller, scope};
use linli_db::{Conn, StoreError};
use linli_kernel::calendar::beijing_date;
use linli_kernel::{AccountId, AreaCode, CaseId, CaseKind, Problem, ProblemCode, RecordId, Timestamp};

use super::model::Form;
use super::rows::{Filled, MOST, begun};
use crate::app::App;
use crate::http::Answer;
use crate::inspections::store::{self as inspections, HazardLine};
use crate::people::duty::{self, Person};
use crate::registry::Kind;
use crate::registry::ledger::{Column, Subject};
use crate::registry::{self, model::Record};
use crate::say::Lang;
use crate::sheets::template::Value;
use crate::visits::{self, Visit};

/// How rows are written.
pub struct Writer<'a> {
    /// Reads.
    pub app: &'a App,
    /// Whose reach it is: what they may not see is not in it.
    pub caller: &'a Caller,
    /// Whose words.
    pub lang: Lang,
    /// How the workbook is filled.
    pub form: &'a Form,
}

/// From and until when, the end exclusive.
pub type Period = (Timestamp, Timestamp);

impl Writer<'_> {
    /// Everything of the subject within `area` in a time.
    ///
    /// # Errors
    /// `TooLarge` where there is more than a workbook takes; the database's.
    pub fn fill(&self, conn: &mut Conn, subject: Subject, (area, period): (AreaCode, Period)) -> Answer<Filled> {
        let act = if subject == Subject::Visit { Act::ViewVisits } else { Act::ViewCase };
        let areas = scope(self.caller, act).areas_in(Some(&area));
        let rows = match subject {
            Subject::Visit => self.visits(conn, &areas, period)?,
            Subject::Hazard => self.hazards(conn, &areas, period)?,
            Subject::Record(_) => Vec::new(),
        };
        let mut filled = begun(self.form, |_| true);
        for row in rows {
            let n = row.iter().filter(|value| **value != Value::Empty).count();
            filled.n_cells = filled.n_cells.saturating_add(u32::try_from(n).unwrap_or(u32::MAX));
            filled.table.rows.push(row);
        }
        Ok(filled)
    }

    fn visits(&self, conn: &mut Conn, areas: &[AreaCode], period: Period) -> Answer<Vec<Vec<Value>>> {
        let visits = enough(visits::store::between(conn, areas, period, MOST + 1)?)?;
        let who = duty::people(conn, &self.app.vault, &visits.iter().map(|visit| visit.account).collect())?;
        let homes = self.homes(conn, &visits)?;
        let cases: Vec<CaseId> = visits.iter().filter_map(|visit| visit.case).collect();
        let numbers = visits::store::paper_numbers(conn, self.caller, &cases)?;
        let mut rows = Vec::new();
        for visit in &visits {
            let paper_no = visit.case.and_then(|case| numbers.get(&case));
            let home = visit.record.and_then(|id| homes.get(&id));
            let row = self.form.layout.columns.iter().flatten().map(|column| {
                let text = match column {
                    Column::PaperNo => paper_no.cloned(),
                    column => self.of_visit(visit, home, &who, *column),
                };
                text.filter(|text| !text.is_empty()).map_or(Value::Empty, Value::Text)
            });
            rows.push(row.collect());
        }
        Ok(rows)
    }

    /// The dwellings to which visits were.
    fn homes(&self, conn: &mut Conn, visits: &[Visit]) -> Result<HashMap<RecordId, Record>, StoreError> {
        let ids: BTreeSet<RecordId> = visits.iter().filter_map(|visit| visit.record).collect();
        let ids: Vec<RecordId> = ids.into_iter().collect();
        let homes = registry::store::load_many(conn, &self.app.vault, Kind::Dwelling, &ids)?;
        Ok(homes.into_iter().map(|home| (home.id, home)).collect())
    }

    fn of_visit(
        &self,
        visit: &Visit,
        home: Option<&Record>,
        who: &HashMap<AccountId, Person>,
        column: Column,
    ) -> Option<String> {
        let part = |key: &str| home.and_then(|home| home.values.get(key)).map(str::to_owned);
        match column {
            Column::Grid => Some(self.app.areas().name(&visit.area)),
            Column::Day => Some(beijing_date(visit.captured_at).to_string()),
            Column::Compound => part("compound"),
            Column::Building => part("building"),
            Column::Unit => part("unit"),
            Column::Room => part("room"),
            Column::Address => Some(visit.place_text.clone()),
            Column::Worker => who.get(&visit.account).map(|person| person.name.clone()),
            Column::Met => visit.met.map(|met| self.yes_or_no(met)),
            Column::Note => visit.note.clone(),
            Column::Result => Some(self.lang.word("visit_result", visit.result().as_str())),
            _ => None,
        }
    }

    fn hazards(&self, conn: &mut Conn, areas: &[AreaCode], period: Period) -> Answer<Vec<Vec<Value>>> {
        let keys: Vec<String> = scope(self.caller, Act::ViewCase).keys().map(str::to_owned).collect();
        let hazards = enough(inspections::hazards_between(conn, (areas, &keys), period, MOST + 1)?)?;
        let accounts: HashSet<AccountId> = hazards.iter().filter_map(|hazard| hazard.account).collect();
        let who = duty::people(conn, &self.app.vault, &accounts)?;
        let mut rows = Vec::new();
        for hazard in &hazards {
            let book = self.app.playbooks.find(conn, &hazard.playbook.0, &hazard.playbook.1)?;
            let stage = book.as_ref().and_then(|book| book.stage(CaseKind::Hazard, &hazard.stage));
            let stage = stage.map(|stage| stage.name.clone());
            let row = self.form.layout.columns.iter().flatten().map(|column| {
                let text = match column {
                    Column::Progress => stage.clone(),
                    column => self.of_hazard(hazard, &who, *column),
                };
                text.filter(|text| !text.is_empty()).map_or(Value::Empty, Value::Text)
            });
            rows.push(row.collect());
        }
        Ok(rows)
    }

    fn of_hazard(&self, hazard: &HazardLine, who: &HashMap<AccountId, Person>, column: Column) -> Option<String> {
        let day = |at: Timestamp| beijing_date(at).to_string();
        match column {
            Column::Grid => Some(self.app.areas().name(&hazard.area)),
            Column::Day => Some(day(hazard.found_at)),
            Column::Title => hazard.premises.clone(),
            Column::Address => hazard.address.clone(),
            Column::Note => Some(hazard.body.clone()),
            Column::Weight => Some(self.lang.word("weight", hazard.weight.as_str())),
            Column::Worker => hazard.account.and_then(|id| who.get(&id)).map(|person| person.name.clone()),
            Column::DueDay => hazard.due_at.map(day),
            Column::ClosedDay => hazard.closed_at.map(day),
            Column::PaperNo => Some(hazard.paper_no.clone()),
            _ => None,
        }
    }

    fn yes_or_no(&self, is_so: bool) -> String {
        self.lang.word("registry_word", if is_so { "is_key_yes" } else { "is_key_no" })
    }
}

/// What goes into one workbook; more than that is not cut off in silence.
fn enough<T>(found: Vec<T>) -> Answer<Vec<T>> {
    if found.len() > MOST {
        let problem = Problem::new(ProblemCode::TooLarge).with("detail_key", "too_many_rows");
        return Err(problem.with("most", MOST.to_string()).into());
    }
    Ok(found)
}
