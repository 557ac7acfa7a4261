//! Which files of an export are what: those that are known, those that are not used, those that cannot be
//! read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Options;
use super::across;
use super::begin::begin;
use super::child;
use super::columns::{Col, Entity};
use super::detect::{self, Detected};
use super::input::Input;
use super::likely::FirstDeals;
use super::mapping::Mapping;
use super::plan::Plan;
use super::read::{self, Broken};
use super::sources;
use super::unknown::{self, Unknown};
use crate::error::Result;
use crate::model::{Config, InputFile, Reject};

/// The files of an export.
#[derive(Debug, Default)]
pub(super) struct Recognised {
    /// Those that are known, and how they are read.
    pub(super) plans: Vec<Plan>,
    /// Those that are not used.
    pub(super) unused: Vec<Unknown>,
    /// Those that cannot be read.
    pub(super) broken: Vec<Broken>,
    /// What is to be said of those that are not used.
    pub(super) said: Vec<String>,
    /// The tables among those that are not used.
    tables: Vec<Input>,
    /// Folders that were looked into, by their real paths: links may lead in a circle.
    seen: BTreeSet<PathBuf>,
}

/// Recognises the files of all paths.
///
/// Errors: a path does not exist, the mapping is wrong.
pub(super) fn recognise(paths: &[PathBuf], options: &Options<'_>) -> Result<Recognised> {
    let mappings = sources::load(options.mapping)?;
    let mut all = Recognised::default();
    for path in paths {
        all.path(path, &mappings, options.config)?;
    }
    let with = (&mappings[..], options.config);
    all.tell_by_columns(&[Entity::Deals], with)?;
    all.lay_along(with)?;
    all.set_aside_children();
    let others = [Entity::Activities, Entity::StageChanges, Entity::StageHistory];
    all.tell_by_columns(&others, with)?;
    all.set_aside();
    all.drop_repeats();
    all.said.extend(unknown::said(&all.unused));
    if !all.tells(Entity::StageHistory) {
        all.said.extend(unknown::said_of_logs(&all.plans));
    }
    Ok(all)
}

impl Recognised {
    /// Recognises the files of a path; looks into folders below only if none of its own is recognised.
    fn path(&mut self, path: &Path, mappings: &[Mapping], config: &Config) -> Result<()> {
        if path.is_dir() && path.canonicalize().is_ok_and(|real| !self.seen.insert(real)) {
            return Ok(());
        }
        let found = read::find(path)?;
        self.broken.extend(found.broken);
        let before = self.plans.len();
        for input in found.inputs {
            match detect::detect(&input, mappings, config) {
                Ok(Detected::Known(plan)) => self.plans.push(*plan),
                Ok(Detected::Unknown(headers, lacks)) => {
                    let (file, is_table) = (not_used(&input), input.is_table());
                    self.unused.push(Unknown { file, is_table, headers, lacks });
                    self.tables.extend(Some(input).filter(Input::is_table));
                }
                Err(error) => self.broken.push(input.aside(error)),
            }
        }
        let is_any_known = self.plans.len() > before;
        for folder in &found.folders {
            if !is_any_known {
                self.path(folder, mappings, config)?;
            } else if read::has_tables(folder) {
                self.said.push(format!(
                    "The folder `{}` is not looked into, as files beside it are read: give it too if its \
                     tables are of the same export.",
                    folder.display()
                ));
            }
        }
        Ok(())
    }

    /// Whether a file tells this, or of logs another kind of log.
    fn tells(&self, entity: Entity) -> bool {
        let is_log = LOGS.contains(&entity);
        self.plans.iter().any(|plan| plan.entity == entity || is_log && LOGS.contains(&plan.entity))
    }

