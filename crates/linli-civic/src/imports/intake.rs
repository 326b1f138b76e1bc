//! A workbook comes in: what it is, where its header is, which of its columns are refused. What is kept of it is a copy without the
//! refused columns, row by row; the workbook itself is removed at once.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use linli_access::Vault;
use linli_kernel::{AccountId, AreaCode, ImportId, Role};
use sha2::{Digest, Sha256};

use super::reading::KeptRow;
use super::store::{self as import_store, Counts, Import, ImportState, SheetPlan};
use crate::app::App;
use crate::http::{Answer, Refused as RefusedAnswer};
use crate::registry::ledger::{Layout, Mapping, Subject, names};
use crate::registry::refused::{self, Reason};
use crate::sheets::clean::key;
use crate::sheets::folder;
use crate::sheets::header::{MAX_HEAD_ROWS, header_key};
use crate::sheets::sheet::{self, Cell, Next, SheetFault, SheetRow};

/// Most characters of a file's name that are kept.
const MAX_NAME: usize = 120;

/// A column, or a whole sheet, that the registry does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedColumn {
    /// Its header, or the title of the sheet.
    pub header: String,
    /// Why.
    pub reason: Reason,
}

/// Why a workbook is not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// It cannot be read.
    Fault(SheetFault),
    /// It has columns that are refused; it is taken when its bringer says to leave them out.
    Columns(Vec<RefusedColumn>),
    /// No sheet has a header that is known.
    NoHeader,
}

impl From<SheetFault> for NotTaken {
    fn from(fault: SheetFault) -> Self {
        Self::Fault(fault)
    }
}

impl From<std::io::Error> for NotTaken {
    fn from(error: std::io::Error) -> Self {
        Self::Fault(SheetFault::Io(error))
    }
}

/// Who brings what.
#[derive(Clone, Debug)]
pub struct Brought {
    /// Of what.
    pub kind: Subject,
    /// Where its records may lie.
    pub area: AreaCode,
    /// Who; nobody from the command line.
    pub account: Option<AccountId>,
    /// As what.
    pub role: Option<Role>,
    /// As its sender called it.
    pub file_name: String,
    /// The refused columns that are to be left out.
    pub leave_out: Vec<String>,
}

/// What was read of a workbook.
struct Looked {
    sha256: String,
    size: u64,
    sheets: Vec<SheetPlan>,
    left_out: Vec<String>,
}

/// Makes an import of the workbook that stands at the place of `id`, which is removed whatever comes of it.
///
/// # Errors
/// The database's; inside, why it is not taken.
pub async fn bring(app: &App, id: ImportId, brought: Brought) -> Answer<Result<Import, NotTaken>> {
    let (kind, leave_out) = (brought.kind, brought.leave_out.clone());
    let (path, kept) = (app.registry.path(id), app.clone());
    let looked = app.slowly(move || {
        let looked = look(&path, kind, (&leave_out, &kept.vault), || kept.registry.create_named(&kept_name(id)));
        drop(std::fs::remove_file(&path));
        looked
    });
    let looked = match looked.await? {
        Ok(looked) => looked,
        Err(not_taken) => {
            forget(app, id);
            return Ok(Err(not_taken));
        }
    };
    let mut import = Import {
        id,
        kind,
        area: brought.area,
        account: brought.account,
        role: brought.role,
        undoer: None,
        file_name: brought.file_name.chars().filter(|c| !c.is_control()).take(MAX_NAME).collect(),
        sha256: looked.sha256,
        size_bytes: i64::try_from(looked.size).unwrap_or(i64::MAX),
        state: ImportState::Uploaded,
        n_rows: looked.sheets.iter().map(|sheet| i64::from(sheet.n_rows)).sum(),
        sheets: looked.sheets,
        left_out: looked.left_out,
        at: (0, 0),
        counts: Counts::default(),
        n_undone: 0,
        n_kept: 0,
        fault: None,
        created_at: app.now(),
        started_at: None,
        finished_at: None,
    };
    let stored = app.db.write(move |tx| {
        for sheet in &mut import.sheets {
            let known = import_store::remembered(tx, &import.area, kind, &fingerprint(&sheet.layout))?;
            if let Some(known) = known {
                sheet.layout = sheet.layout.read_again(&names(kind, &known));
            }
        }
        import.insert(tx)?;
        Ok::<_, RefusedAnswer>(import.clone())
    });
    Ok(Ok(stored.await?))
}

/// What stands in front of the name of the copy that is kept.
fn kept_name(id: ImportId) -> String {
    format!("{id}.rows")
}

