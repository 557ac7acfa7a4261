//! The table `runs`: a file for each run, which says what it read and pins the version of every
//! other table. What no run pins does not exist for a reader.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, ListArray, RecordBatch, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Fields, Schema};

use super::RunRecord;
use super::columns::{Rows, integers, known_instants, known_texts, text_at, text_lists, texts};
use super::delta::{DataFile, Delta, Opened};
use super::encode::batch;
use super::file;
use super::schema::{element, instant, integer, list, text, text_list};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{InputFile, Reading};

/// Name of the table.
pub(super) const TABLE: &str = "runs";

/// Number of the layout that this version writes, and the newest that it reads.
pub(super) const FORMAT: i64 = 1;

/// A run, with what only the store needs to know of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct RunRow {
    /// What everybody may know.
    pub(super) record: RunRecord,
    /// End of what the export of this run knew; not later than that of the store.
    pub(super) export_extracted_at: i64,
    /// What was assumed, by the latest export.
    pub(super) assumptions: Vec<String>,
    /// With what the latest export was read; not known of runs that were committed before this was kept.
    pub(super) read_with: Reading,
    /// By table what tells its files from any others ([`super::delta::files_hash`]), as far as this is known.
    pub(super) files: BTreeMap<String, String>,
}

fn input_fields() -> Fields {
    Fields::from(vec![
        text("path", true),
        text("crm", true),
        text("entity", true),
        integer("bytes", false),
        integer("rows", false),
        integer("rejected", false),
        text("blake3", true),
    ])
}

fn pin_fields() -> Fields {
    Fields::from(vec![text("table", false), integer("version", false), text("files", true)])
}

fn key_fields() -> Fields {
    Fields::from(vec![text("key", false), text("value", false)])
}

/// The columns of `runs`.
pub(super) fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![
        integer("format", false),
        integer("version", false),
        text("sluice_version", true),
        text("config_blake3", true),
        instant("extracted_at", false),
        instant("export_extracted_at", false),
        integer("deal_count", false),
        list("inputs", input_fields()),
        list("tables", pin_fields()),
        text_list("assumptions"),
        text_list("findings"),
        list("read_with", key_fields()),
    ]))
}

fn rows_of_list(fields: Fields, columns: Vec<ArrayRef>) -> Result<ArrayRef> {
    let wrong = |cause| Error::new(ErrorKind::Store, "cannot lay out a run").because(cause);
    let rows = StructArray::try_new(fields.clone(), columns, None).map_err(wrong)?;
    let offsets = OffsetBuffer::<i32>::from_lengths([rows.len()]);
    let list = ListArray::try_new(element(fields), offsets, Arc::new(rows), None);
    Ok(Arc::new(list.map_err(wrong)?))
}

fn one(number: u64) -> ArrayRef {
    integers(std::iter::once(Some(number as i64)))
}

fn encode(run: &RunRow, format: i64) -> Result<RecordBatch> {
    let record = &run.record;
    let inputs = &record.inputs;
    let inputs = rows_of_list(
        input_fields(),
        vec![
            texts(inputs.iter().map(|i| i.path.as_str())),
            texts(inputs.iter().map(|i| i.crm.as_str())),
            texts(inputs.iter().map(|i| i.entity.as_str())),
            integers(inputs.iter().map(|i| Some(i.bytes as i64))),
            integers(inputs.iter().map(|i| Some(i.rows as i64))),
            integers(inputs.iter().map(|i| Some(i.rejected as i64))),
            texts(inputs.iter().map(|i| i.blake3.as_str())),
        ],
    )?;
    let pins = rows_of_list(
        pin_fields(),
        vec![
            known_texts(record.tables.keys().map(String::as_str)),
            integers(record.tables.values().map(|&v| Some(v as i64))),
            texts(record.tables.keys().map(|table| run.files.get(table).map_or("", |hash| hash))),
        ],
    )?;
    let read_with = &run.read_with.0;
    let read_with = rows_of_list(
        key_fields(),
        vec![
            known_texts(read_with.keys().map(String::as_str)),
            known_texts(read_with.values().map(String::as_str)),
        ],
    )?;
    let columns = vec![
        one(format as u64),
        one(record.version),
        texts(std::iter::once(record.sluice_version.as_str())),
        texts(std::iter::once(record.config_blake3.as_str())),
        known_instants(std::iter::once(record.extracted_at)),
        known_instants(std::iter::once(run.export_extracted_at)),
        one(record.deal_count),
        inputs,
        pins,
        text_lists(std::iter::once(run.assumptions.as_slice()))?,
        text_lists(std::iter::once(record.findings.as_slice()))?,
        read_with,
    ];
    batch(&schema(), columns)
}

