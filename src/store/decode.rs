//! The rows of a file of `timelines` → a partition of deals, with symbols of its own.

use arrow::array::{Array, RecordBatch, StructArray};

use parquet::file::metadata::ParquetMetaData;

use super::columns::{Coded, Numbers, Rows, flag_at, text_at};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Activity, Catalogue, Deal, Field, FieldChange, HistoryGrade, Names, Partition, QualitySet,
    StageId, Status, StoredVisit, Sym,
};

/// The stages of the store, found by the words of their pipeline and name.
pub(super) struct Stages<'a> {
    sorted: Vec<(&'a str, &'a str, StageId)>,
}

impl<'a> Stages<'a> {
    /// Of a catalogue and its words.
    pub(super) fn new(catalogue: &Catalogue, names: &'a Names) -> Self {
        let mut sorted: Vec<_> = catalogue
            .stages
            .iter()
            .enumerate()
            .map(|(at, s)| (names.get(s.pipeline), names.get(s.name), StageId(at as u16)))
            .collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    /// The stage of these names.
    ///
    /// Errors: the catalogue has no such stage.
    pub(super) fn find(&self, pipeline: &str, name: &str) -> Result<StageId> {
        let at = self.sorted.partition_point(|&(p, n, _)| (p, n) < (pipeline, name));
        match self.sorted.get(at) {
            Some(&(p, n, id)) if (p, n) == (pipeline, name) => Ok(id),
            _ => Err(Error::new(
                ErrorKind::Store,
                format!("the stage `{name}` of pipeline `{pipeline}` is not in the table `stages`"),
            )),
        }
    }
}

/// What a file of `timelines` held.
#[derive(Default)]
pub(super) struct Decoded {
    /// The deals; symbols are those of `names`.
    pub(super) partition: Partition,
    /// From which export each deal's activities are.
    pub(super) known: Vec<Option<i64>>,
    /// The words, in the order found.
    pub(super) names: Names,
}

impl Decoded {
    /// Makes room for what a file says that it holds.
    pub(super) fn make_room(&mut self, about: &ParquetMetaData) {
        for group in about.row_groups() {
            let rows = group.num_rows().max(0) as usize;
            let items = |list: &str| {
                let columns = group.columns().iter();
                let mut inside =
                    columns.filter(|c| c.column_path().parts().first().is_some_and(|p| p == list));
                inside.next().map_or(0, |column| column.num_values().max(0) as usize)
            };
            let part = &mut self.partition;
            part.deals.reserve(rows);
            part.visits.reserve(rows, items("visits"));
            part.changes.reserve(rows, items("changes"));
            part.activities.reserve(rows, items("activities"));
        }
    }

    /// Adds the rows of a batch.
    ///
    /// Errors: columns are missing, words are unknown.
    pub(super) fn add(&mut self, batch: RecordBatch, stages: &Stages<'_>) -> Result<()> {
        let rows = StructArray::from(batch);
        let count = rows.len();
        let rows = Rows(&rows);
        self.add_texts(&rows, count)?;
        self.add_deals(&rows, count, stages)?;
        self.add_visits(&rows, stages)?;
        self.add_changes(&rows)?;
        let (offsets, items) = rows.lists("activities")?;
        let items = Activities::read(&items, &mut self.names)?;
        for span in offsets.windows(2) {
            let span = span[0] as usize..span[1] as usize;
            self.partition.activities.push(span.map(|at| items.get(at)));
        }
        let known = rows.instants("activities_extracted_at")?;
        self.known.extend((0..count).map(|row| known.get(row)));
        Ok(())
    }

    fn add_texts(&mut self, rows: &Rows<'_>, count: usize) -> Result<()> {
        let ids = rows.texts("deal_id")?;
        let (titles, accounts) = (rows.texts("name")?, rows.texts("account_id")?);
        for row in 0..count {
            self.partition.deal_ids.push(text_at(ids, row));
            self.partition.deal_names.push(text_at(titles, row));
            self.partition.account_ids.push(text_at(accounts, row));
        }
        Ok(())
    }