/// Where the copy without refused columns is.
#[must_use]
pub fn kept_path(app: &App, id: ImportId) -> std::path::PathBuf {
    app.registry.path_named(&kept_name(id))
}

/// Removes what is kept of an import's workbook.
pub fn forget(app: &App, id: ImportId) {
    app.registry.remove(id);
    app.registry.remove_named(&kept_name(id));
}

/// A header by which the same office's next workbook is known.
#[must_use]
pub fn fingerprint(layout: &Layout) -> String {
    let headers: Vec<String> = layout.headers.iter().map(|header| header_key(header)).collect();
    hex::encode(Sha256::digest(headers.join("\n").as_bytes()))
}

/// Reads a workbook once: finds each sheet's header, and copies the rows below it.
fn look(
    path: &Path,
    kind: Subject,
    (leave_out, vault): (&[String], &Vault),
    create: impl FnOnce() -> std::io::Result<File>,
) -> Result<Looked, NotTaken> {
    let (sha256, size) = folder::digest(path)?;
    let mut copying = Copying {
        names: names(kind, &Mapping::new()),
        leave_out: leave_out.iter().map(|header| key(header)).collect(),
        out: BufWriter::new(create()?),
        vault: vault.clone(),
        sheets: Vec::new(),
        open: None,
        refused: Vec::new(),
        left_out: Vec::new(),
        fault: None,
    };
    sheet::read(path, &mut |name, row| copying.take(name, row))?;
    copying.finish_sheet();
    if let Some(error) = copying.fault {
        return Err(error.into());
    }
    copying.out.flush()?;
    if !copying.refused.is_empty() {
        return Err(NotTaken::Columns(copying.refused));
    }
    if copying.sheets.is_empty() {
        return Err(NotTaken::NoHeader);
    }
    Ok(Looked { sha256, size, sheets: copying.sheets, left_out: copying.left_out })
}

/// A sheet of which the header is looked for, or whose rows are copied.
struct Open {
    sheet: u32,
    name: String,
    head: Vec<SheetRow>,
    /// Found: how it is read, and the columns that are blanked.
    found: Option<(Layout, Vec<bool>)>,
    n_rows: u32,
}

struct Copying {
    names: Mapping,
    leave_out: Vec<String>,
    out: BufWriter<File>,
    vault: Vault,
    sheets: Vec<SheetPlan>,
    open: Option<Open>,
    refused: Vec<RefusedColumn>,
    left_out: Vec<String>,
    fault: Option<std::io::Error>,
}

impl Copying {
    fn take(&mut self, name: &str, row: SheetRow) -> Next {
        if self.open.as_ref().is_none_or(|open| open.sheet != row.sheet) {
            self.finish_sheet();
            self.open =
                Some(Open { sheet: row.sheet, name: name.to_owned(), head: Vec::new(), found: None, n_rows: 0 });
        }
        let Some(open) = &mut self.open else { return Next::Stop };
        if open.found.is_some() {
            self.copy(&row);
        } else {
            open.head.push(row);
            if open.head.len() >= MAX_HEAD_ROWS && !self.settle_header() {
                // No header so far down: nothing for us in this sheet.
                self.open = None;
                return Next::Sheet;
            }
        }
        if self.fault.is_some() { Next::Stop } else { Next::Row }
    }

    fn finish_sheet(&mut self) {
        if self.open.as_ref().is_some_and(|open| open.found.is_none()) && !self.settle_header() {
            self.open = None;
        }
        let Some(open) = self.open.take() else { return };
        if let Some((layout, _)) = open.found {
            self.sheets.push(SheetPlan { sheet: open.sheet, name: open.name, layout, n_rows: open.n_rows });
        }
    }

    /// Finds the header among the first rows, looks for refused columns, and copies the rows that stand below it.
    fn settle_header(&mut self) -> bool {
        let Some(open) = &self.open else { return false };
        let sheet_name = open.name.clone();
        let head: Vec<(u32, Vec<String>)> =
            open.head.iter().map(|row| (row.n, row.cells.iter().map(Cell::text).collect())).collect();
        let Some(mut layout) = Layout::find(&head, &self.names) else { return false };
        let above: Vec<&Vec<String>> =
            head.iter().filter(|(n, _)| *n <= layout.header_row).map(|(_, cells)| cells).collect();
        let mut titles = above.iter().filter_map(|cells| alone(cells)).chain([sheet_name.as_str()]);
        let title = titles.find(|title| refused::is_control_list(title)).map(str::to_owned);
        if let Some(title) = title {
            self.refuse(&title, Reason::ControlList);
            return false;
        }
        let mut blanks = vec![false; layout.headers.len()];
        let mut found = Vec::new();
        for (i, blank) in blanks.iter_mut().enumerate() {
            let words = words_above(&layout, &above, i);
            let Some((header, reason)) = words.iter().find_map(|word| Some((word.clone(), refused::why(word)?))) else {
                continue;
            };
            found.push((header, reason));
            *blank = true;
        }
        for (header, reason) in found {
            self.refuse(&header, reason);
        }
        for (blank, (header, column)) in blanks.iter().zip(layout.headers.iter_mut().zip(&mut layout.columns)) {
            if *blank {
                header.clear();
                *column = None;
            }
        }
        let Some(open) = &mut self.open else { return false };
        let below: Vec<SheetRow> =
            std::mem::take(&mut open.head).into_iter().filter(|row| row.n > layout.header_row).collect();
        open.found = Some((layout, blanks));
        below.iter().for_each(|row| self.copy(row));
        true
    }

