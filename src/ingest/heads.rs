//! The rows of a file that may be its header.

use super::begin::Beginning;
use super::bracket::Folded;
use super::header;

/// The header of a file.
pub(super) struct Head {
    /// Headers as they stand, repeated ones with `#2`.
    pub(super) headers: Vec<String>,
    /// The form in which they are compared.
    pub(super) folded: Folded,
    /// The number of its record, from 0.
    pub(super) number: u64,
}

/// The rows that may be the header, and those below each.
pub(super) fn heads(beginning: &Beginning) -> impl Iterator<Item = (Head, Vec<&[String]>)> {
    beginning.headers().filter_map(|at| {
        let (number, row) = beginning.rows.get(at)?;
        let headers = header::number_repeats(row.clone());
        let folded = Folded::new(&headers);
        let below = beginning.rows.get(at + 1..).unwrap_or_default().iter();
        let below = below.map(|(_, row)| row.as_slice()).collect();
        Some((Head { headers, folded, number: *number }, below))
    })
}
