//! How long work tells what it is doing, and what it takes; `cli` decides what is shown.

use std::time::Duration;

/// Hears what is being done. Calls may come from any thread.
pub trait Progress: Sync {
    /// A step begins; `total` units are expected, if that is known.
    fn begin(&self, step: &str, total: Option<u64>);

    /// So many more units are done.
    fn advance(&self, units: u64);

    /// The time since the program began; null if nobody wants to know how long things take.
    fn clock(&self) -> Option<Duration> {
        None
    }

    /// So much time went into `name`, one of several of the kind `what`. Times add up over threads.
    fn took(&self, _what: &'static str, _name: &str, _time: Duration) {}
}

/// Does `work`, and says how long it took.
pub fn timed<T>(
    progress: &dyn Progress,
    what: &'static str,
    name: &str,
    work: impl FnOnce() -> T,
) -> T {
    let start = progress.clock();
    let done = work();
    if let (Some(start), Some(end)) = (start, progress.clock()) {
        progress.took(what, name, end.saturating_sub(start));
    }
    done
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _step: &str, _total: Option<u64>) {}
    fn advance(&self, _units: u64) {}
}