    fn add_deals(&mut self, rows: &Rows<'_>, count: usize, stages: &Stages<'_>) -> Result<()> {
        let names = &mut self.names;
        let (pipeline, stage) = (rows.symbols("pipeline", names)?, rows.symbols("stage", names)?);
        let at_stage = Pairs::new(&pipeline, &stage, stages);
        let status =
            rows.coded("status", Status::Open, |w| known("status", w, Status::from_name(w)))?;
        let grade = rows.coded("history_grade", HistoryGrade::CurrentOnly, |w| {
            known("history_grade", w, HistoryGrade::from_name(w))
        })?;
        let quality =
            rows.coded("quality", QualitySet::default(), |w| Ok(QualitySet::from_text(w)))?;
        let mut word = |name: &str| rows.symbols(name, names);
        let (owner, source, deal_type) = (word("owner")?, word("source")?, word("deal_type")?);
        let (product, lost_reason) = (word("product")?, word("lost_reason")?);
        let (forecast, currency, crm) =
            (word("forecast_category")?, word("currency")?, word("crm")?);
        let (amount, probability) =
            (rows.integers("amount_minor")?, rows.integers("probability_bp")?);
        let (created, closed) = (rows.instants("created_at")?, rows.instants("closed_at")?);
        let (modified, deleted) = (rows.instants("modified_at")?, rows.instants("deleted_at")?);
        let (expected, extracted) =
            (rows.dates("expected_close_on")?, rows.instants("extracted_at")?);
        let mut cache = at_stage.cache();
        self.partition.deals.reserve(count);
        for row in 0..count {
            let stage = at_stage.get(row, &mut cache, &self.names)?;
            self.partition.deals.push(Deal {
                pipeline: pipeline.get(row),
                stage,
                status: status.get(row),
                owner: owner.get(row),
                source: source.get(row),
                deal_type: deal_type.get(row),
                product: product.get(row),
                lost_reason: lost_reason.get(row),
                forecast_category: forecast.get(row),
                currency: currency.get(row),
                amount_minor: amount.get(row),
                probability_bp: probability.get(row).and_then(|p| u32::try_from(p).ok()),
                created_at: created.get(row),
                closed_at: closed.get(row),
                expected_close_on: expected.get(row),
                modified_at: modified.get(row),
                deleted_at: deleted.get(row),
                extracted_at: extracted.get(row).unwrap_or_default(),
                history_grade: grade.get(row),
                quality: quality.get(row),
                crm: crm.get(row),
            });
        }
        Ok(())
    }

    fn add_visits(&mut self, rows: &Rows<'_>, stages: &Stages<'_>) -> Result<()> {
        let (offsets, items) = rows.lists("visits")?;
        let pipeline = items.symbols("pipeline", &mut self.names)?;
        let stage = items.symbols("stage", &mut self.names)?;
        let pairs = Pairs::new(&pipeline, &stage, stages);
        let mut cache = pairs.cache();
        let (entered, exited) = (items.instants("entered_at")?, items.instants("exited_at")?);
        let is_known = items.flags("is_entry_known")?;
        let mut list: Vec<StoredVisit> = Vec::new();
        for span in offsets.windows(2) {
            list.clear();
            for at in span[0] as usize..span[1] as usize {
                list.push(StoredVisit {
                    stage: pairs.get(at, &mut cache, &self.names)?,
                    entered_at: entered.get(at).unwrap_or_default(),
                    exited_at: exited.get(at),
                    is_entry_known: flag_at(is_known, at).unwrap_or(true),
                });
            }
            self.partition.visits.push(list.iter().copied());
        }
        Ok(())
    }

