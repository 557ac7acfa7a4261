//! The wins of accounts in the order of time: what customers bought, and when.
//!
//! One entry per win; nothing is kept of other deals. Accounts are told apart by a hash of their id.

use super::monthly::currency_of;
use crate::model::{Day, Micros, Run, Status, Sym, TextColumn, Timeline};
use crate::stats::bootstrap::identity;

/// The word of `deal_type` that makes a win a renewal.
const RENEWAL: &str = "renewal";

/// A win.
#[derive(Clone, Copy, Debug)]
pub(super) struct Win {
    /// Hash of the account, or of the deal if it has none.
    pub(super) account: u64,
    /// Whether there is an account.
    pub(super) has_account: bool,
    /// When.
    pub(super) closed_at: Micros,
    /// Its date.
    pub(super) closed_on: Day,
    /// Amount.
    pub(super) amount: Option<i64>,
    /// Pipeline in which it was won.
    pub(super) pipeline: Sym,
    /// Currency by which amounts are kept apart.
    pub(super) currency: Sym,
    /// Whether it is a renewal by pipeline or type.
    pub(super) is_renewal: bool,
    /// Whether its history was mended.
    pub(super) is_mended: bool,
    /// Row of its id.
    text: u32,
}

/// What makes a deal a renewal, as symbols of the run.
#[derive(Clone, Debug, Default)]
pub(super) struct Renewals {
    pipelines: Vec<Sym>,
    types: Vec<Sym>,
}

impl Renewals {
    pub(super) fn new(run: &Run) -> Self {
        let names = run.config.renewal_pipelines.iter();
        let all = (1..run.names.len() as u32).map(Sym);
        let is_type = |sym: &Sym| run.names.get(*sym).trim().eq_ignore_ascii_case(RENEWAL);
        Self {
            pipelines: names.filter_map(|name| run.names.find(name)).collect(),
            types: all.filter(is_type).collect(),
        }
    }

    pub(super) fn has(&self, deal: &Timeline<'_>) -> bool {
        self.pipelines.contains(&deal.facts.pipeline) || self.types.contains(&deal.deal.deal_type)
    }
}

/// All wins.
#[derive(Debug, Default)]
pub(super) struct Wins {
    wins: Vec<Win>,
    ids: TextColumn,
}

impl Wins {
    /// Takes a deal that is won.
    pub(super) fn fold(&mut self, deal: &Timeline<'_>, renewals: &Renewals, run: &Run) {
        let facts = &deal.facts;
        let closed = facts.closed_at.zip(facts.closed_on);
        let Some((closed_at, closed_on)) = closed.filter(|_| facts.outcome == Status::Won) else {
            return;
        };
        let has_account = !deal.account_id.is_empty();
        let owner = if has_account { deal.account_id } else { deal.deal_id };
        self.wins.push(Win {
            account: identity(owner),
            has_account,
            closed_at,
            closed_on,
            amount: facts.amount_minor,
            pipeline: facts.pipeline,
            currency: currency_of(facts, run),
            is_renewal: renewals.has(deal),
            is_mended: deal.is_mended(),
            text: self.ids.len() as u32,
        });
        self.ids.push(deal.deal_id);
    }

    /// Adds the wins of another part.
    pub(super) fn merge(&mut self, from: Self) {
        for win in from.wins {
            let text = self.ids.len() as u32;
            self.ids.push(from.ids.get(win.text as usize));
            self.wins.push(Win { text, ..win });
        }
    }

    /// The wins of one account after another, each account's in the order of time and id.
    pub(super) fn in_order(self) -> Vec<Win> {
        let Self { mut wins, ids } = self;
        wins.sort_by(|a, b| {
            let id = |win: &Win| ids.get(win.text as usize);
            (!a.has_account, a.account, a.closed_at)
                .cmp(&(!b.has_account, b.account, b.closed_at))
                .then_with(|| id(a).cmp(id(b)))
        });
        wins
    }
}

/// Whether two neighbours are wins of the same account; a win without one stands alone.
pub(super) fn is_same_account(a: &Win, b: &Win) -> bool {
    a.has_account && b.has_account && a.account == b.account
}
