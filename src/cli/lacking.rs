//! What is said of files that cannot be read: whether the numbers lack them, or an earlier export stands.

use crate::error::Result;
use crate::model::{InputFile, counted};
use crate::store::{RunRecord, Store};

/// Says what comes of it where there is no store to fall back on.
pub fn say(files: usize) {
    if files > 0 {
        tracing::warn!(
            target: "sluice",
            "{} could not be read: what stands there is missing from all numbers",
            counted(files, "file")
        );
    }
}

/// Says that the store is as it was, after an export of which nothing was taken.
pub fn say_untouched(store: &Store) {
    if let Some(last) = store.exists().then(|| store.record(None).ok()).flatten() {
        tracing::warn!(
            target: "sluice",
            "store: nothing was taken of this export, still at run {}: the content of the earlier export \
             stands",
            last.version
        );
    }
}

/// Files that cannot be read, and what the store knew before.
pub struct Lacking {
    paths: Vec<String>,
    before: Vec<RunRecord>,
}

impl Lacking {
    /// Looks at the files of an export, before it is committed.
    ///
    /// Errors: the store cannot be read.
    pub fn of(inputs: &[InputFile], store: &Store) -> Result<Self> {
        let lacking = inputs.iter().filter(|input| input.entity == InputFile::UNREADABLE);
        let paths: Vec<String> = lacking.map(|input| input.path.clone()).collect();
        let before = match paths.is_empty() || !store.exists() {
            true => Vec::new(),
            false => store.runs()?,
        };
        Ok(Self { paths, before })
    }

    /// The last of the runs that read a file.
    fn read_by(&self, path: &str) -> Option<u64> {
        // A zip was read if a member of it was.
        let is_of = |input: &InputFile| {
            input
                .path
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let is_read = |input: &InputFile| {
            is_of(input) && !input.entity.is_empty() && input.entity != InputFile::UNREADABLE
        };
        let by = self.before.iter().rev().find(|run| run.inputs.iter().any(is_read));
        by.map(|run| run.version)
    }

    /// Says what came of it, once the rest is committed; `is_new` if that is a new run.
    pub fn say(&self, is_new: bool) {
        let last = self.before.last().map(|run| run.version);
        let readings: Vec<Option<u64>> = self.paths.iter().map(|path| self.read_by(path)).collect();
        say(readings.iter().filter(|by| by.is_none()).count());
        let known = readings.into_iter().flatten();
        let (whole, partly): (Vec<u64>, Vec<u64>) =
            known.partition(|by| !is_new && Some(*by) == last);
        say_read_by(&whole, |run| {
            format!(
                "the content of the earlier export stands, as run {run} read it, and nothing is missing but \
                 what is new"
            )
        });
        say_read_by(&partly, |run| {
            format!(
                "what this export tells anew is told without it, all else stands as run {run} read it"
            )
        });
    }
}

/// Says what comes of files that these runs were the last to read, if there are any.
fn say_read_by(runs: &[u64], what: impl Fn(u64) -> String) {
    if let Some(&run) = runs.iter().max() {
        tracing::warn!(
            target: "sluice",
            "{} could not be read: {}; mend the file and run again",
            counted(runs.len(), "file"),
            what(run)
        );
    }
}
