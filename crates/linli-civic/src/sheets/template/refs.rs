//! References in formulas: what they say after rows were put in, and in a copy of the row that they stand in. Pure.
//!
//! Only what names rows is looked at; names, functions, texts and whole columns stay as they are.

/// Rows put in below a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// The last row above them, counted from 1.
    pub below: u32,
    /// How many.
    pub n: u32,
}

impl Inserted {
    /// Where a row stands afterwards.
    #[must_use]
    pub const fn row(self, row: u32) -> u32 {
        if row > self.below { row.saturating_add(self.n) } else { row }
    }

    /// Where a range ends afterwards: one that ended in the row above the new ones takes them in, as a sum over a column must.
    #[must_use]
    pub const fn end(self, row: u32) -> u32 {
        if row >= self.below { row.saturating_add(self.n) } else { row }
    }
}

/// Which references of a formula are meant.
#[derive(Clone, Copy, Debug)]
pub struct Meant<'a> {
    /// Those without the name of a sheet.
    pub own: bool,
    /// Those with the name of this sheet.
    pub sheet: &'a str,
}

/// A formula after rows were put into a sheet.
#[must_use]
pub fn after(formula: &str, inserted: Inserted, meant: Meant<'_>) -> String {
    let is_meant = |sheet: Option<&str>| sheet.map_or(meant.own, |name| name == meant.sheet);
    rewritten(formula, is_meant, |cell, side| {
        let row = match side {
            Side::End => inserted.end(cell.row),
            Side::Start | Side::Single => inserted.row(cell.row),
        };
        Some((row, cell.column.clone()))
    })
}

/// A formula copied so many rows down and columns to the right: what has no `$` goes along.
#[must_use]
pub fn copied(formula: &str, down: i64, right: i64) -> String {
    let moved = |n: u32, by: i64| u32::try_from(i64::from(n) + by).ok().filter(|n| *n > 0);
    rewritten(
        formula,
        |_| true,
        |cell, _| {
            let row = if cell.is_fixed { Some(cell.row) } else { moved(cell.row, down) };
            let column = if right == 0 || cell.column.is_empty() || cell.column.starts_with('$') {
                Some(cell.column.clone())
            } else {
                moved(number_of(&cell.column)?, right).map(letters_of)
            };
            row.zip(column)
        },
    )
}

/// A range such as `B3:C9`, or several with blanks between them.
#[must_use]
pub fn ranges_after(ranges: &str, inserted: Inserted) -> String {
    let own = Meant { own: true, sheet: "" };
    ranges.split(' ').map(|range| after(range, inserted, own)).collect::<Vec<_>>().join(" ")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Single,
    Start,
    End,
}

/// One end of a reference: `$B$3`, or the `3` of `3:9`.
struct Cell {
    /// Bytes that it takes.
    len: usize,
    /// Its letters, behind a `$` where they are fixed.
    column: String,
    row: u32,
    /// Whether a `$` stands before its row.
    is_fixed: bool,
}

/// The column of some letters, counted from 1.
#[must_use]
pub fn number_of(letters: &str) -> Option<u32> {
    let mut n: u32 = 0;
    for byte in letters.bytes() {
        n = n.checked_mul(26)?.checked_add(u32::from(byte.checked_sub(b'A')?) + 1)?;
    }
    (n > 0).then_some(n)
}

/// The letters of a column, counted from 1.
#[must_use]
pub fn letters_of(column: u32) -> String {
    let mut letters = String::new();
    let mut left = column;
    while left > 0 {
        let digit = u8::try_from((left - 1) % 26).unwrap_or(0);
        letters.insert(0, char::from(b'A' + digit));
        left = (left - 1) / 26;
    }
    letters
}

/// Rewrites the references of a formula whose sheet is meant; `to` says the row and the column of an end, and nothing where there is none.
fn rewritten(
    formula: &str,
    is_meant: impl Fn(Option<&str>) -> bool,
    to: impl Fn(&Cell, Side) -> Option<(u32, String)>,
) -> String {
    let mut out = String::with_capacity(formula.len() + 8);
    let mut rest = formula;
    // The name of the sheet that stands before the next reference.
    let mut sheet: Option<String> = None;
    while let Some(first) = rest.chars().next() {
        if let Some((quoted, is_name)) = quoted(rest, first) {
            out.push_str(quoted);
            rest = rest.get(quoted.len()..).unwrap_or_default();
            if is_name && rest.starts_with('!') {
                sheet = Some(quoted.trim_matches('\'').replace("''", "'"));
                out.push('!');
                rest = rest.get(1..).unwrap_or_default();
            }
            continue;
        }
        if !is_word(first) {
            out.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            sheet = None;
            continue;
        }
        let word = rest.get(..rest.find(|c| !is_word(c)).unwrap_or(rest.len())).unwrap_or_default();
        let behind = rest.get(word.len()..).unwrap_or_default();
        if behind.starts_with('!') {
            sheet = Some(word.to_owned());
            out.push_str(word);
            out.push('!');
            rest = behind.get(1..).unwrap_or_default();
            continue;
        }
        let is_meant = is_meant(sheet.as_deref());
        let (text, len) =
            reference(
                word,
                behind,
                |cell, side| {
                    if is_meant { to(cell, side) } else { Some((cell.row, cell.column.clone())) }
                },
            );
        out.push_str(&text);
        rest = rest.get(len..).unwrap_or_default();
        sheet = None;
    }
    out
}

