//! Folders published whole or not at all.
//!
//! A [`Publication`] is a hidden folder beside its destination. What is written into it is not seen
//! by anyone until [`Publication::finish`] renames it; a crash before that leaves what was there.
//! Does not know what is in the files.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use super::Format;
use super::workbook::{self, Cover, Entry};
use crate::error::{Error, ErrorKind, Result};
use crate::model::Table;

mod disk;

use disk::{Disk, sync};

/// The link to the folder published last.
pub const LATEST: &str = "latest";

/// How hidden folders and their locks begin.
const HIDDEN: &str = ".sluice-";
/// A folder that is being written.
const FRESH: &str = ".new";
/// A folder that is being replaced.
const ASIDE: &str = ".old";
/// The lock of the writer, beside its folder and living longer than it.
const LOCK: &str = ".lock";

/// A folder that is being written.
#[derive(Debug)]
pub struct Publication {
    parent: PathBuf,
    name: String,
    stem: String,
    /// Until it is finished.
    disk: Option<Disk>,
    // Held until the end; the system lets go of it if the process dies.
    _lock: File,
}

impl Publication {
    /// Begins a folder that will be `<parent>/<name>`; makes `parent` if needed, and clears away
    /// what runs that died have left there.
    ///
    /// Errors: `name` is not a plain file name; `parent` cannot be written.
    pub fn begin(parent: &Path, name: &str) -> Result<Self> {
        let is_plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        if !is_plain || name == LATEST {
            let what = format!("`{name}` cannot be the name of a folder to publish");
            return Err(Error::new(ErrorKind::Usage, what));
        }
        fs::create_dir_all(parent).map_err(|e| {
            Error::io("create", parent, e)
                .hint("name a folder that can be written with `--out DIR`")
        })?;
        let _turn = turn(parent)?;
        clear_dead(parent)?;
        let (stem, lock) = lock_stem(parent, name)?;
        let (parent, name, disk) = (parent.to_owned(), name.to_owned(), Some(Disk::begin()));
        let fresh = Self { parent, name, stem, disk, _lock: lock };
        fs::create_dir(fresh.folder()).map_err(|e| Error::io("create", &fresh.folder(), e))?;
        Ok(fresh)
    }

    /// The hidden folder.
    pub fn folder(&self) -> PathBuf {
        self.parent.join(format!("{}{FRESH}", self.stem))
    }

    /// Creates a file in the folder; `name` may hold folders, which are made. The writer must be
    /// flushed: errors at its end are lost otherwise.
    fn create(&self, name: &str) -> Result<BufWriter<File>> {
        let path = self.folder().join(name);
        let is_inside = Path::new(name).components().all(|c| matches!(c, Component::Normal(_)));
        if name.is_empty() || !is_inside {
            return Err(Error::new(ErrorKind::Io, format!("`{name}` is not inside the folder")));
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Error::io("create", folder, e))?;
        }
        let file = File::create(&path).map_err(|e| Error::io("create", &path, e))?;
        Ok(BufWriter::with_capacity(1 << 16, file))
    }

    /// Writes a file whole. As all that writes, it may be called from many threads.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let mut file = self.create(name)?;
        let written = file.write_all(bytes).and_then(|()| file.flush());
        self.ended(name, written)
    }

    /// Writes a table to the file `name`.
    pub fn table(&self, name: &str, table: &Table, format: Format) -> Result<()> {
        let mut file = self.create(name)?;
        super::write(table, format, &mut file).map_err(|e| {
            let path = self.folder().join(name);
            Error::new(ErrorKind::Io, format!("cannot write `{}`", path.display())).because(e)
        })?;
        self.ended(name, Ok(()))
    }

    /// Writes tables to the workbook `name`.
    pub fn workbook(&self, name: &str, cover: &Cover<'_>, entries: &[Entry<'_>]) -> Result<()> {
        let mut file = self.create(name)?;
        let written = workbook::write(cover, entries, &mut file).and_then(|()| file.flush());
        self.ended(name, written)
    }

    /// The writing of a file has ended: it can go to the disk.
    fn ended(&self, name: &str, written: io::Result<()>) -> Result<()> {
        let path = self.folder().join(name);
        written.map_err(|e| Error::io("write", &path, e))?;
        if let Some(disk) = &self.disk {
            disk.add(path);
        }
        Ok(())
    }

    /// Publishes: everything is brought to disk, the folder gets its name, and `latest` points to
    /// it. A folder of that name that holds the same bytes is kept as it is; one that differs is
    /// moved aside first, and put back by the next run if this one dies between the two renames.
    ///
    /// Errors: a path cannot be synced or renamed; then `latest` is as it was.
    pub fn finish(mut self) -> Result<PathBuf> {
        let fresh = self.folder();
        self.disk.take().map_or(Ok(()), Disk::finish)?;
        sync_folders(&fresh)?;
        let _turn = turn(&self.parent)?;
        let wanted = self.parent.join(&self.name);
        if !wanted.exists() {
            rename(&fresh, &wanted)?;
        } else if is_same(&wanted, &fresh).map_err(|e| Error::io("compare", &wanted, e))? {
            remove(&fresh)?;
        } else {
            let aside = self.parent.join(format!("{HIDDEN}{}{ASIDE}", self.name));
            rename(&wanted, &aside)?;
            if let Err(error) = rename(&fresh, &wanted) {
                rename(&aside, &wanted)?;
                return Err(error);
            }
            remove(&aside)?;
        }
        point_latest(&self.parent, &self.name, &self.stem)?;
        sync(&self.parent)?;
        Ok(wanted)
    }
}