    fn add_changes(&mut self, rows: &Rows<'_>) -> Result<()> {
        let (offsets, items) = rows.lists("changes")?;
        let at = items.instants("at")?;
        let field = items.coded("field", Field::Amount, |word| {
            known("field", word, Field::ALL.into_iter().find(|f| f.as_str() == word))
        })?;
        let (old, new) = (items.integers("old_number")?, items.integers("new_number")?);
        let old_text = items.symbols("old_text", &mut self.names)?;
        let new_text = items.symbols("new_text", &mut self.names)?;
        let value = |field: Field, number: Option<i64>, symbol: Sym| {
            if field.is_text() {
                (!symbol.is_none()).then_some(i64::from(symbol.0))
            } else {
                number
            }
        };
        for span in offsets.windows(2) {
            let span = span[0] as usize..span[1] as usize;
            self.partition.changes.push(span.map(|row| {
                let field = field.get(row);
                FieldChange {
                    at: at.get(row).unwrap_or_default(),
                    field,
                    old: value(field, old.get(row), old_text.get(row)),
                    new: value(field, new.get(row), new_text.get(row)),
                }
            }));
        }
        Ok(())
    }
}

/// The value of a word of a fixed set.
pub(super) fn known<T>(column: &str, word: &str, found: Option<T>) -> Result<T> {
    found.ok_or_else(|| {
        Error::new(ErrorKind::Store, format!("`{word}` is no value of the column `{column}`"))
            .hint("the store was written by another version of sluice")
    })
}

/// Stages by the keys of two dictionaries, each pair of words looked up once.
struct Pairs<'a, 's> {
    pipeline: &'a Coded<'a, Sym>,
    stage: &'a Coded<'a, Sym>,
    stages: &'a Stages<'s>,
}

impl<'a, 's> Pairs<'a, 's> {
    fn new(
        pipeline: &'a Coded<'a, Sym>,
        stage: &'a Coded<'a, Sym>,
        stages: &'a Stages<'s>,
    ) -> Self {
        Self { pipeline, stage, stages }
    }

    fn cache(&self) -> Vec<Option<StageId>> {
        vec![None; (self.pipeline.width() + 1) * (self.stage.width() + 1)]
    }

    fn get(&self, row: usize, cache: &mut [Option<StageId>], names: &Names) -> Result<StageId> {
        let at = self.pipeline.key(row) * (self.stage.width() + 1) + self.stage.key(row);
        match cache.get(at).copied().flatten() {
            Some(id) => Ok(id),
            None => {
                let (pipeline, stage) = (self.pipeline.get(row), self.stage.get(row));
                let id = self.stages.find(names.get(pipeline), names.get(stage))?;
                if let Some(slot) = cache.get_mut(at) {
                    *slot = Some(id);
                }
                Ok(id)
            }
        }
    }
}

/// The columns of activities, whether they belong to a deal or not.
pub(super) struct Activities<'a> {
    done: Numbers<'a, i64>,
    due: Numbers<'a, i64>,
    kind: Coded<'a, Sym>,
    owner: Coded<'a, Sym>,
    outcome: Coded<'a, Sym>,
    duration: Numbers<'a, i64>,
}

impl<'a> Activities<'a> {
    /// Of these rows; words are added to `names`.
    pub(super) fn read(rows: &Rows<'a>, names: &mut Names) -> Result<Self> {
        Ok(Self {
            done: rows.instants("done_at")?,
            due: rows.instants("due_at")?,
            kind: rows.symbols("kind", names)?,
            owner: rows.symbols("owner", names)?,
            outcome: rows.symbols("outcome", names)?,
            duration: rows.integers("duration_seconds")?,
        })
    }

    /// The activity of a row.
    pub(super) fn get(&self, row: usize) -> Activity {
        Activity {
            done_at: self.done.get(row),
            due_at: self.due.get(row),
            kind: self.kind.get(row),
            owner: self.owner.get(row),
            outcome: self.outcome.get(row),
            duration_seconds: self.duration.get(row).and_then(|d| u32::try_from(d).ok()),
        }
    }
}