    /// Takes tables that are not used by their columns, for what nothing else tells: of these the first that
    /// fits. Lists of deals that say no more than logs do are asked too, where another list tells the deals.
    fn tell_by_columns(&mut self, entities: &[Entity], with: (&[Mapping], &Config)) -> Result<()> {
        let wanted: Vec<Entity> = entities.iter().copied().filter(|&e| !self.tells(e)).collect();
        let has_any = !self.tables.is_empty() || self.plans.iter().any(child::is_bare);
        if wanted.is_empty() || !has_any {
            return Ok(());
        }
        let deals = first_deals(&self.plans)?;
        let is_asked = |plan: &mut Plan| !deals.ids.is_empty() && child::is_bare(plan);
        let bare: Vec<Plan> = self.plans.extract_if(.., is_asked).collect();
        let bare = bare.into_iter().map(|plan| (plan.input.clone(), Some(plan)));
        let tables = std::mem::take(&mut self.tables).into_iter().map(|input| (input, None));
        let mut asked = Vec::new();
        for (input, plan) in bare.chain(tables) {
            asked.push((detect::by_columns(&input, &wanted, &deals, with)?, input, plan));
        }
        for &entity in &wanted {
            if self.tells(entity) {
                continue;
            }
            let is_it = |plan: &Plan| plan.entity == entity;
            let told: Vec<_> =
                asked.extract_if(.., |(found, ..)| found.iter().any(is_it)).collect();
            for (found, input, _) in told {
                self.take_up(&input);
                self.plans.extend(found.into_iter().find(is_it));
            }
        }
        for (_, input, plan) in asked {
            match plan {
                Some(plan) => self.plans.push(plan),
                None => self.tables.push(input),
            }
        }
        Ok(())
    }

    /// Takes histories that stand across (see [`across`]).
    fn lay_along(&mut self, (mappings, config): (&[Mapping], &Config)) -> Result<()> {
        if self.tables.is_empty() {
            return Ok(());
        }
        let deals = first_deals(&self.plans)?;
        for input in std::mem::take(&mut self.tables) {
            let Some((laid, said)) = across::table(&input, &deals)? else {
                self.tables.push(input);
                continue;
            };
            if let Detected::Known(mut plan) = detect::detect(&laid, mappings, config)? {
                self.take_up(&input);
                plan.said.push(said);
                self.plans.push(*plan);
            }
        }
        Ok(())
    }

    /// Notes that a table is read after all.
    fn take_up(&mut self, input: &Input) {
        self.unused.retain(|unknown| unknown.file.path != input.shown);
        let unread = format!("`{}` is not read: ", input.shown);
        self.said.retain(|said| !said.starts_with(&unread));
    }

    /// Sets aside the tables of what belongs to deals, where another tells the deals.
    fn set_aside_children(&mut self) {
        let plans = std::mem::take(&mut self.plans).into_iter();
        let (children, others): (Vec<_>, Vec<_>) =
            plans.map(|plan| (child::why(&plan), plan)).partition(|(why, _)| why.is_some());
        self.plans.extend(others.into_iter().map(|(_, plan)| plan));
        let deals = self.plans.iter().filter(|plan| plan.entity == Entity::Deals);
        let parents = deals.filter(|plan| !plan.file.is_substitute).map(|plan| &plan.input.shown);
        let parent = parents.min().cloned();
        for (why, plan) in children {
            let (Some(parent), Some(why)) = (&parent, why) else {
                self.plans.push(plan);
                continue;
            };
            self.said.push(format!(
                "`{}` is not read: it refers to deals by `{}`, and holds other things by {why}. `{parent}` tells the \
                 deals.",
                plan.input.shown,
                plan.header(Col::DealId)
            ));
            self.leave_out(plan);
        }
    }

    /// Notes a table that is not read after all.
    fn leave_out(&mut self, plan: Plan) {
        let file = not_used(&plan.input);
        self.unused.push(Unknown { file, is_table: true, headers: plan.headers, lacks: None });
        self.tables.push(plan.input);
    }

    /// Sets aside the files that are only read where no other tells what they do.
    fn set_aside(&mut self) {
        let told: Vec<Entity> = self
            .plans
            .iter()
            .filter(|plan| !plan.file.is_substitute)
            .map(|plan| plan.entity)
            .collect();
        let of_deals = |entity| entity == Entity::StageHistory && told.contains(&Entity::Deals);
        let is_told = |plan: &mut Plan| {
            plan.file.is_substitute && (told.contains(&plan.entity) || of_deals(plan.entity))
        };
        let left: Vec<Plan> = self.plans.extract_if(.., is_told).collect();
        for plan in left {
            let (shown, entity) = (&plan.input.shown, plan.entity.as_str());
            self.said.push(match plan.entity {
                Entity::StageHistory => format!(
                    "`{shown}` tells what deals were like on some days (`{}`) and is not read: another file \
                     tells the deals or their stages.",
                    plan.header(Col::ChangedAt)
                ),
                _ => format!(
                    "`{shown}` has `{}` for an id and is not read: another file tells the {entity}.",
                    plan.header(Col::DealId)
                ),
            });
            self.leave_out(plan);
        }
    }

