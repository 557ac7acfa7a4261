//! Invariants 37 to 45: planning, levers, goals, streaks, scores, weights, the page.

use proptest::prelude::*;
use sluice::model::config::GoalsConfig;
use sluice::model::{AsOf, Config, Table, calendar};
use sluice::stats::binomial::{assured_trials, cdf};
use sluice::stats::bootstrap::{Bootstrap, Mixed, identity};
use sluice::stats::discrimination::{Scores, area};
use sluice::stats::lattice::{Rounding, cell_width, distribution, hit};
use sluice::stats::poisson_binomial::Counts;
use sluice::stats::shapley::shapley;

use super::made::{self, firms};
use crate::goals::done;
use crate::metrics_b::builder::{Kind, World, at, day, get};

const STAGES: [(&str, Kind); 5] = [
    ("S1", Kind::Open(1)),
    ("S2", Kind::Open(2)),
    ("S3", Kind::Open(3)),
    ("Won", Kind::Won),
    ("Lost", Kind::Lost),
];

/// Day of creation, days to each next stage, outcome, amount, segment, activities.
type Life = (i64, Vec<i64>, u8, i64, u8, Vec<i64>);

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let life = (
        0..400_i64,
        prop::collection::vec(0..60_i64, 1..4),
        0..3_u8,
        0..100_000_i64,
        0..3_u8,
        prop::collection::vec(0..90_i64, 0..5),
    );
    prop::collection::vec(life, 1..30)
}

fn world(lives: &[Life]) -> World {
    let mut world = World::new(&STAGES, "2026-06-20");
    for (place, p) in [1500, 4000, 9000].into_iter().enumerate() {
        world.catalogue.stages[place].probability_bp = Some(p);
    }
    for (number, (created, steps, outcome, amount, segment, touches)) in lives.iter().enumerate() {
        let mut now = at("2025-05-01") + created * calendar::DAY_MICROS;
        let mut moves = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            moves.push((world.stage(STAGES[place].0), now));
            now += step * calendar::DAY_MICROS;
        }
        match outcome {
            1 => moves.push((world.stage("Won"), now)),
            2 => moves.push((world.stage("Lost"), now)),
            _ => {}
        }
        let segment = world.names.intern(["new", "renewal", "upsell"][usize::from(*segment)]);
        let call = done(&mut world, "call", ["ann", "bob"][number % 2], "", "2026-01-01");
        let owner = world.names.intern(["ann", "bob"][number % 2]);
        let row = world.deal(&format!("D{number:02}"), &moves);
        (row.deal.amount_minor, row.deal.deal_type) = (Some(*amount).into(), segment);
        row.deal.owner = owner;
        let mut touches: Vec<i64> = touches.clone();
        touches.sort_unstable();
        row.activities = vec![call; touches.len()];
        for (activity, days) in row.activities.iter_mut().zip(touches) {
            activity.done_at = Some(moves[0].1 + days * calendar::DAY_MICROS).into();
        }
    }
    world
}

fn tables(world: &World, names: &[&str], wins: u64, parts: usize) -> Vec<Table> {
    let goals = GoalsConfig { wins, ..GoalsConfig::default() };
    let config = Config { goals, boot_b: 30, ..Config::default() };
    world.tables(names, config, AsOf::Day(day("2026-06-17")), parts)
}

const MINE: [&str; 9] = [
    "reverse_funnel",
    "goal_cascade",
    "effort_per_win",
    "winning_playbook",
    "step_timing",
    "goal_attainment",
    "activity_streaks",
    "lever_decomposition",
    "lever_mix",
];

