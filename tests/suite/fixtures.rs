//! Small datasets written by hand: stages, deals and their visits, without any export.

use std::collections::{BTreeMap, BTreeSet};

use sluice::metrics::{compute, find};
use sluice::model::calendar::{day_of, month_index};
use sluice::model::{
    AsOf, Basis, Catalogue, Config, Dataset, Deal, HistoryGrade, Micros, Names, Partition, Quality,
    QualitySet, Run, Stage, StageId, StageKind, Status, StoredVisit, Sym, Table, Zone,
};

/// The pipeline of deals that name none.
pub const PIPELINE: &str = "Sales";

/// An instant from `2025-03-01` or `2025-03-01T09:30:00`, UTC.
pub fn at(text: &str) -> Micros {
    let full = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00") };
    full.parse::<chrono::NaiveDateTime>().unwrap().and_utc().timestamp_micros()
}

/// A deal: `deal("D1").visit("New", "2025-03-01").won("2025-04-02")`.
#[derive(Clone, Debug)]
pub struct DealBuilder {
    id: String,
    pipeline: String,
    visits: Vec<(String, Micros)>,
    words: BTreeMap<&'static str, String>,
    amount_minor: Option<i64>,
    deleted_at: Option<Micros>,
    quality: QualitySet,
    is_first_entry_known: bool,
}

/// Starts a deal of [`PIPELINE`].
pub fn deal(id: &str) -> DealBuilder {
    DealBuilder {
        id: id.to_owned(),
        pipeline: PIPELINE.to_owned(),
        visits: Vec::new(),
        words: BTreeMap::new(),
        amount_minor: None,
        deleted_at: None,
        quality: QualitySet::default(),
        is_first_entry_known: true,
    }
}

impl DealBuilder {
    /// Puts it in another pipeline.
    pub fn pipeline(mut self, name: &str) -> Self {
        self.pipeline = name.to_owned();
        self
    }

    /// Enters a stage; the first visit is the creation.
    pub fn visit(mut self, stage: &str, entered: &str) -> Self {
        self.visits.push((stage.to_owned(), at(entered)));
        self
    }

    /// Enters the stage `Won`.
    pub fn won(self, closed: &str) -> Self {
        self.visit("Won", closed)
    }

    /// Enters the stage `Lost`.
    pub fn lost(self, closed: &str) -> Self {
        self.visit("Lost", closed)
    }

    /// Sets `owner`, `source`, `deal_type`, `lost_reason`, `product` or `currency`.
    pub fn word(mut self, column: &'static str, word: &str) -> Self {
        self.words.insert(column, word.to_owned());
        self
    }

    /// Sets the amount in minor units.
    pub fn amount(mut self, minor: i64) -> Self {
        self.amount_minor = Some(minor);
        self
    }

    /// Deletes it.
    pub fn deleted(mut self, when: &str) -> Self {
        self.deleted_at = Some(at(when));
        self
    }

    /// Adds a data-quality code.
    pub fn flaw(mut self, code: Quality) -> Self {
        self.quality.insert(code);
        self
    }

    /// The entry into the first stage is not known (QH8).
    pub fn unknown_entry(mut self) -> Self {
        self.is_first_entry_known = false;
        self
    }
}

/// A dataset in the making.
#[derive(Clone, Debug)]
pub struct Fixture {
    stages: Vec<(String, String, StageKind, Option<u32>)>,
    deals: Vec<DealBuilder>,
    extracted_at: Micros,
}

impl Fixture {
    /// An extract taken at this instant.
    pub fn new(extracted: &str) -> Self {
        Self { stages: Vec::new(), deals: Vec::new(), extracted_at: at(extracted) }
    }

    /// Declares the open stages of [`PIPELINE`], in order; `Won` and `Lost` are added.
    pub fn stages(self, names: &[&str]) -> Self {
        let none: Vec<(&str, Option<u32>)> = names.iter().map(|n| (*n, None)).collect();
        self.pipeline(PIPELINE, &none)
    }

    /// Declares a pipeline: open stages in order, with their probabilities in basis points.
    pub fn pipeline(mut self, pipeline: &str, open: &[(&str, Option<u32>)]) -> Self {
        let own = |name: &str, kind, bp| (pipeline.to_owned(), name.to_owned(), kind, bp);
        self.stages.extend(open.iter().map(|(name, bp)| own(name, StageKind::Open, *bp)));
        self.stages.push(own("Won", StageKind::Won, None));
        self.stages.push(own("Lost", StageKind::Lost, None));
        self
    }

    /// Adds a deal.
    pub fn deal(mut self, deal: DealBuilder) -> Self {
        self.deals.push(deal);
        self
    }