    /// A path that was named twice is read once.
    fn drop_repeats(&mut self) {
        self.plans.sort_by(|a, b| a.input.shown.cmp(&b.input.shown));
        self.plans.dedup_by(|a, b| a.input.is(&b.input));
        self.unused.sort_by(|a, b| a.file.path.cmp(&b.file.path));
        self.unused.dedup();
        self.broken.sort_by(|a, b| a.input.shown.cmp(&b.input.shown));
        self.broken.dedup_by(|a, b| a.input.is(&b.input));
    }
}

/// Logs of stages.
const LOGS: [Entity; 3] = [Entity::StageChanges, Entity::StageHistory, Entity::FieldChanges];

/// Those in the first rows of the tables of deals that say more than logs do.
///
/// Errors: a file cannot be read.
fn first_deals(plans: &[Plan]) -> Result<FirstDeals> {
    let mut deals = FirstDeals::default();
    for plan in plans.iter().filter(|p| p.entity == Entity::Deals && !child::is_bare(p)) {
        let rows = begin(&plan.input)?.rows.into_iter();
        for (_, row) in rows.skip_while(|(number, _)| *number <= plan.header_at) {
            let cell = |col: Col| plan.index(col).and_then(|at| row.get(at)).cloned();
            deals.ids.extend(cell(Col::DealId));
            deals.stages.extend(cell(Col::Stage));
        }
    }
    Ok(deals)
}

fn not_used(input: &Input) -> InputFile {
    InputFile {
        path: input.shown.clone(),
        crm: String::new(),
        entity: String::new(),
        bytes: input.bytes,
        rows: 0,
        rejected: 0,
        blake3: String::new(),
    }
}

/// What a run keeps of a file that cannot be read.
pub(super) fn unreadable(broken: &Broken) -> (InputFile, Reject) {
    let file = InputFile { entity: InputFile::UNREADABLE.to_owned(), ..not_used(&broken.input) };
    let first = std::error::Error::source(&broken.error);
    let causes = std::iter::successors(first, |cause| cause.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    let reject = Reject {
        file: broken.input.shown.clone(),
        row: 0,
        column: String::new(),
        value: String::new(),
        reason: format!("the file cannot be read: {}", causes.join(": ")),
        is_row: true,
    };
    (file, reject)
}

/// The columns of deals that files have; see [`super::Ingested::columns`].
pub(super) fn columns_of_deals(plans: &[Plan]) -> BTreeSet<&'static str> {
    let is_history = |plan: &Plan| match plan.entity {
        Entity::StageHistory | Entity::StageChanges | Entity::FieldChanges => true,
        Entity::Deals => !plan.entered.is_empty(),
        _ => false,
    };
    let tells = |plan: &&Plan| plan.entity == Entity::Deals || is_history(plan);
    let names = plans.iter().filter(tells).flat_map(|plan| {
        // Where a source has one column for both closes, it tells when open deals are expected to.
        let is_both = plan.has(Col::ClosedAt) && plan.file.aliases(Col::ExpectedCloseOn).is_empty();
        let names = Col::ALL.iter().filter(|&&col| plan.has(col)).map(|col| match col {
            Col::WonAmount => Col::Amount.name(),
            Col::WonAt | Col::LostAt => Col::ClosedAt.name(),
            Col::AccountName => Col::AccountId.name(),
            Col::DealName => Col::Name.name(),
            _ => col.name(),
        });
        names
            .chain(is_history(plan).then_some(Entity::StageHistory.as_str()))
            .chain(is_both.then_some(Col::ExpectedCloseOn.name()))
    });
    names.collect()
}
