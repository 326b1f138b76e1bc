//! The sheet into which rows are written.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::refs::{self, Inserted, Meant, copied, letters_of, number_of};
use super::{Table, Value};
use crate::office::{Element, Node};

/// A row of a sheet with its number.
#[derive(Clone)]
struct Line {
    number: u32,
    element: Element,
}

/// Writes the rows of `table` into a sheet; says which rows were put in.
///
/// # Errors
/// What is wrong with the sheet, in a few words.
pub fn fill(nodes: &mut [Node], table: &Table) -> Result<Inserted, String> {
    let sheet = nodes
        .iter_mut()
        .find_map(|node| match node {
            Node::Element(element) if element.is("worksheet") => Some(element),
            Node::Element(_) | Node::Text(_) | Node::Other(_) => None,
        })
        .ok_or("it is no worksheet")?;
    let styles = column_styles(sheet);
    let data = sheet.elements_mut().find(|element| element.is("sheetData")).ok_or("it has no rows")?;
    let mut lines = lines(data);
    spell_out(&mut lines);
    let room = Room::of(&lines, table);
    let n_rows = u32::try_from(table.rows.len()).map_err(|_| "there are too many rows")?;
    let inserted = Inserted { below: room.last, n: n_rows.saturating_sub(room.n) };

    let first = table.header_row + 1;
    let writer = RowWriter { prefix: data.prefix().to_owned(), pattern: room.pattern.as_ref(), styles: &styles, table };
    let mut rows: Vec<(u32, Node)> = Vec::with_capacity(lines.len() + table.rows.len());
    for (values, number) in table.rows.iter().zip(first..) {
        rows.push((number, Node::raw(writer.row(number, values))));
    }
    let after = first + n_rows;
    for mut line in lines {
        let is_hint = (first..first + table.n_hints).contains(&line.number);
        let is_below = room.foot.is_some_and(|foot| line.number >= foot);
        if is_hint || (line.number >= first && line.number < after && !is_below) {
            continue;
        }
        if is_below {
            line.put_at(inserted.row(line.number));
        }
        line.element.each_mut(&mut |element| each_formula(element, inserted, Meant { own: true, sheet: &table.sheet }));
        rows.push((line.number, Node::Element(line.element)));
    }
    rows.sort_by_key(|(number, _)| *number);
    data.children = rows.into_iter().map(|(_, row)| row).collect();
    let hints = first..first + table.n_hints;
    let filled = first..after;
    beside(sheet, inserted, &table.sheet, (&hints, &filled, room.pattern.as_ref().map(|line| line.number)));
    Ok(inserted)
}

impl Line {
    fn put_at(&mut self, number: u32) {
        self.number = number;
        self.element.set_attribute("r", &number.to_string());
        for cell in self.element.elements_mut() {
            let column = column_of(cell);
            cell.set_attribute("r", &format!("{}{number}", letters_of(column)));
        }
    }

    fn cells(&self) -> impl Iterator<Item = &Element> {
        self.element.elements().filter(|element| element.is("c"))
    }
}

fn column_of(cell: &Element) -> u32 {
    let name = cell.attribute("r").unwrap_or_default();
    number_of(name.trim_end_matches(|c: char| c.is_ascii_digit())).unwrap_or(1)
}

fn formula_of(cell: &Element) -> Option<String> {
    cell.child("f").map(Element::own_text)
}

/// Whether it holds what somebody wrote into it.
fn is_written(cell: &Element) -> bool {
    cell.child("f").is_none()
        && (cell.child("is").is_some() || cell.child("v").is_some_and(|value| !value.own_text().is_empty()))
}

/// The rows with their numbers, every cell with its name: a file may leave both out.
fn lines(data: &Element) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for row in data.elements().filter(|element| element.is("row")) {
        let next = lines.last().map_or(1, |line| line.number + 1);
        let number = row.attribute("r").and_then(|r| r.parse().ok()).unwrap_or(next);
        let mut element = row.clone();
        element.set_attribute("r", &number.to_string());
        element.drop_attribute("spans");
        let mut column = 0;
        for cell in element.elements_mut() {
            column = if cell.attribute("r").is_some() { column_of(cell) } else { column + 1 };
            cell.set_attribute("r", &format!("{}{number}", letters_of(column)));
        }
        lines.push(Line { number, element });
    }
    lines
}

