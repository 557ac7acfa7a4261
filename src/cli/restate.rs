//! `sluice restate`, and the part of a report that compares with the run before.

use clap::Args;

use super::args::{ConfigArgs, FormatArgs, MomentArgs, StoreArgs};
use super::talk::Talk;
use super::{Ending, print_bytes, print_table, read_config};
use crate::error::{Error, ErrorKind, Result};
use crate::metrics::{self, AnyMetric, METRICS};
use crate::model::calendar::date;
use crate::model::{AsOf, Dataset, Progress, Restated, Run, Table};
use crate::output::{self, Format};
use crate::restate::{Changed, Scope, Side, deals_table, numbers_table, restate};
use crate::store::Store;

/// Arguments of `restate`.
#[derive(Debug, Args)]
pub struct RestateArgs {
    /// The earlier run of the store (`sluice list runs`); by default the one before `--to`.
    #[arg(long, value_name = "RUN")]
    pub from: Option<u64>,
    /// The later run; by default the last.
    #[arg(long, value_name = "RUN")]
    pub to: Option<u64>,
    /// Also the numbers of owners, sources and segments, not of whole pipelines only.
    #[arg(long)]
    pub all: bool,
    /// Only the deals that changed: the one table of csv and parquet.
    #[arg(long)]
    pub deals: bool,
    #[command(flatten)]
    pub format: FormatArgs,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub moment: MomentArgs,
}

/// The metrics that a report compares with the run before: those that need no activities and draw no
/// limits.
static HEADLINES: &[&dyn AnyMetric] = &[
    &metrics::win_rate::WinRate,
    &metrics::stage_stock::StageStock,
    &metrics::deal_size::DealSize,
];

/// Says what moved; findings if any number did.
pub fn run(args: &RestateArgs, talk: &Talk) -> Result<Ending> {
    let config = read_config(&args.config)?;
    let store = Store::new(&args.store.store);
    let last = store.record(None)?.version;
    let to = args.to.unwrap_or(last);
    let Some(from) = args.from.or(to.checked_sub(1)) else {
        tracing::info!(target: "sluice", "run {to} is the first: there is none to compare it with");
        let (_, dataset) = store.load(Some(to))?;
        let as_of = Run::new(config, args.moment.as_of, &dataset)?.as_of;
        return print(&Restated { to, as_of, ..Restated::default() }, args);
    };
    if from == to {
        return Err(Error::new(ErrorKind::Usage, format!("run {from} is compared with itself"))
            .hint(format!("`sluice list runs{}` shows the runs of the store", store.flag())));
    }
    talk.begin("reading the store", None);
    let (old, new) = rayon::join(|| store.load(Some(from)), || store.load(Some(to)));
    let ((_, old), (_, new)) = (old?, new?);
    talk.begin("computing", None);
    // The end of the last complete day that the earlier of the two knows.
    let end = Run::new(config.clone(), None, if from < to { &old } else { &new })?;
    let as_of = args.moment.as_of.unwrap_or(AsOf::Instant(end.cut - 1));
    let earlier = Run::new(config, Some(as_of), &old)?;
    if earlier.cut > end.cut {
        tracing::info!(
            target: "sluice",
            "run {} knows all up to {} only: what happened later moves numbers too",
            from.min(to),
            date(end.as_of)
        );
    }
    let pair = Pair::new((from, to), &old, earlier, &new)?;
    let changed = pair.changed(Scope { with_activities: true, months: None });
    let restated = pair.restate(METRICS, changed)?;
    talk.clear();
    let whole = restated.numbers.iter().filter(|number| number.is_whole()).count();
    tracing::info!(
        target: "sluice",
        "run {from} against run {to}, both as of {}: numbers that moved: {}, {whole} of them of whole \
         pipelines; deals that changed: {}",
        date(restated.as_of),
        restated.numbers.len(),
        restated.deals.len()
    );
    print(&restated, args)
}

