//! One writer at a time: a lock that the operating system drops when its holder dies.
//!
//! Readers take no lock: what they read was committed before they began and never changes.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Held while a store is written; dropping it lets the next writer in.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of the store in `root`, which must exist.
    ///
    /// Errors: another process holds it, or the file cannot be made.
    pub(super) fn take(root: &Path) -> Result<Self> {
        let path = root.join(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|cause| Error::io("open", &path, cause).hint(super::WRITABLE))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                ErrorKind::Store,
                format!("another process is writing to the store `{}`", root.display()),
            )
            .hint("wait until it has ended, then run the same command again; nothing was lost")),
            Err(TryLockError::Error(cause)) => Err(Error::io("lock", &path, cause)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child that is being started has the file open until it runs its program.
        self.file.unlock().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_refused_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let refused = Lock::take(folder.path()).unwrap_err();
        assert!(refused.to_string().contains("another process is writing"), "{refused}");
        assert!(refused.hint_text().is_some());
        drop(first);
        Lock::take(folder.path()).unwrap();
    }
}
