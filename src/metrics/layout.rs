//! The layout all metric tables share (METRICS 1.7), and the populations they are cut by.

use arcstr::{ArcStr, literal};

use crate::model::{
    About, ColumnAbout, Day, Facts, Period, PeriodKind, Run, Sym, Table, Unit, Value, column,
    too_large,
};

/// The ways in which folds cut a pipeline; the whole follows from its segments.
pub const PARTS: &[Dimension] = &[Dimension::Owner, Dimension::Source, Dimension::Segment];

/// [`PARTS`] of metrics that do not look at owners.
pub const UNOWNED: &[Dimension] = &[Dimension::Source, Dimension::Segment];

/// By what a population is cut, one way at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The whole pipeline.
    All,
    /// By credited owner.
    Owner,
    /// By source.
    Source,
    /// By segment.
    Segment,
}

/// One population: a pipeline, or one owner, source or segment of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slice {
    /// The pipeline.
    pub pipeline: Sym,
    /// By what it is cut.
    pub dimension: Dimension,
    /// The owner, source or segment; `Sym::NONE` for the whole pipeline, and for deals without one.
    pub value: Sym,
}

impl Slice {
    /// The slices that a deal of `pipeline` belongs to, one for each of `dimensions`.
    pub fn of<'d>(
        pipeline: Sym,
        facts: &'d Facts,
        dimensions: &'d [Dimension],
    ) -> impl Iterator<Item = Self> + 'd {
        dimensions.iter().map(move |&dimension| {
            let value = match dimension {
                Dimension::All => Sym::NONE,
                Dimension::Owner => facts.owner,
                Dimension::Source => facts.source,
                Dimension::Segment => facts.segment,
            };
            Self { pipeline, dimension, value }
        })
    }

    /// The whole pipeline.
    pub fn whole(pipeline: Sym) -> Self {
        Self { pipeline, dimension: Dimension::All, value: Sym::NONE }
    }

    /// The deals of an owner.
    pub fn owner(pipeline: Sym, owner: Sym) -> Self {
        Self { pipeline, dimension: Dimension::Owner, value: owner }
    }

    /// The whole pipeline, if this is a segment. Every deal is in one segment, so folds count by
    /// segment only and the whole is added up in the end.
    pub fn whole_of(self) -> Option<Self> {
        (self.dimension == Dimension::Segment).then(|| Self::whole(self.pipeline))
    }

    /// The `interval_method` of a metric that draws its limits for whole pipelines, and makes those of
    /// parts by `of_parts`.
    pub fn bootstrap_or(self, of_parts: &'static str) -> &'static str {
        if self.dimension == Dimension::All { "bootstrap" } else { of_parts }
    }
}

/// The cells that a deal counts in for an event on `day`: the whole pipeline by all, quarter and
/// month; each owner, source and segment by all and quarter.
pub fn cells(
    pipeline: Sym,
    facts: &Facts,
    day: Day,
    run: &Run,
) -> impl Iterator<Item = (Slice, Period)> {
    const CELLS: [(Dimension, PeriodKind); 9] = [
        (Dimension::All, PeriodKind::All),
        (Dimension::All, PeriodKind::Quarter),
        (Dimension::All, PeriodKind::Month),
        (Dimension::Owner, PeriodKind::All),
        (Dimension::Owner, PeriodKind::Quarter),
        (Dimension::Source, PeriodKind::All),
        (Dimension::Source, PeriodKind::Quarter),
        (Dimension::Segment, PeriodKind::All),
        (Dimension::Segment, PeriodKind::Quarter),
    ];
    let periods =
        [PeriodKind::All, PeriodKind::Quarter, PeriodKind::Month].map(|kind| run.period(kind, day));
    let values = [Sym::NONE, facts.owner, facts.source, facts.segment];
    CELLS.into_iter().map(move |(dimension, kind)| {
        let slice = Slice { pipeline, dimension, value: values[dimension as usize] };
        let at = match kind {
            PeriodKind::All => 0,
            PeriodKind::Quarter => 1,
            _ => 2,
        };
        (slice, periods[at])
    })
}

/// A word as tables show it: `__NONE__` if there is none.
pub fn word(sym: Sym, run: &Run) -> ArcStr {
    run.names.text(sym).unwrap_or_else(|| literal!("__NONE__"))
}

/// Why a value is null, or what to know when it is not (METRICS 1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `Z0`: the denominator is 0.
    ZeroDenominator,
    /// `IM`: nobody has been followed that long.
    Immature,
    /// `IN`: too few have been followed that long.
    InsufficientFollowUp,
    /// `SN`: there is a value, from few cases.
    SmallN,
    /// `MC`: several currencies and no rates.
    MixedCurrency,
    /// `NA`: a table that is needed is absent.
    TableAbsent,
    /// `LK`: the basis leaks the outcome.
    LeakyBasis,
    /// `DG`: no variance where a test needs it.
    Degenerate,
    /// `TL`: a sum of amounts is beyond the 64 bits of a cell.
    TooLarge,
}