impl Drop for Publication {
    /// Given up, or finished: nothing hidden stays. What cannot be removed is cleared by the next run.
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.folder());
        let _ = fs::remove_file(self.parent.join(format!("{}{LOCK}", self.stem)));
    }
}

/// The folder that `latest` points to, if there is one.
pub fn latest(parent: &Path) -> Option<PathBuf> {
    fs::read_link(parent.join(LATEST)).ok().map(|name| parent.join(name))
}

/// Removes all published folders of `parent` but the `keep` newest (by time of writing, then name),
/// never the one that `latest` points to. Returns what was removed. Only folders named
/// `<date>-<hex>` are looked at.
pub fn prune(parent: &Path, keep: usize) -> Result<Vec<PathBuf>> {
    let _turn = turn(parent)?;
    let pinned = latest(parent);
    let mut runs = Vec::new();
    for (name, path) in entries(parent)? {
        if is_run(&name) && path.is_dir() {
            let about = fs::metadata(&path).map_err(|e| Error::io("read", &path, e))?;
            runs.push((about.modified().ok(), name, path));
        }
    }
    runs.sort();
    let surplus = runs.len().saturating_sub(keep);
    let mut removed = Vec::new();
    for (_, name, path) in runs.into_iter().take(surplus) {
        if pinned.as_ref() == Some(&path) {
            continue;
        }
        // Hidden first, so that nobody sees half of it.
        let hidden = parent.join(format!("{HIDDEN}{name}-gone{FRESH}"));
        rename(&path, &hidden)?;
        remove(&hidden)?;
        removed.push(path);
    }
    Ok(removed)
}

/// Whether a name is `<date>-<hex>`.
fn is_run(name: &str) -> bool {
    let (Some(date), Some(hash)) = (name.get(..10), name.get(10..)) else { return false };
    let hash = hash.strip_prefix('-').unwrap_or_default();
    date.parse::<chrono::NaiveDate>().is_ok()
        && !hash.is_empty()
        && hash.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Waits until no other run renames or removes anything in `parent`; the next one waits until what is
/// returned is dropped. Two that end at once would take away the same old folder, or the one that the
/// other has just pointed to.
fn turn(parent: &Path) -> Result<File> {
    let folder = File::open(parent).map_err(|e| Error::io("open", parent, e))?;
    // Some disks cannot lock folders: there it goes as well as it can without.
    let _ = folder.lock();
    Ok(folder)
}

/// Takes a name for the hidden folder that no living run has.
fn lock_stem(parent: &Path, name: &str) -> Result<(String, File)> {
    for number in 0..1000 {
        let stem = format!("{HIDDEN}{name}-{number}");
        let path = parent.join(format!("{stem}{LOCK}"));
        match File::create_new(&path) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(e) => return Err(Error::io("create", &path, e)),
            Ok(file) => match file.try_lock() {
                Ok(()) => return Ok((stem, file)),
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(e)) => return Err(Error::io("lock", &path, e)),
            },
        }
    }
    let what = format!("too many runs are publishing into `{}`", parent.display());
    Err(Error::new(ErrorKind::Io, what).hint("remove hidden `.sluice-*` files left there"))
}