/// The sum of contributions by quarter and population, and the change of revenue.
fn changes(table: &Table) -> std::collections::BTreeMap<(String, String), (f64, f64)> {
    let mut found = std::collections::BTreeMap::new();
    for row in &table.rows {
        let word = |name| format!("{:?}", table.value(row, name));
        let number = |name| table.value(row, name).as_f64().unwrap_or(0.0);
        let sums: &mut (f64, f64) =
            found.entry((word("period_start"), word("segment"))).or_default();
        sums.0 += number("contribution_minor");
        sums.1 = number("revenue_minor") - number("revenue_before_minor");
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same_tables(lives in lives()) {
        let world = world(&lives);
        let one = tables(&world, &MINE, 5, 1);
        for parts in [2, 7] {
            prop_assert_eq!(&tables(&world, &MINE, 5, parts), &one);
        }
    }

    #[test]
    fn invariant_37_volumes_fall_as_chances_rise(lives in lives(), wins in 1..200_u64) {
        let found = &tables(&world(&lives), &["reverse_funnel"], wins, 1)[0];
        let mut before: Option<(String, f64, f64)> = None;
        for row in &found.rows {
            let mode = found.value(row, "mode").as_str().unwrap().to_owned();
            let Some(required) = found.value(row, "required").as_f64() else { continue };
            let p = get(found, row, "p");
            prop_assert!(required >= wins as f64);
            let assured = get(found, row, "required_assured");
            prop_assert!(assured >= wins as f64);
            if let Some((_, p0, r0)) = before.as_ref().filter(|(of, ..)| *of == mode) {
                prop_assert!(p < *p0 || required <= *r0, "{p0} {r0} {p} {required}");
            }
            let of = |name| found.value(row, name).as_f64();
            prop_assert!(of("required_best").is_none_or(|best| best <= required));
            prop_assert!(of("required_worst").is_none_or(|worst| worst >= required));
            before = Some((mode, p, required));
        }
    }

    #[test]
    fn invariant_37_daily_quotas_add_up(lives in lives(), wins in 1..500_u64) {
        let found = &tables(&world(&lives), &["goal_cascade"], wins, 1)[0];
        let key = |row: &[sluice::model::Value]| {
            ["mode", "stage", "type"].map(|name| format!("{:?}", found.value(row, name)))
        };
        let of_unit = |unit: &'static str| {
            found.rows.iter().filter(move |row| found.value(row, "unit").as_str() == Some(unit))
        };
        for whole in of_unit("period") {
            let days: Vec<_> = of_unit("day").filter(|row| key(row) == key(whole)).collect();
            if days.is_empty() {
                continue;
            }
            for column in ["required", "required_remaining"] {
                let quotas: Vec<f64> =
                    days.iter().filter_map(|row| found.value(row, column).as_f64()).collect();
                let total = get(found, whole, column);
                prop_assert_eq!(quotas.iter().sum::<f64>(), total);
                let even = total / quotas.len() as f64;
                prop_assert!(quotas.iter().all(|quota| (quota - even).abs() < 1.0));
            }
        }
    }

    #[test]
    fn invariant_38_assured_volumes(
        wins in 1..80_u64, p in 0.01..1.0_f64, assurance in 0.5..0.99_f64,
    ) {
        let n = assured_trials(wins, p, assurance).unwrap();
        let chance = |n: u64| 1.0 - cdf(wins as i64 - 1, n, p);
        prop_assert!(n >= wins && chance(n) >= assurance);
        prop_assert!(n == wins || chance(n - 1) < assurance);
        prop_assert!(assured_trials(wins, p, (assurance + 1.0) / 2.0).unwrap() >= n);
    }

    #[test]
    fn invariant_39_shapley(
        before in prop::array::uniform5(0.0..100.0_f64), after in prop::array::uniform5(0.0..100.0_f64),
        same in 0..5_usize,
    ) {
        let mut after = after;
        after[same] = before[same];
        let (x0, x1) = (before.map(Some), after.map(Some));
        let (there, back) = (shapley(x0, x1), shapley(x1, x0));
        let scale = (before.iter().product::<f64>() + after.iter().product::<f64>()).max(1.0) * 1e-6;
        let change = after.iter().product::<f64>() - before.iter().product::<f64>();
        prop_assert!((there.iter().sum::<f64>() - change).abs() <= scale);
        prop_assert_eq!(there[same], 0.0);
        for (a, b) in there.iter().zip(back) {
            prop_assert!((a + b).abs() <= scale);
        }
    }

    #[test]
    fn invariant_39_levers_and_mix(lives in lives()) {
        let found = tables(&world(&lives), &["lever_decomposition", "lever_mix"], 0, 1);
        let (levers, mix) = (changes(&found[0]), changes(&found[1]));
        for ((quarter, segment), (sum, change)) in levers.iter().chain(&mix) {
            prop_assert!((sum - change).abs() < 1e-3, "{quarter} {segment} {sum} {change}");
        }
        for (key, (sum, _)) in &levers {
            prop_assert!((sum - mix[key].0).abs() < 1e-3);
        }
    }

    #[test]
    fn invariant_42_streaks(lives in lives(), more in 0..400_i64) {
        let mut world = world(&lives);
        let longest = |found: &Table| -> Vec<(String, f64)> {
            let of = |row: &Vec<sluice::model::Value>| {
                let name = found.value(row, "owner").as_str().unwrap().to_owned();
                (name, get(found, row, "longest"))
            };
            found.rows.iter().map(of).collect()
        };
        let before = tables(&world, &["activity_streaks"], 0, 1).remove(0);
        for row in &before.rows {
            let of = |name| get(&before, row, name);
            prop_assert!(of("current") <= of("longest"));
            prop_assert!(of("longest") <= of("active_days"));
            prop_assert!(of("active_days") <= of("eligible_days"));
        }
        let mut extra = done(&mut world, "call", "ann", "", "2025-05-01");
        extra.done_at = extra.done_at.get().map(|at| at + more * calendar::DAY_MICROS).into();
        world.rows[0].activities.push(extra);
        world.rows[0].activities.sort();
        let after = longest(&tables(&world, &["activity_streaks"], 0, 1)[0]);
        for (owner, length) in longest(&before) {
            let now = after.iter().find(|(name, _)| *name == owner);
            prop_assert!(now.is_some_and(|(_, now)| *now >= length));
        }
    }
}