    fn refuse(&mut self, header: &str, reason: Reason) {
        if self.leave_out.contains(&key(header)) {
            self.left_out.push(header.to_owned());
        } else if !self.refused.iter().any(|known| known.header == header) {
            self.refused.push(RefusedColumn { header: header.to_owned(), reason });
        }
    }

    fn copy(&mut self, row: &SheetRow) {
        let Some(open) = &mut self.open else { return };
        let Some((layout, blanks)) = &open.found else { return };
        open.n_rows += 1;
        if !self.refused.is_empty() {
            return;
        }
        // Cells beyond the header have no name: nobody said what they are for.
        let cells = row.cells.iter().take(layout.headers.len()).zip(blanks);
        let kept = KeptRow {
            s: row.sheet,
            n: row.n,
            c: cells.map(|(cell, is_blank)| if *is_blank { String::new() } else { cell.text() }).collect(),
        };
        let line = serde_json::to_string(&kept).map_err(std::io::Error::from);
        let sealed = line.and_then(|line| {
            self.vault.seal(ROW_FIELD, &line).map_err(|error| std::io::Error::other(error.to_string()))
        });
        let written = sealed.and_then(|sealed| writeln!(self.out, "{}", STANDARD.encode(sealed)));
        if let Err(error) = written {
            self.fault = Some(error);
        }
    }
}

/// The only words of a row: a title.
fn alone(cells: &[String]) -> Option<&str> {
    let mut filled = cells.iter().filter(|cell| !cell.is_empty());
    let first = filled.next()?;
    filled.next().is_none().then_some(first.as_str())
}