/// Clears what dead runs left: hidden folders whose lock nobody holds; a folder that was moved aside
/// goes back if its place is empty.
fn clear_dead(parent: &Path) -> Result<()> {
    for (name, path) in entries(parent)? {
        let Some(rest) = name.strip_prefix(HIDDEN) else { continue };
        if let Some(published) = rest.strip_suffix(ASIDE) {
            let wanted = parent.join(published);
            if wanted.exists() { remove(&path)? } else { rename(&path, &wanted)? }
        }
        let Some(stem) = name.strip_suffix(FRESH).or(name.strip_suffix(LOCK)) else { continue };
        let lock = parent.join(format!("{stem}{LOCK}"));
        if is_held(&lock)? {
            continue;
        }
        remove(&parent.join(format!("{stem}{FRESH}")))?;
        remove(&lock)?;
    }
    Ok(())
}

fn is_held(lock: &Path) -> Result<bool> {
    let file = match File::open(lock) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        other => other.map_err(|e| Error::io("open", lock, e))?,
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(e)) => Err(Error::io("lock", lock, e)),
    }
}

/// Points `latest` to a folder that was published before.
pub(super) fn point(parent: &Path, name: &str) -> Result<PathBuf> {
    let _turn = turn(parent)?;
    let (stem, _lock) = lock_stem(parent, name)?;
    let pointed = point_latest(parent, name, &stem);
    remove(&parent.join(format!("{stem}{LOCK}")))?;
    pointed.map(|()| parent.join(name))
}

/// A link is made under a hidden name and renamed over `latest`, which is never absent.
fn point_latest(parent: &Path, name: &str, stem: &str) -> Result<()> {
    let link = parent.join(format!("{stem}{FRESH}"));
    let path = parent.join(LATEST);
    symlink(name, &link).map_err(|e| Error::io("link", &link, e))?;
    rename(&link, &path).map_err(|error| {
        let _ = remove(&link);
        match path.is_dir() && !path.is_symlink() {
            true => error.hint(format!(
                "rename or remove what is there: `{LATEST}` is a link to the report made last"
            )),
            false => error,
        }
    })
}

#[cfg(unix)]
fn symlink(target: &str, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &str, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

/// Whether two folders hold the same files with the same bytes.
fn is_same(a: &Path, b: &Path) -> io::Result<bool> {
    if !a.is_dir() || files(a)? != files(b)? {
        return Ok(false);
    }
    for file in files(a)? {
        let (left, right) = (a.join(&file), b.join(&file));
        let is_as_long = fs::metadata(&left)?.len() == fs::metadata(&right)?.len();
        if !is_as_long || fs::read(&left)? != fs::read(&right)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The files of a folder and of the folders in it, as paths from there with `/`, sorted.
pub(super) fn files(folder: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?.into_iter().map(|path| format!("{name}/{path}")));
        } else {
            found.push(name);
        }
    }
    found.sort();
    Ok(found)
}

/// Brings a folder and the folders in it to disk; their files are there.
fn sync_folders(folder: &Path) -> Result<()> {
    let mut folders = vec![folder.to_owned()];
    for file in files(folder).map_err(|e| Error::io("read", folder, e))? {
        let path = folder.join(file);
        let parents = path.ancestors().skip(1).take_while(|parent| *parent != folder);
        folders.extend(parents.map(Path::to_owned));
    }
    folders.sort();
    folders.dedup();
    folders.iter().try_for_each(|folder| sync(folder))
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).map_err(|e| Error::io("publish", to, e))
}

/// Removes a file, a link or a folder; none is fine.
fn remove(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    match removed {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, e)),
        _ => Ok(()),
    }
}

/// Names and paths in a folder, sorted. Names that are no UTF-8 are none of ours.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let read = |e| Error::io("read", folder, e);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests;
