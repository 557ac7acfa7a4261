//! CSV files in which every value is quoted, as most CRMs write them.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// A CSV file being written.
pub struct CsvFile {
    path: PathBuf,
    to: BufWriter<File>,
    line: Vec<u8>,
}

impl CsvFile {
    /// Creates `dir/name` with this header.
    ///
    /// Errors: the file exists (it may be an export that nobody has twice), or cannot be written.
    pub fn create(dir: &Path, name: &str, header: &[&str]) -> Result<Self> {
        let path = dir.join(name);
        let file = File::create_new(&path).map_err(|e| {
            let is_there = e.kind() == std::io::ErrorKind::AlreadyExists;
            let error = Error::io("create", &path, e);
            if is_there { error.hint("name an empty folder with `--out DIR`") } else { error }
        })?;
        let mut csv = Self { path, to: BufWriter::with_capacity(1 << 20, file), line: Vec::new() };
        csv.row(header.iter().copied())?;
        Ok(csv)
    }

    /// Writes a row.
    pub fn row<T: AsRef<str>>(&mut self, values: impl IntoIterator<Item = T>) -> Result<()> {
        self.line.clear();
        for value in values {
            self.line.push(if self.line.is_empty() { b'"' } else { b',' });
            if self.line.len() > 1 {
                self.line.push(b'"');
            }
            for byte in value.as_ref().bytes() {
                if byte == b'"' {
                    self.line.push(b'"');
                }
                self.line.push(byte);
            }
            self.line.push(b'"');
        }
        self.line.push(b'\n');
        self.to.write_all(&self.line).map_err(|e| Error::io("write", &self.path, e))
    }

    /// Flushes the file and returns its path.
    pub fn close(mut self) -> Result<PathBuf> {
        self.to.flush().map_err(|e| Error::io("write", &self.path, e))?;
        Ok(self.path)
    }
}

/// `2026-06-30 12:34:56`.
pub fn datetime(seconds: i64) -> String {
    format(seconds, "%Y-%m-%d %H:%M:%S")
}

/// `2026-06-30`.
pub fn date(seconds: i64) -> String {
    format(seconds, "%Y-%m-%d")
}

/// `2026-06-30 12:34`.
pub fn minute(seconds: i64) -> String {
    format(seconds, "%Y-%m-%d %H:%M")
}

fn format(seconds: i64, form: &str) -> String {
    chrono::DateTime::from_timestamp(seconds, 0)
        .map(|t| t.format(form).to_string())
        .unwrap_or_default()
}

/// A number, or nothing.
pub fn optional(number: Option<i64>) -> String {
    number.map(|n| n.to_string()).unwrap_or_default()
}
