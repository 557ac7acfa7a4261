//! What customers paid, deal by deal, and the view of a deal's life in which payment is the win
//! (METRICS 3.2.7, M2).
//!
//! The store keeps stages as the CRM tells them; what counts as won is chosen when a run is made.

use std::ops::Range;
use std::sync::Arc;

use hashbrown::HashMap;

use super::calendar::Micros;
use super::config::{Config, WinEvent};
use super::dataset::Dataset;
use super::deal::{Deal, StoredVisit};
use super::names::{Names, Sym};
use super::run::Run;
use super::stage::{Basis, Catalogue, Stage, StageId, StageKind};

/// The stage of deals that were won by their stage and are not paid.
pub const AWAITING_PAYMENT: &str = "__AWAITING_PAYMENT__";

/// All of a share, in basis points.
const WHOLE_BP: f64 = 10_000.0;

/// A payment of one deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// When the money came.
    pub at: Micros,
    /// Minor units; negative for a refund.
    pub amount_minor: i64,
    /// Currency.
    pub currency: Sym,
}

/// All payments by deal; cheap to copy. They are looked up by deal only, never walked.
#[derive(Clone, Debug, Default)]
pub struct Payments(Option<Arc<Known>>);

#[derive(Debug)]
struct Known {
    deals: HashMap<Box<str>, Range<usize>>,
    paid: Vec<Paid>,
    threshold_bp: i128,
    view: Option<PaidView>,
}

impl Payments {
    /// The payments of a dataset. Under `win_event = "paid"` each pipeline that can be won gets a stage
    /// for deals that wait for their payment; other stages may move in the catalogue then.
    pub fn new(
        dataset: &Dataset,
        config: &Config,
        names: &mut Names,
        catalogue: &mut Catalogue,
    ) -> Self {
        if dataset.payments.is_empty() {
            return Self::default();
        }
        let (mut deals, mut paid) = (HashMap::new(), Vec::with_capacity(dataset.payments.len()));
        for of_deal in dataset.payments.chunk_by(|a, b| a.deal_id == b.deal_id) {
            let first = paid.len();
            paid.extend(of_deal.iter().map(|payment| Paid {
                at: payment.paid_at,
                amount_minor: payment.amount_minor,
                currency: names.intern(&payment.currency),
            }));
            if let Some(payment) = of_deal.first() {
                deals.insert(payment.deal_id.as_str().into(), first..paid.len());
            }
        }
        let is_win = config.win_event == WinEvent::Paid;
        let view = is_win.then(|| PaidView::new(config, names, catalogue));
        // A share below half a basis point is one all the same: 0 would need no payment.
        let is_any = config.paid_threshold > 0.0;
        let threshold_bp = (config.paid_threshold * WHOLE_BP).round_ties_even() as i128;
        let threshold_bp = threshold_bp.max(i128::from(is_any));
        Self(Some(Arc::new(Known { deals, paid, threshold_bp, view })))
    }

    /// Whether the dataset has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The payments of a deal, in time order.
    pub fn of(&self, deal_id: &str) -> &[Paid] {
        let found = self.0.as_ref().and_then(|known| {
            let range = known.deals.get(deal_id)?;
            known.paid.get(range.clone())
        });
        found.unwrap_or_default()
    }

    /// The first instant at which what was paid reaches the threshold of the amount; the beginning of
    /// time if nothing has to be paid. Payments in another currency than the deal's do not count, nor
    /// do those after its deletion. Null if it does not come to that, or if the amount is not known.
    pub fn reached_at(&self, deal_id: &str, deal: &Deal, amount: Option<i64>) -> Option<Micros> {
        let wanted = i128::from(amount?) * self.0.as_ref()?.threshold_bp;
        if wanted <= 0 {
            return Some(Micros::MIN);
        }
        let mut sum = 0_i128;
        let instants = self.of(deal_id).chunk_by(|a, b| a.at == b.at);
        let gone = deal.deleted_at.get().unwrap_or(Micros::MAX);
        for together in instants.take_while(|paid| paid.first().is_some_and(|p| p.at < gone)) {
            let counted = together.iter().filter(|paid| paid.currency == deal.currency);
            sum += counted.map(|paid| i128::from(paid.amount_minor)).sum::<i128>();
            if sum * WHOLE_BP as i128 >= wanted {
                return together.first().map(|paid| paid.at);
            }
        }
        None
    }

    /// How payment makes the win, if the configuration says so and there are payments.
    pub fn view(&self) -> Option<&PaidView> {
        self.0.as_ref()?.view.as_ref()
    }

    /// Whether a stage is that of deals that wait for their payment.
    pub fn is_awaiting(&self, stage: StageId) -> bool {
        self.view().is_some_and(|view| view.is_awaiting(stage))
    }
}