/// What stands over a column: its header, and the group above it, which reaches to the right over merged cells.
fn words_above(layout: &Layout, above: &[&Vec<String>], i: usize) -> Vec<String> {
    let mut words: Vec<String> = layout.headers.get(i).cloned().into_iter().collect();
    for cells in above.iter().rev().take(2).filter(|cells| alone(cells).is_none()) {
        let is_own_row = cells.get(i).is_some_and(|cell| !cell.is_empty());
        let group = cells.iter().take(i + 1).rev().find(|cell| !cell.is_empty());
        let is_lower = above.last().is_some_and(|last| std::ptr::eq(*last, *cells));
        if is_own_row || !is_lower {
            words.extend(group.cloned());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The field for which a row is sealed: names and numbers of people lie here until the import is through, some of them for days.
const ROW_FIELD: &str = "registry_import.row";

/// A row as it was kept; one that an older linli kept lies in the clear.
fn opened(vault: &Vault, line: &str) -> Result<KeptRow, String> {
    if line.starts_with('{') {
        return serde_json::from_str(line).map_err(|error| error.to_string());
    }
    let sealed = STANDARD.decode(line).map_err(|error| error.to_string())?;
    let plain = vault.open(ROW_FIELD, &sealed).map_err(|error| error.to_string())?;
    serde_json::from_str(&plain).map_err(|error| error.to_string())
}

/// Reads the rows that are kept, after one of them, and hands them on until nobody wants more.
///
/// # Errors
/// When the copy cannot be read to its end.
pub fn rows(
    path: &Path,
    vault: &Vault,
    after: (u32, u32),
    each: &mut dyn FnMut(KeptRow) -> bool,
) -> Result<(), SheetFault> {
    for line in BufReader::new(File::open(path)?).lines() {
        let row = opened(vault, &line?).map_err(SheetFault::Broken)?;
        if (row.s, row.n) > after && !each(row) {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that is kept, opened.
    fn rows_in(kept: &Path, vault: &Vault, said: &mut String) {
        let mut tell = |row: KeptRow| {
            said.push_str(&row.c.join(" "));
            true
        };
        super::rows(kept, vault, (0, 0), &mut tell).unwrap();
    }

    #[test]
    fn a_row_that_an_older_linli_kept_is_read_and_one_of_another_key_is_not() {
        let vault = Vault::new(&[7; 32]);
        let old = opened(&vault, r#"{"s":0,"n":3,"c":["李晓梅"]}"#).unwrap();
        assert_eq!((old.n, old.c), (3, vec!["李晓梅".to_owned()]));
        let sealed = STANDARD.encode(Vault::new(&[8; 32]).seal(ROW_FIELD, r#"{"s":0,"n":3,"c":[]}"#).unwrap());
        assert!(opened(&vault, &sealed).is_err() && opened(&vault, "?").is_err());
    }

    fn looked(rows: &[&[&str]], leave_out: &[&str]) -> (Result<Looked, NotTaken>, String) {
        let folder = tempfile::tempdir().unwrap();
        let (book, kept) = (folder.path().join("a.xlsx"), folder.path().join("kept"));
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let page = workbook.add_worksheet();
        for (row, n) in rows.iter().zip(0_u32..) {
            for (cell, column) in row.iter().zip(0_u16..) {
                page.write_string(n, column, *cell).unwrap();
            }
        }
        workbook.save(&book).unwrap();
        let leave_out: Vec<String> = leave_out.iter().map(|header| (*header).to_owned()).collect();
        let vault = Vault::new(&[7; 32]);
        let kind = Subject::Record(crate::registry::Kind::Resident);
        let looked = look(&book, kind, (&leave_out, &vault), || File::create(&kept));
        let lying = std::fs::read_to_string(&kept).unwrap_or_default();
        assert!(!lying.contains("李晓梅") && !lying.contains("19900000001"), "nothing lies in the clear: {lying}");
        let mut said = String::new();
        if kept.exists() {
            rows_in(&kept, &vault, &mut said);
        }
        (looked, said)
    }

    const ROWS: &[&[&str]] = &[
        &["红旗社区居民台账"],
        &["姓名", "联系电话", "政治面貌", "小区", "门牌地址"],
        &["必填，真实姓名", "可多个", "如中共党员", "必填", "如1单元101室"],
        &["李晓梅", "19900000001", "群众甲", "幸福小区", "1单元101室"],
    ];

    #[test]
    fn a_refused_column_keeps_the_file_out_and_nothing_of_it_is_stored() {
        let (looked, kept) = looked(ROWS, &[]);
        let Err(NotTaken::Columns(columns)) = looked else { panic!("taken") };
        assert_eq!(columns, [RefusedColumn { header: "政治面貌".to_owned(), reason: Reason::Political }]);
        assert!(!kept.contains("群众甲") && !kept.contains("李晓梅"), "{kept}");
    }

    #[test]
    fn left_out_by_its_bringer_a_refused_column_is_blank_in_what_is_kept() {
        let (looked, kept) = looked(ROWS, &["政治面貌"]);
        let looked = looked.unwrap_or_else(|_| panic!("not taken"));
        assert_eq!(looked.left_out, ["政治面貌"]);
        assert_eq!((looked.sheets[0].layout.header_row, looked.sheets[0].n_rows), (2, 2));
        assert!(kept.contains("李晓梅") && !kept.contains("群众甲"), "{kept}");
        assert!(!looked.sheets[0].layout.headers.contains(&"政治面貌".to_owned()));
    }

    #[test]
    fn a_group_above_merged_cells_refuses_every_column_under_it() {
        let rows: &[&[&str]] = &[
            &["姓名", "联系电话", "小区", "门牌地址", "重点人员信息"],
            &["", "", "", "", "类别", "级别"],
            &["李晓梅", "19900000001", "幸福小区", "101", "甲类", "乙级"],
        ];
        let (result, _) = looked(rows, &[]);
        assert!(matches!(result, Err(NotTaken::Columns(_))));
        let (result, kept) = looked(rows, &["重点人员信息"]);
        assert!(result.is_ok() && !kept.contains("甲类") && !kept.contains("乙级"), "{kept}");
    }

    #[test]
    fn a_list_of_people_under_control_is_not_taken_by_its_title() {
        let rows: &[&[&str]] =
            &[&["社区矫正人员名单"], &["姓名", "联系电话", "小区", "门牌地址"], &["李晓梅", "1", "幸福小区", "101"]];
        assert!(matches!(looked(rows, &[]).0, Err(NotTaken::Columns(_))));
        // Left out as a whole, nothing is left to read.
        assert!(matches!(looked(rows, &["社区矫正人员名单"]).0, Err(NotTaken::NoHeader)));
    }
}
