//! Finds the files of an export, in folders and zips, and opens them as streams of bytes.
//!
//! Does not look into them beyond a zip's table of contents; a zip in a zip is held in memory, as are
//! the sheets of a workbook, each of which is a file of its own.

use std::fs::Metadata;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipResult;

use super::input::{Input, Own};
use super::unpack::{self, Table};
use crate::error::{Error, Result};

/// What zips are called.
const ZIPS: &[&str] = &["zip"];

/// What a table is called that holds deals, whatever its file is called.
const OF_DEALS: [&str; 2] = ["deals", "opportunities"];

/// Zips inside zips inside zips … are opened up to this depth.
const MAX_DEPTH: usize = 3;

/// A file that cannot be read, and why.
#[derive(Debug)]
pub(super) struct Broken {
    /// The file, or the folder.
    pub(super) input: Input,
    /// Why, with its name and what to do about it.
    pub(super) error: Error,
}

/// What a path holds: its files, and the folders below it.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Files and members of zips, in path order.
    pub(super) inputs: Vec<Input>,
    /// Folders, to be looked into only if no file is recognised.
    pub(super) folders: Vec<PathBuf>,
    /// What cannot be read.
    pub(super) broken: Vec<Broken>,
}

/// Looks at a file, folder or zip. What is in it and cannot be read is told beside what can.
///
/// Errors: it does not exist.
pub(super) fn find(path: &Path) -> Result<Found> {
    let about = std::fs::metadata(path).map_err(|e| {
        Error::io("open", path, e).hint("give the file, folder or zip of an export")
    })?;
    let mut found = Found::default();
    if !about.is_dir() {
        found.add_file(path, &about);
    } else if let Err(e) = found.add_folder(path) {
        found.broken.push(Input::plain(path, 0).aside(Error::io("list", path, e)));
    }
    Ok(found)
}

/// Whether a folder has files that are called like text tables.
pub(super) fn has_tables(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| Input::plain(&entry.path(), 0)).any(|input| input.is_table())
}

impl Found {
    fn add_folder(&mut self, path: &Path) -> std::io::Result<()> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(path)? {
            paths.push(entry?.path());
        }
        paths.sort();
        paths.retain(|path| !is_hidden(&path.display().to_string()));
        for path in paths {
            match std::fs::metadata(&path) {
                Ok(about) if about.is_dir() => self.folders.push(path),
                Ok(about) => self.add_file(&path, &about),
                Err(e) => {
                    let error = Error::io("open", &path, e);
                    self.broken.push(Input::plain(&path, 0).aside(error));
                }
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path, about: &Metadata) {
        let mut input = Input::plain(path, about.len());
        if !about.is_file() {
            let error = input.broken("it is a device or a pipe, not a file");
            self.broken.push(input.aside(error));
        } else if input.has_extension(ZIPS) {
            let archive = ZipArchive::new(Own::new(path));
            input.zip = archive.as_ref().ok().cloned();
            self.add_members(archive, input);
        } else {
            self.add(input);
        }
    }

    /// Adds a file, or the tables that are packed in it.
    fn add(&mut self, input: Input) {
        if !unpack::is_named(&input) && !input.is_disguised() {
            return self.inputs.push(input);
        }
        match input.read().and_then(|bytes| unpack::tables(&input, bytes)) {
            Ok(tables) => self.add_tables(&input, tables),
            Err(error) => self.broken.push(input.aside(error)),
        }
    }

    /// Adds the tables of a file, one or none under the name of the file, unless its own is that of deals.
    fn add_tables(&mut self, input: &Input, tables: Vec<Table>) {
        match <[Table; 1]>::try_from(tables) {
            Ok([Table { name, text }]) => {
                let is_of_deals = OF_DEALS.iter().any(|own| own.eq_ignore_ascii_case(&name));
                self.inputs.push(input.table(if is_of_deals { &name } else { "" }, text));
            }
            Err(none) if none.is_empty() => self.inputs.push(input.table("", Vec::new())),
            Err(many) => {
                self.inputs
                    .extend(many.into_iter().map(|table| input.table(&table.name, table.text)));
            }
        }
    }

    fn add_members(&mut self, archive: ZipResult<ZipArchive<impl Read + Seek>>, zip: Input) {
        let members = match archive.and_then(contents) {
            Ok(members) => members,
            Err(e) => {
                let error = zip.broken(e);
                return self.broken.push(zip.aside(error));
            }
        };
        for (name, index, bytes) in members {
            let input = zip.member(&name, index, bytes);
            if !input.has_extension(ZIPS) || input.members.len() >= MAX_DEPTH {
                self.add(input);
                continue;
            }
            match input.read() {
                Ok(packed) => {
                    self.add_members(ZipArchive::new(Cursor::new(packed)), input);
                }
                Err(error) => self.broken.push(input.aside(error)),
            }
        }
    }
}

/// The files of a zip by its table of contents that are not hidden, sorted by name: name, number, bytes.
type Members = Vec<(String, usize, u64)>;

fn contents(archive: ZipArchive<impl Read + Seek>) -> ZipResult<Members> {
    let mut members = Vec::new();
    for index in 0..archive.len() {
        let member = archive.by_index_data(index)?;
        let name = member.name()?.replace('\\', "/");
        if member.is_file() && !is_hidden(&name) {
            members.push((name, index, member.size()));
        }
    }
    members.sort();
    Ok(members)
}

/// Whether the last part of a path begins as what systems keep beside files does, or Excel beside an open workbook.
fn is_hidden(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    [".", "~$"].iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::super::input::Stream;
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
        std::fs::write(folder.path().join("~$open.csv"), b"Id\n").unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        let found = find(folder.path()).unwrap();
        let stems: Vec<&str> = found.inputs.iter().map(Input::stem).collect();
        assert_eq!(stems, ["a", "Task", "User"]);
        let texts: Vec<String> = found.inputs.iter().map(text).collect();
        assert_eq!(texts, ["Id\n1\n", "Id\n3\n", "Id\n2\n"]);
        assert!(found.inputs[1].shown.ends_with("x.zip/a.zip/Task.csv"));
        assert_eq!(found.folders.len(), 1);
    }

    /// Reading it anew for each member takes minutes where there are thousands.
    #[test]
    fn the_table_of_contents_of_a_zip_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let zip = folder.path().join("x.zip");
        let bytes = pack(&[("a.csv", b"Id\n1\n"), ("b.csv", b"Id\n2\n")]);
        std::fs::write(&zip, &bytes).unwrap();
        let found = find(&zip).unwrap();
        let contents = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        std::fs::write(&zip, &bytes[..contents]).unwrap();
        assert_eq!(found.inputs.iter().map(text).collect::<Vec<_>>(), ["Id\n1\n", "Id\n2\n"]);
    }

    #[test]
    fn what_cannot_be_read_is_told_beside_what_can() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(&folder.path().join("none")).is_err());
        let outer = pack(&[("b.zip", b"no zip"), ("c.csv", b"Id\n2\n")]);
        std::fs::write(folder.path().join("a.zip"), outer).unwrap();
        std::fs::write(folder.path().join("x.zip"), b"no zip").unwrap();
        let found = find(folder.path()).unwrap();
        assert_eq!(found.inputs.iter().map(Input::stem).collect::<Vec<_>>(), ["c"]);
        assert_eq!(text(&found.inputs[0]), "Id\n2\n");
        let broken: Vec<&str> = found.broken.iter().map(|broken| broken.input.stem()).collect();
        assert_eq!(broken, ["b", "x"]);
    }
}
