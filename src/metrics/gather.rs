//! Sums of parts of the deals, added up.

use super::keyed::Tally;
use crate::model::Known;
use crate::stats::quantile::Histogram;
use crate::stats::survival::EventTable;

/// Sums that can be added up.
pub trait Gather {
    /// Adds `other`; the order does not matter.
    fn gather(&mut self, other: &Self);
}

/// Adds up each of the fields of a struct, of which none may be left out.
macro_rules! gather {
    ($sums:ty: $($field:ident),+) => {
        impl $crate::metrics::gather::Gather for $sums {
            #[inline]
            fn gather(&mut self, other: &Self) {
                let Self { $($field),+ } = other;
                $($crate::metrics::gather::Gather::gather(&mut self.$field, $field);)+
            }
        }
    };
}
pub(super) use gather;

macro_rules! numbers {
    ($($number:ty)+) => {$(
        impl Gather for $number {
            #[inline]
            fn gather(&mut self, other: &Self) {
                *self += other;
            }
        }
    )+};
}

numbers!(u32 u64 i32 i64 i128);

impl<A: Gather, B: Gather> Gather for (A, B) {
    fn gather(&mut self, other: &Self) {
        self.0.gather(&other.0);
        self.1.gather(&other.1);
    }
}

impl<T: Gather, const N: usize> Gather for [T; N] {
    #[inline]
    fn gather(&mut self, other: &Self) {
        self.iter_mut().zip(other).for_each(|(into, from)| into.gather(from));
    }
}

/// A multiset.
impl<T: Clone> Gather for Vec<T> {
    fn gather(&mut self, other: &Self) {
        self.extend_from_slice(other);
    }
}

impl Gather for Histogram {
    fn gather(&mut self, other: &Self) {
        for (&value, &count) in other {
            *self.entry(value).or_default() += count;
        }
    }
}

impl Gather for Tally {
    fn gather(&mut self, other: &Self) {
        self.merge(other);
    }
}

impl<const K: usize> Gather for EventTable<K> {
    fn gather(&mut self, other: &Self) {
        self.add_all(other);
    }
}

/// The worst.
impl Gather for Known {
    #[inline]
    fn gather(&mut self, other: &Self) {
        *self = (*self).max(*other);
    }
}
