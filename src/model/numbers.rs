//! Small numbers for the words that results are cut by: a fold finds its cells by place.

use super::names::Sym;

/// Consecutive numbers, from 0, of the words that occur in one role.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// By symbol: the number and one more; 0 for a word that does not occur.
    of_word: Vec<u32>,
    count: u32,
}

impl Numbers {
    /// The number of a word; null if it does not occur.
    #[inline]
    pub fn of(&self, word: Sym) -> Option<usize> {
        self.of_word.get(word.0 as usize)?.checked_sub(1).map(|number| number as usize)
    }

    /// How many words have a number.
    pub fn count(&self) -> usize {
        self.count as usize
    }
}

impl FromIterator<Sym> for Numbers {
    fn from_iter<I: IntoIterator<Item = Sym>>(words: I) -> Self {
        let mut numbers = Self::default();
        for word in words {
            let at = word.0 as usize;
            if numbers.of_word.len() <= at {
                numbers.of_word.resize(at + 1, 0);
            }
            if numbers.of_word[at] == 0 {
                numbers.count += 1;
                numbers.of_word[at] = numbers.count;
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_numbered_as_they_come() {
        let numbers: Numbers = [7, 0, 7, 3].map(Sym).into_iter().collect();
        assert_eq!(
            [7, 0, 3, 1, 90].map(|word| numbers.of(Sym(word))),
            [Some(0), Some(1), Some(2), None, None]
        );
        assert_eq!(numbers.count(), 3);
    }
}
