//! Files brought to disk while others are still being written: a report would wait for its two hundred
//! at the end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::error::{Error, ErrorKind, Result};
use crate::model::together;

/// Files that are on their way.
#[derive(Debug)]
pub(super) struct Disk {
    written: Sender<PathBuf>,
    waiting: Arc<Mutex<Receiver<PathBuf>>>,
    thread: JoinHandle<Result<()>>,
}

impl Disk {
    /// Begins to wait for files.
    pub(super) fn begin() -> Self {
        let (written, waiting) = mpsc::channel::<PathBuf>();
        let waiting = Arc::new(Mutex::new(waiting));
        let files = Arc::clone(&waiting);
        let thread = thread::spawn(move || {
            loop {
                // Taken before it is synced, so that the rest can be taken meanwhile.
                let Ok(path) = lock(&files).recv() else { return Ok(()) };
                sync(&path)?;
            }
        });
        Self { written, waiting, thread }
    }

    /// A file that was written whole.
    pub(super) fn add(&self, path: PathBuf) {
        // A thread that ended has failed, and says so at the end.
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
        self.thread.join().unwrap_or_else(stopped)
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
