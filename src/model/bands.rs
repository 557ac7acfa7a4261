//! Bands of deal sizes, between the cut points of `amount_bands`.

use super::money::{exponent, to_major};
use super::names::{Names, Sym};

/// The bands, smallest first, then the one of deals without an amount.
#[derive(Clone, Debug, Default)]
pub struct Bands {
    /// In major units, ascending.
    cuts: Vec<f64>,
    /// One word more than there are cut points, then the word for no amount; none without cut points.
    words: Vec<Sym>,
}

impl Bands {
    /// The bands between these cut points. Their words come after all others, out of order: tables
    /// sort by text.
    pub fn new(cuts: &[f64], names: &mut Names) -> Self {
        let (Some(first), Some(last)) = (cuts.first(), cuts.last()) else {
            return Self::default();
        };
        let between = cuts.windows(2).map(|pair| format!("{} to {}", pair[0], pair[1]));
        let mut words = vec![format!("below {first}")];
        words.extend(between);
        words.extend([format!("{last} and more"), "no amount".to_owned()]);
        let words = words.iter().map(|word| names.intern(word)).collect();
        Self { cuts: cuts.to_vec(), words }
    }

    /// The band of an amount in minor units: its lower cut point belongs to it. Below 0 no size is
    /// known. `Sym::NONE` without cut points.
    pub fn of(&self, amount: Option<i64>, currency: &str) -> Sym {
        if self.words.is_empty() {
            return Sym::NONE;
        }
        let at = match amount.filter(|&minor| minor >= 0) {
            None => self.cuts.len() + 1,
            Some(amount) => {
                let major = to_major(i128::from(amount), exponent(currency));
                self.cuts.partition_point(|&cut| cut <= major)
            }
        };
        self.words.get(at).copied().unwrap_or(Sym::NONE)
    }

    /// Their words.
    pub fn words(&self) -> &[Sym] {
        &self.words
    }

    /// Number of bands, at least one.
    pub fn count(&self) -> usize {
        self.words.len().max(1)
    }

    /// The place of a band among them; null for another word.
    pub fn place(&self, band: Sym) -> Option<usize> {
        if self.words.is_empty() {
            return band.is_none().then_some(0);
        }
        self.words.iter().position(|&word| word == band)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_point_belongs_to_the_band_above_it() {
        let mut names = Names::default();
        let bands = Bands::new(&[150.0, 250.0], &mut names);
        let band = |minor| names.get(bands.of(minor, "EUR"));
        let found = [Some(14_999), Some(15_000), Some(25_000), None, Some(-1)].map(band);
        let words = ["below 150", "150 to 250", "250 and more", "no amount", "no amount"];
        assert_eq!(found, words, "METRICS 1.4: a negative amount is in no band");
        assert_eq!((bands.count(), bands.place(bands.of(None, "EUR"))), (4, Some(3)));
        let one = Bands::new(&[], &mut names);
        assert_eq!((one.of(Some(7), "EUR"), one.count()), (Sym::NONE, 1));
    }
}