fn decode(read: RecordBatch) -> Result<RunRow> {
    let rows = StructArray::from(read);
    let rows = Rows(&rows);
    let number = |name: &str| -> Result<u64> {
        Ok(rows.integers(name)?.get(0).map_or(0, |n| n.max(0) as u64))
    };
    let word = |name: &str| -> Result<String> { Ok(text_at(rows.texts(name)?, 0).to_owned()) };
    let (_, pins) = rows.lists("tables")?;
    let (tables, versions) = (pins.texts("table")?, pins.integers("version")?);
    let pin = |at| (text_at(tables, at).to_owned(), versions.get(at).map_or(0, |v| v as u64));
    // Runs of before lack these.
    let files = pins.has("files").then(|| pairs(&pins, "table", "files")).transpose()?;
    let mut files = files.unwrap_or_default();
    files.retain(|_, hash| !hash.is_empty());
    let read_with = match rows.has("read_with") {
        true => pairs(&rows.lists("read_with")?.1, "key", "value")?,
        false => BTreeMap::new(),
    };
    let findings = rows.has("findings").then(|| words_of(&rows, "findings")).transpose()?;
    Ok(RunRow {
        record: RunRecord {
            version: number("version")?,
            sluice_version: word("sluice_version")?,
            config_blake3: word("config_blake3")?,
            extracted_at: rows.instants("extracted_at")?.get(0).unwrap_or_default(),
            deal_count: number("deal_count")?,
            inputs: decode_inputs(&rows)?,
            findings: findings.unwrap_or_default(),
            tables: (0..tables.len()).map(pin).collect::<BTreeMap<_, _>>(),
        },
        export_extracted_at: rows.instants("export_extracted_at")?.get(0).unwrap_or_default(),
        assumptions: words_of(&rows, "assumptions")?,
        read_with: Reading(read_with),
        files,
    })
}

/// The list of texts of the only row.
fn words_of(rows: &Rows<'_>, name: &str) -> Result<Vec<String>> {
    let (_, texts) = rows.text_lists(name)?;
    Ok((0..texts.len()).map(|at| text_at(texts, at).to_owned()).collect())
}

/// One column of texts by another.
fn pairs(rows: &Rows<'_>, key: &str, value: &str) -> Result<BTreeMap<String, String>> {
    let (keys, values) = (rows.texts(key)?, rows.texts(value)?);
    let pair = |at| (text_at(keys, at).to_owned(), text_at(values, at).to_owned());
    Ok((0..keys.len()).map(pair).collect())
}

fn decode_inputs(rows: &Rows<'_>) -> Result<Vec<InputFile>> {
    let (_, inputs) = rows.lists("inputs")?;
    let (path, crm) = (inputs.texts("path")?, inputs.texts("crm")?);
    let (entity, hash) = (inputs.texts("entity")?, inputs.texts("blake3")?);
    let (bytes, count) = (inputs.integers("bytes")?, inputs.integers("rows")?);
    let rejected = inputs.integers("rejected")?;
    let unsigned = |number: Option<i64>| number.map_or(0, |n| n.max(0) as u64);
    let input = |at| InputFile {
        path: text_at(path, at).to_owned(),
        crm: text_at(crm, at).to_owned(),
        entity: text_at(entity, at).to_owned(),
        bytes: unsigned(bytes.get(at)),
        rows: unsigned(count.get(at)),
        rejected: unsigned(rejected.get(at)),
        blake3: text_at(hash, at).to_owned(),
    };
    Ok((0..path.len()).map(input).collect())
}