impl Run {
    /// What makes a win in this run, whatever the configuration asks for.
    pub fn win_event(&self) -> WinEvent {
        if self.payments.view().is_some() { WinEvent::Paid } else { WinEvent::Status }
    }

    /// What is to be known about the wins of this run, a sentence; null if they are by stage and nothing
    /// else was asked for.
    pub fn said_of_wins(&self) -> Option<String> {
        match (self.config.win_event, self.win_event()) {
            (WinEvent::Status, _) => None,
            (WinEvent::Paid, WinEvent::Status) => Some(
                "`win_event` is `paid`, but no payment is known: deals count as won by their stage. A \
                 file of payments beside the exports (`payments.csv`: deal_id, paid_at, amount, \
                 currency) changes that."
                    .to_owned(),
            ),
            (WinEvent::Paid, WinEvent::Paid) => Some(format!(
                "A deal counts as won when its payments have reached {} % of its amount \
                 (`win_event` is `paid`); until then it is open, in `{AWAITING_PAYMENT}`.",
                (self.config.paid_threshold * 1e6).round() / 1e4
            )),
        }
    }
}

/// The stages of a run in which payment is the win.
#[derive(Debug)]
pub struct PaidView {
    /// By stage of the store: the stage of the run, and if it is a won one, the stage in which its
    /// payment is awaited.
    stages: Vec<(StageId, Option<StageId>)>,
    awaiting: Vec<StageId>,
}

impl PaidView {
    fn new(config: &Config, names: &mut Names, catalogue: &mut Catalogue) -> Self {
        let name = names.intern(AWAITING_PAYMENT);
        let stored = catalogue.stages.clone();
        let mut fresh: Vec<Stage> = Vec::new();
        for pipeline in catalogue.pipelines() {
            if catalogue.first_of(pipeline, StageKind::Won).is_none() {
                continue;
            }
            let open = catalogue.of(pipeline).filter(|(_, stage)| stage.kind == StageKind::Open);
            let last = open.filter_map(|(_, stage)| stage.order).max().unwrap_or(0);
            fresh.push(Stage {
                pipeline,
                name,
                order: Some(last + 1),
                kind: StageKind::Open,
                probability_bp: Some(config.awaiting_payment_bp),
                is_deleted: false,
                order_basis: Basis::Configured,
                kind_basis: Basis::Configured,
            });
        }
        catalogue.stages.extend(fresh);
        let moved = catalogue.sort(names);
        let stage_of = |(at, stage): (usize, &Stage)| {
            let is_won = stage.kind == StageKind::Won;
            let awaiting = is_won.then(|| catalogue.find(stage.pipeline, name)).flatten();
            (moved[at], awaiting)
        };
        let stages = stored.iter().enumerate().map(stage_of).collect();
        Self { stages, awaiting: moved[stored.len()..].to_vec() }
    }

    fn is_awaiting(&self, stage: StageId) -> bool {
        self.awaiting.contains(&stage)
    }

    /// Whether any of these visits is to a won stage.
    pub(super) fn has_win(&self, stored: &[StoredVisit]) -> bool {
        let is_won = |visit: &StoredVisit| {
            self.stages
                .get(usize::from(visit.stage.0))
                .is_some_and(|(_, awaiting)| awaiting.is_some())
        };
        stored.iter().any(is_won)
    }

    /// The visits of a deal as this run sees them: stays in won stages before `reached` are visits to
    /// the stage in which the payment is awaited.
    pub(super) fn rewrite(
        &self,
        stored: &[StoredVisit],
        reached: Option<Micros>,
        into: &mut Vec<StoredVisit>,
    ) {
        into.clear();
        for visit in stored {
            let Some(&(stage, awaiting)) = self.stages.get(visit.stage.0 as usize) else {
                continue;
            };
            let paid_from = reached.unwrap_or(Micros::MAX);
            let waiting = awaiting.filter(|_| visit.entered_at < paid_from);
            let Some(waiting) = waiting else {
                into.push(StoredVisit { stage, ..*visit });
                continue;
            };
            let is_paid_here =
                visit.exited_at.get().map_or(reached.is_some(), |end| paid_from < end);
            let exited_at = if is_paid_here { reached.into() } else { visit.exited_at };
            // From one won stage to another nothing changes while the money has not come.
            match into.last_mut().filter(|last| last.stage == waiting) {
                Some(last) => last.exited_at = exited_at,
                None => into.push(StoredVisit { stage: waiting, exited_at, ..*visit }),
            }
            if is_paid_here {
                into.push(StoredVisit { stage, entered_at: paid_from, ..*visit });
            }
        }
    }
}
