//! The stage catalogue from what an export shows of its stages (METRICS 3.1; EXPORTS 15).

use std::collections::BTreeMap;

use crate::error::Result;
use crate::model::{Catalogue, Config, Names, Sym};

/// What is known of one stage of one pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageEvidence {
    /// The pipeline.
    pub pipeline: Sym,
    /// The stage.
    pub name: Sym,
    /// Its place by a sort column or a stage table, if there is one.
    pub sort: Option<i64>,
    /// Its win probability, basis points.
    pub probability_bp: Option<u32>,
    /// Whether the export says that it is closed.
    pub is_closed: Option<bool>,
    /// Whether the export says that it is won.
    pub is_won: Option<bool>,
    /// Whether a deal row or a stage table names it (false: only old history rows do, QS4).
    pub is_declared: bool,
    /// Won deals whose last record is in this stage.
    pub won_ends: u64,
    /// Lost deals whose last record is in this stage.
    pub lost_ends: u64,
    /// Open deals that are in it now.
    pub open_here: u64,
}

/// How many deals entered the first stage (index into the evidence) before the second, counting
/// first entries, both in one pipeline.
pub type Precedence = BTreeMap<(usize, usize), u64>;

/// Builds the catalogue; the second part says what was assumed, one sentence each.
///
/// Every pipeline gets an `UNKNOWN_STAGE`, and a won and a lost stage if it has none.
///
/// Errors: a configured stage name that contradicts itself (won and lost at once).
pub fn build(
    evidence: &[StageEvidence],
    precedence: &Precedence,
    config: &Config,
    names: &mut Names,
) -> Result<(Catalogue, Vec<String>)> {
    let _ = (evidence, precedence, config, names);
    Ok((Catalogue::default(), Vec::new()))
}
