//! Optional numbers in the room of plain ones: of changes and activities there are many millions.

use std::cmp::Ordering;

/// Numbers of which one stands for none.
pub trait Gap: Copy + Ord {
    /// Stands for none; nothing that is counted or dated comes near it.
    const GAP: Self;
}

impl Gap for i64 {
    const GAP: Self = Self::MIN;
}

impl Gap for i32 {
    const GAP: Self = Self::MIN;
}

impl Gap for u32 {
    const GAP: Self = Self::MAX;
}

/// A number, or none; none comes before all numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Maybe<N>(N);

impl<N: Gap> Maybe<N> {
    /// The number, if there is one.
    #[inline]
    pub fn get(self) -> Option<N> {
        (self.0 != N::GAP).then_some(self.0)
    }
}

impl<N: Gap> Default for Maybe<N> {
    fn default() -> Self {
        Self(N::GAP)
    }
}

impl<N: Gap> From<Option<N>> for Maybe<N> {
    #[inline]
    fn from(number: Option<N>) -> Self {
        Self(number.unwrap_or(N::GAP))
    }
}

impl<N: Gap> PartialEq<Option<N>> for Maybe<N> {
    fn eq(&self, other: &Option<N>) -> bool {
        self.get() == *other
    }
}

impl<N: Gap> Ord for Maybe<N> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.get().cmp(&other.get())
    }
}

impl<N: Gap> PartialOrd for Maybe<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [None, Some(0), Some(-1), Some(i64::MAX)] {
            assert_eq!(Maybe::from(number).get(), number);
        }
        assert_eq!(Maybe::<u32>::default().get(), None);
        assert_eq!(size_of::<Maybe<u32>>(), 4);
    }

    #[test]
    fn none_comes_first() {
        let order = [None, Some(0), Some(7)].map(Maybe::<u32>::from);
        assert!(order.is_sorted() && order[0] < order[1]);
    }
}
