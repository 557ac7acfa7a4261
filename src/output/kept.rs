//! Published folders kept on a shelf, to be published again without making them again.
//!
//! What is on a shelf is found by a key. Everything that decides about the bytes of a folder must go
//! into its key: that is the caller's business. A folder that was damaged on the shelf is not used.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;

use super::publish::{self, Publication};
use crate::error::{Error, Result};

/// Folders kept on a shelf.
const KEPT: usize = 4;

/// The list of files, with their hashes, beside the files.
const MANIFEST: &str = "manifest.json";

/// A folder on a shelf.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    manifest: Manifest,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Manifest {
    /// Name under which it was published.
    name: String,
    /// BLAKE3 of each file, hex, by its path in the folder.
    files: BTreeMap<String, String>,
}

/// The folder kept under `key`; null if there is none that can be read.
pub fn find(shelf: &Path, key: &str) -> Option<Kept> {
    let folder = shelf.join(key);
    let bytes = fs::read(folder.join(MANIFEST)).ok()?;
    let manifest = serde_json::from_slice(&bytes).ok()?;
    Some(Kept { folder, manifest })
}

impl Kept {
    /// Publishes the folder into `parent` as it was published before; null if a file of it is
    /// damaged or gone, or if it cannot be a published folder at all: then it must be made again.
    ///
    /// Errors: `parent` cannot be written.
    pub fn publish(&self, parent: &Path) -> Result<Option<PathBuf>> {
        let read = |(path, hash): (&String, &String)| {
            let bytes = fs::read(self.folder.join(path)).ok()?;
            (blake3::hash(&bytes).to_hex().as_str() == hash).then(|| (path.clone(), bytes))
        };
        let files: Option<Vec<(String, Vec<u8>)>> =
            self.manifest.files.par_iter().map(read).collect();
        let Some(files) = files else { return Ok(None) };
        let there = parent.join(&self.manifest.name);
        if self.is_at(&there) {
            return publish::point(parent, &self.manifest.name).map(Some);
        }
        let publication = Publication::begin(parent, &self.manifest.name)?;
        files.par_iter().try_for_each(|(path, bytes)| publication.write(path, bytes))?;
        publication.finish().map(Some)
    }

    /// Whether a published folder holds these files with these bytes, and no others.
    fn is_at(&self, folder: &Path) -> bool {
        let is_same = |(path, hash): (&String, &String)| {
            fs::read(folder.join(path))
                .is_ok_and(|bytes| blake3::hash(&bytes).to_hex().as_str() == hash)
        };
        publish::files(folder).is_ok_and(|files| files.iter().eq(self.manifest.files.keys()))
            && self.manifest.files.par_iter().all(is_same)
    }
}

/// Keeps the published `folder` under `key`; of all that is on the shelf, the newest few stay. Files
/// are shared with `folder` where the disk can do that: one that is changed there later no longer has
/// its hash here, and is not used.
///
/// Errors: the shelf cannot be written.
pub fn keep(shelf: &Path, key: &str, folder: &Path) -> Result<()> {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let fresh = shelf.join(format!(".{key}-{}", std::process::id()));
    let written = copy(folder, &fresh, name);
    let kept = written.and_then(|()| {
        let wanted = shelf.join(key);
        if wanted.exists() {
            fs::remove_dir_all(&wanted)?;
        }
        fs::rename(&fresh, &wanted)
    });
    if let Err(cause) = kept {
        // What is left half done would never be found; whether it can be removed changes nothing.
        let _ = fs::remove_dir_all(&fresh);
        return Err(Error::io("keep the report in", shelf, cause));
    }
    thin(shelf).map_err(|cause| Error::io("clear", shelf, cause))
}

fn copy(from: &Path, to: &Path, name: String) -> io::Result<()> {
    let copied = |path: String| {
        let bytes = fs::read(from.join(&path))?;
        let target = to.join(&path);
        target.parent().map_or(Ok(()), fs::create_dir_all)?;
        let hash = blake3::hash(&bytes).to_hex().to_string();
        if fs::hard_link(from.join(&path), &target).is_err() {
            fs::write(target, bytes)?;
        }
        Ok((path, hash))
    };
    let files = publish::files(from)?.into_par_iter().map(copied).collect::<io::Result<_>>()?;
    let manifest = serde_json::to_vec(&Manifest { name, files })?;
    fs::write(to.join(MANIFEST), manifest)
}

/// Removes all but the newest folders, and what was left half done. Files are of others, as those that macOS leaves.
fn thin(shelf: &Path) -> io::Result<()> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(shelf)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_dir() {
            found.push((about.modified()?, entry.path()));
        }
    }
    found.sort();
    let surplus = found.len().saturating_sub(KEPT);
    found.iter().take(surplus).try_for_each(|(_, path)| fs::remove_dir_all(path))
}
