//! Delta Lake logs: which files make up a version of a table, and the commit of the next one.
//!
//! Does not look into the files. A commit is a difference: whatever the latest version holds, the
//! next one holds exactly the wanted files, so a commit that a crash left behind does no harm.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::datatypes::Schema;
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TableReference};
use deltalake::kernel::{Action, Add, Protocol, Remove, StructType, new_metadata};
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError, ensure_table_uri};
use tokio::runtime::{Builder, Runtime};

use super::file::hash_name;
use crate::error::{Error, ErrorKind, Result};

/// The partition column of `timelines`.
pub(super) const PARTITION_COLUMN: &str = "created_month";

/// A data file of a table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DataFile {
    /// Path inside the table's folder.
    pub(super) path: String,
    /// Value of the partition column, if the table has one.
    pub(super) partition: Option<String>,
    /// Bytes.
    pub(super) size: u64,
    /// Rows; not part of what a reader gets back.
    pub(super) rows: u64,
}

/// A table at one of its versions.
pub(super) struct Opened {
    table: DeltaTable,
    /// The version.
    pub(super) version: u64,
    /// Its files by path; rows are not filled in.
    pub(super) files: BTreeMap<String, DataFile>,
}

/// Opens and commits the tables under a root.
pub(super) struct Delta {
    runtime: Runtime,
    root: PathBuf,
}

/// What helps where a log is damaged.
const RESTORE: &str = "restore the file from a backup, or ingest the exports again into a new folder with `--store DIR`";

fn failed(verb: &str, table: &str, cause: DeltaTableError) -> Error {
    Error::new(ErrorKind::Store, format!("cannot {verb} the table `{table}` of the store"))
        .because(cause)
}

impl Delta {
    /// For the tables under `root`.
    pub(super) fn new(root: &Path) -> Result<Self> {
        let runtime = Builder::new_current_thread().build().map_err(|cause| {
            Error::new(ErrorKind::Store, "cannot start the table log reader").because(cause)
        })?;
        Ok(Self { runtime, root: root.to_owned() })
    }

    /// The folder of the tables.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a table.
    pub(super) fn folder(&self, table: &str) -> PathBuf {
        self.root.join(table)
    }

    /// The file of a version in the log of a table.
    pub(super) fn log_file(&self, table: &str, version: u64) -> PathBuf {
        log_file(&self.folder(table), version)
    }

    fn unopened(&self, table: &str) -> Result<DeltaTable> {
        let folder = self.folder(table);
        let Some(location) = folder.to_str() else {
            let text = format!("the path `{}` is not UTF-8", folder.display());
            return Err(
                Error::new(ErrorKind::Store, text).hint("name another folder with `--store DIR`")
            );
        };
        ensure_table_uri(location)
            .and_then(DeltaTableBuilder::from_url)
            .and_then(DeltaTableBuilder::build)
            .map_err(|cause| failed("find", table, cause))
    }

    /// Errors: a commit up to `version` is empty, as a power cut may leave it; the reader of the log would take
    /// it for one that changes nothing.
    fn check_log(&self, table: &str, version: Option<u64>) -> Result<()> {
        for at in 0..=version.unwrap_or(u64::MAX) {
            let path = log_file(&self.folder(table), at);
            let Ok(about) = path.metadata() else { break };
            if about.len() == 0 {
                let text = format!(
                    "the table `{table}` of the store is damaged: `{}` is empty",
                    path.display()
                );
                return Err(Error::new(ErrorKind::Store, text).hint(RESTORE));
            }
        }
        Ok(())
    }

    /// A table at `version`, by default its latest; `None` if it was never committed.
    ///
    /// Errors: its log cannot be read or is damaged.
    pub(super) fn open(&self, table: &str, version: Option<u64>) -> Result<Option<Opened>> {
        if !is_table(&self.folder(table)) {
            return Ok(None);
        }
        self.check_log(table, version)?;
        let mut opened = self.unopened(table)?;
        let read = self.runtime.block_on(async {
            match version {
                Some(version) => opened.load_version(version).await,
                None => opened.load().await,
            }
        });
        read.map_err(|cause| failed("read the log of", table, cause).hint(RESTORE))?;
        let snapshot = opened.snapshot().map_err(|cause| failed("read", table, cause))?;
        let mut files = BTreeMap::new();
        for view in snapshot.log_data().iter() {
            let path = view.path().into_owned();
            let mut values = view.partition_values_map();
            let partition = values.remove(PARTITION_COLUMN).flatten();
            let size = view.size().max(0) as u64;
            files.insert(path.clone(), DataFile { path, partition, size, rows: 0 });
        }
        Ok(Some(Opened { version: snapshot.version(), table: opened, files }))
    }

    /// Commits so that the table holds exactly `wanted`; returns the version that does.
    ///
    /// `opened` is the latest version, `None` for a table that is to be created.
    pub(super) fn commit(
        &self,
        table: &str,
        schema: &Schema,
        opened: Option<&Opened>,
        wanted: &[DataFile],
    ) -> Result<u64> {
        let present = |path: &str| opened.is_some_and(|o| o.files.contains_key(path));
        let folder = self.folder(table);
        let mut actions = Vec::new();
        for file in wanted.iter().filter(|f| !present(&f.path)) {
            actions.push(Action::Add(added(file, &folder)?));
        }
        for file in opened.iter().flat_map(|o| o.files.values()) {
            if !wanted.iter().any(|w| w.path == file.path) {
                actions.push(Action::Remove(removed(file, &folder)?));
            }
        }
        match opened {
            Some(opened) if actions.is_empty() => Ok(opened.version),
            Some(opened) => self.append(table, opened, actions),
            None => self.create(table, schema, actions),
        }
    }