/// Writes out what formulas say that share the words of another, and forgets what formulas gave.
fn spell_out(lines: &mut [Line]) {
    let mut shared: BTreeMap<String, (String, u32, u32)> = BTreeMap::new();
    for line in &*lines {
        for cell in line.cells() {
            let Some(formula) = cell.child("f") else { continue };
            if let Some(id) = formula.attribute("si").filter(|_| !formula.own_text().is_empty()) {
                shared.insert(id, (formula.own_text(), line.number, column_of(cell)));
            }
        }
    }
    for line in lines {
        let number = line.number;
        for cell in line.element.elements_mut() {
            if cell.child("f").is_none() {
                continue;
            }
            let column = column_of(cell);
            cell.children.retain(|node| !matches!(node, Node::Element(element) if element.is("v")));
            cell.drop_attribute("t");
            for formula in cell.elements_mut().filter(|element| element.is("f")) {
                let Some((words, row, from)) = formula.attribute("si").and_then(|id| shared.get(&id).cloned()) else {
                    continue;
                };
                let down = i64::from(number) - i64::from(row);
                formula.children = vec![Node::Text(copied(&words, down, i64::from(column) - i64::from(from)))];
                for attribute in ["t", "si", "ref"] {
                    formula.drop_attribute(attribute);
                }
            }
        }
    }
}

/// The room below the header.
struct Room {
    /// The first row that is free to be filled: how the others look.
    pattern: Option<Line>,
    /// Its last row.
    last: u32,
    /// Its rows.
    n: u32,
    /// The first row below that holds something.
    foot: Option<u32>,
}

impl Room {
    fn of(lines: &[Line], table: &Table) -> Self {
        let below = table.header_row + table.n_hints;
        let mut pattern: Option<&Line> = None;
        let mut last = below;
        let mut foot = None;
        for line in lines.iter().filter(|line| line.number > below) {
            let is_free = match pattern {
                // Behind a gap, formulas are those of a foot: the gap is the room.
                None => {
                    let is_next = line.number == below + 1;
                    line.cells().all(|cell| !is_written(cell) && (is_next || formula_of(cell).is_none()))
                }
                Some(pattern) => line.cells().all(|cell| !is_written(cell)) && repeats(line, pattern),
            };
            if !is_free {
                foot = Some(line.number);
                break;
            }
            if line.number == last + 1 {
                last = line.number;
                pattern = pattern.or(Some(line));
            }
        }
        let last = foot.map_or(last, |foot| foot - 1);
        Self { pattern: pattern.cloned(), last, n: last.saturating_sub(table.header_row), foot }
    }
}

/// Whether every formula of a row is that of the pattern, dragged down.
fn repeats(line: &Line, pattern: &Line) -> bool {
    let down = i64::from(line.number) - i64::from(pattern.number);
    line.cells().all(|cell| match formula_of(cell) {
        None => true,
        Some(formula) => {
            let column = column_of(cell);
            let above = pattern.cells().find(|cell| column_of(cell) == column).and_then(formula_of);
            above.is_some_and(|above| copied(&above, down, 0) == formula)
        }
    })
}

/// The look of empty cells, by column from 1.
fn column_styles(sheet: &Element) -> BTreeMap<u32, String> {
    let mut styles = BTreeMap::new();
    for column in sheet.elements().filter(|element| element.is("cols")).flat_map(Element::elements) {
        let number = |name: &str| column.attribute(name).and_then(|n| n.parse::<u32>().ok());
        let (Some(min), Some(max), Some(style)) = (number("min"), number("max"), column.attribute("style")) else {
            continue;
        };
        // A last group often reaches to the end of the sheet.
        for at in min..=max.min(min.saturating_add(1_000)) {
            styles.insert(at, style.clone());
        }
    }
    styles
}

struct RowWriter<'a> {
    prefix: String,
    pattern: Option<&'a Line>,
    styles: &'a BTreeMap<u32, String>,
    table: &'a Table,
}

