//! How a file will be read: its sheets, their columns, and what would come of its first rows.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use linli_kernel::{AreaCode, Timestamp};

use super::category::Categories;
use super::columns::{Layout, Mapping};
use super::import_store::{Outcome, SheetPlan};
use super::order::{self, Order, Read, RowFault};
use super::partner::Hotline;
use super::place::Places;
use crate::sheets::header::MAX_HEAD_ROWS;
use crate::sheets::sheet::{self, Cell, Next, SheetFault, SheetRow};

/// Looks at a file: which sheets hold orders, and what their columns are.
///
/// # Errors
/// [`SheetFault`] when it cannot be read to its end.
pub fn analyse(path: &Path, chosen: &Mapping) -> Result<Vec<SheetPlan>, SheetFault> {
    struct Seen {
        name: String,
        head: Vec<(u32, Vec<String>)>,
        rows: u32,
        layout: Option<Layout>,
    }
    let mut sheets: BTreeMap<u32, Seen> = BTreeMap::new();
    sheet::read(path, &mut |name, row| {
        let seen = sheets.entry(row.sheet).or_insert_with(|| Seen {
            name: name.to_owned(),
            head: Vec::new(),
            rows: 0,
            layout: None,
        });
        if seen.head.len() < MAX_HEAD_ROWS {
            seen.head.push((row.n, row.cells.iter().map(Cell::text).collect()));
        } else if seen.layout.is_none() && seen.rows == 0 {
            seen.layout = Layout::find(&seen.head, chosen);
            if seen.layout.is_none() {
                // No header so far down: no orders.
                return Next::Sheet;
            }
        }
        seen.rows += 1;
        Next::Row
    })?;
    let plans = sheets.into_iter().filter_map(|(sheet, seen)| {
        let layout = Layout::find(&seen.head, chosen)?;
        let above = seen.head.iter().filter(|(n, _)| *n <= layout.header_row).count();
        let n_rows = seen.rows.saturating_sub(u32::try_from(above).unwrap_or(u32::MAX));
        Some(SheetPlan { sheet, name: seen.name, layout, n_rows, chosen: true })
    });
    Ok(plans.collect())
}

/// An order with its place and category found.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The order.
    pub order: Order,
    /// Where.
    pub area: AreaCode,
    /// What; nothing when a person must look.
    pub category: Option<String>,
}

/// What a row is to an import.
#[derive(Clone, Debug)]
pub enum Judged {
    /// An order to be entered, unless it is known.
    Order(Arc<Placed>),
    /// Left out or refused; with its number, where it has one, and why.
    Not(Outcome, Option<String>, Vec<RowFault>),
}

/// Everything by which rows are judged.
pub struct Judge {
    /// Whose orders.
    pub hotline: Hotline,
    /// Finds areas.
    pub places: Arc<Places>,
    /// Finds categories.
    pub categories: Categories,
    /// Where orders may lie; empty for everywhere.
    pub areas: Vec<AreaCode>,
    /// Whether finished orders are entered.
    pub with_history: bool,
    /// The present.
    pub now: Timestamp,
    /// How each sheet is read.
    pub layouts: HashMap<u32, Layout>,
}

impl Judge {
    /// Judges one row below a header; nothing for rows that are not read at all.
    #[must_use]
    pub fn judge(&self, row: &SheetRow) -> Option<Judged> {
        let layout = self.layouts.get(&row.sheet).filter(|layout| row.n > layout.header_row)?;
        Some(match order::read(row, layout, self.now) {
            Read::Hint => Judged::Not(Outcome::Skipped, None, Vec::new()),
            Read::Bad(no, faults) => Judged::Not(Outcome::Bad, Some(no).filter(|no| !no.is_empty()), faults),
            Read::Order(order) => self.place(*order),
        })
    }

    /// Finds where an order belongs.
    #[must_use]
    pub fn place(&self, order: Order) -> Judged {
        if order.is_finished() && !self.with_history && order.follow_up.verdict().is_none() {
            return Judged::Not(Outcome::Skipped, Some(order.no), vec![RowFault::new("finished", &[])]);
        }
        match self.areas_of(&order) {
            Ok(area) => {
                let category = self.categories.find(&order.category, &order.title);
                Judged::Order(Arc::new(Placed { order, area, category }))
            }
            Err(fault) => Judged::Not(Outcome::Bad, Some(order.no), vec![fault]),
        }
    }

    fn areas_of(&self, order: &Order) -> Result<AreaCode, RowFault> {
        let area = self.places.find(&order.place)?;
        let is_allowed = self.areas.is_empty() || self.areas.iter().any(|own| own.contains(&area));
        if is_allowed && self.hotline.serves(&area) {
            return Ok(area);
        }
        Err(RowFault::new(
            if is_allowed { "outside_hotline" } else { "outside_own" },
            &[("area", &self.places.full_name(&area))],
        ))
    }
}
