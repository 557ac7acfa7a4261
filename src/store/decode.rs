//! The rows of a file of `timelines` → a partition of deals, with symbols of its own.

use parquet::file::reader::ChunkReader;

use super::cells::{Coded, Group, Rows};
use super::columns;
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
    /// Adds a group of rows, with their activities or as if they had none.
    ///
    /// Errors: columns are missing, words are unknown.
    pub(super) fn add<R: ChunkReader + 'static>(
        &mut self,
        group: &Group<'_, R>,
        stages: &Stages<'_>,
        with_activities: bool,
    ) -> Result<()> {
        let rows = group.rows();
        self.add_texts(&rows)?;
        self.add_deals(&rows, stages)?;
        let (visits, lengths) = group.lists("visits")?;
        self.add_visits(&visits, &lengths, stages)?;
        let (changes, lengths) = group.lists("changes")?;
        self.add_changes(&changes, &lengths)?;
        if !with_activities {
            (0..rows.count()).for_each(|_| self.partition.activities.push([]));
            self.known.extend((0..rows.count()).map(|_| None));
            return Ok(());
        }
        let (activities, lengths) = group.lists("activities")?;
        self.add_activities(&activities, &lengths)?;
        let mut known = rows.numbers("activities_extracted_at")?;
        self.known.extend((0..rows.count()).map(|_| known.take()));
        Ok(())
    }

    fn add_texts<R: ChunkReader + 'static>(&mut self, rows: &Rows<'_, R>) -> Result<()> {
        let part = &mut self.partition;
        for (name, column) in [
            ("deal_id", &mut part.deal_ids),
            ("name", &mut part.deal_names),
            ("account_id", &mut part.account_ids),
        ] {
            let mut texts = rows.texts(name)?;
            (0..rows.count()).for_each(|_| column.push(texts.take()));
        }
        Ok(())
    }

    fn add_deals<R: ChunkReader + 'static>(
        &mut self,
        rows: &Rows<'_, R>,
        stages: &Stages<'_>,
    ) -> Result<()> {
        let names = &mut self.names;
        let (pipeline, stage) = (rows.symbols("pipeline", names)?, rows.symbols("stage", names)?);
        let mut at_stage = Pairs::new(pipeline, stage, stages);
        let mut status =
            rows.coded("status", Status::Open, |w| known("status", w, Status::from_name(w)))?;
        let mut grade = rows.coded("history_grade", HistoryGrade::CurrentOnly, |w| {
            known("history_grade", w, HistoryGrade::from_name(w))
        })?;
        let mut quality =
            rows.coded("quality", QualitySet::default(), |w| Ok(QualitySet::from_text(w)))?;
        let mut word = |name: &str| rows.symbols(name, names);
        let (mut owner, mut source, mut deal_type) =
            (word("owner")?, word("source")?, word("deal_type")?);
        let (mut product, mut lost_reason) = (word("product")?, word("lost_reason")?);
        let (mut forecast, mut currency, mut crm) =
            (word("forecast_category")?, word("currency")?, word("crm")?);
        let number = |name: &str| rows.numbers(name);
        let (mut amount, mut probability) = (number("amount_minor")?, number("probability_bp")?);
        let (mut created, mut closed) = (number("created_at")?, number("closed_at")?);
        let (mut modified, mut deleted) = (number("modified_at")?, number("deleted_at")?);
        let (mut expected, mut extracted) = (number("expected_close_on")?, number("extracted_at")?);
        self.partition.deals.reserve(rows.count());
        for _ in 0..rows.count() {
            let (pipeline, stage) = at_stage.take(&self.names)?;
            self.partition.deals.push(Deal {
                pipeline,
                stage,
                status: status.take(),
                owner: owner.take(),
                source: source.take(),
                deal_type: deal_type.take(),
                product: product.take(),
                lost_reason: lost_reason.take(),
                forecast_category: forecast.take(),
                currency: currency.take(),
                amount_minor: amount.take().into(),
                probability_bp: probability.take().and_then(|p| u32::try_from(p).ok()).into(),
                created_at: created.take().into(),
                closed_at: closed.take().into(),
                expected_close_on: expected.take().map(|day| day as i32).into(),
                modified_at: modified.take().into(),
                deleted_at: deleted.take().into(),
                extracted_at: extracted.take().unwrap_or_default(),
                history_grade: grade.take(),
                quality: quality.take(),
                crm: crm.take(),
            });
        }
        Ok(())
    }

    fn add_visits<R: ChunkReader + 'static>(
        &mut self,
        rows: &Rows<'_, R>,
        lengths: &[usize],
        stages: &Stages<'_>,
    ) -> Result<()> {
        let pipeline = rows.symbols("pipeline", &mut self.names)?;
        let stage = rows.symbols("stage", &mut self.names)?;
        let mut at_stage = Pairs::new(pipeline, stage, stages);
        let (mut entered, mut exited) = (rows.numbers("entered_at")?, rows.numbers("exited_at")?);
        let mut is_known = rows.flags("is_entry_known")?;
        let visits = &mut self.partition.visits;
        visits.reserve(lengths.len(), rows.count());
        let mut list: Vec<StoredVisit> = Vec::new();
        for &length in lengths {
            list.clear();
            for _ in 0..length {
                list.push(StoredVisit {
                    stage: at_stage.take(&self.names)?.1,
                    entered_at: entered.take().unwrap_or_default(),
                    exited_at: exited.take().into(),
                    is_entry_known: is_known.take().unwrap_or(true),
                });
            }
            visits.push(list.iter().copied());
        }
        Ok(())
    }

    fn add_changes<R: ChunkReader + 'static>(
        &mut self,
        rows: &Rows<'_, R>,
        lengths: &[usize],
    ) -> Result<()> {
        let mut at = rows.numbers("at")?;
        let mut field = rows.coded("field", Field::Amount, |word| {
            known("field", word, Field::ALL.into_iter().find(|f| f.as_str() == word))
        })?;
        let (mut old, mut new) = (rows.numbers("old_number")?, rows.numbers("new_number")?);
        let mut old_text = rows.symbols("old_text", &mut self.names)?;
        let mut new_text = rows.symbols("new_text", &mut self.names)?;
        let value = |field: Field, number: Option<i64>, symbol: Sym| {
            if field.is_text() {
                (!symbol.is_none()).then_some(i64::from(symbol.0))
            } else {
                number
            }
        };
        let changes = &mut self.partition.changes;
        changes.reserve(lengths.len(), rows.count());
        for &length in lengths {
            changes.push((0..length).map(|_| {
                let field = field.take();
                FieldChange {
                    at: at.take().unwrap_or_default(),
                    field,
                    old: value(field, old.take(), old_text.take()).into(),
                    new: value(field, new.take(), new_text.take()).into(),
                }
            }));
        }
        Ok(())
    }

    fn add_activities<R: ChunkReader + 'static>(
        &mut self,
        rows: &Rows<'_, R>,
        lengths: &[usize],
    ) -> Result<()> {
        let (mut done, mut due) = (rows.numbers("done_at")?, rows.numbers("due_at")?);
        let mut kind = rows.symbols("kind", &mut self.names)?;
        let mut owner = rows.symbols("owner", &mut self.names)?;
        let mut outcome = rows.symbols("outcome", &mut self.names)?;
        let mut duration = rows.numbers("duration_seconds")?;
        let activities = &mut self.partition.activities;
        activities.reserve(lengths.len(), rows.count());
        for &length in lengths {
            activities.push((0..length).map(|_| Activity {
                done_at: done.take().into(),
                due_at: due.take().into(),
                kind: kind.take(),
                owner: owner.take(),
                outcome: outcome.take(),
                duration_seconds: duration.take().and_then(|d| u32::try_from(d).ok()).into(),
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

/// A column of stages: those of a column of pipelines and one of stage names, each pair of words
/// looked up once.
struct Pairs<'s> {
    pipeline: Coded<Sym>,
    stage: Coded<Sym>,
    stages: &'s Stages<'s>,
    found: Vec<Option<StageId>>,
}

impl<'s> Pairs<'s> {
    fn new(pipeline: Coded<Sym>, stage: Coded<Sym>, stages: &'s Stages<'s>) -> Self {
        let found = vec![None; (pipeline.width() + 1) * (stage.width() + 1)];
        Self { pipeline, stage, stages, found }
    }

    /// The next pipeline and stage.
    fn take(&mut self, names: &Names) -> Result<(Sym, StageId)> {
        let (pipeline, stage) = (self.pipeline.take_key(), self.stage.take_key());
        let at = pipeline * (self.stage.width() + 1) + stage;
        let (pipeline, stage) = (self.pipeline.get(pipeline), self.stage.get(stage));
        if let Some(id) = self.found[at] {
            return Ok((pipeline, id));
        }
        let id = self.stages.find(names.get(pipeline), names.get(stage))?;
        self.found[at] = Some(id);
        Ok((pipeline, id))
    }
}

/// Activities that belong to no deal; words are added to `names`.
pub(super) fn activities(
    rows: &columns::Rows<'_>,
    count: usize,
    names: &mut Names,
) -> Result<Vec<Activity>> {
    let (done, due) = (rows.instants("done_at")?, rows.instants("due_at")?);
    let (kind, owner) = (rows.symbols("kind", names)?, rows.symbols("owner", names)?);
    let (outcome, duration) = (rows.symbols("outcome", names)?, rows.integers("duration_seconds")?);
    let activity = |row| Activity {
        done_at: done.get(row).into(),
        due_at: due.get(row).into(),
        kind: kind.get(row),
        owner: owner.get(row),
        outcome: outcome.get(row),
        duration_seconds: duration.get(row).and_then(|d| u32::try_from(d).ok()).into(),
    };
    Ok((0..count).map(activity).collect())
}