impl RowWriter<'_> {
    fn row(&self, number: u32, values: &[Value]) -> String {
        let prefix = &self.prefix;
        let mut out = format!("<{prefix}row r=\"{number}\"");
        for (name, value) in self.pattern.iter().flat_map(|line| line.element.pairs()) {
            if name != "r" {
                let _ = write!(out, " {name}=\"{value}\"");
            }
        }
        out.push('>');
        let columns = self.table.columns.iter().map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX));
        let mut cells: BTreeMap<u32, String> = columns.zip(values).map(|(at, value)| (at, self.value(value))).collect();
        let pattern: BTreeMap<u32, &Element> =
            self.pattern.iter().flat_map(|line| line.cells()).map(|cell| (column_of(cell), cell)).collect();
        for (at, cell) in &pattern {
            let down = i64::from(number) - i64::from(self.pattern.map_or(number, |line| line.number));
            let is_open = cells.get(at).is_none_or(|content| content.ends_with("/>"));
            if let Some(formula) = formula_of(cell).filter(|_| is_open) {
                let formula = copied(&formula, down, 0);
                cells.insert(*at, format!("><{prefix}f>{}</{prefix}f></{prefix}c>", escape(&formula)));
            }
            cells.entry(*at).or_insert_with(|| "/>".to_owned());
        }
        for (at, content) in cells {
            let _ = write!(out, "<{prefix}c r=\"{}{number}\"", letters_of(at));
            let style = pattern.get(&at).and_then(|cell| cell.attribute("s")).or_else(|| self.styles.get(&at).cloned());
            if let Some(style) = style {
                let _ = write!(out, " s=\"{style}\"");
            }
            out.push_str(&content);
        }
        let _ = write!(out, "</{prefix}row>");
        out
    }

    /// The rest of a cell, from behind its name and its look.
    fn value(&self, value: &Value) -> String {
        let prefix = &self.prefix;
        match value {
            Value::Empty => "/>".to_owned(),
            Value::Number(number) => format!("><{prefix}v>{}</{prefix}v></{prefix}c>", escape(number)),
            Value::Text(text) => {
                let text: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
                format!(
                    " t=\"inlineStr\"><{prefix}is><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}is></{prefix}c>",
                    escape(&text)
                )
            }
        }
    }
}

/// A formula after rows were put in, wherever it stands.
pub(super) fn each_formula(element: &mut Element, inserted: Inserted, meant: Meant<'_>) {
    if !["f", "formula", "formula1", "formula2"].iter().any(|name| element.is(name)) {
        return;
    }
    let words = element.own_text();
    if !words.is_empty() {
        element.children = vec![Node::Text(refs::after(&words, inserted, meant))];
    }
    if let Some(range) = element.attribute("ref").filter(|_| meant.own) {
        element.set_attribute("ref", &refs::ranges_after(&range, inserted));
    }
}

type Where<'a> = (&'a std::ops::Range<u32>, &'a std::ops::Range<u32>, Option<u32>);

/// What stands beside the rows and names them: merged cells, rules, filters, links.
fn beside(sheet: &mut Element, inserted: Inserted, name: &str, (hints, filled, pattern): Where<'_>) {
    sheet.children.retain(|node| !matches!(node, Node::Element(element) if element.is("dimension")));
    for element in sheet.elements_mut().filter(|element| !element.is("sheetData")) {
        if element.is("mergeCells") {
            merged(element, inserted, (hints, filled, pattern));
            continue;
        }
        element.each_mut(&mut |element| {
            each_formula(element, inserted, Meant { own: true, sheet: name });
            for attribute in ["ref", "sqref"] {
                let is_range = !element.is("f") && !element.is("selection");
                if let Some(ranges) = element.attribute(attribute).filter(|_| is_range) {
                    element.set_attribute(attribute, &refs::ranges_after(&ranges, inserted));
                }
            }
        });
    }
    sheet.children.retain(
        |node| !matches!(node, Node::Element(element) if element.is("mergeCells") && element.children.is_empty()),
    );
}

/// Cells that are merged: those of the row that is the pattern are merged in every row that is filled.
fn merged(element: &mut Element, inserted: Inserted, (hints, filled, pattern): Where<'_>) {
    let mut ranges: Vec<String> = Vec::new();
    let mut repeated: Vec<(String, String)> = Vec::new();
    for range in element.elements().filter_map(|cell| cell.attribute("ref")) {
        let Some((from, to)) = range.split_once(':').map(|(from, to)| (at(from), at(to))) else { continue };
        if hints.contains(&from.1) {
            continue;
        }
        if from.1 != to.1 {
            ranges.push(format!("{}{}:{}{}", from.0, inserted.row(from.1), to.0, inserted.end(to.1)));
            continue;
        }
        if Some(from.1) == pattern {
            repeated.push((from.0.clone(), to.0.clone()));
        }
        if !filled.contains(&from.1) || from.1 > inserted.below {
            let row = inserted.row(from.1);
            ranges.push(format!("{}{row}:{}{row}", from.0, to.0));
        }
    }
    for row in filled.clone() {
        ranges.extend(repeated.iter().map(|(from, to)| format!("{from}{row}:{to}{row}")));
    }
    let mut seen = HashSet::new();
    ranges.retain(|range| seen.insert(range.clone()));
    let prefix = element.prefix().to_owned();
    element.set_attribute("count", &ranges.len().to_string());
    element.children = ranges.iter().map(|range| Node::raw(format!("<{prefix}mergeCell ref=\"{range}\"/>"))).collect();
}

fn at(cell: &str) -> (String, u32) {
    let letters = cell.trim_end_matches(|c: char| c.is_ascii_digit());
    (letters.to_owned(), cell.get(letters.len()..).and_then(|row| row.parse().ok()).unwrap_or(1))
}
