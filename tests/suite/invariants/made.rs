//! A firm drawn at random, as an export of it shows it on any day: deals with a complete log of stages,
//! amounts and expected closes, activities, people, stages, goals and forecasts.

use std::path::PathBuf;

use proptest::prelude::*;
use sluice::ingest::{self, Options};
use sluice::metrics::{METRICS, compute};
use sluice::model::config::{GoalsConfig, ScoreRule};
use sluice::model::{AsOf, Config, Dataset, PeriodKind, Run, Silent, Table, calendar};

/// Minutes of a day.
pub const DAY: i64 = 1440;

/// The last day that counts, where a test does not say.
pub const AS_OF: &str = "2026-03-31";

/// Open stages, then won, lost, and one that the list of stages does not name.
pub const STAGES: [&str; 6] = ["Qualify", "Meet", "Offer", "Won", "Lost", "On hold"];

/// Stage, minutes since the move before, amount and days to the expected close from then on.
pub type Move = (usize, i64, Option<i64>, Option<i64>);

/// One deal.
#[derive(Clone, Debug)]
pub struct Life {
    /// Minutes after the start.
    pub created: i64,
    /// The moves.
    pub moves: Vec<Move>,
    /// Pipeline, owner, source, type, lost reason, account, currency.
    pub words: [u8; 7],
    /// Minutes after the creation, type, outcome, whether it is only planned.
    pub activities: Vec<(i64, u8, u8, bool)>,
}

/// All that is drawn.
#[derive(Clone, Debug)]
pub struct Firm {
    /// The deals.
    pub lives: Vec<Life>,
    /// Minutes after the start and type of activities without a deal.
    pub loose: Vec<(i64, u8)>,
    /// What every amount is multiplied by.
    pub scale: i64,
    /// Days by which everything is later.
    pub shift: i64,
    /// Names of the stages.
    pub stages: [&'static str; 6],
    /// Whether the list of stages gives the last one its place; else it is told by the moves seen.
    pub is_placed: bool,
}

/// The rows of one file, the header first.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name.
    pub name: &'static str,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// Amounts are whole tens, so that a product of a stage's probability and an amount is a whole minor unit.
fn amounts() -> impl Strategy<Value = Option<i64>> {
    prop::option::weighted(0.9, 0..90_i64).prop_map(|a| a.map(|a| a * 10))
}

fn life() -> impl Strategy<Value = Life> {
    let due = prop::option::weighted(0.85, -10..150_i64);
    let gap = prop_oneof![1 => Just(0_i64), 2 => 0..DAY, 8 => 0..50 * DAY];
    // Stages go on more often than not.
    let stage = prop_oneof![3 => Just(usize::MAX), 1 => 0..6_usize];
    let moves = prop::collection::vec((stage, gap, amounts(), due), 1..8);
    let done = (-2 * DAY..120 * DAY, 0..3_u8, 0..4_u8, prop::bool::weighted(0.15));
    let activities = prop::collection::vec(done, 0..6);
    let words = [0..4_u8, 0..5, 0..5, 0..4, 0..6, 0..9, 0..12];
    (0..470 * DAY, moves, words, activities).prop_map(|(created, mut moves, words, activities)| {
        let mut stage = 0;
        for (place, entry) in moves.iter_mut().enumerate() {
            if place > 0 && entry.0 == usize::MAX {
                stage = [1, 2, 3 + usize::from(words[4] % 2), stage, stage, 1][stage];
            } else if place > 0 {
                stage = entry.0;
            }
            entry.0 = stage;
        }
        moves.dedup_by_key(|entry| entry.0);
        set_apart(&mut moves);
        Life { created, moves, words, activities }
    })
}

/// Lets each stage be entered once at a time: without ids nothing tells which entry came last.
fn set_apart(moves: &mut [Move]) {
    for at in 1..moves.len() {
        let mut of_its_time = (0..at).rev().take_while(|before| moves[before + 1].1 == 0);
        if of_its_time.any(|before| moves[before].0 == moves[at].0) {
            moves[at].1 = 1;
        }
    }
}

/// A firm with up to so many deals.
pub fn firms(most: usize) -> impl Strategy<Value = Firm> {
    let loose = prop::collection::vec((0..440 * DAY, 0..3_u8), 0..6);
    (prop::collection::vec(life(), 1..most), loose).prop_map(|(mut lives, loose)| {
        // The list of stages has no history, so every one is known from the beginning.
        for pipeline in [0, 3] {
            let moves = vec![(0, 0, Some(50), None), (5, 3 * DAY, Some(60), Some(9))];
            let words = [pipeline, 3, 0, 0, 0, 0, 1];
            lives.push(Life { created: 0, moves, words, activities: Vec::new() });
        }
        Firm { lives, loose, scale: 1, shift: 0, stages: STAGES, is_placed: false }
    })
}

/// The configuration of the tests: everything that can be set to make a metric say something.
pub fn config() -> Config {
    let each = [("call".to_owned(), 2), ("total".to_owned(), 3)];
    let call = ScoreRule { kind: "call".to_owned(), outcome: String::new(), points: 7 };
    Config {
        boot_b: 20,
        min_followed: 3,
        min_n_rank: 3,
        stale_min_n: 3,
        tau_days: vec![30, 90],
        renewal_pipelines: vec!["Renewals".to_owned()],
        score: vec![call],
        score_half_life_days: Some(20),
        forecast_periods: 4,
        goals: GoalsConfig {
            wins: 5,
            period: PeriodKind::Quarter,
            activities_per_day: each.clone().into(),
            activities_per_week: each.into(),
            ..GoalsConfig::default()
        },
        ..Config::default()
    }
}

impl Life {
    /// The pipeline of a move: one deal of six goes over to the other one with its third.
    pub fn pipeline(&self, place: usize) -> &'static str {
        let goes_over = place > 1 && self.created % 6 == 5;
        match (self.words[0] == 3) != goes_over {
            true => "Renewals",
            false => "Sales",
        }
    }