    fn append(&self, table: &str, opened: &Opened, actions: Vec<Action>) -> Result<u64> {
        let state = opened.table.snapshot().map_err(|cause| failed("read", table, cause))?;
        self.write(table, &opened.table, Some(state), actions)
    }

    fn create(&self, table: &str, schema: &Schema, mut actions: Vec<Action>) -> Result<u64> {
        let failed = || {
            Error::new(ErrorKind::Store, format!("cannot create the table `{table}` of the store"))
        };
        let columns: StructType =
            schema.try_into_kernel().map_err(|cause| failed().because(cause))?;
        let partitioned = schema.column_with_name(PARTITION_COLUMN).map(|_| PARTITION_COLUMN);
        let settings = [("delta.enableExpiredLogCleanup", "false")];
        let metadata = new_metadata(&columns, partitioned, settings)
            .map_err(|cause| failed().because(cause))?;
        let protocol: Protocol =
            serde_json::from_str(r#"{"minReaderVersion":1,"minWriterVersion":2}"#)
                .map_err(|cause| failed().because(cause))?;
        actions.insert(0, Action::Metadata(metadata));
        actions.insert(0, Action::Protocol(protocol));
        let unopened = self.unopened(table)?;
        self.write(table, &unopened, None, actions)
    }

    fn write(
        &self,
        table: &str,
        opened: &DeltaTable,
        state: Option<&dyn TableReference>,
        actions: Vec<Action>,
    ) -> Result<u64> {
        // Old versions stay readable: the log is never cleaned. No retry: a second writer is an error.
        let properties = CommitProperties::default()
            .with_max_retries(0)
            .with_create_checkpoint(true)
            .with_cleanup_expired_logs(Some(false));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            partition_by: None,
            predicate: None,
        };
        let commit = CommitBuilder::from(properties).with_actions(actions).build(
            state,
            opened.log_store(),
            operation,
        );
        let committed = self.runtime.block_on(async {
            let done = commit.into_prepared_commit_future().await?.await?;
            let version = done.version;
            if state.is_some() {
                // Reads the new version back, and writes a checkpoint where one is due: never at 0.
                done.await?;
            }
            Ok(version)
        });
        let version = committed.map_err(|cause| {
            failed("commit", table, cause)
                .hint("another program may have written to it; run the same command again")
        })?;
        let path = log_file(&self.folder(table), version);
        sync(&path)?;
        Ok(version)
    }
}

/// Tells a set of files from any other: they are named by what is in them.
pub(super) fn files_hash<'a>(files: impl Iterator<Item = &'a DataFile>) -> String {
    let paths: BTreeSet<&str> = files.map(|file| &*file.path).collect();
    hash_name(paths.into_iter().collect::<Vec<_>>().join("\n").as_bytes())
}

fn log_file(folder: &Path, version: u64) -> PathBuf {
    folder.join("_delta_log").join(format!("{version:020}.json"))
}

/// Whether a table was ever committed in `folder`.
pub(super) fn is_table(folder: &Path) -> bool {
    log_file(folder, 0).is_file()
}

/// Makes a file and its place in its folder survive a power cut.
pub(super) fn sync(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(|cause| Error::io("open", path, cause))?;
    file.sync_all().map_err(|cause| Error::io("write", path, cause))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes the names in a folder survive a power cut.
pub(super) fn sync_folder(folder: &Path) -> Result<()> {
    if cfg!(unix) {
        let opened = File::open(folder).map_err(|cause| Error::io("open", folder, cause))?;
        opened.sync_all().map_err(|cause| Error::io("write", folder, cause))?;
    }
    Ok(())
}

/// When a file was written, milliseconds UTC: what the log wants to know of it.
fn modified(path: &Path) -> Result<i64> {
    let since = std::fs::metadata(path)
        .and_then(|m| m.modified())
        .map_err(|cause| Error::io("look at", path, cause))?
        .duration_since(std::time::UNIX_EPOCH);
    Ok(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(0)))
}

fn added(file: &DataFile, folder: &Path) -> Result<Add> {
    Ok(Add {
        path: file.path.clone(),
        partition_values: file
            .partition
            .iter()
            .map(|value| (PARTITION_COLUMN.to_owned(), Some(value.clone())))
            .collect(),
        size: file.size as i64,
        modification_time: modified(&folder.join(&file.path))?,
        data_change: true,
        stats: Some(format!("{{\"numRecords\":{}}}", file.rows)),
        ..Add::default()
    })
}

fn removed(file: &DataFile, folder: &Path) -> Result<Remove> {
    let values = file.partition.iter();
    Ok(Remove {
        path: file.path.clone(),
        data_change: true,
        deletion_timestamp: Some(modified(&folder.join("_delta_log"))?),
        extended_file_metadata: Some(true),
        partition_values: Some(
            values.map(|v| (PARTITION_COLUMN.to_owned(), Some(v.clone()))).collect(),
        ),
        size: Some(file.size as i64),
        ..Remove::default()
    })
}
