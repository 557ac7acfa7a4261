//! Whether files are those that were read before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::*;

use super::detect::Plan;
use super::{Options, files};
use crate::error::Result;
use crate::model::InputFile;

/// Whether exports consist of the files `before`, byte for byte; see [`super::are_unchanged`].
pub(super) fn are_unchanged(
    paths: &[PathBuf],
    options: &Options<'_>,
    before: &[InputFile],
) -> Result<bool> {
    let (plans, unused, _) = files::recognise(paths, options)?;
    let known: BTreeMap<&str, &InputFile> = before.iter().map(|i| (&*i.path, i)).collect();
    let is_as_before = |path: &str, entity: &str, bytes: u64| {
        known.get(path).is_some_and(|known| known.entity == entity && known.bytes == bytes)
    };
    let are_named_alike = plans.len() + unused.len() == before.len()
        && plans.iter().all(|p| is_as_before(&p.input.shown, p.entity.as_str(), p.input.bytes))
        && unused.iter().all(|input| is_as_before(&input.file.path, "", input.file.bytes));
    if !are_named_alike {
        return Ok(false);
    }
    options.progress.begin("comparing with what was read before", None);
    let is_same = |plan: &Plan| {
        let known = known.get(&*plan.input.shown).map_or("", |input| &*input.blake3);
        Ok(plan.input.blake3()? == known)
    };
    let same: Vec<bool> = plans.par_iter().map(is_same).collect::<Result<_>>()?;
    Ok(same.into_iter().all(|same| same))
}
