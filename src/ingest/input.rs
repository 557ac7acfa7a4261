//! A file of an export: what it is called, and its bytes as a stream.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::{ZipError, ZipResult};

use super::read::Broken;
use super::{convert, decode, unpack};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Day;

/// What text tables are called.
const TABLES: [&str; 4] = ["csv", "tsv", "tab", "txt"];

/// What a `.gz` begins with.
const GZIP: [u8; 2] = [0x1F, 0x8B];

/// Bytes by which files are told that have the name of another kind.
const PEEK: u64 = 512;

/// A stream of bytes.
pub(super) type Stream<'s> = &'s mut (dyn Read + Send);

/// A file, a member of a zip, or a sheet of a workbook.
#[derive(Clone, Debug)]
pub(super) struct Input {
    /// The path as the user named it; members as `export.zip/Opportunity.csv`, sheets as
    /// `export.xlsx/Deals`, a sheet without others as the workbook.
    pub(super) shown: String,
    /// Bytes, unpacked.
    pub(super) bytes: u64,
    /// The file, or the zip or the workbook in which it is.
    pub(super) path: PathBuf,
    /// Its number in the zip, in the zip in that …
    pub(super) members: Vec<usize>,
    /// The zip itself, with its table of contents: to read that for each member costs the square of them.
    pub(super) zip: Option<ZipArchive<Own>>,
    /// The text of a table that was unpacked.
    table: Option<Arc<[u8]>>,
}

/// A file that each copy opens and reads for itself.
#[derive(Debug)]
pub(super) struct Own {
    path: PathBuf,
    file: Option<File>,
}

impl Own {
    /// The file at `path`.
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None }
    }

    fn file(&mut self) -> std::io::Result<&mut File> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => Ok(none.insert(File::open(&self.path)?)),
        }
    }
}

impl Clone for Own {
    fn clone(&self) -> Self {
        Self::new(&self.path)
    }
}

impl Read for Own {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.file()?.read(into)
    }
}

impl Seek for Own {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file()?.seek(to)
    }
}

impl Input {
    /// A file that stands for itself.
    pub(super) fn plain(path: &Path, bytes: u64) -> Self {
        let shown = path.display().to_string();
        Self { shown, bytes, path: path.to_owned(), members: Vec::new(), zip: None, table: None }
    }

    /// The last day that its path names, as `2026-04-01`, `2026_04_01`, `20260401` or `01.04.2026`.
    pub(super) fn named_day(&self) -> Option<Day> {
        let runs: Vec<&str> = self.shown.split(|c: char| !c.is_ascii_digit()).collect();
        let of = |year: &str, month: &str, day: &str| {
            let year = year.parse().ok().filter(|year| (1990..2100).contains(year))?;
            convert::day_number(year, month.parse().ok()?, day.parse().ok()?)
        };
        let at = |place: usize| {
            let run = *runs.get(place)?;
            if run.len() == 8 {
                return of(run.get(..4)?, run.get(4..6)?, run.get(6..)?);
            }
            let (second, third) = (*runs.get(place + 1)?, *runs.get(place + 2)?);
            match (run.len(), second.len(), third.len()) {
                (4, 2, 2) => of(run, second, third),
                // Between points the day comes first.
                (2, 2, 4) if self.shown.contains(&format!("{run}.{second}.{third}")) => {
                    of(third, second, run)
                }
                _ => None,
            }
        };
        (0..runs.len()).rev().find_map(at)
    }

    /// A member of this zip.
    pub(super) fn member(&self, name: &str, index: usize, bytes: u64) -> Self {
        let mut members = self.members.clone();
        members.push(index);
        let shown = format!("{}/{name}", self.shown);
        Self { shown, bytes, members, table: None, ..self.clone() }
    }

    /// A table of this file, which is called as the file if its name is empty.
    pub(super) fn table(&self, name: &str, text: Vec<u8>) -> Self {
        let shown = match name {
            "" => self.shown.clone(),
            name => format!("{}/{name}", self.shown),
        };
        Self { shown, bytes: text.len() as u64, table: Some(text.into()), ..self.clone() }
    }

    /// This file, set aside for an error.
    pub(super) fn aside(self, error: Error) -> Broken {
        let error = match error.hint_text() {
            Some(_) => error,
            None => error.hint("mend it, get it again, or leave it out"),
        };
        Broken { input: self, error }
    }

