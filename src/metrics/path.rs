//! The way of a deal through the stages of one pipeline, and what each conversion policy makes of it.

use std::cmp::Ordering;

use crate::model::{ConversionPolicy, Day, ExitKind, StageKind, Status, Sym, Timeline};

/// What a deal did at one stage.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    /// Whether it visited the stage.
    visited: bool,
    /// Day on which it first reached the stage or a later one, or was won.
    reached_on: Option<Day>,
    /// Whether it moved straight to the next stage at least once; from the last one: was won.
    direct: bool,
    /// Whether it jumped over a stage from here.
    jumped: bool,
    /// Whether it stepped back from here.
    stepped_back: bool,
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
    /// How many stages it visited before the first that it did not.
    unbroken: usize,
    status: Option<Status>,
}

/// A stage on the way of a deal: all that any policy asks. Many deals are alike in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// Where it began, got at most, and stands now (a win being beyond all stages), seen from here.
    born: Ordering,
    furthest: Ordering,
    standing: Ordering,
    visited: bool,
    next_visited: bool,
    direct: bool,
    jumped: bool,
    stepped_back: bool,
    left: bool,
    undone: bool,
    last_exit: Option<ExitKind>,
    /// Whether it got beyond, if a win that was taken back is none.
    is_kept_beyond: bool,
    /// Whether it visited all stages up to this one, and up to the next one.
    all_here: bool,
    all_next: bool,
    /// Whether only the win comes after it.
    is_last: bool,
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
        self.unbroken = self.steps.iter().take_while(|step| step.visited).count();
        let is_here = deal.facts.pipeline == pipeline;
        self.status = is_here.then_some(deal.facts.outcome);
        self.born > 0
    }

    /// Day on which it first reached a stage or a later one; null if it never did.
    pub fn reached_on(&self, at: usize) -> Option<Day> {
        self.step(at).reached_on
    }

    /// What it did at a stage; nothing beyond the win.
    fn step(&self, at: usize) -> Step {
        at.checked_sub(1).and_then(|at| self.steps.get(at)).copied().unwrap_or_default()
    }

    /// What the policies ask of a stage.
    pub fn at(&self, at: usize) -> At {
        let win = self.steps.len();
        let here = self.step(at);
        let standing = if self.status == Some(Status::Won) { win } else { self.last.min(win - 1) };
        At {
            born: self.born.cmp(&at),
            furthest: self.furthest.cmp(&at),
            standing: standing.cmp(&at),
            visited: here.visited,
            next_visited: self.step(at + 1).visited,
            direct: here.direct,
            jumped: here.jumped,
            stepped_back: here.stepped_back,
            left: here.left,
            undone: here.undone,
            last_exit: here.last_exit,
            is_kept_beyond: self.kept > at,
            all_here: self.unbroken >= at.min(win),
            all_next: self.unbroken >= (at + 1).min(win),
            is_last: at + 1 == win,
            status: self.status,
        }
    }
}

impl At {
    /// How the deal stands; null if it went on to another pipeline.
    pub fn status(&self) -> Option<Status> {
        self.status
    }

    /// Whether it began beyond the stage.
    pub fn began_beyond(&self) -> bool {
        self.born.is_gt()
    }

    /// Whether it never visited the stage, though it began before it.
    pub fn was_skipped(&self) -> bool {
        !self.visited && !self.began_beyond()
    }

    /// Whether it stepped back from the stage.
    pub fn stepped_back(&self) -> bool {
        self.stepped_back
    }

    /// Whether the deal counts at the stage under `policy`, and whether it counts as gone on.
    pub fn conversion(&self, policy: ConversionPolicy) -> (bool, bool) {
        use ConversionPolicy as P;
        let (visited, next_visited) = (self.visited, self.next_visited);
        let is_lost = self.status == Some(Status::Lost);
        let (is_reached, is_beyond) = (self.furthest.is_ge(), self.furthest.is_gt());
        match policy {
            P::ReachedOrBeyond => {
                let counts = self.born.is_le() && is_reached;
                (counts, counts && is_beyond)
            }
            P::Strict => (visited, visited && next_visited),
            P::Direct => (visited, self.direct),
            P::AnyLater => (visited, visited && self.is_kept_beyond),
            P::HubspotAllStages => (self.all_here, self.all_next),
            P::HubspotAnyStages => (visited, next_visited),
            P::Varicent => (self.standing.is_ge(), self.standing.is_gt()),
            P::Bitrix24WithConversion if is_lost => (visited, next_visited),
            P::Bitrix24WithConversion => (is_reached, is_beyond),
            P::Closingdealz => {
                let is_counted = visited
                    && matches!(self.last_exit, Some(exit) if !matches!(exit, ExitKind::Skip | ExitKind::Back));
                let went_on = match self.last_exit {
                    Some(ExitKind::Advance) => true,
                    Some(ExitKind::Won) => self.is_last,
                    _ => false,
                };
                (is_counted, is_counted && went_on && !self.undone)
            }
            P::Cinode => (visited && !self.jumped, visited && !self.jumped && self.direct),
            P::Salesflare => {
                let is_closed = matches!(self.status, Some(Status::Won | Status::Lost));
                (is_closed && visited, is_closed && visited && is_beyond)
            }
            P::FrappeCrm => (!is_lost && self.standing.is_ge(), !is_lost && self.standing.is_gt()),
            P::CrmCli => (visited, self.left),
        }
    }
}
