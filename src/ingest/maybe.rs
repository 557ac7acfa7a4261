//! Optional numbers in the room of plain ones: rows wait in memory until all files are read.

/// Numbers of which one stands for none.
pub(super) trait Gap: Copy + PartialEq {
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

/// A number, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Maybe<N>(N);

impl<N: Gap> Maybe<N> {
    /// The number, if there is one.
    #[inline]
    pub(super) fn get(self) -> Option<N> {
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
}
