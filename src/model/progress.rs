//! How long work tells what it is doing; `cli` decides what is shown.

/// Hears what is being done. Calls may come from any thread.
pub trait Progress: Sync {
    /// A step begins; `total` units are expected, if that is known.
    fn begin(&self, step: &str, total: Option<u64>);

    /// So many more units are done.
    fn advance(&self, units: u64);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _step: &str, _total: Option<u64>) {}
    fn advance(&self, _units: u64) {}
}