/// Two runs at one instant, under one configuration.
struct Pair<'a> {
    versions: (u64, u64),
    old: (&'a Dataset, Run),
    new: (&'a Dataset, Run),
}

impl<'a> Pair<'a> {
    /// At the instant of the run `earlier` of `old`.
    fn new(versions: (u64, u64), old: &'a Dataset, earlier: Run, new: &'a Dataset) -> Result<Self> {
        let moment = AsOf::Instant(earlier.cut - 1);
        let later = Run::new(earlier.config.clone(), Some(moment), new)?;
        Ok(Self { versions, old: (old, earlier), new: (new, later) })
    }

    fn sides<'t>(
        &'t self,
        metrics: &[&dyn AnyMetric],
        tables: &'t [Vec<Table>; 2],
    ) -> [Side<'t>; 2] {
        let [before, after] = tables;
        let with = |tables: &'t [Table]| metrics.iter().map(|m| m.about()).zip(tables).collect();
        let ((old, earlier), (new, later)) = (&self.old, &self.new);
        [
            Side { version: self.versions.0, dataset: old, run: earlier, metrics: with(before) },
            Side { version: self.versions.1, dataset: new, run: later, metrics: with(after) },
        ]
    }

    /// The deals that differ.
    fn changed(&self, scope: Scope<'_>) -> Changed {
        let no_tables = [Vec::new(), Vec::new()];
        let [before, after] = &self.sides(&[], &no_tables);
        Changed::find(before, after, scope)
    }

    /// Computes `metrics` of both and compares them.
    fn restate(&self, metrics: &[&dyn AnyMetric], changed: Changed) -> Result<Restated> {
        let compute = |(dataset, run): &(&Dataset, Run)| metrics::compute(metrics, dataset, run);
        let (before, after) = rayon::join(|| compute(&self.old), || compute(&self.new));
        let tables = [before?, after?];
        let [before, after] = &self.sides(metrics, &tables);
        Ok(restate(before, after, changed))
    }
}

/// What moved since the run before `to`, of the headline numbers; null if there is none. The moment is
/// the last complete day of the run before, or that of the report if it is earlier. Reads no more than
/// it must: months whose files are the same in both runs hold no deal that differs.
pub fn since_last(store: &Store, to: u64, new: &Dataset, run: &Run) -> Result<Option<Restated>> {
    let Some(from) = to.checked_sub(1) else { return Ok(None) };
    let (months, has_same_words) = store.changed_months(from, to)?;
    let at_its_end = |old: &Dataset| -> Result<Run> {
        let earlier = Run::new(run.config.clone(), None, old)?;
        match earlier.cut > run.cut {
            true => Run::new(run.config.clone(), Some(AsOf::Instant(run.cut - 1)), old),
            false => Ok(earlier),
        }
    };
    let scope = Scope { with_activities: false, months: Some(&months) };
    let part = store.load_months(from, &months)?;
    let pair = Pair::new((from, to), &part, at_its_end(&part)?, new)?;
    let changed = pair.changed(scope);
    if changed.is_empty() && has_same_words {
        return pair.restate(&[], changed).map(Some);
    }
    let old = store.load_without_activities(from)?;
    let pair = Pair::new((from, to), &old, at_its_end(&old)?, new)?;
    pair.restate(HEADLINES, changed).map(Some)
}

fn print(restated: &Restated, args: &RestateArgs) -> Result<Ending> {
    let numbers = numbers_table(restated, !args.all);
    let deals = deals_table(restated);
    match args.format.format {
        Format::Text if !args.deals => {
            let mut bytes = Vec::new();
            for (title, table) in [("numbers that moved", &numbers), ("changes of deals", &deals)] {
                bytes.extend(format!("{title}: {}\n", table.rows.len()).into_bytes());
                if !table.rows.is_empty() {
                    output::write(table, Format::Text, &mut bytes)?;
                }
                bytes.push(b'\n');
            }
            print_bytes(&bytes)?;
        }
        Format::Json if !args.deals => {
            let mut bytes = format!(
                "{{\"from\": {}, \"to\": {}, \"as_of\": \"{}\", \"numbers\":\n",
                restated.from,
                restated.to,
                date(restated.as_of)
            )
            .into_bytes();
            output::write(&numbers, Format::Json, &mut bytes)?;
            bytes.extend(b", \"deals\":\n");
            output::write(&deals, Format::Json, &mut bytes)?;
            bytes.extend(b"}\n");
            print_bytes(&bytes)?;
        }
        format => {
            print_table(if args.deals { &deals } else { &numbers }, format)?;
        }
    }
    Ok(if restated.numbers.is_empty() { Ending::Done } else { Ending::Findings })
}