fn open_deals() -> impl Strategy<Value = Vec<(u64, f64)>> {
    prop::collection::vec((0..60_u64, 0..=20_u32), 0..12)
        .prop_map(|deals| deals.into_iter().map(|(a, p)| (a, f64::from(p) / 20.0)).collect())
}

proptest! {
    #[test]
    fn invariant_40_bounds_of_chances(deals in open_deals(), need in -5..400_i128, cells in 1..40_u64) {
        let exact = hit(&deals, need, u64::MAX);
        prop_assert_eq!(exact.cell, 1);
        prop_assert_eq!(exact.lower, exact.upper);
        let coarse = hit(&deals, need, cells);
        prop_assert!(coarse.lower <= exact.nearest + 1e-12);
        prop_assert!(coarse.upper >= exact.nearest - 1e-12);
        // Cells of which some make one of the wide ones bound the chance more closely.
        let width = cell_width(&deals, cells);
        for part in (1..=width).filter(|part| width.is_multiple_of(*part)) {
            let chance = |rounding, cell| {
                let sum = distribution(&deals, cell, rounding);
                let least = need.max(0).div_euclid(i128::from(cell))
                    + i128::from(need.max(0) % i128::from(cell) > 0);
                let kept = sum.pmf.iter().enumerate().filter(|(at, _)| (sum.first + at) as i128 >= least);
                kept.map(|(_, p)| p).sum::<f64>()
            };
            prop_assert!(chance(Rounding::Down, part) >= chance(Rounding::Down, width) - 1e-12);
            prop_assert!(chance(Rounding::Up, part) <= chance(Rounding::Up, width) + 1e-12);
        }
        prop_assert!(need > 0 || exact.nearest == 1.0);
        let more = hit(&deals, need + 3, u64::MAX);
        prop_assert!(more.nearest <= exact.nearest + 1e-12, "not more likely for a higher target");
        let sum: f64 = distribution(&deals, 1, Rounding::Nearest).pmf.iter().sum();
        prop_assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn invariant_40_counts_of_wins(deals in open_deals()) {
        let found = Counts::new(deals.iter().map(|d| (1, d.1)));
        let mean: f64 = (found.first..).zip(&found.pmf).map(|(k, p)| k as f64 * p).sum();
        prop_assert!((found.pmf.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        prop_assert!((mean - deals.iter().map(|d| d.1).sum::<f64>()).abs() < 1e-12);
    }
}

/// A firm's tables of one metric.
fn table_of(firm: &made::Firm, name: &str) -> Table {
    let dataset = made::ingested(&firm.files(i64::MAX), &made::config());
    let run = made::run_of(&dataset, &made::config(), "2026-02-10");
    crate::fixtures::table(name, &dataset, &run)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn invariant_41_gap(firm in firms(40)) {
        let found = table_of(&firm, "goal_gap");
        prop_assert!(!found.rows.is_empty());
        for row in &found.rows {
            let of = ["target_minor", "won_minor", "weighted_minor", "gap_minor"];
            if let [Some(target), Some(won), Some(weighted), Some(gap)] =
                of.map(|name| found.value(row, name).as_f64())
            {
                prop_assert!((won + weighted + gap - target).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn invariant_43_area_under_the_curve(
        draws in prop::collection::vec((-50..50_i64, any::<bool>()), 1..60),
    ) {
        let scores = |turn: fn(i64) -> i64| {
            let mut found = Scores::new();
            for &(score, is_won) in &draws {
                let cell = found.entry(turn(score)).or_default();
                if is_won { cell.0 += 1 } else { cell.1 += 1 }
            }
            area(&found).map(|area| area.value)
        };
        let plain = scores(|s| s);
        prop_assert_eq!(plain, scores(|s| s * s * s + 7 * s));
        if let (Some(plain), Some(turned)) = (plain, scores(|s| -s)) {
            prop_assert!((plain + turned - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn invariant_44_weights_depend_on_ids_only(ids in prop::collection::vec("[a-z]{1,8}", 1..20), seed: u64) {
        let (short, long) = (Bootstrap::new(seed, 5), Bootstrap::new(seed, 40));
        let (mut few, mut many) = (Vec::new(), Vec::new());
        let identities: Vec<Mixed> = ids.iter().map(|id| Mixed::new(identity(id))).collect();
        let mut total = 0;
        for id in ids.iter().rev() {
            short.weights(id, &mut few);
            long.weights(id, &mut many);
            prop_assert_eq!(&few[..], &many[..5]);
            total += u64::from(many[7]);
        }
        prop_assert_eq!(long.total(&identities, 7), total);
    }
}

/// The cells of the table with this caption as they are read, row by row, numbers without their limits.
fn read(page: &str, caption: &str) -> Vec<Vec<String>> {
    let Some(found) = page.split("<caption>").skip(1).find(|part| part.starts_with(caption)) else {
        return Vec::new();
    };
    let body = found.split("<tbody>").nth(1).unwrap_or("").split("</tbody>").next().unwrap_or("");
    let inner = |cell: &str| -> String {
        let text = cell.split_once('>').map_or("", |(_, rest)| rest);
        let number = text.split_once("<b ").and_then(|(_, rest)| rest.split_once('>'));
        let text = number.map_or(text, |(_, number)| number);
        text.split('<').next().unwrap_or("").trim().to_owned()
    };
    let cells = |row: &str| row.split("<td").skip(1).map(inner).collect();
    body.split("<tr").skip(1).map(cells).collect()
}

fn shown(text: &str) -> f64 {
    let text = text.replace(',', "").replace('\u{2212}', "-");
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn invariant_45_totals_on_the_page(firm in firms(70)) {
        let mut firm = firm;
        for life in &mut firm.lives {
            (life.words[0], life.words[6]) = (0, 1);
            life.created -= life.created % 6;
        }
        let dataset = made::ingested(&firm.files(i64::MAX), &made::config());
        let run = made::run_of(&dataset, &made::config(), made::AS_OF);
        let tables = made::tables_of(&dataset, &made::config(), made::AS_OF);
        let page = crate::report_real::rendered(&run, &tables);
        // Stock and flow: each row balances.
        let flow = read(&page, "Deals in each stage at the end of the month");
        prop_assert!(!flow.is_empty());
        for row in &flow {
            let n: Vec<f64> = row[2..6].iter().map(|cell| shown(cell)).collect();
            prop_assert_eq!(n[0] + n[1] - n[2], n[3], "{:?}", row);
        }
        // The waterfall: what came and went leads from the first line to the last.
        let lines = read(&page, "Pipeline waterfall");
        for column in (1..lines.first().map_or(0, Vec::len)).step_by(2) {
            let of = |name: &str| {
                let line = lines.iter().find(|row| row[0] == name);
                line.map_or(0.0, |row| shown(&row[column]))
            };
            let (end, rest) = (of("Due at the end"), of("Residual"));
            let sum: f64 = lines.iter().map(|row| shown(&row[column])).sum();
            prop_assert!((sum - rest - 2.0 * end).abs() < 1e-6 && rest == 0.0, "{:?}", lines);
        }
        // The levers: contributions, rounded to major units, make up the change of revenue.
        let levers = read(&page, "What moved revenue, 2026 Q1, USD");
        let table = tables.iter().find(|table| table.name == "lever_decomposition").unwrap();
        let whole = table.rows.iter().find(|row| {
            let is_null = |name: &str| table.value(row, name).is_null();
            let start = sluice::model::Value::Day(day("2026-01-01"));
            table.value(row, "period_start") == &start && ["owner", "source", "segment"].into_iter().all(is_null)
        });
        if let (Some(row), false) = (whole, levers.is_empty()) {
            let of = |name: &str| table.value(row, name).as_f64().unwrap_or(0.0);
            let change = (of("revenue_minor") - of("revenue_before_minor")) / 100.0;
            let parts = levers.iter().filter(|row| row[5].chars().any(|c| c.is_ascii_digit()));
            let sum: f64 = parts.map(|row| shown(&row[5])).sum();
            prop_assert!((sum - change).abs() <= 0.5 * levers.len() as f64 + 1e-6, "{} {}", sum, change);
        }
    }
}
