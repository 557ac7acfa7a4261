//! The sectors of old workbooks, as MS-CFB lays them out: a table tells which one follows each.

/// Bytes of the header.
const HEADER: usize = 512;

/// Whether sectors follow each other in a circle: who reads them would go round until memory ends.
pub(super) fn is_circular(bytes: &[u8]) -> bool {
    let size = match bytes.get(30..32) {
        Some([9, 0]) => 512,
        Some([12, 0]) => 4096,
        _ => return false,
    };
    let count = bytes.len() / size;
    let sector = |id: u32| {
        let start = (id as usize).saturating_add(1).saturating_mul(size);
        numbers(bytes.get(start..).map_or(&[], |rest| &rest[..size.min(rest.len())]))
    };
    // The header names the first sectors of the table, and where a list of more begins.
    let mut parts = numbers(bytes.get(76..HEADER).unwrap_or_default());
    let mut more = numbers(bytes.get(68..72).unwrap_or_default()).first().copied();
    for _ in 0..count {
        let Some(id) = more.filter(|&id| (id as usize) < count) else { break };
        parts.extend(sector(id));
        more = parts.pop();
    }
    let mut next: Vec<u32> =
        parts.into_iter().filter(|&id| (id as usize) < count).flat_map(sector).collect();
    next.truncate(count);
    has_circle(&next)
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    let (whole, _) = bytes.as_chunks::<4>();
    whole.iter().copied().map(u32::from_le_bytes).collect()
}

/// Whether a walk from any place, each time to the place that `next` tells, comes back to where it was.
fn has_circle(next: &[u32]) -> bool {
    const NEVER: usize = usize::MAX;
    let mut walked_from = vec![NEVER; next.len()];
    (0..next.len()).any(|start| {
        let mut at = start;
        while let (Some(from), Some(&to)) = (walked_from.get_mut(at), next.get(at)) {
            if *from != NEVER {
                return *from == start;
            }
            *from = start;
            at = to as usize;
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::is_circular;

    #[test]
    fn a_circle_is_told_from_a_chain() {
        let mut bytes = std::fs::read("tests/data/ingest/packed/xls/deals.xls").unwrap();
        assert!(!is_circular(&bytes));
        // The table is sector 8, behind the header; the chain of sectors 0 to 7 comes back to 2.
        bytes[9 * 512 + 7 * 4..][..4].copy_from_slice(&2_u32.to_le_bytes());
        assert!(is_circular(&bytes));
        assert!(!is_circular(&bytes[..100]));
        assert!(!is_circular(&[]));
    }
}
