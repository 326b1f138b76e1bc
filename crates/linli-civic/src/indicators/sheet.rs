//! A board as a file for a spreadsheet: the figures with their words, and those of the areas directly below.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use linli_playbook::{IndicatorKind, Playbook};
use rust_xlsxwriter::{Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::board::Wish;
use super::http::{Below, file_name};
use super::tally::number;
use super::view::{BoardItem, BoardValue, BoardView, IndicatorView};
use crate::areas::tree::AreaTree;
use crate::http::{Answer, Refused};
use crate::say::Lang;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const HOUR_MS: f64 = 3_600_000.0;

/// Where rows of figures begin.
const FIRST_ROW: u32 = 5;

struct Formats {
    head: Format,
    share: Format,
    hours: Format,
    count: Format,
    words: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            head: Format::new().set_bold(),
            share: Format::new().set_num_format("0.0%"),
            hours: Format::new().set_num_format("0.0"),
            count: Format::new().set_num_format("0"),
            words: Format::new().set_text_wrap().set_align(FormatAlign::Top),
        }
    }

    const fn of(&self, kind: IndicatorKind) -> &Format {
        match kind {
            IndicatorKind::Share => &self.share,
            IndicatorKind::Duration => &self.hours,
            IndicatorKind::Count => &self.count,
            IndicatorKind::Stock => &self.hours,
        }
    }
}

/// Writes the file.
///
/// # Errors
/// The library's.
pub(super) fn write(
    book: &Playbook,
    areas: &AreaTree,
    view: &BoardView,
    below: &Below,
    lang: Lang,
) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let formats = Formats::new();
    let page = workbook.add_worksheet();
    page.set_name(lang.text("board.sheet_figures"))?;
    top(page, book, view, lang, &formats)?;
    figures(page, book, view, lang, &formats)?;
    if !below.children.is_empty() {
        let page = workbook.add_worksheet();
        page.set_name(lang.text("board.sheet_below"))?;
        top(page, book, view, lang, &formats)?;
        children(page, book, below, areas, &formats)?;
    }
    workbook.save_to_buffer()
}

/// Whose, when, as of when, by which playbook.
fn top(
    page: &mut Worksheet,
    book: &Playbook,
    view: &BoardView,
    lang: Lang,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let unit = view.scope.unit.as_ref().map(|unit| unit.name.clone()).unwrap_or_default();
    let as_of = view.lag.as_of.plus_ms(8 * 3_600_000).to_jiff().strftime("%Y-%m-%d %H:%M").to_string();
    let lines = [
        ("board.scope", format!("{}{unit}", view.scope.area.full_name)),
        ("board.period", format!("{} – {}", view.from, view.to)),
        ("board.as_of", as_of),
        ("board.playbook", format!("{} {}", book.name, book.version)),
    ];
    for (row, (key, text)) in (0_u32..).zip(lines) {
        page.write_string_with_format(row, 0, lang.text(key), &formats.head)?;
        page.write_string(row, 1, text)?;
    }
    Ok(())
}

fn figures(
    page: &mut Worksheet,
    book: &Playbook,
    view: &BoardView,
    lang: Lang,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let heads = [
        "group",
        "name",
        "value",
        "unit",
        "num",
        "den",
        "n_left_out",
        "p90",
        "before",
        "year_ago",
        "p25",
        "median",
        "p75",
        "about",
        "numerator",
        "denominator",
        "left_out",
        "source",
    ];
    for (column, head) in (0_u16..).zip(heads) {
        page.write_string_with_format(FIRST_ROW, column, lang.word("board", head), &formats.head)?;
    }
    for (row, item) in (FIRST_ROW + 1..).zip(&view.items) {
        let words = book.indicators.iter().find(|indicator| indicator.id == item.id).map(IndicatorView::from);
        figure(page, row, item, lang, formats)?;
        let words =
            words.map(|words| [Some(words.about), words.numerator, words.denominator, words.left_out, words.source]);
        for (column, text) in (13_u16..).zip(words.into_iter().flatten()) {
            page.write_string_with_format(row, column, text.unwrap_or_default(), &formats.words)?;
        }
    }
    page.set_freeze_panes(FIRST_ROW + 1, 2)?;
    for (column, width) in [(1, 18.0), (13, 60.0), (14, 30.0), (15, 40.0), (16, 40.0), (17, 30.0)] {
        page.set_column_width(column, width)?;
    }
    Ok(())
}

fn figure(page: &mut Worksheet, row: u32, item: &BoardItem, lang: Lang, formats: &Formats) -> Result<(), XlsxError> {
    page.write_string(row, 0, &item.group)?;
    page.write_string(row, 1, &item.name)?;
    value(page, (row, 2), item.now.value, item.kind, formats)?;
    page.write_string(row, 3, unit(item.kind, &item.unit, lang))?;
    page.write_number(row, 4, number(item.now.num))?;
    page.write_number(row, 5, number(item.now.den))?;
    page.write_number(row, 6, number(item.now.n_left_out))?;
    value(page, (row, 7), item.now.p90_ms.map(number), IndicatorKind::Duration, formats)?;
    let past = |past: &Option<BoardValue>| past.as_ref().and_then(|past| past.value);
    value(page, (row, 8), past(&item.before), item.kind, formats)?;
    value(page, (row, 9), past(&item.year_ago), item.kind, formats)?;
    let like = item.like.as_ref();
    for (column, quarter) in
        (10_u16..).zip([like.map(|like| like.p25), like.map(|like| like.median), like.map(|like| like.p75)])
    {
        value(page, (row, column), quarter, item.kind, formats)?;
    }
    Ok(())
}

/// A figure; an empty cell where there is none, because nothing is not zero.
fn value(
    page: &mut Worksheet,
    (row, column): (u32, u16),
    value: Option<f64>,
    kind: IndicatorKind,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let Some(value) = value else { return Ok(()) };
    let value = if kind == IndicatorKind::Duration { value / HOUR_MS } else { value };
    page.write_number_with_format(row, column, value, formats.of(kind))?;
    Ok(())
}

fn unit(kind: IndicatorKind, unit: &str, lang: Lang) -> String {
    if kind == IndicatorKind::Duration { lang.text("board.hours") } else { unit.to_owned() }
}

fn children(
    page: &mut Worksheet,
    book: &Playbook,
    below: &Below,
    areas: &AreaTree,
    formats: &Formats,
) -> Result<(), XlsxError> {
    for (column, indicator) in (1_u16..).zip(&book.indicators) {
        page.write_string_with_format(FIRST_ROW, column, &indicator.name, &formats.head)?;
    }
    for (row, (code, one)) in (FIRST_ROW + 1..).zip(&below.children) {
        page.write_string(row, 0, areas.name(code))?;
        for ((column, slot), indicator) in (1_u16..).zip(0_u8..).zip(&book.indicators) {
            value(page, (row, column), one.value(slot, indicator).value, indicator.kind, formats)?;
        }
    }
    page.set_freeze_panes(FIRST_ROW + 1, 1)?;
    page.set_column_width(0, 20)?;
    Ok(())
}

/// Sends the file.
///
/// # Errors
/// `Internal` when it could not be written.
pub(super) fn send(written: Result<Vec<u8>, XlsxError>, wish: &Wish) -> Answer<Response> {
    let bytes = written.map_err(|error| {
        tracing::error!(%error, "a board cannot be written as xlsx");
        Refused::from(linli_kernel::ProblemCode::Internal)
    })?;
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(XLSX));
    let name = file_name(&wish.of, wish.period);
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}
