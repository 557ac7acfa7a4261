//! Plain values → the columns of a Parquet file.
//!
//! The writer of the crate `parquet` hashes every word again to find its key, and lays the shape of
//! a list out anew for each column inside it. Here words come with their keys, and a shape is laid
//! out once.

use std::io::Write;
use std::ops::Range;

use arrow::datatypes::Schema;
use hashbrown::HashMap;
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{Compression, Encoding, Type, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{
    ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::SchemaDescPtr;
use zstd::bulk::Compressor;

use super::bits::{width_of, write_bits, write_differences, write_runs};
use super::columns::Keyed;
use crate::model::TextColumn;

/// Effort of the compression.
pub(super) const ZSTD_LEVEL: i32 = 1;

/// Effort of the compression of keys.
const KEYS_LEVEL: i32 = 3;

/// Bytes from the middle of a page that tell whether compressing it is worth the time.
const SAMPLE: usize = 4 << 10;

/// Numbers that are looked at to tell whether they repeat.
const LOOK: usize = 1 << 10;

/// A dictionary pays for numbers of which each stands there so many times.
const REPEATED: usize = 2;

/// The Parquet form of the columns of a table.
pub(super) fn layout(schema: &Schema) -> Result<SchemaDescPtr> {
    Ok(ArrowSchemaConverter::new().convert(schema)?.into())
}

/// How the cells of a column lie in its rows.
pub(super) struct Shape {
    cells: usize,
    /// For columns of a list, by cell: 1, or 0 where the list is empty.
    filled: Vec<u8>,
    /// For columns of a list, as runs: 0 for the first cell of a row, 1 for any other.
    repeats: Vec<u8>,
}

impl Shape {
    /// A cell for each row.
    pub(super) fn flat(rows: usize) -> Self {
        Self { cells: rows, filled: Vec::new(), repeats: Vec::new() }
    }

    /// A list of cells for each row.
    pub(super) fn lists(lengths: impl Iterator<Item = usize>) -> Self {
        let (mut filled, mut repeats) = (Vec::new(), Vec::<u8>::new());
        for length in lengths {
            repeats.push(0);
            repeats.resize(repeats.len() + length.saturating_sub(1), 1);
            filled.push(u8::from(length > 0));
            filled.resize(repeats.len(), 1);
        }
        let mut runs = Vec::new();
        write_runs(&repeats, 1, &mut runs);
        Self { cells: filled.len(), filled, repeats: runs }
    }
}

/// Writes the columns of a table, in the order of its schema.
pub(super) struct Chunks<'b> {
    sink: TrackedWrite<&'b mut Vec<u8>>,
    layout: SchemaDescPtr,
    zstd: Compressor<'static>,
    /// For keys and dictionaries, which are short and rewarding.
    thorough: Compressor<'static>,
    columns: Vec<ColumnChunkMetaData>,
    groups: Vec<RowGroupMetaData>,
}

/// Appends bytes behind their number.
fn counted(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Writes keys into a dictionary of `count` entries, behind the bits that each takes.
fn write_keys(keys: &[u32], count: usize, out: &mut Vec<u8>) {
    let width = width_of(count.saturating_sub(1) as u64);
    out.push(width as u8);
    write_runs(keys, width, out);
}

/// Few numbers that repeat, such as dates and durations, as keys into a dictionary.
struct Few {
    keys: Vec<u32>,
    count: usize,
    dictionary: Vec<u8>,
}

impl Few {
    /// Null if too many of the numbers differ.
    fn of(numbers: &[i64], is_short: bool) -> Option<Self> {
        let step = numbers.len().div_ceil(LOOK).max(1);
        let mut looked_at: Vec<i64> = numbers.iter().step_by(step).copied().collect();
        looked_at.sort_unstable();
        let differing = looked_at.chunk_by(|a, b| a == b).count();
        if differing * REPEATED >= looked_at.len() {
            return None;
        }
        let mut known: HashMap<i64, u32> = HashMap::new();
        let mut keys: Vec<u32> = Vec::with_capacity(numbers.len());
        for &number in numbers {
            let fresh = known.len() as u32;
            keys.push(*known.entry(number).or_insert(fresh));
            if known.len() * REPEATED > numbers.len() {
                return None;
            }
        }
        // Sorted they are compressed best.
        let mut sorted: Vec<(i64, u32)> = known.into_iter().collect();
        sorted.sort_unstable();
        let mut places = vec![0; sorted.len()];
        let mut dictionary = Vec::with_capacity(sorted.len() * size_of::<i64>());
        for (place, (number, key)) in sorted.iter().enumerate() {
            places[*key as usize] = place as u32;
            let bytes = number.to_le_bytes();
            dictionary.extend_from_slice(if is_short { &bytes[..4] } else { &bytes });
        }
        keys.iter_mut().for_each(|key| *key = places[*key as usize]);
        Some(Self { keys, count: sorted.len(), dictionary })
    }

    /// About so many bytes: compression takes away more than half of a sorted dictionary.
    fn size(&self) -> usize {
        let bits = self.keys.len() * width_of(self.count as u64) as usize;
        self.dictionary.len() / 2 + bits / 8
    }
}

impl<'b> Chunks<'b> {
    /// Begins a file in `bytes`, which must be empty.
    pub(super) fn begin(layout: SchemaDescPtr, bytes: &'b mut Vec<u8>) -> Result<Self> {
        let mut sink = TrackedWrite::new(bytes);
        sink.write_all(b"PAR1")?;
        let (zstd, thorough) = (Compressor::new(ZSTD_LEVEL)?, Compressor::new(KEYS_LEVEL)?);
        Ok(Self { sink, layout, zstd, thorough, columns: Vec::new(), groups: Vec::new() })
    }

    /// A column of integers, instants or dates.
    pub(super) fn numbers(
        &mut self,
        shape: &Shape,
        cells: impl Iterator<Item = Option<i64>>,
    ) -> Result<()> {
        let mut present = Vec::with_capacity(shape.cells);
        let mut numbers = Vec::with_capacity(shape.cells);
        for cell in cells {
            present.push(u8::from(cell.is_some()));
            numbers.extend(cell);
        }
        let mut page = self.levels(shape, &present);
        let start = page.len();
        write_differences(&numbers, &mut page);
        let is_short = self.layout.column(self.columns.len()).physical_type() == Type::INT32;
        let size = page.len() - start;
        if let Some(few) = Few::of(&numbers, is_short).filter(|few| few.size() < size) {
            page.truncate(start);
            write_keys(&few.keys, few.count, &mut page);
            let dictionary = Some((few.count, few.dictionary));
            return self.column(shape, Encoding::RLE_DICTIONARY, dictionary, page);
        }
        self.column(shape, Encoding::DELTA_BINARY_PACKED, None, page)
    }

    /// A column of flags without nulls.
    pub(super) fn flags(
        &mut self,
        shape: &Shape,
        cells: impl ExactSizeIterator<Item = bool>,
    ) -> Result<()> {
        let mut page = self.levels(shape, &[]);
        write_bits(cells.map(u64::from), 1, &mut page);
        self.column(shape, Encoding::PLAIN, None, page)
    }

    /// A column of words.
    pub(super) fn words(&mut self, shape: &Shape, words: &Keyed<'_>) -> Result<()> {
        let present: Vec<u8> = words.keys.iter().map(|&key| u8::from(key >= 0)).collect();
        let keys: Vec<u32> = words.keys.iter().filter_map(|&key| u32::try_from(key).ok()).collect();
        let mut dictionary = Vec::new();
        for word in &words.words {
            counted(word.as_bytes(), &mut dictionary);
        }
        let mut page = self.levels(shape, &present);
        write_keys(&keys, words.words.len(), &mut page);
        let dictionary = (words.words.len(), dictionary);
        self.column(shape, Encoding::RLE_DICTIONARY, Some(dictionary), page)
    }

    /// A column of texts that do not repeat; where nulls are allowed, the empty text is null.
    pub(super) fn texts(&mut self, texts: &TextColumn, rows: Range<usize>) -> Result<()> {
        let shape = Shape::flat(rows.len());
        let is_nullable = self.layout.column(self.columns.len()).max_def_level() > 0;
        let length = |row| texts.get(row).len();
        let present: Vec<u8> = rows.clone().map(|row| u8::from(length(row) > 0)).collect();
        let lengths: Vec<i64> = rows
            .clone()
            .map(|row| length(row) as i64)
            .filter(|&length| length > 0 || !is_nullable)
            .collect();
        let mut page = self.levels(&shape, &present);
        write_differences(&lengths, &mut page);
        page.extend_from_slice(texts.span(rows).as_bytes());
        self.column(&shape, Encoding::DELTA_LENGTH_BYTE_ARRAY, None, page)
    }

    /// Begins the page of the next column: its shape, and by item whether it is `present`, which is
    /// not looked at where no null is allowed.
    fn levels(&self, shape: &Shape, present: &[u8]) -> Vec<u8> {
        let column = self.layout.column(self.columns.len());
        let (is_list, levels) = (column.max_rep_level() > 0, column.max_def_level());
        let mut page = Vec::with_capacity(shape.cells * size_of::<i64>());
        let mut runs = Vec::new();
        match (is_list, levels) {
            (_, 0) => return page,
            (false, _) => write_runs(present, 1, &mut runs),
            (true, 1) => write_runs(&shape.filled, 1, &mut runs),
            (true, _) => {
                let mut present = present.iter();
                let level = |&filled: &u8| match filled {
                    0 => 0,
                    _ => 1 + present.next().copied().unwrap_or_default(),
                };
                let levels: Vec<u8> = shape.filled.iter().map(level).collect();
                write_runs(&levels, 2, &mut runs);
            }
        }
        if is_list {
            counted(&shape.repeats, &mut page);
        }
        counted(&runs, &mut page);
        page
    }

    /// Writes the next column: its words with their number, if it has any, and its page.
    fn column(
        &mut self,
        shape: &Shape,
        encoding: Encoding,
        dictionary: Option<(usize, Vec<u8>)>,
        page: Vec<u8>,
    ) -> Result<()> {
        let start = self.sink.bytes_written();
        let uncompressed = &mut 0;
        let effort = match dictionary {
            Some(_) => Some(KEYS_LEVEL),
            None => self.shrinks(&page)?.then_some(ZSTD_LEVEL),
        };
        let mut encodings = vec![Encoding::RLE, encoding];
        encodings.extend(dictionary.as_ref().map(|_| Encoding::PLAIN));
        let dictionary_start = dictionary.as_ref().map(|_| start as i64);
        if let Some((words, bytes)) = dictionary {
            self.page(bytes, effort, uncompressed, |buf| Page::DictionaryPage {
                buf: buf.into(),
                num_values: words as u32,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            })?;
        }
        let data = self.sink.bytes_written();
        let cells = u32::try_from(shape.cells)?;
        self.page(page, effort, uncompressed, |buf| Page::DataPage {
            buf: buf.into(),
            num_values: cells,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        })?;
        let compression = match effort {
            Some(level) => Compression::ZSTD(ZstdLevel::try_new(level)?),
            None => Compression::UNCOMPRESSED,
        };
        let column = ColumnChunkMetaData::builder(self.layout.column(self.columns.len()))
            .set_compression(compression)
            .set_encodings(encodings)
            .set_num_values(shape.cells as i64)
            .set_dictionary_page_offset(dictionary_start)
            .set_data_page_offset(data as i64)
            .set_total_compressed_size((self.sink.bytes_written() - start) as i64)
            .set_total_uncompressed_size(*uncompressed as i64)
            .build()?;
        self.columns.push(column);
        Ok(())
    }

    /// Whether compression takes away more than a twentieth. Packed differences are often as dense as
    /// they can be, and then it would take time twice, now and at each reading.
    fn shrinks(&mut self, page: &[u8]) -> Result<bool> {
        if page.len() <= SAMPLE {
            return Ok(true);
        }
        let start = (page.len() - SAMPLE) / 2;
        let sample = self.zstd.compress(&page[start..start + SAMPLE])?;
        Ok(sample.len() < SAMPLE - SAMPLE / 20)
    }

    fn page(
        &mut self,
        bytes: Vec<u8>,
        effort: Option<i32>,
        uncompressed: &mut usize,
        page: impl FnOnce(Vec<u8>) -> Page,
    ) -> Result<()> {
        let size = bytes.len();
        let stored = match effort {
            None => bytes,
            Some(KEYS_LEVEL) => self.thorough.compress(&bytes)?,
            Some(_) => self.zstd.compress(&bytes)?,
        };
        let page = CompressedPage::new(page(stored), size);
        *uncompressed +=
            SerializedPageWriter::new(&mut self.sink).write_page(page)?.uncompressed_size;
        Ok(())
    }

    /// Ends a group of rows, all of whose columns are written.
    pub(super) fn end_group(&mut self, rows: usize) -> Result<()> {
        let columns = std::mem::take(&mut self.columns);
        let size = columns.iter().map(ColumnChunkMetaData::uncompressed_size).sum();
        let ordinal = i16::try_from(self.groups.len())
            .map_err(|_| ParquetError::General("too many rows for a file".into()))?;
        let group = RowGroupMetaData::builder(self.layout.clone())
            .set_total_byte_size(size)
            .set_num_rows(rows as i64)
            .set_ordinal(ordinal)
            .set_column_metadata(columns)
            .build()?;
        self.groups.push(group);
        Ok(())
    }

    /// Ends the file.
    pub(super) fn end(self) -> Result<()> {
        let rows = self.groups.iter().map(RowGroupMetaData::num_rows).sum();
        let created_by = Some("sluice".to_owned());
        let about = FileMetaData::new(1, rows, created_by, None, self.layout, None);
        let about = ParquetMetaData::new(about, self.groups);
        ParquetMetaDataWriter::new_with_tracked(self.sink, &about).finish()
    }
}
