//! The stage catalogue (METRICS 3.1): pipelines, their stages in order, what each stage means.

use super::names::{Names, Sym};
use crate::error::{Error, ErrorKind, Result};

/// A stage of a pipeline: an index into [`Catalogue::stages`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StageId(pub u16);

/// What being in a stage means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StageKind {
    /// The deal is still worked on.
    Open,
    /// The deal is won.
    Won,
    /// The deal is lost.
    Lost,
}

impl StageKind {
    /// `open`, `won` or `lost`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// How the order or the kind of a stage came to be known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// Given in the configuration.
    Configured,
    /// Declared by the export (sort column, probability, won or lost flag).
    Declared,
    /// Inferred from names, statuses or the order in which deals pass through stages.
    #[default]
    Inferred,
}

impl Basis {
    /// `configured`, `declared` or `inferred`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Declared => "declared",
            Self::Inferred => "inferred",
        }
    }
}

/// The stage that covers a time of which no record exists (METRICS 3.2.3).
pub const UNKNOWN_STAGE: &str = "__UNKNOWN__";

/// The pipeline of deals whose export names none.
pub const DEFAULT_PIPELINE: &str = "default";

/// One stage of one pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The pipeline.
    pub pipeline: Sym,
    /// The name of the stage, as the CRM shows it.
    pub name: Sym,
    /// Place among the open stages of the pipeline, from 1; null for won, lost and unordered stages.
    pub order: Option<u16>,
    /// Open, won or lost.
    pub kind: StageKind,
    /// Configured win probability in basis points.
    pub probability_bp: Option<u32>,
    /// Used in the data, absent from the catalogue of the export (QS4).
    pub is_deleted: bool,
    /// How `order` came to be known.
    pub order_basis: Basis,
    /// How `kind` came to be known.
    pub kind_basis: Basis,
}

/// All stages, sorted: pipelines by name; in a pipeline open stages in order, unordered open stages
/// by name, won, lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// The stages; [`StageId`] is the index.
    pub stages: Vec<Stage>,
}

/// The form in which names of stages and pipelines are compared: case and outer blanks do not count.
pub fn folded_name(name: &str) -> String {
    name.trim().to_lowercase()
}

impl Catalogue {
    /// The stage of `id`.
    pub fn get(&self, id: StageId) -> &Stage {
        &self.stages[id.0 as usize]
    }

    /// Whether so many stages can have ids.
    ///
    /// Errors: they cannot.
    pub fn limited(stages: usize) -> Result<()> {
        if stages <= usize::from(u16::MAX) {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Range, format!("{stages} stages are more than 65535"))
            .hint("check that the column mapped to `stage` holds stages"))
    }

    /// The stage called `name` in `pipeline`.
    pub fn find(&self, pipeline: Sym, name: Sym) -> Option<StageId> {
        self.of(pipeline).find(|(_, stage)| stage.name == name).map(|(id, _)| id)
    }

    /// The first stage of `kind` in `pipeline`, in catalogue order.
    pub fn first_of(&self, pipeline: Sym, kind: StageKind) -> Option<StageId> {
        self.of(pipeline).find(|(_, stage)| stage.kind == kind).map(|(id, _)| id)
    }

    /// The stage of `pipeline` that has this place.
    pub fn placed(&self, pipeline: Sym, order: u16) -> Option<(StageId, &Stage)> {
        self.of(pipeline).find(|(_, stage)| stage.order == Some(order))
    }

    /// Pipelines in catalogue order, without repeats.
    pub fn pipelines(&self) -> Vec<Sym> {
        let mut found: Vec<Sym> = self.stages.iter().map(|s| s.pipeline).collect();
        found.dedup();
        found
    }

    /// The stages with their ids, in catalogue order.
    pub fn all(&self) -> impl Iterator<Item = (StageId, &Stage)> {
        self.stages.iter().enumerate().map(|(at, stage)| (StageId(at as u16), stage))
    }

    /// Those of `pipeline`.
    pub fn of(&self, pipeline: Sym) -> impl Iterator<Item = (StageId, &Stage)> {
        self.all().filter(move |(_, stage)| stage.pipeline == pipeline)
    }

    /// The stages that claim the same win probability as `id`, of its pipeline and kind; it alone if it
    /// claims none.
    pub fn alike(&self, id: StageId) -> Vec<StageId> {
        let all = self.of(self.get(id).pipeline).map(|(other, _)| other);
        all.filter(|&other| self.are_alike(id, other)).collect()
    }

    /// Whether two stages of a pipeline claim the same win probability and are of one kind; a stage is like
    /// itself.
    pub fn are_alike(&self, one: StageId, other: StageId) -> bool {
        let key = |id| (self.get(id).kind, self.get(id).probability_bp);
        one == other || (self.get(one).probability_bp.is_some() && key(one) == key(other))
    }

    /// Sorts the stages as documented; returns the new id of each old one.
    pub fn sort(&mut self, names: &Names) -> Vec<StageId> {
        let mut order: Vec<usize> = (0..self.stages.len()).collect();
        order.sort_by(|&a, &b| self.sort_key(a, names).cmp(&self.sort_key(b, names)));
        let mut moved = vec![StageId(0); order.len()];
        for (fresh, &old) in order.iter().enumerate() {
            moved[old] = StageId(fresh as u16);
        }
        self.stages = order.iter().map(|&old| self.stages[old].clone()).collect();
        moved
    }

    fn sort_key<'n>(
        &self,
        at: usize,
        names: &'n Names,
    ) -> (&'n str, StageKind, bool, u16, &'n str) {
        let stage = &self.stages[at];
        let order = stage.order;
        (
            names.get(stage.pipeline),
            stage.kind,
            order.is_none(),
            order.unwrap_or(0),
            names.get(stage.name),
        )
    }
}
