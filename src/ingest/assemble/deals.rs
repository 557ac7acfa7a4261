//! Deals by id: one row each, whatever the files repeat.

use std::collections::{BTreeMap, BTreeSet};

use super::super::checked;
use super::super::rows::{DealRow, word};
use super::super::status::Ends;
use super::super::words::{DealIndex, Text, Word};
use super::rivals::{Rivals, Untold};
use crate::model::{Config, DEFAULT_PIPELINE, Day, Micros, Names, Reject, Sym, counted};

/// The sources of plain tables, which may stand beside those of a CRM.
const PLAIN: [&str; 2] = ["generic", "languages"];

/// All deals; the number of a deal is its place.
#[derive(Debug, Default)]
pub(in super::super) struct Deals {
    /// The rows; their words are symbols.
    pub(in super::super) rows: Vec<DealRow>,
    /// Deals by id.
    pub(in super::super) index: DealIndex,
    /// Whether a deals file has a currency column.
    pub(in super::super) has_currency: bool,
    /// Ids of deals with identical rows (QH5), and with differing ones (QD1).
    pub(in super::super) repeats: (Vec<u32>, Vec<u32>),
    /// Ids of deals whose rows the mapping passes over, and when those were modified last.
    pub(in super::super) left_out: BTreeMap<String, Option<Micros>>,
    /// Rows of deals from tables with other columns than the one that told the deal first.
    pub(super) beside: BTreeMap<u32, Vec<(DealRow, Origin)>>,
    /// Deals that are closed while their rows leave open how, with why they are refused if nothing tells.
    pub(super) undecided: BTreeMap<u32, Reject>,
    /// The stages that end deals, as far as can be told before all are known.
    pub(super) ends: Ends,
    untold: Untold,
    pub(super) origins: Vec<Origin>,
    pub(super) sources: Vec<SourceRules>,
    pub(super) texts: Vec<String>,
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    /// The block of texts that its texts stand in.
    pub(super) texts: u32,
    /// The file, by its place in `sources`.
    pub(super) source: u32,
}

/// What the mapping of a deals file says of its deals.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct SourceRules {
    /// The source's name.
    pub(in super::super) crm: Sym,
    /// See `FileMapping::lone_pipeline_is_default`.
    pub(in super::super) lone_pipeline_is_default: bool,
    /// See `FileMapping::flags_tell_stages`.
    pub(in super::super) flags_tell_stages: bool,
    /// See `FileMapping::close_from_dates`.
    pub(in super::super) close_from_dates: bool,
    /// See `FileMapping::has_checked_ids`.
    pub(in super::super) has_checked_ids: bool,
    /// Whether the file has a column of last stage changes.
    pub(in super::super) tells_last_change: bool,
    /// Whether a column of statuses stands for that of stages.
    pub(in super::super) has_statuses_for_stages: bool,
    /// The columns that the file has, as bits.
    pub(in super::super) columns: u128,
    /// The day in the file's name.
    pub(in super::super) named_day: Option<Day>,
}

impl SourceRules {
    /// Those of a source of which nothing is to be said.
    pub(in super::super) fn plain(crm: Sym) -> Self {
        Self {
            crm,
            lone_pipeline_is_default: false,
            flags_tell_stages: false,
            close_from_dates: false,
            has_checked_ids: false,
            tells_last_change: false,
            has_statuses_for_stages: false,
            columns: 0,
            named_day: None,
        }
    }
}

impl Deals {
    /// The ids of deals whose rows are passed over and that no other row tells.
    pub(super) fn left_out(&self) -> Vec<String> {
        let is_told = |id: &&String| self.index.find(id).is_some();
        self.left_out.keys().filter(|id| !is_told(id)).cloned().collect()
    }

    /// Notes the deals of rows that are passed over.
    pub(in super::super) fn leave_out(&mut self, rows: Vec<(String, Option<Micros>)>) {
        for (id, modified) in rows {
            let last = self.left_out.entry(id).or_default();
            *last = modified.max(*last);
        }
    }

