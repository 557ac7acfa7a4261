//! The engine: views built when a statement names them, the statement run by polars.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use polars::prelude::{Column, DataFrame, IntoLazy, LazyFrame, PolarsResult};
use polars::sql::SQLContext;

use super::explain::explain;
use super::guard::{self, Checked, Growth, Nulls, Only, Reads, Times};
use super::views::{self, View, ViewColumn, Wanted, Words};
use super::{Query, frame};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Dataset, Run, Table, Unit};

/// Stack of the thread that runs a statement; `guard` bounds how deep a statement may be.
const STACK_BYTES: usize = 64 << 20;

/// A view, and which of its rows.
type Rows = (String, Option<Only>);

/// Views to run queries on.
pub struct Engine<'a> {
    dataset: &'a Dataset,
    run: &'a Run,
    tables: &'a [Table],
    /// Columns of every view and table, by name.
    schema: BTreeMap<String, Vec<String>>,
    words: Words<'a>,
    /// The columns that were built so far of each view, of all its rows or only some.
    built: Mutex<BTreeMap<Rows, BTreeMap<String, Column>>>,
}

impl<'a> Engine<'a> {
    /// Registers the flat views of `dataset` as of `run`, and the metric tables under their names.
    /// Nothing is built before a statement names it.
    ///
    /// Errors: a table has the name of a view or of another table.
    pub fn new(dataset: &'a Dataset, run: &'a Run, tables: &'a [Table]) -> Result<Self> {
        let mut schema = BTreeMap::new();
        for view in views::VIEWS {
            let columns = view.columns.iter().map(|c| c.about.name.to_owned()).collect();
            schema.insert(view.name.to_owned(), columns);
        }
        for view in views::small::SMALL {
            let columns = view.columns.iter().map(|c| c.name.to_owned()).collect();
            schema.insert(view.name.to_owned(), columns);
        }
        for table in tables {
            let columns = table.columns.iter().map(|c| c.name.to_string()).collect();
            if schema.insert(table.name.clone(), columns).is_some() {
                let what = format!("two tables are named `{}`", table.name);
                return Err(Error::new(ErrorKind::Query, what));
            }
        }
        // What the engine deprecates is no concern of those who ask.
        polars::error::set_warning_function(|_, _| {});
        let (words, built) = (Words::new(run), Mutex::default());
        Ok(Self { dataset, run, tables, schema, words, built })
    }

    /// Names of the views and tables, with their columns.
    pub fn tables(&self) -> Vec<(String, Vec<String>)> {
        self.schema.iter().map(|(name, columns)| (name.clone(), columns.clone())).collect()
    }

