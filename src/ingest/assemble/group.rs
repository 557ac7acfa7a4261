//! Rows by deal: a counting sort of places, so that no row is moved.

use super::Joined;

/// The rows of each deal, as places in the blocks.
#[derive(Debug, Default)]
pub(in super::super) struct Grouped {
    starts: Vec<u32>,
    places: Vec<(u32, u32)>,
}

impl Grouped {
    /// Groups the rows of `parts` by deals `0..count`; the group `count` is for rows without one.
    pub(in super::super) fn new<R>(
        parts: &[Joined<R>],
        count: usize,
        deal: impl Fn(&R) -> u32,
    ) -> Self {
        let mut starts = vec![0_u32; count + 2];
        let slot = |row: &R| (deal(row) as usize).min(count);
        for row in parts.iter().flat_map(|part| &part.rows) {
            starts[slot(row) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let total = starts.last().copied().unwrap_or(0) as usize;
        let mut places = vec![(0, 0); total];
        for (part_number, part) in parts.iter().enumerate() {
            for (row_number, row) in part.rows.iter().enumerate() {
                let at = &mut next[slot(row)];
                places[*at as usize] = (part_number as u32, row_number as u32);
                *at += 1;
            }
        }
        Self { starts, places }
    }

    /// Number of rows of `deal`.
    pub(in super::super) fn count(&self, deal: usize) -> usize {
        match self.starts.get(deal..deal + 2) {
            Some([start, end]) => (end - start) as usize,
            _ => 0,
        }
    }

    /// The rows of `deal`, each with its block.
    pub(in super::super) fn rows<'p, R>(
        &'p self,
        parts: &'p [Joined<R>],
        deal: usize,
    ) -> impl Iterator<Item = (&'p Joined<R>, &'p R)> + Clone {
        let at = |deal: usize| self.starts.get(deal).map_or(0, |&at| at as usize);
        let places = self.places.get(at(deal)..at(deal + 1)).unwrap_or_default();
        places.iter().filter_map(|&(part, row)| {
            let part = parts.get(part as usize)?;
            Some((part, part.rows.get(row as usize)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_together_in_file_order() {
        let part =
            |rows: &[u32]| Joined { rows: rows.to_vec(), words: Vec::new(), has_values: false };
        let parts = [part(&[2, 0, 2]), part(&[1, 2, 9])];
        let grouped = Grouped::new(&parts, 3, |&row| row);
        let of = |deal| grouped.rows(&parts, deal).map(|(_, row)| *row).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2)], [vec![0], vec![1], vec![2, 2, 2]]);
        assert_eq!(of(3), [9]);
        assert!(of(4).is_empty());
    }
}
