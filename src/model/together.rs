//! Work that waits for the disk, many pieces at once.

use crate::error::{Error, ErrorKind, Result};

/// Pieces that are waited for at one time.
const MOST: usize = 32;

/// Does the same with every item at once: this work waits for the disk, not for the processor. Results come
/// in the order of the items.
///
/// Errors: those of `work`, of the first item that has one.
pub fn together<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let share = items.len().div_ceil(MOST).max(1);
    let mut items = items.into_iter();
    let mut shares = Vec::new();
    while items.len() > 0 {
        shares.push(items.by_ref().take(share).collect::<Vec<T>>());
    }
    std::thread::scope(|scope| {
        let work = &work;
        let begin = |share: Vec<T>| {
            scope.spawn(move || share.into_iter().map(work).collect::<Result<Vec<R>>>())
        };
        let threads: Vec<_> = shares.into_iter().map(begin).collect();
        let mut done = Vec::new();
        for thread in threads {
            done.extend(thread.join().unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::Io, "a thread that waited for the disk stopped"))
            })?);
        }
        Ok(done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_errors_come_through() {
        for items in [0, 1, 31, 32, 33, 100] {
            let doubled = together((0..items).collect(), |n: usize| Ok(2 * n)).unwrap();
            assert_eq!(doubled, (0..items).map(|n| 2 * n).collect::<Vec<_>>());
        }
        let odd = |n: usize| match n {
            40 => Err(Error::new(ErrorKind::Io, "forty")),
            n => Ok(n),
        };
        let error = together((0..100).collect(), odd).unwrap_err();
        assert!(error.to_string().contains("forty"), "{error}");
    }
}
