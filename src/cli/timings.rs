//! `--timings`: what each step, metric and query took.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Times as they come in, from any thread.
pub struct Timings {
    start: Instant,
    noted: Mutex<Noted>,
}

#[derive(Default)]
struct Noted {
    /// When each step began, in order.
    steps: Vec<(String, Duration)>,
    /// By kind and name.
    parts: BTreeMap<(&'static str, String), Duration>,
}

impl Timings {
    /// Begins now.
    pub fn start() -> Self {
        Self { start: Instant::now(), noted: Mutex::default() }
    }

    /// Time since the start.
    pub fn clock(&self) -> Duration {
        self.start.elapsed()
    }

    /// A step begins; it lasts until the next one does.
    pub fn begin(&self, step: &str) {
        self.noted().steps.push((step.to_owned(), self.clock()));
    }

    /// Adds to a part.
    pub fn took(&self, what: &'static str, name: &str, time: Duration) {
        *self.noted().parts.entry((what, name.to_owned())).or_default() += time;
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The steps one after another, as a clock on the wall shows them; then, of each kind, its parts, the
    /// longest first, summed over threads.
    pub fn table(&self) -> String {
        let (mut text, mut last) = (String::new(), "");
        self.each(|kind, name, ms| {
            if kind != last {
                let (gap, more) =
                    if last.is_empty() { ("", "") } else { ("\n", ", over all threads") };
                text.push_str(&format!("{gap}{:<44} {:>9}\n", format!("{kind}{more}"), "ms"));
                last = kind;
            }
            text.push_str(&format!("{name:<44} {ms:>9.1}\n"));
        });
        text
    }

    /// Tells each time with its kind (`step` or that of a part) and name, in the order of [`Timings::table`];
    /// after those of a kind their sum as `all`. Milliseconds.
    pub fn each(&self, mut tell: impl FnMut(&'static str, &str, f64)) {
        let end = self.clock();
        let noted = self.noted();
        let mut say =
            |kind, name: &str, time: Duration| tell(kind, name, time.as_secs_f64() * 1000.0);
        let ends = noted.steps.iter().skip(1).map(|(_, at)| *at).chain([end]);
        for ((step, start), end) in noted.steps.iter().zip(ends) {
            say("step", step, end.saturating_sub(*start));
        }
        say("step", "all", end);
        let mut kinds: BTreeMap<&'static str, Vec<(&str, Duration)>> = BTreeMap::new();
        for ((what, name), time) in &noted.parts {
            kinds.entry(what).or_default().push((name, *time));
        }
        for (what, mut parts) in kinds {
            parts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            parts.iter().for_each(|(name, time)| say(what, name, *time));
            say(what, "all", parts.iter().map(|(_, time)| *time).sum());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_kind_add_up_and_stand_by_length() {
        let timings = Timings::start();
        timings.begin("reading");
        timings.took("fold", "win_rate", Duration::from_millis(2));
        timings.took("fold", "sales_cycle", Duration::from_millis(7));
        timings.took("fold", "win_rate", Duration::from_millis(3));
        let table = timings.table();
        let places = ["reading", "fold, over all threads", "sales_cycle", "win_rate"];
        let found: Vec<usize> = places.iter().map(|name| table.find(name).unwrap()).collect();
        assert!(found.is_sorted(), "{table}");
        let sum = table.lines().next_back().unwrap();
        assert_eq!(sum.split_whitespace().collect::<Vec<_>>(), ["all", "12.0"]);
    }
}
