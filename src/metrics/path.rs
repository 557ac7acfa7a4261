//! The way of a deal through the stages of one pipeline, and what each conversion policy makes of it.

use crate::model::{ConversionPolicy, Day, ExitKind, StageKind, Status, Sym, Timeline};

/// What a deal did at one stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    /// Whether it visited the stage.
    pub visited: bool,
    /// Day on which it first reached the stage or a later one, or was won.
    pub reached_on: Option<Day>,
    /// Whether it moved straight to the next stage at least once; from the last one: was won.
    direct: bool,
    /// Whether it jumped over a stage from here.
    jumped: bool,
    /// Whether it stepped back from here.
    pub stepped_back: bool,
    /// Whether it left at least once.
    left: bool,
    /// How it left for the last time; null while it is there.
    last_exit: Option<ExitKind>,
    /// Whether it came back to this stage or one before after it had left for the last time.
    undone: bool,
}

/// The way through one pipeline. Stages are numbered from 1; the one after the last is the win.
#[derive(Clone, Debug, Default)]
pub struct Path {
    steps: Vec<Step>,
    /// Where it began, where it got at most, and where it stood last; 0 for nowhere.
    born: usize,
    furthest: usize,
    last: usize,
    /// Where it got at most, if a win that was taken back is none.
    kept: usize,
    status: Option<Status>,
}

impl Path {
    /// Takes the way of a deal through a pipeline of so many open stages. False if it has none there.
    pub fn trace(&mut self, deal: &Timeline<'_>, pipeline: Sym, stages: usize) -> bool {
        self.steps.clear();
        self.steps.resize(stages + 1, Step::default());
        (self.born, self.furthest, self.last, self.kept) = (0, 0, 0, 0);
        let facts = &deal.facts;
        let is_undone = facts.pipeline == pipeline && facts.outcome != Status::Won;
        for visit in deal.visits.iter().filter(|v| v.pipeline == pipeline) {
            let at = match visit.kind {
                StageKind::Open => visit.order.map_or(0, usize::from),
                StageKind::Won => stages + 1,
                StageKind::Lost => 0,
            };
            if at == 0 || at > stages + 1 {
                continue;
            }
            for step in self.steps.iter_mut().take(at) {
                step.reached_on.get_or_insert(visit.entered_on);
            }
            for step in self.steps.iter_mut().skip(at - 1) {
                step.undone |= step.last_exit.is_some();
            }
            self.born = if self.born == 0 { at } else { self.born };
            self.furthest = self.furthest.max(at);
            if visit.kind == StageKind::Open || !is_undone {
                self.kept = self.kept.max(at);
            }
            self.last = at;
            let step = &mut self.steps[at - 1];
            step.visited = true;
            step.undone = false;
            step.last_exit = (visit.exit != ExitKind::Censored).then_some(visit.exit);
            step.left |= step.last_exit.is_some();
            step.direct |= match visit.exit {
                ExitKind::Advance => true,
                ExitKind::Won => at == stages,
                _ => false,
            };
            step.jumped |=
                visit.exit == ExitKind::Skip || (visit.exit == ExitKind::Won && at < stages);
            step.stepped_back |= visit.exit == ExitKind::Back;
        }
        let is_here = deal.facts.pipeline == pipeline;
        self.status = is_here.then_some(deal.facts.outcome);
        self.born > 0
    }

    /// What it did at a stage; nothing beyond the win.
    pub fn step(&self, at: usize) -> Step {
        at.checked_sub(1).and_then(|at| self.steps.get(at)).copied().unwrap_or_default()
    }

    /// How it stands; null if it went on to another pipeline.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// Whether it began beyond a stage.
    pub fn began_beyond(&self, at: usize) -> bool {
        self.born > at
    }

    fn is_lost(&self) -> bool {
        self.status == Some(Status::Lost)
    }

    /// Where it stands now, a win being beyond all stages.
    fn standing(&self) -> usize {
        if self.status == Some(Status::Won) {
            self.steps.len()
        } else {
            self.last.min(self.steps.len() - 1)
        }
    }

    /// Whether the deal counts at a stage under `policy`, and whether it counts as gone on.
    pub fn conversion(&self, policy: ConversionPolicy, at: usize) -> (bool, bool) {
        use ConversionPolicy as P;
        let (here, next) = (self.step(at), self.step(at + 1));
        let is_beyond = self.furthest > at;
        let all_until = |at: usize| self.steps.iter().take(at).all(|step| step.visited);
        match policy {
            P::ReachedOrBeyond => {
                let counts = self.born <= at && self.furthest >= at;
                (counts, counts && is_beyond)
            }
            P::Strict => (here.visited, here.visited && next.visited),
            P::Direct => (here.visited, here.direct),
            P::AnyLater => (here.visited, here.visited && self.kept > at),
            P::HubspotAllStages => (all_until(at), all_until(at + 1)),
            P::HubspotAnyStages => (here.visited, next.visited),
            P::Varicent => (self.standing() >= at, self.standing() > at),
            P::Bitrix24WithConversion if self.is_lost() => (here.visited, next.visited),
            P::Bitrix24WithConversion => (self.furthest >= at, is_beyond),
            P::Closingdealz => {
                let is_counted = here.visited
                    && matches!(here.last_exit, Some(exit) if !matches!(exit, ExitKind::Skip | ExitKind::Back));
                let went_on = match here.last_exit {
                    Some(ExitKind::Advance) => true,
                    Some(ExitKind::Won) => at + 1 == self.steps.len(),
                    _ => false,
                };
                (is_counted, is_counted && went_on && !here.undone)
            }
            P::Cinode => {
                (here.visited && !here.jumped, here.visited && !here.jumped && here.direct)
            }
            P::Salesflare => {
                let is_closed = matches!(self.status, Some(Status::Won | Status::Lost));
                (is_closed && here.visited, is_closed && here.visited && is_beyond)
            }
            P::FrappeCrm => {
                let counts = !self.is_lost();
                (counts && self.standing() >= at, counts && self.standing() > at)
            }
            P::CrmCli => (here.visited, here.left),
        }
    }
}
