//! Exports after what happens to files on their way: opened and saved by a spreadsheet, sorted, split,
//! cut. What says the same is read as the same; where something is missing, the rest is read.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use sluice::ingest::Ingested;
use sluice::model::{Config, Silent};
use sluice::sample::{self, Crm};

use super::ingest::{digest, try_read};

/// A table: header and rows.
#[derive(Clone)]
struct Sheet {
    name: String,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads a plain table, whose cells hold no line ends.
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        Self { name, rows: text.lines().map(cells).collect() }
    }

    fn text(&self, delimiter: char, end: &str) -> String {
        let mut text = String::new();
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                let between = if at > 0 { delimiter.to_string() } else { String::new() };
                let is_plain = !cell.contains([delimiter, '"', '\n']);
                let quoted = || format!("\"{}\"", cell.replace('"', "\"\""));
                let shown = if is_plain { cell.clone() } else { quoted() };
                let _ = write!(text, "{between}{shown}");
            }
            text.push_str(end);
        }
        text
    }
}

fn cells(line: &str) -> Vec<String> {
    let (mut row, mut cell, mut inside) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' => inside = !inside,
            ',' if !inside => row.push(std::mem::take(&mut cell)),
            letter => cell.push(letter),
        }
    }
    row.push(cell);
    row
}

fn load(files: &[(String, Vec<u8>)]) -> Ingested {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    try_read(folder.path(), &Config::default()).unwrap()
}

