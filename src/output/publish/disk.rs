//! Files brought to disk while others are still being written: a report would wait for its two hundred
//! at the end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::error::{Error, ErrorKind, Result};
use crate::model::together;

/// Files that are waited for at one time: the disk takes several as fast as one.
const AT_ONCE: usize = 4;

/// Files that are on their way.
#[derive(Debug)]
pub(super) struct Disk {
    written: Sender<PathBuf>,
    waiting: Arc<Mutex<Receiver<PathBuf>>>,
    threads: Vec<JoinHandle<Result<()>>>,
}

impl Disk {
    /// Begins to wait for files.
    pub(super) fn begin() -> Self {
        let (written, waiting) = mpsc::channel::<PathBuf>();
        let waiting = Arc::new(Mutex::new(waiting));
        let begin = |_| {
            let files = Arc::clone(&waiting);
            thread::spawn(move || {
                loop {
                    // Taken before it is synced, so that others can be taken meanwhile.
                    let Ok(path) = lock(&files).recv() else { return Ok(()) };
                    sync(&path)?;
                }
            })
        };
        let threads = (0..AT_ONCE).map(begin).collect();
        Self { written, waiting, threads }
    }

    /// A file that was written whole.
    pub(super) fn add(&self, path: PathBuf) {
        // There is a receiver as long as there is this.
        let _ = self.written.send(path);
    }

    /// Waits until all files are on the disk, for those that still wait their turn all at once.
    ///
    /// Errors: a file cannot be synced.
    pub(super) fn finish(self) -> Result<()> {
        drop(self.written);
        let rest: Vec<PathBuf> = lock(&self.waiting).iter().collect();
        together(rest, |path| sync(&path))?;
        let stopped = |_| Err(Error::new(ErrorKind::Io, "the thread that syncs files stopped"));
        self.threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(stopped))
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Brings a file or a folder to disk.
pub(super) fn sync(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(|e| Error::io("open", path, e))?;
    file.sync_all().map_err(|e| Error::io("sync", path, e))
}
