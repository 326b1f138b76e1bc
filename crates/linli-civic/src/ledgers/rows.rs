//! The rows of a filled workbook, from the registry.

use std::collections::HashMap;

use linli_access::Vault;
use linli_db::Conn;
use linli_kernel::{AreaCode, Cursor, Problem, ProblemCode, RecordId};

use super::model::{Form, is_sealed};
use crate::areas::tree::AreaTree;
use crate::http::Answer;
use crate::registry::fields::Kind;
use crate::registry::ledger::Column;
use crate::registry::list::{self, Ask};
use crate::registry::model::Record;
use crate::registry::view::in_words;
use crate::say::Lang;
use crate::sheets::template::{Table, Value};

/// More than this in one workbook serves nobody: a narrower area is asked for. Unit: rows.
pub(super) const MOST: usize = 20_000;

/// A workbook's table, and the records whose sealed fields are in it.
pub struct Filled {
    /// What is written.
    pub table: Table,
    /// Cells that hold something.
    pub n_cells: u32,
    /// Each record with a sealed field in its row, and that field's name.
    pub looked_at: Vec<(RecordId, &'static str)>,
}

/// How rows are written.
pub struct Writer<'a> {
    /// Opens what is sealed.
    pub vault: &'a Vault,
    /// The names of areas.
    pub tree: &'a AreaTree,
    /// Whose words.
    pub lang: Lang,
    /// How the workbook is filled.
    pub form: &'a Form,
    /// Of which records.
    pub kind: Kind,
    /// Whether what is sealed goes in.
    pub with_sealed: bool,
}

/// What people's rows take from the household and the dwelling.
#[derive(Default)]
struct Homes {
    households: HashMap<String, Record>,
    dwellings: HashMap<String, Record>,
}