fn wide(text: &str) -> Vec<u8> {
    format!("\u{FEFF}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Damages that take nothing away: the name, and what becomes of a table.
#[allow(clippy::type_complexity)]
fn harmless() -> Vec<(&'static str, Box<dyn Fn(&Sheet) -> Vec<(String, Vec<u8>)>>)> {
    let file = |sheet: &Sheet, text: String| vec![(sheet.name.clone(), text.into_bytes())];
    let same = move |change: fn(&mut Sheet)| {
        move |sheet: &Sheet| {
            let mut sheet = sheet.clone();
            change(&mut sheet);
            file(&sheet, sheet.text(',', "\n"))
        }
    };
    vec![
        (
            "rows shuffled",
            Box::new(same(|sheet| {
                let key =
                    |row: &Vec<String>| blake3::hash(row.join(",").as_bytes()).to_hex().to_string();
                sheet.rows[1..].sort_by_cached_key(key);
            })),
        ),
        (
            "columns reordered",
            Box::new(same(|sheet| {
                sheet.rows.iter_mut().for_each(|row| row.reverse());
            })),
        ),
        (
            "more columns",
            Box::new(same(|sheet| {
                for (at, row) in sheet.rows.iter_mut().enumerate() {
                    let note =
                        if at == 0 { "My notes".to_owned() } else { format!("see \"{at}\", p. 5") };
                    row.insert(1, note);
                    row.push(String::new());
                }
            })),
        ),
        (
            "ids with spaces",
            Box::new(same(|sheet| {
                for (at, row) in sheet.rows.iter_mut().enumerate().skip(1) {
                    row[0] = if at % 2 == 0 {
                        format!(" {} ", row[0])
                    } else {
                        format!("\u{A0}{}", row[0])
                    };
                }
            })),
        ),
        (
            "headers in capitals",
            Box::new(same(|sheet| {
                for header in &mut sheet.rows[0] {
                    *header = format!(" {}*", header.to_uppercase().replace('_', " "));
                }
            })),
        ),
        ("CRLF and a mark", Box::new(move |s| file(s, format!("\u{FEFF}{}", s.text(',', "\r\n"))))),
        ("old Mac", Box::new(move |s| file(s, s.text(',', "\r")))),
        ("semicolons", Box::new(move |s| file(s, s.text(';', "\n")))),
        (
            "told semicolons",
            Box::new(move |s| file(s, format!("sep=;\r\n{}", s.text(';', "\r\n")))),
        ),
        ("UTF-16 with tabs", Box::new(|s| vec![(s.name.clone(), wide(&s.text('\t', "\r\n")))])),
        (
            "a title and a total",
            Box::new(move |s| {
                file(
                    s,
                    format!(
                        "All of it\n\nAs of,today\n{}\nGrand Total\nCopyright\n",
                        s.text(',', "\n")
                    ),
                )
            }),
        ),
        (
            "split in two",
            Box::new(|sheet| {
                let middle = sheet.rows.len() / 2;
                let (mut one, mut two) = (sheet.clone(), sheet.clone());
                one.rows.truncate(middle);
                two.rows.drain(1..middle);
                let bytes = |sheet: &Sheet| sheet.text(',', "\n").into_bytes();
                vec![
                    (format!("a/{}", sheet.name), bytes(&one)),
                    (format!("b/{}", sheet.name), bytes(&two)),
                ]
            }),
        ),
    ]
}

fn sheets(folder: &Path) -> Vec<Sheet> {
    let names = ["deals.csv", "stage_history.csv", "activities.csv", "users.csv"];
    let paths = names.map(|name| folder.join(name));
    paths.iter().filter(|path| path.is_file()).map(|path| Sheet::read(path)).collect()
}

fn check(folder: &Path) {
    let sheets = sheets(folder);
    let plain: Vec<_> =
        sheets.iter().map(|s| (s.name.clone(), s.text(',', "\n").into_bytes())).collect();
    let whole = load(&plain);
    let expected = digest(&whole);
    for (damage, change) in harmless() {
        let files: Vec<_> = sheets.iter().flat_map(change).collect();
        let got = load(&files);
        assert_eq!(got.rows_rejected, whole.rows_rejected, "{}: {damage}", folder.display());
        assert!(digest(&got) == expected, "{}: {damage} changes what is read", folder.display());
    }
    let halves: Vec<_> = sheets
        .iter()
        .map(|sheet| {
            let mut half = sheet.clone();
            half.rows.truncate(half.rows.len().div_ceil(2));
            (half.name.clone(), half.text(',', "\n").into_bytes())
        })
        .collect();
    let got = load(&halves);
    let deals = sheets[0].rows.len().div_ceil(2) - 1;
    assert_eq!(got.dataset.deal_count(), deals, "{}: half of the rows", folder.display());
    let capitals: Vec<_> = sheets
        .iter()
        .map(|sheet| {
            let mut loud = sheet.clone();
            let stage = loud.rows[0].iter().position(|header| header == "stage");
            if let Some(at) = stage.filter(|_| sheet.name == "deals.csv") {
                loud.rows[1..].iter_mut().for_each(|row| row[at] = row[at].to_uppercase());
            }
            (loud.name.clone(), loud.text(',', "\n").into_bytes())
        })
        .collect();
    let got = load(&capitals);
    let closed = |got: &Ingested| -> Vec<_> {
        let deals = got.dataset.partitions.iter().flat_map(|p| &p.deals);
        deals.map(|deal| (deal.created_at, deal.status, deal.closed_at)).collect()
    };
    assert!(closed(&got) == closed(&whole), "{}: stages in capitals", folder.display());
}

#[test]
fn damage_that_takes_nothing_away_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    sample::write(Crm::Generic, 200, 5, folder.path(), &Silent).unwrap();
    check(folder.path());
}

#[test]
fn real_folders_stand_damage() {
    let real = Path::new("../shared/real");
    for folder in ["maven_crm", "bpic2020_domestic"] {
        let path: PathBuf = real.join(folder);
        if !path.is_dir() {
            eprintln!("SKIPPED: {} is not there", path.display());
            continue;
        }
        check(&path);
    }
}

/// The text without quotes but where cells need them, with a quote put before cells of some rows; those rows.
fn with_quotes(sheet: &Sheet, every: usize) -> (String, Vec<u64>) {
    let plain = sheet.text(',', "\n");
    let mut spoilt = Vec::new();
    let lines = plain.lines().enumerate().map(|(at, line)| {
        if at == 0 || at % every != 0 {
            return format!("{line}\n");
        }
        spoilt.push(at as u64 + 1);
        let cells: Vec<&str> = line.split(',').collect();
        let cell = at / every % cells.len();
        let quoted = |(place, text): (usize, &&str)| match place == cell {
            true => format!("\"{text}"),
            false => (*text).to_owned(),
        };
        cells.iter().enumerate().map(quoted).collect::<Vec<_>>().join(",") + "\n"
    });
    (lines.collect(), spoilt)
}

#[test]
fn a_quote_too_many_costs_its_own_row_only() {
    let folder = tempfile::tempdir().unwrap();
    // More than a block, so that the quotes of a pair stand in different ones.
    sample::write(Crm::Generic, 6000, 5, folder.path(), &Silent).unwrap();
    let deals = Sheet::read(&folder.path().join("deals.csv"));
    for every in [7, 500, 2900, 4000] {
        let (text, spoilt) = with_quotes(&deals, every);
        assert!(text.len() > 1 << 19);
        let got = load(&[(deals.name.clone(), text.into_bytes())]);
        let refused: Vec<u64> = got.dataset.rejects.iter().map(|reject| reject.row).collect();
        assert_eq!(refused, spoilt, "{every}");
        assert_eq!(got.dataset.deal_count() + spoilt.len(), deals.rows.len() - 1, "{every}");
    }
}

#[test]
fn a_quote_left_out_costs_its_own_row_only() {
    let folder = tempfile::tempdir().unwrap();
    sample::write(Crm::Generic, 200, 5, folder.path(), &Silent).unwrap();
    let text = std::fs::read_to_string(folder.path().join("deals.csv")).unwrap();
    for (cell, what) in [(1, "of a name"), (14, "at the end of a line")] {
        let left_out = |(at, line): (usize, &str)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if at == 20 || at == 90 {
                cells[cell] = cells[cell].strip_suffix('"').unwrap();
            }
            cells.join(",") + "\n"
        };
        let text: String = text.lines().enumerate().map(left_out).collect();
        let got = load(&[("deals.csv".to_owned(), text.into_bytes())]);
        let refused: Vec<u64> = got.dataset.rejects.iter().map(|reject| reject.row).collect();
        assert_eq!((refused, got.dataset.deal_count()), (vec![21, 91], 198), "{what}");
    }
}