impl Reason {
    /// The two-letter code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ZeroDenominator => "Z0",
            Self::Immature => "IM",
            Self::InsufficientFollowUp => "IN",
            Self::SmallN => "SN",
            Self::MixedCurrency => "MC",
            Self::TableAbsent => "NA",
            Self::LeakyBasis => "LK",
            Self::Degenerate => "DG",
            Self::TooLarge => too_large::CODE,
        }
    }
}

/// The end of a row: sample size, interval, status.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    /// Cases behind the value; whole for counts, real for an effective sample size.
    pub n: Value,
    /// Limits of the interval.
    pub interval: Option<(f64, f64)>,
    /// How the interval is made, if there is one: `wilson`, `student_t`, `order_statistics`, `bootstrap` …
    pub method: &'static str,
    /// `ok`, or the maturity of a cohort cell: `complete`, `partial`, `insufficient`, `immature`.
    /// Empty means: `ok`, `SN` or null by `reason`.
    pub status: &'static str,
    /// Why the value is null, or `SN`.
    pub reason: Option<Reason>,
    /// Deals behind the row that carry a history code (QH…).
    pub quality_count: u64,
}

const HEAD: &[ColumnAbout] = &[
    column("metric_id", Unit::Text, "Code of the metric."),
    column("pipeline", Unit::Text, "Pipeline."),
    column("owner", Unit::Text, "Credited owner; empty for all."),
    column("team", Unit::Text, "Team of the owner today."),
    column("source", Unit::Text, "Source of the deals; empty for all."),
    column("segment", Unit::Text, "Segment of the deals; empty for all."),
    column("currency", Unit::Text, "Currency of the amounts."),
    column("period_kind", Unit::Text, "Kind of period."),
    column("period_start", Unit::Date, "First day of the period."),
    column("period_end", Unit::Date, "Day after the last day of the period."),
    column("as_of", Unit::Date, "Last day that counts."),
];

const TAIL: &[ColumnAbout] = &[
    column("n", Unit::Number, "Cases behind the value."),
    column("lower", Unit::Number, "Lower limit of the interval."),
    column("upper", Unit::Number, "Upper limit of the interval."),
    column("confidence_level", Unit::Rate, "Level of the interval."),
    column("interval_method", Unit::Text, "How the interval was made; empty without one."),
    column("status", Unit::Text, "`ok`, `SN` (small n), or the maturity of the cell."),
    column("reason", Unit::Text, "Why a value is null: Z0, IM, IN, SN, MC, NA, LK, DG, TL."),
    column("quality_count", Unit::Count, "Deals behind the row whose history was mended."),
];

/// How the amounts of a row are known.
pub(super) const VALUE_BASIS: ColumnAbout = column(
    "value_basis",
    Unit::Text,
    "`history`, `snapshot` or `current`: the worst that was used.",
);

const SORT: &[&str] =
    &["pipeline", "owner", "source", "segment", "currency", "period_kind", "period_start"];

/// Builds the table of a metric, row by row.
#[derive(Debug)]
pub struct MetricTable<'r> {
    about: &'static About,
    run: &'r Run,
    table: Table,
    id: ArcStr,
    kind: (PeriodKind, ArcStr),
}

impl<'r> MetricTable<'r> {
    /// An empty table with the columns of the layout and of the metric's block.
    pub(super) fn new(about: &'static About, run: &'r Run) -> Self {
        let all = HEAD.iter().chain(about.columns).chain(TAIL);
        let table = Table::new(about.name, all, Vec::new());
        let kind = PeriodKind::All;
        let kind = (kind, ArcStr::from(kind.as_str()));
        Self { about, run, table, id: ArcStr::from(about.id), kind }
    }

    /// Starts a row; set its block with [`Row::set`], then finish it with [`Row::end`].
    /// `owner`, `source` or `segment` of deals that have none is `__NONE__` (`__UNASSIGNED__`).
    pub fn row(&mut self, slice: Slice, period: Option<Period>, currency: Sym) -> Row<'_> {
        let run = self.run;
        let mut values = vec![Value::Null; self.table.columns.len()];
        values[0] = self.id.clone().into();
        values[1] = run.names.text(slice.pipeline).unwrap_or_default().into();
        match slice.dimension {
            Dimension::All => {}
            Dimension::Owner => {
                values[2] = run.owner_label(slice.value).into();
                values[3] = run.team(slice.value).into();
            }
            Dimension::Source => values[4] = word(slice.value, run).into(),
            Dimension::Segment => values[5] = word(slice.value, run).into(),
        }
        values[6] = run.names.text(currency).into();
        if let Some(period) = period {
            if self.kind.0 != period.kind {
                self.kind = (period.kind, ArcStr::from(period.kind.as_str()));
            }
            values[7] = self.kind.1.clone().into();
            values[8] = Value::Day(period.start);
            values[9] = Value::Day(period.end);
        }
        values[10] = Value::Day(run.as_of);
        Row { about: self.about, table: &mut self.table, values, next: 0, is_too_large: false }
    }

    /// The table, its rows sorted: by the keys of the layout, then those of the metric. A list that
    /// is ranked comes in the order of its ranks.
    pub(super) fn sorted(mut self) -> Table {
        let is_ranked = self.about.keys.first() == Some(&"rank");
        let first: &[&str] = if is_ranked { &["pipeline", "currency", "rank"] } else { &[] };
        let keys: Vec<&str> = first.iter().chain(SORT).chain(self.about.keys).copied().collect();
        self.table.sort_by(&keys);
        self.table
    }
}