impl Writer<'_> {
    /// Everything of the kind within `area`.
    ///
    /// # Errors
    /// `TooLarge` where there is more than a workbook takes: nothing is left out in silence; the database's.
    pub fn fill(&self, conn: &mut Conn, area: AreaCode) -> Answer<Filled> {
        let records = self.all(conn, self.kind, area)?;
        let mut homes = Homes::default();
        if self.kind == Kind::Resident {
            let by_id =
                |records: Vec<Record>| records.into_iter().map(|record| (record.id.to_string(), record)).collect();
            homes.households = by_id(self.all(conn, Kind::Household, area)?);
            homes.dwellings = by_id(self.all(conn, Kind::Dwelling, area)?);
        }
        let columns = self.columns();
        let mut filled = begun(self.form, |column| self.with_sealed || !is_sealed(column));
        for record in &records {
            let row: Vec<Value> = columns.iter().map(|(at, column)| self.value(record, &homes, *column, *at)).collect();
            for ((_, column), value) in columns.iter().zip(&row) {
                if *value == Value::Empty {
                    continue;
                }
                filled.n_cells = filled.n_cells.saturating_add(1);
                if is_sealed(*column) {
                    filled.looked_at.push((record.id, field_of(*column)));
                }
            }
            filled.table.rows.push(row);
        }
        Ok(filled)
    }

    /// The columns that are written.
    fn columns(&self) -> Vec<(usize, Column)> {
        let columns = self.form.layout.columns.iter().enumerate();
        columns
            .filter_map(|(at, column)| column.map(|column| (at, column)))
            .filter(|(_, column)| self.with_sealed || !is_sealed(*column))
            .collect()
    }

    fn all(&self, conn: &mut Conn, kind: Kind, area: AreaCode) -> Answer<Vec<Record>> {
        let mut records = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let cursor = Cursor::new(next.take(), Some(200));
            let ask = Ask { kind, areas: vec![area], q: None, of: None, lack: None, cursor };
            let page = list::page(conn, self.vault, &ask)?;
            records.extend(page.items);
            if records.len() > MOST {
                let problem = Problem::new(ProblemCode::TooLarge).with("detail_key", "too_many_rows");
                return Err(problem.with("most", MOST.to_string()).into());
            }
            next = page.next;
            if next.is_none() {
                return Ok(records);
            }
        }
    }

    fn value(&self, record: &Record, homes: &Homes, column: Column, at: usize) -> Value {
        let household = record.values.get("household_id").and_then(|id| homes.households.get(id));
        let dwelling = household
            .and_then(|household| household.values.get("dwelling_id"))
            .and_then(|id| homes.dwellings.get(id))
            .or(if record.kind == Kind::Dwelling { Some(record) } else { None });
        let of = |record: Option<&Record>, key: &str| -> Option<String> {
            let record = record?;
            let (field, value) = (record.kind.field(key)?, record.values.get(key)?);
            Some(in_words(field, value, self.lang))
        };
        let own = |key: &str| of(Some(record), key);
        let text = match column {
            Column::Grid => Some(self.tree.name(&record.area)),
            Column::Compound => of(dwelling, "compound"),
            Column::Building => of(dwelling, "building"),
            Column::Unit => of(dwelling, "unit"),
            Column::Room => of(dwelling, "room"),
            Column::Door => {
                let parts = ["building", "unit", "room"].map(|key| of(dwelling, key).unwrap_or_default());
                Some(parts.concat()).filter(|door| !door.is_empty())
            }
            Column::DwellingUse => of(dwelling, "dwelling_use"),
            Column::Occupancy => of(dwelling, "occupancy"),
            Column::HouseholdNo => of(household, "household_no"),
            // Whoever left is in no ledger of the present.
            Column::MovedAway | Column::Deceased => Some(self.lang.word("registry_word", "is_key_no")),
            Column::AreaM2 | Column::NEmployees => {
                let number = if column == Column::AreaM2 { of(dwelling, "area_m2") } else { own("n_employees") };
                return number.map_or(Value::Empty, Value::Number);
            }
            Column::Sort if record.kind == Kind::Premises => own("premises_kind"),
            Column::Sort if record.kind == Kind::Facility => own("facility_kind"),
            Column::Sort => own("firm_kind"),
            Column::Title => own("name"),
            Column::PersonName
            | Column::Relation
            | Column::Sex
            | Column::Birth
            | Column::Phone
            | Column::IdNumber
            | Column::Address
            | Column::InCharge
            | Column::IsKey
            | Column::UnifiedCode => own(field_of(column)),
            // What was done is told by `done`.
            Column::Day
            | Column::Worker
            | Column::Note
            | Column::Met
            | Column::Result
            | Column::PaperNo
            | Column::Weight
            | Column::DueDay
            | Column::Progress
            | Column::ClosedDay => None,
        };
        match (text, self.form.digits.contains(&at)) {
            (None, _) => Value::Empty,
            (Some(text), true) => {
                let yes = self.lang.word("registry_word", "is_key_yes");
                Value::Number(if text == yes { "1" } else { "0" }.to_owned())
            }
            (Some(text), false) => Value::Text(text),
        }
    }
}

/// A table without rows: the columns that are written.
pub(super) fn begun(form: &Form, is_written: impl Fn(Column) -> bool) -> Filled {
    let columns = form.layout.columns.iter().enumerate();
    let columns = columns.filter(|(_, column)| column.is_some_and(&is_written)).map(|(at, _)| at);
    let table = Table {
        sheet: form.sheet.clone(),
        header_row: form.layout.header_row,
        n_hints: form.n_hints,
        columns: columns.collect(),
        rows: Vec::new(),
    };
    Filled { table, n_cells: 0, looked_at: Vec::new() }
}

/// The field of a record that a column holds, where it is one.
const fn field_of(column: Column) -> &'static str {
    match column {
        Column::PersonName => "name",
        Column::Relation => "relation",
        Column::Sex => "sex",
        Column::Birth => "birth_month",
        Column::Phone => "phone",
        Column::IdNumber => "id_number",
        Column::Address => "address",
        Column::InCharge => "in_charge",
        Column::IsKey => "is_key",
        Column::UnifiedCode => "unified_code",
        other => other.as_str(),
    }
}