    /// Who owns it at a minute: one deal of five goes to the next person three weeks after its creation.
    fn owner(&self, minutes: i64) -> &'static str {
        let people = ["ann", "bob", "cat", "dan", ""];
        let first = usize::from(self.words[1]);
        match self.handed_over() {
            Some(at) if at <= minutes => people[(first + 1) % 4],
            _ => people[first],
        }
    }

    fn handed_over(&self) -> Option<i64> {
        (self.created % 5 == 4 && self.words[1] < 4).then_some(self.created + 21 * DAY)
    }
}

impl Firm {
    fn time(&self, minutes: i64) -> String {
        let start = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap().and_hms_opt(0, 0, 0);
        let at = start.unwrap() + chrono::Duration::minutes(minutes + self.shift * DAY);
        at.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// A date, moved along with everything else.
    pub fn date(&self, text: &str) -> String {
        let date: chrono::NaiveDate = text.parse().unwrap();
        (date + chrono::Duration::days(self.shift)).to_string()
    }

    /// The minutes at which a day ends.
    pub fn end_of(&self, text: &str) -> i64 {
        let start = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap();
        ((text.parse::<chrono::NaiveDate>().unwrap() - start).num_days() + 1) * DAY
    }

    /// The files of an export made after so many minutes.
    pub fn files(&self, until: i64) -> Vec<File> {
        let mut files = vec![
            file("deals.csv", DEALS),
            file("stage_changes.csv", CHANGES),
            file("activities.csv", ACTIVITIES),
            file("field_changes.csv", FIELD_CHANGES),
        ];
        for (number, life) in self.lives.iter().enumerate() {
            self.add(&mut files, number, life, until);
        }
        for &(at, kind) in self.loose.iter().filter(|loose| loose.0 < until) {
            let id = format!("L{at}-{kind}-{}", files[2].rows.len());
            let kind = ["call", "email", "meeting"][usize::from(kind)];
            let at = self.time(at);
            files[2].rows.push(row(&[&id, "", kind, "ann", "", &at, "done"]));
        }
        files.extend(self.beside());
        files
    }

    fn add(&self, files: &mut [File], number: usize, life: &Life, until: i64) {
        let id = format!("D{number:03}");
        self.add_activities(&mut files[2], life, &id, until);
        if life.created >= until {
            return;
        }
        let word = |place: usize, words: &[&'static str]| -> &'static str {
            words.get(usize::from(life.words[place])).copied().unwrap_or("")
        };
        let mut pipeline = "";
        let mut now = life.created;
        let mut from = "";
        let (mut last, mut was_lost) = (None, false);
        for (place, &(stage, gap, amount, due)) in life.moves.iter().enumerate() {
            now += if from.is_empty() { 0 } else { gap };
            if now >= until {
                break;
            }
            pipeline = life.pipeline(place);
            let amount = amount.map_or(String::new(), |a| (a * self.scale).to_string());
            let due =
                due.map_or(String::new(), |days| self.time(now + days * DAY)[..10].to_owned());
            let (to, at) = (self.stages[stage], self.time(now));
            let by = life.owner(now);
            files[1].rows.push(row(&[&id, from, to, &at, by, pipeline, &amount, &due]));
            from = to;
            was_lost |= stage == 4;
            last = Some((stage, at, amount, due));
        }
        let Some((stage, at, amount, due)) = last else { return };
        let status = match stage {
            3 => "won",
            4 => "lost",
            _ => "open",
        };
        if let Some(at) = life.handed_over().filter(|at| *at < until) {
            let (from, to) = (life.owner(life.created), life.owner(at));
            files[3].rows.push(row(&[&id, "owner", from, to, &self.time(at)]));
        }
        let reasons = ["price", "price", "no_decision", "duplicate", "timing"];
        files[0].rows.push(row(&[
            &id,
            &format!("Deal {number}"),
            pipeline,
            self.stages[stage],
            status,
            life.owner(until),
            word(5, &["a1", "a2", "a3", "a4", "a5", "a6"]),
            &amount,
            if life.words[6] == 0 { "EUR" } else { "USD" },
            word(2, &["web", "fair", "ads", "call"]),
            word(3, &["new", "upsell", "renewal"]),
            if was_lost { word(4, &reasons) } else { "" },
            &self.time(life.created),
            if status == "open" { "" } else { &at },
            &due,
        ]));
    }

    /// What was done for a deal: what came before it belonged to none when it was done.
    fn add_activities(&self, file: &mut File, life: &Life, id: &str, until: i64) {
        let deal = if life.created < until { id } else { "" };
        for (place, &(after, kind, outcome, is_planned)) in life.activities.iter().enumerate() {
            let minutes = life.created + after;
            let at = self.time(minutes);
            let kind = ["call", "email", "meeting"][usize::from(kind)];
            let outcome = ["done", "no_show", "", "answered"][usize::from(outcome)];
            let (activity, owner) = (format!("{id}-{place}"), life.owner(life.created));
            if is_planned && !deal.is_empty() {
                file.rows.push(row(&[&activity, deal, kind, owner, &at, "", ""]));
            } else if !is_planned && minutes < until {
                file.rows.push(row(&[&activity, deal, kind, owner, "", &at, outcome]));
            }
        }
    }

    /// The files that are the same on every day.
    fn beside(&self) -> Vec<File> {
        let mut users = file("users.csv", &["user_id", "name", "team", "start_date"]);
        let mut targets = file("targets.csv", TARGETS);
        let mut forecasts = file("forecasts.csv", FORECASTS);
        let mut stages = file("stages.csv", &["pipeline", "stage", "order", "probability", "kind"]);
        let day = |text: &str| self.date(text);
        for (number, name) in ["ann", "bob", "cat"].into_iter().enumerate() {
            let team = ["north", "south"][number % 2];
            users.rows.push(row(&[name, name, team, &day("2025-02-03")]));
            for (start, end) in [("2025-10-01", "2025-12-31"), ("2026-01-01", "2026-03-31")] {
                let (start, end) = (day(start), day(end));
                for (measure, value) in [("bookings", 600 * self.scale), ("wins", 2)] {
                    let value = value.to_string();
                    targets.rows.push(row(&[name, &start, &end, measure, &value, "USD"]));
                }
                for (category, amount) in [("commit", 400), ("best_case", 700)] {
                    let amount = (amount * self.scale).to_string();
                    let on = day("2025-10-06");
                    let cells = [&on, &start, &end, name, category, &amount, "USD"];
                    forecasts.rows.push(row(&cells));
                }
            }
        }
        for pipeline in ["Sales", "Renewals"] {
            let known = if self.is_placed { 6 } else { 5 };
            for (place, stage) in self.stages[..known].iter().enumerate() {
                let p = ["0.1", "0.4", "0.7", "1", "0", ""][place];
                let kind = ["open", "open", "open", "won", "lost", "open"][place];
                stages.rows.push(row(&[pipeline, stage, &(place + 1).to_string(), p, kind]));
            }
        }
        vec![users, targets, forecasts, stages]
    }
}

const DEALS: &[&str] = &[
    "deal_id",
    "name",
    "pipeline",
    "stage",
    "status",
    "owner",
    "account_id",
    "amount",
    "currency",
    "source",
    "deal_type",
    "lost_reason",
    "created_at",
    "closed_at",
    "expected_close_date",
];
const CHANGES: &[&str] = &[
    "deal_id",
    "from_stage",
    "to_stage",
    "changed_at",
    "changed_by",
    "pipeline",
    "amount",
    "expected_close_date",
];
const ACTIVITIES: &[&str] =
    &["activity_id", "deal_id", "type", "owner", "due_at", "done_at", "outcome"];
const FIELD_CHANGES: &[&str] = &["deal_id", "field", "old_value", "new_value", "changed_at"];
const TARGETS: &[&str] = &["owner", "period_start", "period_end", "measure", "value", "currency"];
const FORECASTS: &[&str] =
    &["snapshot_date", "period_start", "period_end", "owner", "category", "amount", "currency"];

fn row(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn file(name: &'static str, header: &[&str]) -> File {
    File { name, rows: vec![row(header)] }
}

/// Reads the files as an export.
pub fn ingested(files: &[File], config: &Config) -> Dataset {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let quoted = |row: &Vec<String>| -> String {
            row.iter().map(|c| format!("\"{c}\"")).collect::<Vec<_>>().join(",") + "\n"
        };
        let text: String = file.rows.iter().map(quoted).collect();
        std::fs::write(folder.path().join(file.name), text).unwrap();
    }
    let paths: [PathBuf; 1] = [folder.path().to_owned()];
    let options = Options { config, mapping: None, now: i64::MAX, progress: &Silent };
    ingest::read(&paths, &options).unwrap().dataset
}

/// The run of a data set at the end of a day.
pub fn run_of(dataset: &Dataset, config: &Config, as_of: &str) -> Run {
    let day = calendar::day_of(as_of.parse().unwrap());
    Run::new(config.clone(), Some(AsOf::Day(day)), dataset).unwrap()
}

/// The tables of all metrics at the end of a day.
pub fn tables_of(dataset: &Dataset, config: &Config, as_of: &str) -> Vec<Table> {
    compute(METRICS, dataset, &run_of(dataset, config, as_of)).unwrap()
}

/// [`tables_of`] these files.
pub fn tables(files: &[File], config: &Config, as_of: &str) -> Vec<Table> {
    tables_of(&ingested(files, config), config, as_of)
}

/// The first difference of two lists of tables, in words; none if they are the same.
pub fn difference(one: &[Table], other: &[Table]) -> Option<String> {
    for (a, b) in one.iter().zip(other) {
        if a.rows.len() != b.rows.len() {
            let lost = a.rows.iter().find(|r| !b.rows.contains(r));
            let more = b.rows.iter().find(|r| !a.rows.contains(r));
            let (n, m) = (a.rows.len(), b.rows.len());
            return Some(format!("{}: {n} rows, {m} rows\n{lost:?}\n{more:?}", a.name));
        }
        for (at, (row, twin)) in a.rows.iter().zip(&b.rows).enumerate() {
            for ((column, x), y) in a.columns.iter().zip(row).zip(twin) {
                if x != y {
                    let place = format!("{} row {at} {}: {x:?}, {y:?}", a.name, column.name);
                    return Some(format!("{place}\n{row:?}\n{twin:?}"));
                }
            }
        }
    }
    (one.len() != other.len()).then(|| "another number of tables".to_owned())
}