    /// Lets go of deals of which a row that is passed over was modified later than the row that tells them, as
    /// where an export of changes says that they were deleted since. What is said of it.
    pub(in super::super) fn drop_gone(&mut self) -> Option<String> {
        let is_later = |deal: u32, at: Option<Micros>| {
            let told = self.rows.get(deal as usize).and_then(|row| row.modified_at.get());
            told.is_some() && at > told
        };
        let find = |id: &str| {
            let other = || checked::others(id, true).find_map(|other| self.index.find(&other));
            self.index.find(id).or_else(other)
        };
        let left_out = self.left_out.iter().filter(|(_, at)| at.is_some());
        let gone: BTreeSet<u32> =
            left_out.filter_map(|(id, at)| find(id).filter(|&deal| is_later(deal, *at))).collect();
        if gone.is_empty() {
            return None;
        }
        let ids = std::mem::take(&mut self.index).ids;
        let mut places: Vec<Option<u32>> = Vec::with_capacity(ids.len());
        for deal in 0..ids.len() {
            let stays = !gone.contains(&(deal as u32));
            places.push(stays.then(|| self.index.add(ids.get(deal))));
        }
        let place = |deal: u32| places.get(deal as usize).copied().flatten();
        let mut stays = places.iter().map(Option::is_some);
        self.rows.retain(|_| stays.next().unwrap_or(true));
        let mut stays = places.iter().map(Option::is_some);
        self.origins.retain(|_| stays.next().unwrap_or(true));
        for repeats in [&mut self.repeats.0, &mut self.repeats.1] {
            *repeats = repeats.iter().filter_map(|&deal| place(deal)).collect();
        }
        let beside = std::mem::take(&mut self.beside).into_iter();
        self.beside = beside.filter_map(|(deal, rows)| Some((place(deal)?, rows))).collect();
        let undecided = std::mem::take(&mut self.undecided).into_iter();
        self.undecided = undecided.filter_map(|(deal, why)| Some((place(deal)?, why))).collect();
        Some(format!(
            "{}, of which a later row is left out, are left out: they were deleted since.",
            counted(gone.len(), "deal")
        ))
    }

    /// None yet.
    pub(super) fn new(config: &Config) -> Self {
        Self { ends: Ends::new(config), ..Self::default() }
    }

    /// Adds the deals of a file.
    pub(in super::super) fn add(
        &mut self,
        parts: Vec<super::Part<DealRow>>,
        rules: SourceRules,
        names: &mut Names,
    ) {
        let source = self.sources.len() as u32;
        self.sources.push(rules);
        let count = parts.iter().map(|part| part.rows.len()).sum();
        self.rows.reserve(count);
        self.origins.reserve(count);
        for part in parts {
            let words: Vec<Sym> = part.words.list.iter().map(|w| names.intern(w)).collect();
            let origin = Origin { texts: self.texts.len() as u32, source };
            self.texts.push(part.texts);
            for mut row in part.rows {
                each_word(&mut row, |word| {
                    word.0 = words.get(word.0 as usize).map_or(0, |sym| sym.0);
                });
                self.add_row(row, origin, names);
            }
        }
    }

    fn add_row(&mut self, row: DealRow, origin: Origin, names: &Names) {
        let id = self.text_of(row.id, origin).to_owned();
        match self.known(&id, origin.source) {
            None => {
                self.index.add(&id);
                self.rows.push(row);
                self.origins.push(origin);
            }
            Some(known) => self.settle(known, row, origin, names),
        }
    }

    /// The deal of an id, in the form that it has in a source or the other.
    fn known(&self, id: &str, source: u32) -> Option<u32> {
        let has_checked_ids =
            self.sources.get(source as usize).is_some_and(|rules| rules.has_checked_ids);
        let by_other_form = || {
            let other = checked::other_form(id).filter(|_| has_checked_ids)?;
            self.index.find(&other)
        };
        self.index.find(id).or_else(by_other_form)
    }

