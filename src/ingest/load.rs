//! All files of an export, one after the other: first deals, then what refers to them.

use std::path::PathBuf;

use super::assemble::deals::SourceRules;
use super::assemble::namesakes::Namesakes;
use super::assemble::{self, Gathered};
use super::columns::{Col, Entity};
use super::context::Context;
use super::convert::TimeRules;
use super::logged::{self, Logged};
use super::overlap::Overlap;
use super::part::{self, FileRows, RowParser};
use super::plan::Plan;
use super::read::Broken;
use super::recognise::{self, Recognised, recognise};
use super::rows::word;
use super::unknown::{self, Unknown};
use super::words::DealIndex;
use super::{
    Ingested, Options, activities, currency, field_log, fx, goals, limits, periods, rows, said,
    side, status,
};
use crate::error::{ErrorKind, Result};
use crate::model::fx::base_of;
use crate::model::{Dataset, InputFile, PeriodTable, Reading, Sym, timed};

/// Reads exports; see [`super::read`].
pub(super) fn load(paths: &[PathBuf], options: &Options<'_>) -> Result<Ingested> {
    let Recognised { mut plans, unused, broken, said, .. } = recognise(paths, options)?;
    let has = |entities: &[Entity]| plans.iter().any(|plan| entities.contains(&plan.entity));
    let is_told = has(&[Entity::Deals]);
    let is_logged = has(&[Entity::StageHistory, Entity::StageChanges]);
    if !is_told && !is_logged && !has(&[Entity::FieldChanges]) {
        return Err(unknown::no_deals(&plans, &unused, broken));
    }
    let mut loader = Loader {
        options,
        all: Gathered::new(said, options.config),
        inputs: unused.iter().map(|unknown| unknown.file.clone()).collect(),
        broken: Vec::new(),
        namesakes: Namesakes::default(),
        by_name: DealIndex::default(),
        named: Vec::new(),
        logged: (!is_told).then(Logged::default),
        overlap: Overlap::of(&plans),
    };
    broken.into_iter().for_each(|broken| loader.refuse(broken));
    let total = plans.iter().map(|plan| plan.input.bytes).sum();
    options.progress.begin("reading", Some(total));
    plans.sort_by(|a, b| (a.entity, &a.input.shown).cmp(&(b.entity, &b.input.shown)));
    if !is_told && !is_logged {
        loader.find_deals(&plans, &unused)?;
    }
    for plan in &plans {
        loader.all.assumptions.push(said::recognised(plan));
        loader.all.assumptions.extend(plan.said.iter().cloned());
        match timed(options.progress, "reading", &plan.input.shown, || loader.file(plan)) {
            Err(error) if error.kind() == ErrorKind::Io => {
                loader.refuse(plan.input.clone().aside(error));
            }
            read => read?,
        }
    }
    loader.complete_deals();
    loader.make_deals();
    loader.settle_periods()?;
    options.progress.begin("building timelines", None);
    let Loader { mut all, mut inputs, broken, .. } = loader;
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    all.assumptions.extend(limits::cut_off(&inputs));
    let rows_read = inputs.iter().map(|input| input.rows).sum();
    let mut dataset = assemble::assemble(all, options.config, options.now)?;
    let told = PeriodTable::first_month_told(&dataset.periods);
    dataset.read_with = Reading::of(options.config, told);
    let rows_rejected = InputFile::count_refused(&mut inputs, &dataset.rejects);
    let broken = check(&plans, &dataset, broken)?;
    let unreadable = broken.into_iter().map(|broken| broken.error).collect();
    Ok(Ingested {
        columns: recognise::columns_of_deals(&plans),
        dataset,
        inputs,
        unreadable,
        rows_read,
        rows_rejected,
    })
}

