//! Workbooks. A row keeps its number, so that a refused cell is found again.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Cursor;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use calamine::{
    Data, Dimensions, ExcelDateTime, Ods, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsb,
    Xlsx, XlsxError,
};
use zip::ZipArchive;

use super::{Cause, Lines, Table, compound};

type Bytes = Cursor<Vec<u8>>;

/// The sheets of a workbook that are shown and not empty.
///
/// Errors: it cannot be read.
pub(super) fn sheets(bytes: Vec<u8>) -> Result<Vec<Table>, Cause> {
    guarded(|| if bytes.starts_with(b"PK") { of_zip(bytes) } else { of_compound(bytes) })
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Work of a library that panics at files whose parts contradict each other: an error like any other.
fn guarded<T>(work: impl FnOnce() -> Result<T, Cause>) -> Result<T, Cause> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let told = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            if !IS_GUARDED.get() {
                told(about);
            }
        }));
    });
    IS_GUARDED.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(false);
    result.unwrap_or_else(|_| Err("its parts contradict each other".into()))
}

/// Whether a workbook cannot be read for its password.
pub(super) fn is_sealed(cause: &Cause) -> bool {
    matches!(cause.downcast_ref(), Some(XlsxError::Password))
        || matches!(cause.downcast_ref(), Some(XlsError::Password))
}

/// A cell that is not empty: row and column from 0, and what is in it.
type Placed = (u32, u32, Data);

/// The sheets of an old workbook, or of a new one behind a password.
fn of_compound(bytes: Vec<u8>) -> Result<Vec<Table>, Cause> {
    if compound::is_circular(&bytes) {
        return Err("its sectors follow each other in a circle".into());
    }
    if let Err(sealed @ XlsxError::Password) = Xlsx::new(Cursor::new(bytes.as_slice())) {
        return Err(sealed.into());
    }
    let mut book: Xls<Bytes> = Xls::new(Cursor::new(bytes))?;
    shown(&mut book, |book, sheet| {
        Ok((cells_of(book, sheet)?, book.merge_cells_by_sheet_name(sheet)?))
    })
}

fn of_zip(bytes: Vec<u8>) -> Result<Vec<Table>, Cause> {
    let parts = ZipArchive::new(Cursor::new(bytes.as_slice()))?;
    let has = |part: &str| parts.index_for_name(part).is_some();
    if has("xl/workbook.bin") {
        let mut book: Xlsb<Bytes> = Xlsb::new(Cursor::new(bytes))?;
        return shown(&mut book, |book, sheet| Ok((cells_of(book, sheet)?, Vec::new())));
    }
    if has("content.xml") {
        let mut book: Ods<Bytes> = Ods::new(Cursor::new(bytes))?;
        return shown(&mut book, |book, sheet| Ok((cells_of(book, sheet)?, Vec::new())));
    }
    let mut book: Xlsx<Bytes> = Xlsx::new(Cursor::new(bytes))?;
    // Cell by cell: a range has room for all between the first and a stray last one.
    shown(&mut book, |book, sheet| {
        let (mut reader, mut cells) = (book.worksheet_cells_reader(sheet)?, Vec::new());
        while let Some(cell) = reader.next_cell()? {
            let (row, column) = cell.get_position();
            cells.push((row, column, Data::from(cell.get_value().clone())));
        }
        drop(reader);
        Ok((cells, book.merge_cells_by_sheet_name(sheet)?))
    })
}

fn cells_of<R: Reader<Bytes>>(book: &mut R, sheet: &str) -> Result<Vec<Placed>, R::Error> {
    let range = book.worksheet_range(sheet)?;
    let (top, left) = range.start().unwrap_or_default();
    let cells = range.used_cells();
    Ok(cells.map(|(row, at, cell)| (top + row as u32, left + at as u32, cell.clone())).collect())
}

/// Cells of a sheet, and where several are merged to one.
type Content = (Vec<Placed>, Vec<Dimensions>);

fn shown<R: Reader<Bytes>>(
    book: &mut R,
    read: impl Fn(&mut R, &str) -> Result<Content, R::Error>,
) -> Result<Vec<Table>, Cause>
where
    R::Error: std::error::Error + Send + Sync + 'static,
{
    let mut sheets = Vec::new();
    for about in book.sheets_metadata().to_vec() {
        if about.typ != SheetType::WorkSheet || about.visible != SheetVisible::Visible {
            continue;
        }
        let (mut cells, merged) = read(book, &about.name)?;
        cells.retain(|(_, _, cell)| *cell != Data::Empty);
        fill(&mut cells, &merged);
        if !cells.is_empty() {
            sheets.push(Table { text: text(&cells), name: about.name });
        }
    }
    Ok(sheets)
}

/// Gives all cells that are merged down a column the value of the first: reports with groups are laid out
/// like that.
fn fill(cells: &mut Vec<Placed>, merged: &[Dimensions]) {
    cells.sort_by_key(|&(row, column, _)| (row, column));
    let last = cells.last().map_or(0, |cell| cell.0);
    let mut more = Vec::new();
    for area in merged {
        let (top, column) = area.start;
        let place = cells.binary_search_by_key(&area.start, |&(row, column, _)| (row, column));
        if let Some((_, _, cell)) = place.ok().and_then(|at| cells.get(at)) {
            more.extend((top + 1..=area.end.0.min(last)).map(|row| (row, column, cell.clone())));
        }
    }
    if !more.is_empty() {
        cells.append(&mut more);
        cells.sort_by_key(|&(row, column, _)| (row, column));
    }
}

/// Cells, sorted by row and column, as text.
fn text(cells: &[Placed]) -> Vec<u8> {
    let with_times: BTreeSet<u32> = cells
        .iter()
        .filter(|(_, _, cell)| matches!(cell, Data::DateTime(at) if at.as_f64().fract() != 0.0))
        .map(|&(_, column, _)| column)
        .collect();
    let mut lines = Lines::default();
    let mut row = 0;
    for rest in cells.chunk_by(|a, b| a.0 == b.0) {
        let mut column = 0;
        for (at, place, cell) in rest {
            (row..*at).for_each(|_| lines.end());
            row = *at;
            (column..*place).for_each(|_| lines.cell(""));
            column = place + 1;
            lines.cell(&shown_as(cell, with_times.contains(place)));
        }
        lines.end();
        row += 1;
    }
    lines.into_bytes()
}

fn shown_as(cell: &Data, has_times: bool) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => super::number(*value),
        Data::Bool(true) => "TRUE".to_owned(),
        Data::Bool(false) => "FALSE".to_owned(),
        Data::DateTime(at) => time(at, has_times),
        Data::Error(error) => error.to_string(),
    }
}

/// A date, with the time of day where its column has any; a time alone, or a span, in hours.
fn time(at: &ExcelDateTime, has_times: bool) -> String {
    const SECONDS: f64 = 86_400.0;
    if at.is_duration() || at.as_f64() < 1.0 {
        let seconds = (at.as_f64() * SECONDS).round() as i64;
        return format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let mut text = format!("{year:04}-{month:02}-{day:02}");
    if has_times {
        let _ = write!(text, " {hour:02}:{minute:02}:{second:02}");
    }
    if milli > 0 {
        let _ = write!(text, ".{milli:03}");
    }
    text
}