/// The runs that were committed, oldest first, as files.
pub(super) struct Runs {
    opened: Option<Opened>,
}

impl Runs {
    /// Reads the log of `runs`.
    pub(super) fn open(delta: &Delta) -> Result<Self> {
        Ok(Self { opened: delta.open(TABLE, None)? })
    }

    fn files(&self) -> impl Iterator<Item = &DataFile> {
        self.opened.iter().flat_map(|opened| opened.files.values())
    }

    /// Number of runs.
    pub(super) fn len(&self) -> usize {
        self.files().count()
    }

    /// All runs, oldest first.
    pub(super) fn all(&self, delta: &Delta) -> Result<Vec<RunRow>> {
        self.files().map(|file| read(delta, file)).collect()
    }

    /// A run by its version, by default the last; `None` if there is no run at all.
    ///
    /// Errors: there is no run of that version.
    pub(super) fn get(&self, delta: &Delta, version: Option<u64>) -> Result<Option<RunRow>> {
        let Some(version) = version else {
            return self.files().last().map(|file| read(delta, file)).transpose();
        };
        let prefix = prefix(version);
        match self.files().find(|file| file.path.starts_with(&prefix)) {
            Some(file) => read(delta, file).map(Some),
            None => Err(self.unknown(version, &super::flag(delta.root()))),
        }
    }

    fn unknown(&self, version: u64, flag: &str) -> Error {
        let text = match self.len() {
            0 => "it has none".to_owned(),
            1 => "it has only version 0".to_owned(),
            count => format!("it has the versions 0 to {}", count - 1),
        };
        Error::new(ErrorKind::Store, format!("the store has no version {version}: {text}")).hint(
            format!(
                "`sluice list runs{flag}` shows the runs; without a version the latest is read"
            ),
        )
    }

    /// Commits a run after all others: from now on it is what a reader sees.
    pub(super) fn append(&self, delta: &Delta, run: &RunRow) -> Result<()> {
        self.append_as(delta, run, FORMAT)
    }

    /// Commits a run, as a sluice that writes this format would.
    pub(super) fn append_as(&self, delta: &Delta, run: &RunRow, format: i64) -> Result<()> {
        let bytes = file::bytes(&encode(run, format)?)?;
        let prefix = prefix(run.record.version);
        let path = format!("{prefix}{}.parquet", file::hash_name(&bytes));
        let written = file::write(&delta.folder(TABLE).join(&path), &bytes)?;
        file::place(written.into_iter().collect())?;
        let size = bytes.len() as u64;
        let mut wanted: Vec<DataFile> = self.files().cloned().collect();
        wanted.push(DataFile { path, partition: None, size, rows: 1 });
        delta.commit(TABLE, &schema(), self.opened.as_ref(), &wanted).map(|_| ())
    }
}

fn prefix(version: u64) -> String {
    format!("{version:08}-")
}

fn read(delta: &Delta, found: &DataFile) -> Result<RunRow> {
    let path = delta.folder(TABLE).join(&found.path);
    let mut rows: Option<RecordBatch> = None;
    file::read(&path, None, |batch| {
        rows = Some(batch);
        Ok(())
    })?;
    let batch = rows.ok_or_else(|| {
        Error::new(ErrorKind::Store, format!("`{}` holds no run", path.display()))
    })?;
    let rows = StructArray::from(batch.clone());
    let format = Rows(&rows).integers("format")?.get(0).unwrap_or(i64::MAX);
    if format > FORMAT {
        let text = format!("the store has format {format}; this sluice reads up to {FORMAT}");
        return Err(
            Error::new(ErrorKind::Store, text).hint("install the newer sluice that wrote it")
        );
    }
    decode(batch)
}