/// The files that cannot be read.
///
/// Errors: there is no deal, or none with a time.
fn check(plans: &[Plan], dataset: &Dataset, broken: Vec<Broken>) -> Result<Vec<Broken>> {
    if dataset.deal_count() == 0 {
        return Err(unknown::or_unreadable(unknown::no_rows(plans, &dataset.rejects), broken));
    }
    if dataset.partitions.iter().all(|partition| partition.created_month.is_none()) {
        return Err(unknown::undated(plans, dataset));
    }
    Ok(broken)
}

struct Loader<'a> {
    options: &'a Options<'a>,
    all: Gathered,
    inputs: Vec<InputFile>,
    /// The files that cannot be read.
    broken: Vec<Broken>,
    /// The deals without ids.
    namesakes: Namesakes,
    by_name: DealIndex,
    named: Vec<u32>,
    /// The logs of stages, if deals are made of them.
    logged: Option<Logged>,
    /// What files told of which others tell the same.
    overlap: Overlap,
}

impl Loader<'_> {
    /// Notes a file that cannot be read.
    fn refuse(&mut self, broken: Broken) {
        let (file, reject) = recognise::unreadable(&broken);
        self.inputs.push(file);
        self.all.rejects.push(reject);
        self.broken.push(broken);
    }

    fn rows<R: Send>(&mut self, plan: &Plan, parse: RowParser<R>) -> Result<FileRows<R>> {
        let mut file = self.read(plan, parse)?;
        let is_said = matches!(
            plan.entity,
            Entity::Activities
                | Entity::Targets
                | Entity::Forecasts
                | Entity::Fx
                | Entity::Payments
        );
        self.all.assumptions.extend(said::unread(plan).filter(|_| is_said));
        self.inputs.push(file.input.clone());
        self.all.rejects.append(&mut file.rejects);
        self.all.assumptions.append(&mut file.assumptions);
        Ok(file)
    }

    fn read<R: Send>(&self, plan: &Plan, parse: RowParser<R>) -> Result<FileRows<R>> {
        let config = self.options.config;
        let Gathered { deals, names, .. } = &self.all;
        let context = Context {
            plan,
            forms: plan.forms.clone(),
            times: TimeRules { naive: plan.zone.zone(config)?, order: plan.forms.order },
            report: config.zone()?,
            own_currency: self.own_currency(plan.entity),
            config,
            deals: &deals.index,
            left_out: &deals.left_out,
            periods: &self.all.periods,
            by_name: &self.by_name,
            named: &self.named,
            deal_rows: (&deals.rows, names),
        };
        part::read(context, self.options.progress, parse)
    }

    /// The currency of amounts that tell none. Goals and forecasts are in the one that is compared with them:
    /// the one that all deals have if no base currency is set, or else that into which rates convert them.
    fn own_currency(&self, entity: Entity) -> String {
        let Gathered { deals, names, .. } = &self.all;
        let config = self.options.config;
        let is_compared = matches!(entity, Entity::Targets | Entity::Forecasts);
        let of_deals = || {
            let mut all = deals.rows.iter().map(|row| row.words[word::CURRENCY]);
            let first = all.next()?;
            all.all(|currency| currency == first).then(|| names.get(Sym(first.0)).to_owned())
        };
        let compared = || {
            let of_deals = || of_deals().filter(|currency| !currency.is_empty());
            let of_rates = || base_of(config, &self.all.fx).ok().flatten();
            config.base_currency.clone().or_else(of_deals).or_else(of_rates)
        };
        is_compared.then(compared).flatten().unwrap_or_else(|| config.currency.clone())
    }

    /// Finds the deals of logs of fields, which are then read as any other: what is wrong with the files is
    /// said when they are.
    ///
    /// Errors: there are no deals.
    fn find_deals(&mut self, plans: &[Plan], unused: &[Unknown]) -> Result<()> {
        let (mut found, mut broken) = (Logged::default(), Vec::new());
        for plan in plans.iter().filter(|plan| plan.entity == Entity::FieldChanges) {
            match self.read(plan, logged::field_row) {
                Ok(file) => {
                    found.add((plan, plan.zone.zone(self.options.config)?), file, &mut self.all)
                }
                Err(error) => broken.push(plan.input.clone().aside(error)),
            }
        }
        if !found.tells_deals() {
            broken.append(&mut self.broken);
            return Err(unknown::no_deals(plans, unused, broken));
        }
        self.logged = Some(found);
        Ok(())
    }

    /// Finishes what files of this kind refer to.
    fn finish_before(&mut self, entity: Entity) -> Result<()> {
        if entity > Entity::Deals {
            self.complete_deals();
        }
        if entity > Entity::StageChanges {
            self.make_deals();
        }
        if entity > Entity::Periods {
            self.settle_periods()?;
        }
        Ok(())
    }

    fn file(&mut self, plan: &Plan) -> Result<()> {
        self.finish_before(plan.entity)?;
        match plan.entity {
            Entity::Deals => self.deals(plan)?,
            Entity::StageHistory | Entity::StageChanges => self.history(plan)?,
            Entity::FieldChanges => self.field_changes(plan)?,
            Entity::Activities => self.activities(plan)?,
            Entity::Users => {
                let rows = self.side(plan, side::user)?;
                self.all.users.extend(rows);
            }
            Entity::Accounts => {
                let rows = self.side(plan, side::account)?;
                self.all.accounts.extend(rows);
            }
            Entity::Stages => {
                let rows = self.side(plan, side::stage)?;
                self.all.stages.extend(rows);
            }
            Entity::Periods => {
                let known = self.all.rejects.len();
                let file = self.rows(plan, periods::row)?;
                let refused = self.all.rejects.get(known..).unwrap_or_default();
                self.all.periods.add(plan, file, refused)?;
            }
            Entity::Targets => {
                let mut rows = self.side(plan, goals::target)?;
                self.all.assumptions.extend(goals::fill_down(&mut rows, plan));
                let said = self.overlap.targets(plan, &self.inputs, &mut rows);
                self.all.assumptions.extend(said);
                self.all.targets.extend(rows);
            }
            Entity::Forecasts => {
                let mut rows = goals::of_all(self.side(plan, goals::forecast)?);
                let said = self.overlap.forecasts(plan, &self.inputs, &mut rows);
                self.all.assumptions.extend(said);
                self.all.forecasts.extend(rows);
            }
            Entity::Fx => {
                let rows = self.side(plan, fx::rate)?;
                self.all.fx.extend(rows);
            }
            Entity::Payments => {
                let rows = self.side(plan, side::payment)?;
                self.all.payments.extend(rows);
            }
            Entity::Teams => {
                let rows = self.side(plan, side::named_id)?;
                side::add_names(&mut self.all.teams, rows);
            }
            Entity::Pipelines => {
                let rows = self.side(plan, side::named_id)?;
                side::add_names(&mut self.all.pipelines, rows);
            }
        }
        Ok(())
    }

    fn side<R: Send>(&mut self, plan: &Plan, parse: RowParser<R>) -> Result<Vec<R>> {
        let file = self.rows(plan, parse)?;
        Ok(file.parts.into_iter().flat_map(|part| part.rows).collect())
    }

    fn deals(&mut self, plan: &Plan) -> Result<()> {
        let mut file = self.rows(plan, rows::deal)?;
        let filled = currency::fill(&mut file.parts, &plan.input.shown, self.options.config);
        self.all.assumptions.extend(filled);
        let rules = SourceRules {
            crm: self.all.names.intern(&plan.crm),
            lone_pipeline_is_default: plan.file.lone_pipeline_is_default,
            flags_tell_stages: plan.file.flags_tell_stages,
            close_from_dates: plan.file.close_from_dates && !plan.has(Col::ClosedAt),
            has_checked_ids: plan.file.has_checked_ids,
            tells_last_change: plan.has(Col::LastStageChangeAt),
            has_statuses_for_stages: plan.has_statuses_for_stages(),
            columns: plan.columns(),
            named_day: plan.input.named_day(),
        };
        self.say_zone(plan)?;
        self.all.assumptions.extend(status::said(&file.statuses, plan));
        self.all.statuses.extend(file.statuses.keys().cloned());
        self.all.has_modified |= plan.has(Col::ModifiedAt);
        self.all.deals.has_currency |= file.has_currency;
        self.all.assumptions.extend(said::unread(plan));
        self.all.assumptions.extend(said::stand_ins(plan));
        self.all.deals.leave_out(std::mem::take(&mut file.left_out));
        let parts = std::mem::take(&mut file.parts);
        match plan.has_names_for_ids() {
            true => {
                let zone = plan.zone.zone(self.options.config)?;
                self.namesakes.add(parts, rules, zone, file.undecided);
            }
            false => {
                self.all.deals.add(parts, rules, &mut self.all.names);
                self.all.deals.doubt(file.undecided);
            }
        }
        Ok(())
    }

    /// Joins what several tables tell of one deal, once all those are read.
    fn complete_deals(&mut self) {
        let Gathered { deals, names, assumptions, .. } = &mut self.all;
        assumptions.extend(std::mem::take(&mut self.namesakes).finish(deals, names));
        let of_sources = deals.said_of_sources(names);
        assumptions.extend(of_sources.filter(|said| !assumptions.contains(said)));
        assumptions.extend(deals.drop_gone());
        assumptions.extend(deals.said_of_repeats());
        assumptions.extend(deals.complete(names));
    }

    /// Says in which zone times are that carry none.
    fn say_zone(&mut self, plan: &Plan) -> Result<()> {
        let (shown, zone) = (&plan.input.shown, plan.zone.zone(self.options.config)?);
        let said = format!("Times of `{shown}` that carry no zone are in {}.", zone.0);
        self.all.assumptions.push(said);
        Ok(())
    }

    fn history(&mut self, plan: &Plan) -> Result<()> {
        if self.logged.is_some() {
            let file = self.rows(plan, logged::row)?;
            self.say_zone(plan)?;
            self.all.assumptions.extend(said::unread(plan));
            if let Some(logged) = &mut self.logged {
                logged.add((plan, plan.zone.zone(self.options.config)?), file, &mut self.all);
            }
            return Ok(());
        }
        self.index_names(plan);
        let file = self.rows(plan, rows::history)?;
        self.all.note_full(plan, &file, |row| Some(row.deal));
        for part in file.parts {
            let joined = self.all.join(part, plan.has_values());
            self.all.history.push(joined);
        }
        Ok(())
    }

    fn field_changes(&mut self, plan: &Plan) -> Result<()> {
        let file = self.rows(plan, field_log::change)?;
        self.all.note_full(plan, &file, field_log::LogRow::moved_deal);
        file.parts.into_iter().for_each(|part| self.all.add_log(part));
        Ok(())
    }

    /// Makes the deals of the logs, once all those are read.
    fn make_deals(&mut self) {
        if let Some(logged) = self.logged.take() {
            logged.finish(&mut self.all, self.options.config);
        }
    }

    /// Makes a calendar of the periods, once all of them are read.
    fn settle_periods(&mut self) -> Result<()> {
        let said = self.all.periods.settle(self.options.config)?;
        self.all.assumptions.extend(said);
        Ok(())
    }

    /// Knows the deals by name, for a file that may call them so.
    fn index_names(&mut self, plan: &Plan) {
        let is_by_name = plan.has(Col::DealName) || plan.has_names_for_ids();
        if is_by_name && self.named.is_empty() {
            (self.by_name, self.named) = self.all.deals.by_name();
        }
    }

    fn activities(&mut self, plan: &Plan) -> Result<()> {
        self.index_names(plan);
        let file = self.rows(plan, activities::activity)?;
        let join = |part| self.all.join(part, false);
        let mut blocks: Vec<_> = file.parts.into_iter().map(join).collect();
        let said = self.overlap.activities(plan, &self.inputs, &mut blocks);
        self.all.assumptions.extend(said);
        self.all.activities.extend(blocks);
        Ok(())
    }
}