    /// Adds deals.
    pub fn deals(mut self, deals: impl IntoIterator<Item = DealBuilder>) -> Self {
        self.deals.extend(deals);
        self
    }

    /// The dataset, with words, stages, partitions and deals in their documented order.
    pub fn build(mut self) -> Dataset {
        let names = self.names();
        let catalogue = self.catalogue(&names);
        self.deals.sort_by(|a, b| a.id.cmp(&b.id));
        let mut partitions: BTreeMap<i32, Partition> = BTreeMap::new();
        for deal in &self.deals {
            let month = month_index(Zone::UTC.day(deal.visits[0].1));
            let partition = partitions.entry(month).or_default();
            partition.created_month = Some(month);
            add(partition, deal, &names, &catalogue, self.extracted_at);
        }
        Dataset {
            names,
            catalogue,
            partitions: partitions.into_values().collect(),
            extracted_at: self.extracted_at,
            ..Dataset::default()
        }
    }

    fn names(&self) -> Names {
        let mut words: BTreeSet<&str> = BTreeSet::from(["generic", "USD"]);
        words.extend(self.stages.iter().flat_map(|s| [s.0.as_str(), s.1.as_str()]));
        words.extend(self.deals.iter().flat_map(|d| d.words.values().map(String::as_str)));
        let mut names = Names::default();
        for word in words {
            names.intern(word);
        }
        names
    }

    fn catalogue(&self, names: &Names) -> Catalogue {
        let mut orders: BTreeMap<&str, u16> = BTreeMap::new();
        let stages = self.stages.iter().map(|(pipeline, name, kind, probability_bp)| {
            let order = (*kind == StageKind::Open).then(|| {
                let last = orders.entry(pipeline).or_default();
                *last += 1;
                *last
            });
            Stage {
                pipeline: names.find(pipeline).unwrap(),
                name: names.find(name).unwrap(),
                order,
                kind: *kind,
                probability_bp: *probability_bp,
                is_deleted: false,
                order_basis: Basis::Declared,
                kind_basis: Basis::Declared,
            }
        });
        let mut catalogue = Catalogue { stages: stages.collect() };
        catalogue.sort(names);
        catalogue
    }
}

fn add(
    partition: &mut Partition,
    deal: &DealBuilder,
    names: &Names,
    catalogue: &Catalogue,
    extracted_at: Micros,
) {
    let word = |column: &str| deal.words.get(column).map_or(Sym::NONE, |w| names.find(w).unwrap());
    let pipeline = names.find(&deal.pipeline).expect("a declared pipeline");
    let stage = |name: &str| -> StageId {
        catalogue.find(pipeline, names.find(name).unwrap()).expect("a declared stage")
    };
    let visits: Vec<StoredVisit> = deal
        .visits
        .iter()
        .enumerate()
        .map(|(place, (name, entered))| StoredVisit {
            stage: stage(name),
            entered_at: *entered,
            exited_at: deal.visits.get(place + 1).map(|next| next.1).into(),
            is_entry_known: place > 0 || deal.is_first_entry_known,
        })
        .collect();
    let last = visits[visits.len() - 1];
    let status = Status::from(catalogue.get(last.stage).kind);
    let currency = word("currency");
    partition.deals.push(Deal {
        pipeline,
        stage: last.stage,
        status,
        owner: word("owner"),
        source: word("source"),
        deal_type: word("deal_type"),
        product: word("product"),
        lost_reason: word("lost_reason"),
        currency: if currency.is_none() { names.find("USD").unwrap() } else { currency },
        amount_minor: deal.amount_minor.into(),
        created_at: Some(visits[0].entered_at).into(),
        closed_at: (status != Status::Open).then_some(last.entered_at).into(),
        deleted_at: deal.deleted_at.into(),
        extracted_at,
        history_grade: HistoryGrade::Logged,
        quality: deal.quality,
        crm: names.find("generic").unwrap(),
        ..Deal::default()
    });
    partition.deal_ids.push(&deal.id);
    partition.deal_names.push(&deal.id);
    partition.account_ids.push("");
    partition.visits.push(visits);
    partition.changes.push([]);
    partition.activities.push([]);
}

/// The run of `dataset` at the end of the local date `as_of`.
pub fn run(dataset: &Dataset, config: Config, as_of: &str) -> Run {
    Run::new(config, Some(AsOf::Day(day_of(as_of.parse().unwrap()))), dataset).unwrap()
}

/// The table of one metric.
pub fn table(metric: &str, dataset: &Dataset, run: &Run) -> Table {
    let metric = find(metric).unwrap_or_else(|| panic!("no metric {metric}"));
    compute(&[metric], dataset, run).unwrap().remove(0)
}
