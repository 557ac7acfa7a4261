//! What is said on standard error: messages, progress, errors.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::args::LogFormat;
use super::timings::Timings;
use crate::error::Error;
use crate::model::Progress;
use crate::output::escaped;

/// What messages about times are addressed to: they are shown if asked for, also where all else is quiet.
const TIMES: &str = "times";

/// Says what is going on: a bar on a terminal, plain lines otherwise.
pub struct Talk {
    bar: Mutex<ProgressBar>,
    is_live: bool,
    form: LogFormat,
    timings: Option<Timings>,
}

impl Talk {
    /// Sets up messages. `quiet` leaves only errors, and the times if they are asked for.
    pub fn start(quiet: bool, form: LogFormat, has_timings: bool) -> Self {
        let level = if quiet { "error" } else { "info" };
        let filter = EnvFilter::new(format!("sluice={level},{TIMES}=info"));
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        let lines = match form {
            LogFormat::Json => lines.json().flatten_event(true).with_target(false).boxed(),
            LogFormat::Text => {
                let lines = lines.with_writer(|| HarmlessLines);
                lines.without_time().with_level(false).with_target(false).with_ansi(false).boxed()
            }
        };
        // A second start in one process (tests) keeps the first subscriber.
        let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
        let is_live = !quiet && form == LogFormat::Text && std::io::stderr().is_terminal();
        let timings = has_timings.then(Timings::start);
        Self { bar: Mutex::new(ProgressBar::hidden()), is_live, form, timings }
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        if let Ok(bar) = self.bar.lock() {
            bar.finish_and_clear();
        }
    }

    /// Shows what everything took, if that was asked for.
    pub fn show_timings(&self) {
        let Some(timings) = &self.timings else { return };
        match self.form {
            LogFormat::Json => timings.each(|kind, name, ms| {
                tracing::info!(target: TIMES, message = name, kind, ms);
            }),
            LogFormat::Text => {
                let _ = std::io::stderr().lock().write_all(timings.table().as_bytes());
            }
        }
    }

    /// Shows an error: what, where, causes, hint.
    pub fn error(&self, error: &Error) {
        self.clear();
        let place = error.place().map(ToString::to_string);
        let causes = causes(error);
        match self.form {
            LogFormat::Json => tracing::error!(
                target: "sluice",
                message = %error,
                place = place.as_deref(),
                caused_by = (!causes.is_empty()).then(|| causes.join(": ")),
                hint = error.hint_text(),
            ),
            LogFormat::Text => {
                let mut text = format!("error: {error}\n");
                if let Some(place) = place {
                    text.push_str(&format!("  --> {place}\n"));
                }
                for cause in &causes {
                    text.push_str(&format!("caused by: {}\n", cause.trim_end()));
                }
                if let Some(hint) = error.hint_text() {
                    text.push_str(&format!("\nhint: {hint}\n"));
                }
                let _ = std::io::stderr().lock().write_all(harmless(&text).as_bytes());
            }
        }
    }
}

impl Progress for Talk {
    fn begin(&self, step: &str, total: Option<u64>) {
        if let Some(timings) = &self.timings {
            timings.begin(step);
        }
        if !self.is_live {
            tracing::info!(target: "sluice", "{step}");
            return;
        }
        let Ok(mut bar) = self.bar.lock() else { return };
        bar.finish_and_clear();
        *bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        let form = if total.is_some() { "{msg} {wide_bar} {percent}%" } else { "{spinner} {msg}" };
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        bar.set_message(step.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
    }

    fn advance(&self, units: u64) {
        if self.is_live
            && let Ok(bar) = self.bar.lock()
        {
            bar.inc(units);
        }
    }

    fn clock(&self) -> Option<Duration> {
        self.timings.as_ref().map(Timings::clock)
    }

    fn took(&self, what: &'static str, name: &str, time: Duration) {
        if let Some(timings) = &self.timings {
            timings.took(what, name, time);
        }
    }
}

/// Control characters escaped, but for the ends of lines: what a line quotes may be the bytes of any file.
fn harmless(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

fn causes(error: &Error) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        found.push(cause.to_string());
        next = cause.source();
    }
    found
}

/// Standard error for people; an event comes in one piece.
struct HarmlessLines;

impl Write for HarmlessLines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = harmless(&String::from_utf8_lossy(bytes));
        std::io::stderr().lock().write_all(text.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().lock().flush()
    }
}
