//! Finds the files of an export, in folders and zips, and opens them as streams of bytes.
//!
//! Does not look into them beyond a zip's table of contents; a zip in a zip is held in memory.

use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::error::{Error, ErrorKind, Result};

/// A stream of bytes.
pub(super) type Stream<'s> = &'s mut (dyn Read + Send);

/// Zips inside zips inside zips … are opened up to this depth.
const MAX_DEPTH: usize = 3;

/// A file, or a member of a zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    /// The path as the user named it; members as `export.zip/Opportunity.csv`.
    pub(super) shown: String,
    /// Bytes, unpacked.
    pub(super) bytes: u64,
    path: PathBuf,
    members: Vec<usize>,
}

impl Input {
    /// The name without folder and extension.
    pub(super) fn stem(&self) -> &str {
        let name = self.shown.rsplit(['/', '\\']).next().unwrap_or(&self.shown);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Whether the name is one of a text table.
    pub(super) fn is_table(&self) -> bool {
        has_extension(&self.shown, &["csv", "tsv", "tab", "txt"])
    }

    /// Opens the file and hands its bytes to `work`.
    ///
    /// Errors: it cannot be read; those of `work`.
    pub(super) fn open<T>(&self, work: impl FnOnce(Stream<'_>) -> Result<T>) -> Result<T> {
        let mut file = File::open(&self.path).map_err(|e| Error::io("open", &self.path, e))?;
        match self.members.split_first() {
            None => work(&mut file),
            Some((&first, rest)) => {
                let mut work = Some(work);
                let mut result = None;
                open_member(&file, first, rest, &mut |stream| {
                    if let Some(work) = work.take() {
                        result = Some(work(stream));
                    }
                })
                .map_err(|e| self.broken(e))?;
                result.unwrap_or_else(|| Err(self.broken("the member is not there")))
            }
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

    /// An error about reading this file.
    pub(super) fn broken(
        &self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::new(ErrorKind::Io, format!("cannot read `{}`", self.shown)).because(cause)
    }
}

fn open_member(
    reader: impl Read + Seek + Send,
    index: usize,
    rest: &[usize],
    work: &mut dyn FnMut(Stream<'_>),
) -> zip::result::ZipResult<()> {
    let mut archive = ZipArchive::new(reader)?;
    let mut member = archive.by_index(index)?;
    match rest.split_first() {
        None => {
            work(&mut member);
            Ok(())
        }
        Some((&next, rest)) => {
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes)?;
            let inner: Box<dyn ReadSeek> = Box::new(Cursor::new(bytes));
            open_member(inner, next, rest, work)
        }
    }
}

/// A reader behind one type, so that opening a zip in a zip does not make a type without end.
trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// What a path holds: its files, and the folders below it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files and members of zips, in path order.
    pub(super) inputs: Vec<Input>,
    /// Folders, to be looked into only if no file is recognised.
    pub(super) folders: Vec<PathBuf>,
}

/// Looks at a file, folder or zip.
///
/// Errors: it does not exist, cannot be read, or is no zip although its name says so.
pub(super) fn find(path: &Path) -> Result<Found> {
    let about = std::fs::metadata(path).map_err(|e| {
        Error::io("open", path, e).hint("give the file, folder or zip of an export")
    })?;
    let mut found = Found::default();
    if !about.is_dir() {
        add_file(path, about.len(), &mut found.inputs)?;
        return Ok(found);
    }
    let entries = std::fs::read_dir(path).map_err(|e| Error::io("list", path, e))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|e| Error::io("list", path, e))?.path());
    }
    paths.sort();
    for path in paths {
        let is_hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let about = std::fs::metadata(&path).map_err(|e| Error::io("open", &path, e))?;
        match about.is_dir() {
            _ if is_hidden => {}
            true => found.folders.push(path),
            false => add_file(&path, about.len(), &mut found.inputs)?,
        }
    }
    Ok(found)
}

fn add_file(path: &Path, bytes: u64, inputs: &mut Vec<Input>) -> Result<()> {
    let shown = path.display().to_string();
    if !has_extension(&shown, &["zip"]) {
        inputs.push(Input { shown, bytes, path: path.to_owned(), members: Vec::new() });
        return Ok(());
    }
    let file = File::open(path).map_err(|e| Error::io("open", path, e))?;
    let zip = Input { shown, bytes, path: path.to_owned(), members: Vec::new() };
    add_members(file, &zip, inputs).map_err(|e| zip.broken(e))
}

fn add_members(
    reader: impl Read + Seek,
    zip: &Input,
    inputs: &mut Vec<Input>,
) -> zip::result::ZipResult<()> {
    let mut archive = ZipArchive::new(reader)?;
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index(index)?;
        if member.is_file() {
            let name = member.name()?.replace('\\', "/");
            members.push((name, index, member.size()));
        }
    }
    members.sort();
    for (name, index, bytes) in members {
        let mut path = zip.members.clone();
        path.push(index);
        let shown = format!("{}/{name}", zip.shown);
        let input = Input { shown, bytes, path: zip.path.clone(), members: path };
        if has_extension(&name, &["zip"]) && input.members.len() < MAX_DEPTH {
            let mut packed = Vec::new();
            archive.by_index(index)?.read_to_end(&mut packed)?;
            let inner: Box<dyn ReadSeek> = Box::new(Cursor::new(packed));
            add_members(inner, &input, inputs)?;
        } else {
            inputs.push(input);
        }
    }
    Ok(())
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
    extensions.iter().any(|e| e.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::write::{SimpleFileOptions, ZipWriter};

    fn pack(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in members {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn text(input: &Input) -> String {
        let read = |stream: Stream<'_>| {
            let mut text = String::new();
            stream.read_to_string(&mut text).map_err(|e| input.broken(e))?;
            Ok(text)
        };
        input.open(read).unwrap()
    }

    #[test]
    fn folders_zips_and_zips_in_zips() {
        let folder = tempfile::tempdir().unwrap();
        let inner = pack(&[("Task.csv", b"Id\n3\n")]);
        let outer = pack(&[("b/User.csv", b"Id\n2\n"), ("a.zip", &inner)]);
        std::fs::write(folder.path().join("x.zip"), outer).unwrap();
        std::fs::write(folder.path().join("a.csv"), b"Id\n1\n").unwrap();
        std::fs::write(folder.path().join(".hidden.csv"), b"Id\n").unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        let found = find(folder.path()).unwrap();
        let stems: Vec<&str> = found.inputs.iter().map(Input::stem).collect();
        assert_eq!(stems, ["a", "Task", "User"]);
        let texts: Vec<String> = found.inputs.iter().map(text).collect();
        assert_eq!(texts, ["Id\n1\n", "Id\n3\n", "Id\n2\n"]);
        assert!(found.inputs[1].shown.ends_with("x.zip/a.zip/Task.csv"));
        assert_eq!(found.folders.len(), 1);
    }

    #[test]
    fn what_is_not_there_or_no_zip_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(&folder.path().join("none")).is_err());
        std::fs::write(folder.path().join("x.zip"), b"no zip").unwrap();
        assert!(find(folder.path()).is_err());
    }
}
