//! Results worth keeping: the same few arguments come back for row after row.
//!
//! Only for pure functions: a result is the same whether it was kept or computed again.

use std::cell::RefCell;
use std::thread::LocalKey;

/// Results by argument.
pub(super) type Known<V> = RefCell<hashbrown::HashMap<[u64; 2], V>>;

/// Results kept at most; beyond that all are forgotten, so that memory stays bounded.
const MOST: usize = 1 << 16;

/// The result for `key`, computed unless this thread has it.
pub(super) fn known<V: Copy>(
    kept: &'static LocalKey<Known<V>>,
    key: [u64; 2],
    compute: impl FnOnce() -> V,
) -> V {
    if let Some(found) = kept.with_borrow(|kept| kept.get(&key).copied()) {
        return found;
    }
    let fresh = compute();
    kept.with_borrow_mut(|kept| {
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(key, fresh);
    });
    fresh
}
