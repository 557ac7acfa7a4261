//! One made-up deal: a walk through the stages of its pipeline.

use super::random::Random;
use super::world::{
    ACCOUNTS, DAY, END, LOST_REASONS, Pipeline, REPS, SOURCES, START, pipeline_of, rep_skill,
};

/// A move into a stage; `stage` beyond the open ones means won (`len`) or lost (`len + 1`).
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// Seconds since 1970.
    pub at: i64,
    /// Index of the stage.
    pub stage: usize,
    /// Amount from then on, whole units; null for deals without amount.
    pub amount: Option<i64>,
    /// Expected close from then on, seconds.
    pub expected_close: i64,
}

/// A call, e-mail or meeting.
#[derive(Clone, Copy, Debug)]
pub struct Touch {
    /// Seconds since 1970; later than the export for planned ones.
    pub at: i64,
    /// `Call`, `Email` or `Meeting`.
    pub kind: &'static str,
    /// Whether it was done.
    pub is_done: bool,
}

/// A deal.
#[derive(Clone, Debug)]
pub struct Deal {
    /// Number, from 0.
    pub number: u64,
    /// Its pipeline.
    pub pipeline: &'static Pipeline,
    /// Number of the rep.
    pub rep: usize,
    /// Number of the account.
    pub account: u64,
    /// Name of the account.
    pub account_name: String,
    /// Source; empty if unknown.
    pub source: &'static str,
    /// Moves, the first at creation.
    pub moves: Vec<Move>,
    /// Reason, if lost.
    pub lost_reason: &'static str,
    /// Activities in time order.
    pub touches: Vec<Touch>,
}

impl Deal {
    /// Deal `number` of `count` under `seed`.
    pub fn make(number: u64, count: u64, seed: u64) -> Self {
        let mut random = Random::new(seed, number);
        let pipeline = pipeline_of(&mut random);
        let rep = random.below(REPS.len());
        let account = random.below((count as usize / 2).max(1)) as u64;
        let source = random.weighted(SOURCES);
        let created = creation(&mut random);
        let moves = walk(&mut random, pipeline, created, rep, source);
        let mut deal = Self {
            number,
            pipeline,
            rep,
            account,
            account_name: account_name(account),
            source,
            moves,
            lost_reason: "",
            touches: Vec::new(),
        };
        if deal.is_lost() {
            deal.lost_reason = random.weighted(LOST_REASONS);
        }
        deal.touches = touches(&mut random, &deal);
        deal
    }

    /// Creation, seconds since 1970.
    pub fn created(&self) -> i64 {
        self.moves[0].at
    }

    /// The last move.
    pub fn last(&self) -> Move {
        self.moves[self.moves.len() - 1]
    }

    /// Whether it is won.
    pub fn is_won(&self) -> bool {
        self.last().stage == self.pipeline.stages.len()
    }

    /// Whether it is lost.
    pub fn is_lost(&self) -> bool {
        self.last().stage > self.pipeline.stages.len()
    }

    /// Whether it is won or lost.
    pub fn is_closed(&self) -> bool {
        self.last().stage >= self.pipeline.stages.len()
    }

    /// Name, as people would type it.
    pub fn name(&self) -> String {
        format!("{} - {} {}", self.account_name, self.pipeline.deal_word, self.number + 1)
    }
}

/// Name of account `number`.
pub fn account_name(number: u64) -> String {
    let (first, second) = ACCOUNTS;
    let at = number as usize;
    let round = at / (first.len() * second.len());
    let tail = if round == 0 { String::new() } else { format!(" {}", round + 1) };
    format!("{} {}{tail}", first[at % first.len()], second[at / first.len() % second.len()])
}

/// Working hours; about twice as many deals in the end as in the beginning.
fn creation(random: &mut Random) -> i64 {
    let (first, second) = (random.unit(), random.unit());
    let share = if random.happens(0.65) { first } else { first.max(second) };
    let day = START + ((END - START) as f64 * share) as i64 / DAY * DAY;
    (day + 7 * 3600 + random.below(11 * 3600) as i64).min(END - 600)
}

fn walk(
    random: &mut Random,
    pipeline: &'static Pipeline,
    created: i64,
    rep: usize,
    source: &str,
) -> Vec<Move> {
    let size = (9.3 + 0.9 * random.normal()).exp();
    let mut amount = (!random.happens(0.03)).then_some((size / 10.0) as i64 * 10);
    let speed = (0.3 * random.normal()).exp();
    let lift = rep_skill(rep) + if source.starts_with("Inbound") { 0.3 } else { -0.1 };
    let mut expected_close = created + (60.0 * speed) as i64 * DAY;
    let mut stage = usize::from(random.happens(0.12));
    let mut at = created;
    let mut moves = vec![Move { at, stage, amount, expected_close }];
    let open = pipeline.stages.len();
    while stage < open {
        let median = pipeline.stages[stage].median_days;
        let days = median * speed * (0.8 * random.normal()).exp();
        at += ((days * DAY as f64) as i64).max(900 + random.below(7200) as i64);
        if at >= END || random.happens(0.012) {
            break;
        }
        stage = next_stage(random, pipeline, stage, lift);
        if random.happens(0.25) {
            amount = amount.map(|a| (a as f64 * (0.15 * random.normal()).exp() / 10.0) as i64 * 10);
        }
        if at > expected_close {
            expected_close = at + (5 + random.below(45)) as i64 * DAY;
        }
        if stage >= open {
            expected_close = at;
        }
        moves.push(Move { at, stage, amount, expected_close });
    }
    moves
}

fn next_stage(random: &mut Random, pipeline: &Pipeline, stage: usize, lift: f64) -> usize {
    let open = pipeline.stages.len();
    let base = pipeline.stages[stage].pass;
    let odds = base / (1.0 - base) * lift.exp();
    if random.happens(odds / (1.0 + odds)) {
        let step = if stage + 2 < open && random.happens(0.07) { 2 } else { 1 };
        stage + step
    } else if stage > 0 && random.happens(0.12) {
        stage - 1
    } else {
        open + 1
    }
}

fn touches(random: &mut Random, deal: &Deal) -> Vec<Touch> {
    const KINDS: &[(&str, f64)] = &[("Call", 0.4), ("Email", 0.45), ("Meeting", 0.15)];
    let end = if deal.is_closed() { deal.last().at } else { END };
    let span = (end - deal.created()).max(1);
    let wanted = (span / DAY / 7).clamp(1, 25) as usize;
    let mut found: Vec<Touch> = (0..random.below(2 * wanted) + 1)
        .map(|_| Touch {
            at: deal.created() + (random.unit() * span as f64) as i64,
            kind: random.weighted(KINDS),
            is_done: random.happens(0.95),
        })
        .collect();
    if !deal.is_closed() && random.happens(0.6) {
        let at = END + (1 + random.below(20)) as i64 * DAY;
        found.push(Touch { at, kind: random.weighted(KINDS), is_done: false });
    }
    found.sort_by_key(|t| (t.at, t.kind));
    found
}
