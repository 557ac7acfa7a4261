//! Texts that stand in many rows, each once: columns are gathered from them by number.

use std::sync::OnceLock;

use polars::prelude::{
    ChunkTake as _, NewChunkedArray as _, PlSmallStr, PolarsResult, StringChunked,
};

use super::Get;
use super::build::Task;
use crate::model::{Partition, Run, Sym, TextColumn};

/// Dictionaries of texts, made when the first column asks for them. Entry 0 of each is null.
pub(in crate::query) struct Words<'a> {
    run: &'a Run,
    names: OnceLock<StringChunked>,
    labels: OnceLock<StringChunked>,
    teams: OnceLock<StringChunked>,
}

impl<'a> Words<'a> {
    /// No dictionary is made yet.
    pub(in crate::query) fn new(run: &'a Run) -> Self {
        let (names, labels, teams) = Default::default();
        Self { run, names, labels, teams }
    }

    /// The texts with these numbers; which texts follows from how the column is read. Words and
    /// teams are numbered as symbols are, labels and the deals of `task` from 1.
    pub(super) fn gather(
        &self,
        get: Get,
        task: Option<&Task<'_>>,
        numbers: &[u32],
    ) -> PolarsResult<StringChunked> {
        match get {
            Get::Label(_) => self.labels.get_or_init(|| self.labels()).take(numbers),
            Get::Team(_) => self.teams.get_or_init(|| self.teams()).take(numbers),
            Get::OfDeal(texts) => of_deals(texts, task, numbers),
            _ => self.names.get_or_init(|| self.names()).take(numbers),
        }
    }

    fn symbols(&self) -> impl Iterator<Item = Sym> {
        (0..self.run.names.len() as u32).map(Sym)
    }

    fn names(&self) -> StringChunked {
        dictionary(self.symbols().map(|sym| self.run.names.text(sym)))
    }

    fn teams(&self) -> StringChunked {
        dictionary(self.symbols().map(|sym| self.run.team(sym)))
    }

    fn labels(&self) -> StringChunked {
        let labels = self.symbols().map(|sym| Some(self.run.owner_label(sym)));
        dictionary(std::iter::once(None).chain(labels))
    }
}

/// Texts of deals. Of few rows only theirs are looked at; of many rows a deal, each deal's once.
fn of_deals(
    texts: fn(&Partition) -> &TextColumn,
    task: Option<&Task<'_>>,
    numbers: &[u32],
) -> PolarsResult<StringChunked> {
    let text = |number: u32| {
        let (task, at) = (task?, number.checked_sub(1)?);
        let text = texts(task.partition).get(task.rows().start + at as usize);
        (!text.is_empty()).then_some(text)
    };
    let deals = task.map_or(0, |task| task.rows().len());
    if numbers.len() <= deals {
        return Ok(dictionary(numbers.iter().map(|number| text(*number))));
    }
    dictionary((0..=deals as u32).map(text)).take(numbers)
}

fn dictionary<T: AsRef<str>>(texts: impl Iterator<Item = Option<T>>) -> StringChunked {
    StringChunked::from_iter_options(PlSmallStr::EMPTY, texts)
}
