//! What the parsers of rows need besides the row, and what ids of deals lead to.

use std::collections::BTreeMap;

use super::checked;
use super::convert::TimeRules;
use super::periods::Periods;
use super::plan::Plan;
use super::rows::{DealRow, word};
use super::seen::Forms;
use super::words::DealIndex;
use crate::model::{Config, Fiscal, Micros, Names, Sym, Zone};

/// What the id of a deal leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The deal of this number.
    Deal(u32),
    /// A deal whose row the mapping passes over.
    LeftOut,
    /// Nothing.
    Unknown,
}

impl Link {
    /// The deal, if it leads to one.
    pub(super) fn deal(self) -> Option<u32> {
        if let Self::Deal(deal) = self { Some(deal) } else { None }
    }
}

/// What the parsers of rows need besides the row.
pub(super) struct Context<'a> {
    /// How the file is read.
    pub(super) plan: &'a Plan,
    /// How its cells are read that leave something open.
    pub(super) forms: Forms,
    /// How its times are read.
    pub(super) times: TimeRules,
    /// Zone of the report, in which dates begin.
    pub(super) report: Zone,
    /// The currency of amounts that tell none.
    pub(super) own_currency: String,
    /// The configuration.
    pub(super) config: &'a Config,
    /// The deals, once they are read.
    pub(super) deals: &'a DealIndex,
    /// Ids of deals whose rows the mapping passes over.
    pub(super) left_out: &'a BTreeMap<String, Option<Micros>>,
    /// The periods, once they are read.
    pub(super) periods: &'a Periods,
    /// The deals by name, where names are unique.
    pub(super) by_name: &'a DealIndex,
    /// The deals that `by_name` stands for.
    pub(super) named: &'a [u32],
    /// The rows of the deals, and the words that theirs stand for.
    pub(super) deal_rows: (&'a [DealRow], &'a Names),
}

impl Context<'_> {
    /// The fiscal years of the configuration, or else of the export.
    pub(super) fn fiscal(&self) -> Fiscal {
        let first_month = self.config.fiscal_start(self.periods.first_month);
        Fiscal { first_month, ..self.config.fiscal() }
    }

    /// The currency of a deal.
    pub(super) fn currency_of(&self, deal: u32) -> &str {
        let (rows, names) = self.deal_rows;
        rows.get(deal as usize).map_or("", |row| names.get(Sym(row.words[word::CURRENCY].0)))
    }

    /// What an id leads to.
    pub(super) fn link(&self, id: &str) -> Link {
        let find = |id: &str| match self.deals.find(id) {
            Some(deal) => Link::Deal(deal),
            None if self.left_out.contains_key(id) => Link::LeftOut,
            None => Link::Unknown,
        };
        let checked = || {
            let others = checked::others(id, self.plan.file.has_checked_ids);
            let mut links = others.map(|other| find(&other));
            links.find(|link| *link != Link::Unknown).unwrap_or(Link::Unknown)
        };
        let is_by_name = self.plan.has_names_for_ids();
        match find(id) {
            Link::Unknown if is_by_name => self.named(id).map_or(Link::Unknown, Link::Deal),
            Link::Unknown => checked(),
            link => link,
        }
    }

    /// The only deal of this name.
    pub(super) fn named(&self, name: &str) -> Option<u32> {
        self.by_name.find(name).and_then(|at| self.named.get(at as usize)).copied()
    }
}
