//! The one error type: what failed, where in the input, why, and the command that helps.
//!
//! Does not print: `cli` renders `error:`, `-->`, `caused by:` and `hint:`.

use std::fmt;
use std::path::Path;

/// Shorthand used across the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of failure this is. All of them exit with status 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A file or folder cannot be read or written.
    Io,
    /// The input is not what was expected: no recognised export, a broken file.
    Input,
    /// The export has no row of a deal, and none was refused.
    Empty,
    /// The configuration or a mapping file is wrong.
    Config,
    /// An argument of the command line is wrong.
    Usage,
    /// The store cannot be read, written or committed.
    Store,
    /// A query is wrong or refused.
    Query,
    /// A template is wrong, or the report cannot be rendered.
    Report,
    /// A number left the range in which it is exact.
    Range,
    /// Parts that must add up to a whole do not.
    Balance,
}

/// A position in an input file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// Row in the file, counted from 1 with the header as row 1.
    pub row: Option<u64>,
    /// Column, by its header.
    pub column: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column `{column}`")?;
        }
        Ok(())
    }
}

/// A failure. Its `Display` is this layer's fact only; the cause is in `source()`.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    what: String,
    place: Option<Place>,
    hint: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of this kind; `what` is lower case, without a final period, literals in backticks.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, what: what.into(), place: None, hint: None, source: None }))
    }

    /// An I/O failure on `path`: "cannot `verb` `path`".
    pub fn io(verb: &str, path: &Path, source: std::io::Error) -> Self {
        Self::new(ErrorKind::Io, format!("cannot {verb} `{}`", path.display())).because(source)
    }

    /// Adds where in the input it happened.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    /// Adds what the user can do about it, naming the command.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Where in the input it happened, if it is known.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// What the user can do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.what)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as &(dyn std::error::Error + 'static))
    }
}
