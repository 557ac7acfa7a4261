//! Which files of the paths are read, as what, and which are not.

use std::path::{Path, PathBuf};

use super::Options;
use super::columns::{Col, Entity};
use super::detect::{self, Detected, Plan};
use super::mapping::{self, Mapping};
use super::read::{self, Input};
use super::unknown::Unknown;
use crate::error::Result;
use crate::model::{Config, InputFile};

/// What files there are: how those are read that are known, those that are not used, and what is to be
/// said of these.
pub(super) type Recognised = (Vec<Plan>, Vec<Unknown>, Vec<String>);

/// Recognises the files of all paths.
///
/// Errors: a file cannot be read, the mapping is wrong.
pub(super) fn recognise(paths: &[PathBuf], options: &Options<'_>) -> Result<Recognised> {
    let mappings = mapping::load(options.mapping)?;
    let config = options.config;
    let (mut plans, mut unused) = (Vec::new(), Vec::new());
    for path in paths {
        look(path, &mappings, config, &mut plans, &mut unused)?;
    }
    let mut said = set_aside(&mut plans, &mut unused);
    drop_repeats(&mut plans, &mut unused);
    said.extend(unused.iter().filter_map(Unknown::said));
    Ok((plans, unused, said))
}

/// Sets aside the files that are only read where no other tells what they do.
fn set_aside(plans: &mut Vec<Plan>, unused: &mut Vec<Unknown>) -> Vec<String> {
    let told: Vec<Entity> =
        plans.iter().filter(|plan| !plan.file.is_substitute).map(|plan| plan.entity).collect();
    let is_told = |plan: &mut Plan| plan.file.is_substitute && told.contains(&plan.entity);
    let aside: Vec<Plan> = plans.extract_if(.., is_told).collect();
    let said = |plan: Plan| {
        let (shown, entity) = (&plan.input.shown, plan.entity.as_str());
        let said = format!(
            "`{shown}` has `{}` for an id and is not read: another file tells the {entity}.",
            plan.header(Col::DealId)
        );
        unused.push(Unknown { file: not_used(&plan.input), headers: plan.headers, lacks: None });
        said
    };
    aside.into_iter().map(said).collect()
}

/// Looks at the files of a path; looks into folders below only if none of its own is recognised.
fn look(
    path: &Path,
    mappings: &[Mapping],
    config: &Config,
    plans: &mut Vec<Plan>,
    unused: &mut Vec<Unknown>,
) -> Result<()> {
    let found = read::find(path)?;
    let before = plans.len();
    for input in &found.inputs {
        match detect::detect(input, mappings, config)? {
            Detected::Known(plan) => plans.push(*plan),
            Detected::Unknown(headers, lacks) => {
                unused.push(Unknown { file: not_used(input), headers, lacks });
            }
        }
    }
    if plans.len() == before {
        for folder in &found.folders {
            look(folder, mappings, config, plans, unused)?;
        }
    }
    Ok(())
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

/// A path that was named twice is read once.
fn drop_repeats(plans: &mut Vec<Plan>, unused: &mut Vec<Unknown>) {
    plans.sort_by(|a, b| a.input.shown.cmp(&b.input.shown));
    plans.dedup_by(|a, b| a.input == b.input);
    unused.sort_by(|a, b| a.file.path.cmp(&b.file.path));
    unused.dedup();
}