    /// The name without folder and extension.
    pub(super) fn stem(&self) -> &str {
        let name = self.name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// The name of the workbook that it is a sheet of, without folder and extension.
    pub(super) fn workbook(&self) -> Option<&str> {
        let stem = self.path.file_stem()?.to_str()?;
        (self.is_unpacked() && stem != self.stem()).then_some(stem)
    }

    /// Whether the name, without `.gz`, has one of these after its last point.
    pub(super) fn has_extension(&self, extensions: &[&str]) -> bool {
        let extension = self.name().rsplit_once('.').map_or("", |(_, extension)| extension);
        extensions.iter().any(|known| known.eq_ignore_ascii_case(extension))
    }

    /// The name without folder and `.gz`.
    fn name(&self) -> &str {
        let name = self.shown.rsplit(['/', '\\']).next().unwrap_or(&self.shown);
        match name.rsplit_once('.') {
            Some((inner, extension)) if extension.eq_ignore_ascii_case("gz") => inner,
            _ => name,
        }
    }

    /// Whether it is a text table, or the name is one of such.
    pub(super) fn is_table(&self) -> bool {
        self.is_unpacked() || self.has_extension(&TABLES)
    }

    /// Whether it was no text table before, so that its cells stand below their headers whatever is in them.
    pub(super) fn is_unpacked(&self) -> bool {
        self.table.is_some()
    }

    /// Opens the file and hands its bytes to `work`, unpacked if they are those of a `.gz`.
    ///
    /// Errors: it cannot be read; those of `work`.
    pub(super) fn open<T>(&self, work: impl FnOnce(Stream<'_>) -> Result<T>) -> Result<T> {
        if let Some(text) = &self.table {
            return work(&mut &**text);
        }
        self.open_file(|stream| {
            let mut head = [0; GZIP.len()];
            let known = decode::read_full(stream, &mut head).map_err(|e| self.broken(e))?;
            let mut whole = head.get(..known).unwrap_or_default().chain(stream);
            if head == GZIP { work(&mut MultiGzDecoder::new(whole)) } else { work(&mut whole) }
        })
    }

    /// Whether its bytes are none of text although its name is one of a text table.
    pub(super) fn is_disguised(&self) -> bool {
        let mut head = Vec::new();
        let is_packed = |stream: Stream<'_>| {
            stream.take(PEEK).read_to_end(&mut head).map_err(|e| self.broken(e))?;
            Ok(unpack::is_packed(&head))
        };
        // What cannot be read is told when it is.
        self.is_table() && self.open(is_packed).unwrap_or(false)
    }

    /// All of its bytes.
    ///
    /// Errors: it cannot be read.
    pub(super) fn read(&self) -> Result<Vec<u8>> {
        self.open(|stream| {
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).map_err(|e| self.broken(e))?;
            Ok(bytes)
        })
    }

    fn open_file<T>(&self, work: impl FnOnce(Stream<'_>) -> Result<T>) -> Result<T> {
        match (&self.zip, self.members.split_first()) {
            (Some(zip), Some((&first, rest))) => {
                let mut work = Some(work);
                let mut result = None;
                open_member(zip.clone(), first, rest, &mut |stream| {
                    if let Some(work) = work.take() {
                        result = Some(work(stream));
                    }
                })
                .map_err(|e| self.broken(e))?;
                result.unwrap_or_else(|| Err(self.broken("the member is not there")))
            }
            _ => work(&mut File::open(&self.path).map_err(|e| Error::io("open", &self.path, e))?),
        }
    }

    /// BLAKE3 of the bytes, hex.
    ///
    /// Errors: it cannot be read.
    pub(super) fn blake3(&self) -> Result<String> {
        self.open(|stream| {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(stream).map_err(|e| self.broken(e))?;
            Ok(hasher.finalize().to_hex().to_string())
        })
    }

    /// Whether it is the same file, named again.
    pub(super) fn is(&self, other: &Self) -> bool {
        (&self.shown, &self.path, &self.members) == (&other.shown, &other.path, &other.members)
    }

    /// An error about reading this file.
    pub(super) fn broken(
        &self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        let cause = cause.into();
        let within = || cause.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref();
        let is_sealed = matches!(
            cause.downcast_ref().or_else(within),
            Some(ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_))
        );
        let error = Error::new(ErrorKind::Io, format!("cannot read `{}`", self.shown));
        match is_sealed {
            true => error
                .because(cause)
                .hint("unpack the zip, with its password if it has one, and give the files in it"),
            false => error.because(cause),
        }
    }
}

fn open_member(
    mut archive: ZipArchive<impl Read + Seek + Send>,
    index: usize,
    rest: &[usize],
    work: &mut dyn FnMut(Stream<'_>),
) -> ZipResult<()> {
    let mut member = archive.by_index(index)?;
    match rest.split_first() {
        None => {
            work(&mut member);
            Ok(())
        }
        Some((&next, rest)) => {
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes)?;
            open_member(ZipArchive::new(Cursor::new(bytes))?, next, rest, work)
        }
    }
}
