//! The program, as a user runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A path of the repository, whatever folder a program is run in. Tests run at its root, and a cache of
/// builds may come from another checkout: the root is that of now, not that of the build.
pub(crate) fn in_repository(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap()
}

/// Runs it in a folder: its status, what it printed, what it said.
pub(crate) fn sluice(dir: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    let ran = command.current_dir(dir).env_remove("RUST_LOG").args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ran.status.code(), text(&ran.stdout), text(&ran.stderr))
}

/// What it printed; it must have ended well.
#[track_caller]
pub(crate) fn printed(dir: &Path, args: &[&str]) -> String {
    let (status, text, said) = sluice(dir, args);
    assert_eq!(status, Some(0), "{args:?}: {said}");
    text
}