/// A reference that begins with this word, rewritten, and its length; another word as it stands.
fn reference(word: &str, behind: &str, to: impl Fn(&Cell, Side) -> Option<(u32, String)>) -> (String, usize) {
    let as_it_is = (word.to_owned(), word.len());
    if behind.starts_with('(') {
        return as_it_is;
    }
    let Some(start) = cell(word) else { return as_it_is };
    let written = |cell: &Cell, side| {
        let fixed = if cell.is_fixed { "$" } else { "" };
        to(cell, side).map_or_else(|| "#REF!".to_owned(), |(row, column)| format!("{column}{fixed}{row}"))
    };
    let end = behind.strip_prefix(':').and_then(|behind| {
        let word = behind.get(..behind.find(|c| !is_word(c)).unwrap_or(behind.len()))?;
        cell(word).filter(|end| end.column.is_empty() == start.column.is_empty())
    });
    match end {
        Some(end) => {
            let text = format!("{}:{}", written(&start, Side::Start), written(&end, Side::End));
            (text, start.len + 1 + end.len)
        }
        // A number alone is a number.
        None if start.column.is_empty() => as_it_is,
        None => (written(&start, Side::Single), start.len),
    }
}

/// A text in double quotes or a name in single ones at the start, and whether it is a name.
fn quoted(rest: &str, first: char) -> Option<(&str, bool)> {
    if first != '"' && first != '\'' {
        return None;
    }
    let mut from = 1;
    loop {
        let Some(at) = rest.get(from..)?.find(first) else { return Some((rest, false)) };
        let end = from + at + 1;
        if rest.get(end..)?.starts_with(first) {
            from = end + 1;
        } else {
            return Some((rest.get(..end)?, first == '\''));
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '$' | '_' | '.' | '\\')
}

/// `$B$3`, `B3`, `$3`, `3`.
fn cell(word: &str) -> Option<Cell> {
    let digits = word.find(|c: char| c.is_ascii_digit())?;
    let (front, number) = word.split_at(digits);
    if number.len() > 7 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_fixed = front.ends_with('$');
    let column = front.strip_suffix('$').unwrap_or(front);
    let letters = column.strip_prefix('$').unwrap_or(column);
    let is_column = letters.len() <= 3 && letters.bytes().all(|byte| byte.is_ascii_uppercase());
    if !is_column || (letters.is_empty() && !column.is_empty()) {
        return None;
    }
    Some(Cell { len: word.len(), column: column.to_owned(), row: number.parse().ok()?, is_fixed })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Meant<'static> = Meant { own: true, sheet: "台账" };

    fn moved(formula: &str) -> String {
        after(formula, Inserted { below: 10, n: 5 }, OWN)
    }

    #[test]
    fn what_stands_below_goes_down_and_a_range_up_to_the_last_row_grows() {
        assert_eq!(moved("SUM(B3:B10)"), "SUM(B3:B15)");
        assert_eq!(moved("SUM($B$3:$B$10)*C11"), "SUM($B$3:$B$15)*C16");
        assert_eq!(moved("SUM(B3:B9)+B9+B12:C13"), "SUM(B3:B9)+B9+B17:C18");
        assert_eq!(moved("SUM(3:10)+10"), "SUM(3:15)+10");
    }

    #[test]
    fn texts_functions_names_and_other_sheets_stay() {
        for formula in [
            "\"B12\"&LOG10(2)",
            "另表!B12:B13",
            "'另 表'!B12",
            "COUNT(B:B)",
            "B_12+某B12",
            "1.5E+12",
            "\"说\"\"B12\"\"\"",
        ] {
            assert_eq!(moved(formula), formula);
        }
        assert_eq!(moved("台账!B12+'台账'!B12:B13"), "台账!B17+'台账'!B17:B18");
        let other = Meant { own: false, sheet: "台账" };
        assert_eq!(after("B12+台账!B12", Inserted { below: 10, n: 5 }, other), "B12+台账!B17");
    }

    #[test]
    fn a_copy_takes_its_references_along() {
        assert_eq!(copied("ROW()-2", 3, 0), "ROW()-2");
        assert_eq!(copied("YEAR($A$1)-YEAR(D3)", 4, 0), "YEAR($A$1)-YEAR(D7)");
        assert_eq!(copied("SUM(B3:$B3,C$3)", 1, 0), "SUM(B4:$B4,C$3)");
        assert_eq!(copied("A1", -1, 0), "#REF!");
        assert_eq!(copied("SUM(Y3:$Z9)", 0, 2), "SUM(AA3:$Z9)");
    }

    #[test]
    fn ranges_of_a_rule_grow_with_the_rows() {
        assert_eq!(ranges_after("B3:B10 D3:E10 A12", Inserted { below: 10, n: 2 }), "B3:B12 D3:E12 A14");
    }
}
