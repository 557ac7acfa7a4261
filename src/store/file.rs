//! Parquet files: rows → bytes whose name is their hash → a file that survives a power cut; and back.
//!
//! Equal rows give equal bytes, and so the same name: a file is never changed once it is there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::{ArrowWriter, ArrowWriterOptions};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{ChunkReader, Length};
use parquet::schema::types::ColumnPath;

use super::cells::Group;
use super::chunks::ZSTD_LEVEL;
use super::delta::sync_folder;
use crate::error::{Error, ErrorKind, Result};
use crate::model::together;

/// Rows read at a time.
const BATCH_ROWS: usize = 512;

/// Hexadecimal digits of the hash in a file's name.
const NAME_DIGITS: usize = 32;

/// The bytes of a file that holds these rows.
pub(super) fn bytes(batch: &RecordBatch) -> Result<Vec<u8>> {
    let wrong = |cause: ParquetError| {
        Error::new(ErrorKind::Store, "cannot encode the rows of a table").because(cause)
    };
    let options = ArrowWriterOptions::new()
        .with_properties(properties(batch.schema_ref()).map_err(wrong)?)
        .with_skip_arrow_metadata(true);
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new_with_options(&mut bytes, batch.schema(), options).map_err(wrong)?;
    writer.write(batch).map_err(wrong)?;
    writer.close().map_err(wrong)?;
    Ok(bytes)
}

fn properties(schema: &Schema) -> Result<WriterProperties, ParquetError> {
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_created_by("sluice".to_owned());
    for field in schema.fields() {
        builder = encode_field(builder, field, vec![field.name().clone()]);
    }
    Ok(builder.build())
}

type Builder = parquet::file::properties::WriterPropertiesBuilder;

/// Numbers are packed as differences; words are dictionaries; other text stands one after another.
fn encode_field(builder: Builder, field: &Field, path: Vec<String>) -> Builder {
    let column = ColumnPath::new(path.clone());
    match field.data_type() {
        DataType::List(element) => match element.data_type() {
            DataType::Struct(fields) => fields.iter().fold(builder, |builder, inner| {
                let mut path = path.clone();
                path.extend(["list".into(), "element".into(), inner.name().clone()]);
                encode_field(builder, inner, path)
            }),
            _ => builder,
        },
        DataType::Timestamp(..) | DataType::Int64 | DataType::Date32 => builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED),
        DataType::Utf8 => builder
            .set_column_dictionary_enabled(column.clone(), false)
            .set_column_encoding(column, Encoding::DELTA_LENGTH_BYTE_ARRAY),
        _ => builder,
    }
}

/// The name of a file with these bytes, without the ending.
pub(super) fn hash_name(bytes: &[u8]) -> String {
    let mut name = blake3::hash(bytes).to_hex().to_string();
    name.truncate(NAME_DIGITS);
    name
}

/// A file that is written but not yet in its place.
pub(super) struct Written {
    temporary: PathBuf,
    path: PathBuf,
}

/// Writes a file beside its place. Nothing if it is there already: its name says what is in it.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<Option<Written>> {
    if fs::metadata(path).is_ok_and(|found| found.len() == bytes.len() as u64) {
        return Ok(None);
    }
    let Some(folder) = path.parent() else {
        return Err(Error::new(ErrorKind::Store, format!("`{}` has no folder", path.display())));
    };
    fs::create_dir_all(folder).map_err(|cause| Error::io("make the folder", folder, cause))?;
    let temporary = path.with_extension("tmp");
    fs::write(&temporary, bytes).map_err(|cause| Error::io("write", &temporary, cause))?;
    Ok(Some(Written { temporary, path: path.to_owned() }))
}

/// Makes files durable and moves them to their places, many at once: the disk is waited for, and
/// it is faster when it is asked for all of them together.
pub(super) fn place(files: Vec<Written>) -> Result<()> {
    let folders: BTreeSet<PathBuf> =
        files.iter().filter_map(|file| file.path.parent().map(Path::to_owned)).collect();
    together(files, |file| {
        let failed = |cause| Error::io("write", &file.path, cause);
        File::open(&file.temporary).and_then(|f| f.sync_all()).map_err(failed)?;
        fs::rename(&file.temporary, &file.path).map_err(failed)
    })?;
    together(folders.into_iter().collect(), |folder: PathBuf| sync_folder(&folder))?;
    Ok(())
}

/// A file in memory.
pub(super) struct Loaded<R> {
    bytes: Arc<R>,
    about: ParquetMetaData,
}

impl<R> Loaded<R> {
    /// Its groups of rows.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group<'_, R>> {
        self.about.row_groups().iter().map(|about| Group { bytes: &self.bytes, about })
    }
}

fn broken(path: &Path, text: &str) -> Error {
    Error::new(ErrorKind::Store, format!("`{}` {text}", path.display())).hint(
        "restore the file from a backup, or ingest the exports again into a new folder with `--store DIR`",
    )
}

/// The bytes of a file, if they are those that its name promises.
fn bytes_of(path: &Path) -> Result<impl ChunkReader + use<>> {
    let file = File::open(path).map_err(|cause| broken(path, "cannot be opened").because(cause))?;
    let length = file.len() as usize;
    let bytes =
        file.get_bytes(0, length).map_err(|cause| broken(path, "cannot be read").because(cause))?;
    let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
    if !name.ends_with(&hash_name(&bytes)) {
        let text = "was changed or damaged: its bytes are not those that were written";
        return Err(broken(path, text));
    }
    Ok(bytes)
}

/// Reads a file, to take columns from.
///
/// Errors: the file is gone, its bytes are not those that its name promises.
pub(super) fn load(path: &Path) -> Result<Loaded<impl ChunkReader + use<>>> {
    let bytes = bytes_of(path)?;
    let about = ParquetMetaDataReader::new().parse_and_finish(&bytes);
    let about =
        about.map_err(|cause| broken(path, "is not a file of this store").because(cause))?;
    Ok(Loaded { bytes: Arc::new(bytes), about })
}

/// Reads the rows of a file, as columns of `schema`, or as it says itself what they are; `take` gets
/// them in parts.
///
/// Errors: the file is gone, its bytes are not those that its name promises, its columns differ.
pub(super) fn read(
    path: &Path,
    schema: Option<&Arc<Schema>>,
    mut take: impl FnMut(RecordBatch) -> Result<()>,
) -> Result<()> {
    let options = match schema {
        Some(schema) => ArrowReaderOptions::new().with_schema(Arc::clone(schema)),
        None => ArrowReaderOptions::new(),
    };
    let unreadable =
        |cause: ParquetError| broken(path, "is not a file of this store").because(cause);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes_of(path)?, options)
        .map_err(unreadable)?;
    for batch in builder.with_batch_size(BATCH_ROWS).build().map_err(unreadable)? {
        take(batch.map_err(|cause| broken(path, "cannot be decoded").because(cause))?)?;
    }
    Ok(())
}