/// A row being built.
#[derive(Debug)]
pub struct Row<'t> {
    about: &'static About,
    table: &'t mut Table,
    values: Vec<Value>,
    /// The column after the one set last: most rows are set in the order of the block.
    next: usize,
    /// A sum did not fit its cell.
    is_too_large: bool,
}

impl Row<'_> {
    /// Sets a column of the block. A name that the metric did not declare is a mistake of its
    /// author, found by the registry's tests.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        let columns = self.about.columns;
        // Names are literals, mostly the same one: a look at where they stand is often enough.
        let is_same = |c: &ColumnAbout| std::ptr::eq(c.name, name) || c.name == name;
        let is_next = columns.get(self.next).is_some_and(is_same);
        let at =
            if is_next { Some(self.next) } else { columns.iter().position(|c| c.name == name) };
        debug_assert!(at.is_some(), "{} has no column `{name}`", self.about.name);
        if let Some(at) = at {
            self.next = at + 1;
            self.values[HEAD.len() + at] = value.into();
        }
        self
    }

    /// Sets a column to a sum of minor units; one that is beyond 64 bits is null, with [`Reason::TooLarge`]
    /// at the end of the row.
    pub fn set_minor(&mut self, name: &str, sum: impl Into<Option<i128>>) -> &mut Self {
        let sum: Option<i128> = sum.into();
        let cell = sum.and_then(|sum| i64::try_from(sum).ok());
        self.is_too_large |= sum.is_some() && cell.is_none();
        self.set(name, cell)
    }

    /// Makes it a row of no pipeline: what it counts is of all of them.
    pub fn across_pipelines(&mut self) -> &mut Self {
        self.values[1] = Value::Null;
        self
    }

    /// Makes it the row of a team; the population must be a whole pipeline, or none.
    pub fn team(&mut self, team: ArcStr) -> &mut Self {
        self.values[3] = team.into();
        self
    }

    /// Sets a date column of the block.
    pub fn set_day(&mut self, name: &str, day: Option<Day>) -> &mut Self {
        self.set(name, day.map_or(Value::Null, Value::Day))
    }

    /// Ends the row.
    pub fn end(mut self, tail: Tail) {
        let at = HEAD.len() + self.about.columns.len();
        // Limits that come of squares beyond 128 bits are no numbers.
        let interval = tail.interval.filter(|(lower, upper)| !lower.is_nan() && !upper.is_nan());
        let reason = match tail.reason {
            None | Some(Reason::SmallN) if self.is_too_large => Some(Reason::TooLarge),
            reason => reason,
        };
        let status = match (tail.status, reason) {
            ("", None) => Some("ok"),
            ("", Some(Reason::SmallN)) => Some("SN"),
            ("", Some(_)) => None,
            (status, _) => Some(status),
        };
        self.values[at] = tail.n;
        if let Some((lower, upper)) = interval {
            self.values[at + 1] = lower.into();
            self.values[at + 2] = upper.into();
            self.values[at + 3] = Value::Float(0.95);
            self.set_word(at + 4, Some(tail.method));
        }
        self.set_word(at + 5, status);
        self.set_word(at + 6, reason.map(Reason::code));
        self.values[at + 7] = tail.quality_count.into();
        self.share_words();
        self.table.rows.push(self.values);
    }

    /// Sets a cell to a word, which is mostly that of the row before.
    fn set_word(&mut self, at: usize, word: Option<&str>) {
        self.values[at] = match self.table.rows.last().map(|before| &before[at]) {
            Some(above) if above.as_str() == word => above.clone(),
            _ => word.into(),
        };
    }

    /// Lets a word that stands in the row before too be kept once: tables are long, their words few.
    fn share_words(&mut self) {
        let Some(before) = self.table.rows.last() else { return };
        for (value, above) in self.values.iter_mut().zip(before) {
            if let (Value::Text(word), Value::Text(above)) = (value, above)
                && !ArcStr::ptr_eq(word, above)
                && word == above
            {
                word.clone_from(above);
            }
        }
    }
}