    /// Notes deals of the file that was added last as closed, and it is open how.
    pub(in super::super) fn doubt(&mut self, undecided: Vec<(String, Reject)>) {
        let source = self.sources.len().saturating_sub(1) as u32;
        for (id, reject) in undecided {
            if let Some(deal) = self.known(&id, source) {
                self.undecided.insert(deal, reject);
            }
        }
    }

    /// Of two rows of one deal from tables of the same columns, keeps the one that holds (see
    /// [`Self::compare`]). Rows from other tables are set beside it.
    fn settle(&mut self, known: u32, row: DealRow, origin: Origin, names: &Names) {
        let columns = self.columns(origin);
        let at = known as usize;
        if self.columns(self.origins[at]) == columns {
            let old = (&self.rows[at], self.origins[at]);
            let rivals = self.compare(old, (&row, origin), names);
            if self.note(known, columns, rivals) {
                (self.rows[at], self.origins[at]) = (row, origin);
            }
            return;
        }
        let mut beside = self.beside.remove(&known).unwrap_or_default();
        match beside.iter().position(|(_, other)| self.columns(*other) == columns) {
            None => beside.push((row, origin)),
            Some(place) => {
                let old = &mut beside[place];
                let rivals = self.compare((&old.0, old.1), (&row, origin), names);
                if self.note(known, columns, rivals) {
                    *old = (row, origin);
                }
            }
        }
        self.beside.insert(known, beside);
    }

    /// Counts a repeat; whether the second row is to stand for the first.
    fn note(&mut self, deal: u32, columns: u128, rivals: Rivals) -> bool {
        self.untold.note(deal, columns, rivals);
        match rivals {
            Rivals::Same(_) => self.repeats.0.push(deal),
            Rivals::Told(_) | Rivals::Named(_) | Rivals::Untold(..) => self.repeats.1.push(deal),
        }
        matches!(
            rivals,
            Rivals::Same(true) | Rivals::Told(true) | Rivals::Named(true) | Rivals::Untold(true, _)
        )
    }

    /// What is to be said of rows of one deal of which nothing tells the latest, once all are read.
    pub(in super::super) fn said_of_repeats(&mut self) -> Vec<String> {
        std::mem::take(&mut self.untold).said()
    }

    /// What is to be said of deals of several CRMs.
    pub(in super::super) fn said_of_sources(&self, names: &Names) -> Option<String> {
        let crms = self.sources.iter().map(|rules| names.get(rules.crm));
        let crms: BTreeSet<&str> = crms.filter(|crm| !PLAIN.contains(crm)).collect();
        let list: Vec<&str> = crms.iter().copied().collect();
        (crms.len() > 1).then(|| {
            format!(
                "Deals are of several sources ({}): those of one id are taken as one deal, and pipelines of one name as \
                 one. A store for each (`--store`) keeps them apart.",
                list.join(", ")
            )
        })
    }

    fn columns(&self, origin: Origin) -> u128 {
        self.sources.get(origin.source as usize).map_or(0, |rules| rules.columns)
    }

    /// All that a row says, as text.
    pub(super) fn content(&self, row: &DealRow, origin: Origin, names: &Names) -> String {
        let text = |text| self.text_of(text, origin);
        let words: Vec<&str> = row.words.iter().map(|w| names.get(Sym(w.0))).collect();
        let entered: Vec<_> = row
            .entered
            .iter()
            .map(|(stage, pipeline, at)| (names.get(Sym(stage.0)), names.get(Sym(pipeline.0)), at))
            .collect();
        let mut rest = row.clone();
        (rest.id, rest.name, rest.account) = (Text::default(), Text::default(), Text::default());
        (rest.words, rest.entered) = ([Word::default(); 9], Vec::new());
        format!("{:?}{:?}{words:?}{entered:?}{rest:?}", text(row.name), text(row.account))
    }

