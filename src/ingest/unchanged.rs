//! Whether files are those that were read before.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::prelude::*;

use super::Options;
use super::plan::Plan;
use super::recognise::{Recognised, recognise};
use crate::error::Result;
use crate::model::InputFile;

/// Whether exports consist of the files `before`, byte for byte, and all can be read; see [`super::are_unchanged`].
pub(super) fn are_unchanged(
    paths: &[PathBuf],
    options: &Options<'_>,
    before: &[InputFile],
) -> Result<bool> {
    let Recognised { plans, unused, broken, .. } = recognise(paths, options)?;
    let known: BTreeMap<&str, &InputFile> = before.iter().map(|i| (&*i.path, i)).collect();
    let is_as_before = |path: &str, entity: &str, bytes: u64| {
        known.get(path).is_some_and(|known| known.entity == entity && known.bytes == bytes)
    };
    let are_named_alike = broken.is_empty()
        && plans.len() + unused.len() == before.len()
        && plans.iter().all(|p| is_as_before(&p.input.shown, p.entity.as_str(), p.input.bytes))
        && unused.iter().all(|input| is_as_before(&input.file.path, "", input.file.bytes));
    if !are_named_alike {
        return Ok(false);
    }
    options.progress.begin("comparing with what was read before", None);
    let is_same = |plan: &Plan| {
        let known = known.get(&*plan.input.shown).map_or("", |input| &*input.blake3);
        plan.input.blake3().is_ok_and(|blake3| blake3 == known)
    };
    Ok(plans.par_iter().all(is_same))
}