    /// Builds what these queries will read of the views on deals, in one pass over the deals. Running
    /// them without it gives the same, but passes over the deals once for each query that names a
    /// column no query before has named. A query that is wrong is left to [`Engine::run`] to report.
    ///
    /// Errors: a view cannot be built.
    pub fn prepare(&self, queries: &[Query]) -> Result<()> {
        let mut reads: BTreeMap<Rows, Reads> = BTreeMap::new();
        for query in queries {
            let Ok(checked) = guard::check(&query.sql, &self.schema) else { continue };
            for table in &checked.reads.tables {
                let rows = (table.clone(), checked.reads.only.get(table).cloned());
                reads.entry(rows).or_default().add(table, &checked.reads);
            }
        }
        let named: Vec<(&Rows, Wanted<'_>)> = reads
            .iter()
            .filter_map(|(rows, reads)| {
                let view = view(&rows.0)?;
                Some((rows, Wanted::new(view, columns(view, reads), rows.1.as_ref())))
            })
            .collect();
        let (rows, wanted): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        let built = views::build(&wanted, self.dataset, self.run, &self.words).map_err(|e| {
            Error::new(ErrorKind::Query, "cannot build the views on deals").because(e)
        })?;
        for (rows, columns) in rows.into_iter().zip(built) {
            self.keep(rows.clone(), &columns);
        }
        Ok(())
    }

    /// Runs one statement. Units follow from the types. Rows that the statement does not order are
    /// ordered by their columns, so the same statement gives the same rows.
    ///
    /// Errors: the statement cannot be parsed, is refused by the guard, names an unknown table or
    /// column, or fails.
    pub fn sql(&self, sql: &str) -> Result<Table> {
        let mut checked = deep(|| guard::check(sql, &self.schema))?;
        // Built here and not on a thread of its own: all threads that build may be waiting for statements.
        let frames = self.frames(&checked.reads)?;
        deep(move || {
            let growth = checked.growth();
            let mut columns = frames.iter().flat_map(|(_, frame)| frame.columns());
            if columns.any(|column| may_overflow(column, growth)) {
                checked.widen_amounts();
            }
            let [times, others] = split(&frames, |column| column.dtype().is_temporal());
            checked.span_days(&Times { times, others })?;
            let [fractions, _] = split(&frames, |column| column.dtype().is_float());
            checked.round_casts(&fractions);
            let [some, mut none] = split(&frames, |column| column.null_count() > 0);
            none.retain(|name| !some.contains(name));
            checked.place_nulls(&Nulls { some, none })?;
            let frame = execute(&checked, &frames)?;
            frame::to_table("query", &frame)
        })
    }

    /// Runs a query file and checks the columns it declares; they get the declared units and order.
    ///
    /// Errors: those of [`Engine::sql`]; a declared column is missing, an undeclared one is there,
    /// or the values of a column are of another kind than its unit.
    pub fn run(&self, query: &Query) -> Result<Table> {
        let mut table = self.sql(&query.sql).map_err(|error| {
            let hint = error.hint_text().map(str::to_owned);
            let wrapped = Error::new(ErrorKind::Query, format!("query `{}` failed", query.name));
            let wrapped = wrapped.because(error);
            match hint {
                Some(hint) => wrapped.hint(hint),
                None => wrapped,
            }
        })?;
        declare(&mut table, query)?;
        Ok(table)
    }

    /// The frames that a statement reads, with the columns it names.
    fn frames(&self, reads: &Reads) -> Result<Vec<(String, DataFrame)>> {
        let frame = |name: &String| {
            let frame = self.frame(name, reads).map_err(|e| {
                Error::new(ErrorKind::Query, format!("cannot build view `{name}`")).because(e)
            })?;
            Ok((name.clone(), frame))
        };
        reads.tables.iter().map(frame).collect()
    }

    fn frame(&self, name: &str, reads: &Reads) -> PolarsResult<DataFrame> {
        let Some(view) = view(name) else {
            let columns = self.schema.get(name).map(Vec::as_slice).unwrap_or_default();
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            return self.cached((name.to_owned(), None), &columns, |_| self.whole(name));
        };
        let columns = columns(view, reads);
        let names: Vec<&str> = columns.iter().map(|column| column.about.name).collect();
        let only = reads.only.get(name);
        self.cached((name.to_owned(), only.cloned()), &names, |missing| {
            let columns = columns.iter().filter(|c| missing.contains(&c.about.name));
            let missing = Wanted::new(view, columns.copied().collect(), only);
            let built = views::build(&[missing], self.dataset, self.run, &self.words)?;
            Ok(built.into_iter().flatten().collect())
        })
    }

    /// The columns of a view; `build` makes those that are not there yet.
    ///
    /// The lock is not held meanwhile: building runs on many threads, and one of them might take up
    /// another query. Two that need the same column at once both build it.
    fn cached(
        &self,
        rows: Rows,
        columns: &[&str],
        build: impl FnOnce(&[&str]) -> PolarsResult<Vec<Column>>,
    ) -> PolarsResult<DataFrame> {
        let mut found: BTreeMap<String, Column> = {
            let built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
            let of_view = built.get(&rows);
            let column = |name: &&str| of_view?.get_key_value(*name);
            let found = columns.iter().filter_map(column);
            found.map(|(name, column)| (name.clone(), column.clone())).collect()
        };
        let missing: Vec<&str> =
            columns.iter().filter(|name| !found.contains_key(**name)).copied().collect();
        if !missing.is_empty() {
            let fresh = build(&missing)?;
            self.keep(rows, &fresh);
            found.extend(fresh.into_iter().map(|column| (column.name().to_string(), column)));
        }
        let columns = columns.iter().filter_map(|name| found.remove(*name));
        DataFrame::new_infer_height(columns.collect())
    }

    fn keep(&self, rows: Rows, columns: &[Column]) {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let of_view = built.entry(rows).or_default();
        of_view.extend(columns.iter().map(|column| (column.name().to_string(), column.clone())));
    }

    /// A small view or a metric table.
    fn whole(&self, name: &str) -> PolarsResult<Vec<Column>> {
        if let Some(view) = views::small::SMALL.iter().find(|view| view.name == name) {
            let rows = (view.rows)(self.dataset, self.run);
            return frame::from_table(&Table::new(name, view.columns, rows));
        }
        match self.tables.iter().find(|table| table.name == name) {
            Some(table) => frame::from_table(table),
            None => Ok(Vec::new()),
        }
    }
}

/// Does work with a statement on a stack that is large enough: parsing, planning and running recurse as deep as
/// it is nested.
fn deep<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|e| Error::new(ErrorKind::Query, "cannot start a thread").because(e))?;
        worker.join().unwrap_or_else(|panic| Err(broken_off(&*panic)))
    })
}