    pub(super) fn text_of(&self, text: Text, origin: Origin) -> &str {
        self.texts.get(origin.texts as usize).map_or("", |texts| text.of(texts))
    }

    /// A text of a deal's row.
    pub(in super::super) fn text(&self, deal: usize, text: Text) -> &str {
        self.origins.get(deal).map_or("", |&origin| self.text_of(text, origin))
    }

    /// The rules of a deal's source.
    pub(in super::super) fn rules(&self, deal: usize) -> Option<&SourceRules> {
        self.sources.get(self.origins.get(deal)?.source as usize)
    }

    /// Changes every symbol.
    pub(super) fn move_words(&mut self, move_to: impl Fn(&mut Sym)) {
        let change = |word: &mut Word| {
            let mut sym = Sym(word.0);
            move_to(&mut sym);
            word.0 = sym.0;
        };
        for row in &mut self.rows {
            each_word(row, change);
        }
        for source in &mut self.sources {
            move_to(&mut source.crm);
        }
    }

    /// Gives pipelines their names, and deals without one the pipeline `default`. Where the export names several, the
    /// only one that its deals are in is one of them: an export of changes has deals of some.
    pub(super) fn name_pipelines(&mut self, names: &mut Names, labels: &BTreeMap<String, String>) {
        let mut lone: BTreeMap<Sym, BTreeSet<Word>> = BTreeMap::new();
        let crm = |source: u32| self.sources.get(source as usize).map(|rules| rules.crm);
        for (row, origin) in self.rows.iter().zip(&self.origins) {
            let found = lone.entry(crm(origin.source).unwrap_or_default()).or_default();
            found.insert(row.words[word::PIPELINE]);
        }
        let default = Word(names.intern(DEFAULT_PIPELINE).0);
        let mut renamed: BTreeMap<Word, Word> = BTreeMap::new();
        for pipeline in lone.values().flatten() {
            let label = labels.get(names.get(Sym(pipeline.0))).cloned();
            let fresh = match label {
                _ if *pipeline == Word::default() => default,
                Some(label) => Word(names.intern(&label).0),
                None => *pipeline,
            };
            renamed.insert(*pipeline, fresh);
        }
        for (row, origin) in self.rows.iter_mut().zip(&self.origins) {
            let rules = self.sources.get(origin.source as usize);
            let are_several = |crm| labels.len() > 1 || lone.get(crm).is_some_and(|l| l.len() > 1);
            let pipeline = &mut row.words[word::PIPELINE];
            *pipeline = match rules {
                Some(rules) if rules.lone_pipeline_is_default && !are_several(&rules.crm) => {
                    default
                }
                _ => renamed.get(pipeline).copied().unwrap_or(*pipeline),
            };
        }
    }

    /// Deals whose name no other deal has: an index of the names, and the deal of each.
    pub(in super::super) fn by_name(&self) -> (DealIndex, Vec<u32>) {
        let mut found: BTreeMap<&str, Option<u32>> = BTreeMap::new();
        for (deal, row) in self.rows.iter().enumerate() {
            let name = self.text(deal, row.name);
            found.entry(name).and_modify(|d| *d = None).or_insert(Some(deal as u32));
        }
        let (mut index, mut deals) = (DealIndex::default(), Vec::new());
        for (name, deal) in found {
            if let Some(deal) = deal.filter(|_| !name.is_empty()) {
                index.add(name);
                deals.push(deal);
            }
        }
        (index, deals)
    }
}

fn each_word(row: &mut DealRow, mut change: impl FnMut(&mut Word)) {
    row.words.iter_mut().for_each(&mut change);
    for (stage, pipeline, _) in &mut row.entered {
        change(stage);
        change(pipeline);
    }
}