/// Whether what is calculated with these amounts may be beyond 64 bits, which the engine would not notice.
fn may_overflow(column: &Column, growth: Growth) -> bool {
    if !column.name().ends_with("_minor") {
        return false;
    }
    let Ok(amounts) = column.as_materialized_series().i64() else { return false };
    let largest = amounts.iter().flatten().map(i64::unsigned_abs).max().unwrap_or(0);
    if growth == Growth::default() {
        return u128::from(largest) * amounts.len() as u128 >= 1 << 62;
    }
    let bits = |number: u64| 64 - number.leading_zeros();
    bits(largest) * (1 + growth.factors) + bits(amounts.len() as u64) + growth.bits > 62
}

/// The names of the columns of which something holds in any of the frames, and of which it does not.
fn split(frames: &[(String, DataFrame)], holds: impl Fn(&Column) -> bool) -> [BTreeSet<String>; 2] {
    let columns = || frames.iter().flat_map(|(_, frame)| frame.columns());
    [true, false].map(|is| {
        let wanted = columns().filter(|column| holds(column) == is);
        wanted.map(|column| column.name().to_string()).collect()
    })
}

/// The view on timelines with this name.
fn view(name: &str) -> Option<&'static View> {
    views::VIEWS.iter().find(|view| view.name == name)
}

/// The columns of `view` that a statement needs.
fn columns(view: &'static View, reads: &Reads) -> Vec<&'static ViewColumn> {
    let named: Vec<_> = view.columns.iter().filter(|c| reads.wants(c.about.name)).collect();
    // `COUNT(*)` alone: any column tells how many rows there are.
    if named.is_empty() { view.columns.iter().take(1).collect() } else { named }
}

/// Runs a checked statement. A panic of polars ends the statement, not the program.
fn execute(checked: &Checked, frames: &[(String, DataFrame)]) -> Result<DataFrame> {
    let ran = catch_unwind(AssertUnwindSafe(|| {
        let mut lazy = plan(&checked.sql(None), frames)?;
        if checked.needs_order {
            // Only the plan knows how many columns `*` stands for. Where ordering by all columns
            // cannot be planned (lists, for example), the statement's own order is all there is.
            let width = lazy.collect_schema()?.len();
            let ordered = plan(&checked.sql(Some(width)), frames)
                .and_then(|mut lazy| lazy.collect_schema().map(|_| lazy));
            lazy = ordered.unwrap_or(lazy);
        }
        lazy.collect()
    }));
    match ran {
        Ok(frame) => frame.map_err(|e| explain(&e, &checked.reads.columns)),
        Err(panic) => Err(broken_off(&*panic)),
    }
}

fn broken_off(panic: &(dyn std::any::Any + Send)) -> Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
    Error::new(ErrorKind::Query, "the query engine broke off on this statement")
        .because(text.to_owned())
        .hint("write it another way; smaller steps in `WITH` often help")
}

/// A context of its own for each plan: derived tables leave their names in it.
fn plan(sql: &str, frames: &[(String, DataFrame)]) -> PolarsResult<LazyFrame> {
    let mut context = SQLContext::new();
    for (name, frame) in frames {
        context.register(name, frame.clone().lazy());
    }
    context.execute(sql)
}

/// Gives the result the declared columns, in the declared order.
fn declare(table: &mut Table, query: &Query) -> Result<()> {
    let wrong = |what: String| {
        let what = format!("query `{}`: {what}", query.name);
        Error::new(ErrorKind::Query, what).hint("correct `-- columns:` or the statement")
    };
    if let Some(column) =
        table.columns.iter().find(|c| !query.columns.iter().any(|d| d.name == c.name))
    {
        return Err(wrong(format!("the result's column `{}` is not declared", column.name)));
    }
    let mut order = Vec::with_capacity(query.columns.len());
    for declared in &query.columns {
        let Some(at) = table.position(&declared.name) else {
            return Err(wrong(format!("the declared column `{}` is not there", declared.name)));
        };
        let (found, unit) = (table.columns[at].unit, declared.unit);
        let is_all_null = table.rows.iter().all(|row| row[at].is_null());
        if !is_all_null && !agrees(found, unit) {
            let what = format!(
                "column `{}` is declared as {}, but holds {}",
                declared.name,
                unit.as_str(),
                found.as_str()
            );
            return Err(wrong(what));
        }
        order.push(at);
    }
    let is_in_order = order.iter().copied().eq(0..table.columns.len());
    for row in table.rows.iter_mut().filter(|_| !is_in_order) {
        *row = order.iter().map(|&at| std::mem::take(&mut row[at])).collect();
    }
    table.columns.clone_from(&query.columns);
    table.name.clone_from(&query.name);
    Ok(())
}

/// Whether values of the kind `found` can be said to be in `unit`.
fn agrees(found: Unit, unit: Unit) -> bool {
    found == unit || (found.is_numeric() && unit.is_numeric())
}
