//! Invariants 14 to 20: stocks, flows, values, waterfalls.

use proptest::prelude::*;
use sluice::model::{
    AsOf, Config, Day, Field, FieldChange, Quality, StageId, Table, Value, Zone, calendar,
};

use super::made::{self, DAY, Firm, firms};
use crate::metrics_b::builder::{self, HOUR, Kind, World, at, day, entries, get};
use crate::periods::retail;

const STAGES: [(&str, Kind); 7] = [
    ("A", Kind::Open(1)),
    ("B", Kind::Open(2)),
    ("C", Kind::Open(3)),
    ("Side", Kind::Loose),
    ("__UNKNOWN__", Kind::Loose),
    ("Won", Kind::Won),
    ("Lost", Kind::Lost),
];

const UTC: Zone = Zone::UTC;

/// Creation in hours after the start, moves as (stage, hours since the last), deletion, mended.
pub(super) type Life = (i64, Vec<(u16, i64)>, Option<i64>, bool);

pub(super) fn lives() -> impl Strategy<Value = Vec<Life>> {
    let moves = prop::collection::vec((0..7_u16, prop_oneof![Just(0_i64), 0..1500_i64]), 1..7);
    let life = (0..6000_i64, moves, prop::option::weighted(0.15, 0..2000_i64), any::<bool>());
    prop::collection::vec(life, 1..25)
}

pub(super) fn world(lives: &[Life]) -> World {
    let mut world = World::new(&STAGES, "2026-01-15");
    // Stocks and flows add up over periods of one's own as over those of the calendar.
    if lives.len() % 2 == 1 {
        world.periods = retail();
    }
    for (place, (created, moves, deleted, mended)) in lives.iter().enumerate() {
        let entries = entries(at("2025-01-20") + created * HOUR, moves);
        let now = entries.last().map_or(0, |last| last.1);
        let row = world.deal(&format!("D{place:03}"), &entries);
        row.deal.deleted_at = deleted.map(|gap| now + gap * HOUR).into();
        if *mended {
            row.deal.quality.insert(Quality::SelfLoop);
        }
    }
    world
}

/// Rows of one period kind as (stage, first day, end, row).
fn of<'t>(table: &'t Table, kind: &str) -> Vec<(String, Day, Day, &'t Vec<Value>)> {
    let whole = |row: &&Vec<Value>| {
        table.value(row, "period_kind").as_str() == Some(kind)
            && ["owner", "source", "segment"].iter().all(|n| table.value(row, n).is_null())
    };
    let key = |row: &'t Vec<Value>| {
        let stage = table.position("stage").map_or("", |at| row[at].as_str().unwrap_or(""));
        let day = |name| match table.value(row, name) {
            Value::Day(day) => *day,
            _ => 0,
        };
        (stage.to_owned(), day("period_start"), day("period_end"), row)
    };
    table.rows.iter().filter(whole).map(key).collect()
}

pub(super) const AS_OF: &str = "2025-10-17";
const KINDS: [&str; 3] = ["month", "quarter", "all"];

/// The stage in which a deal is at the end of `last`, from its visits; none if it does not exist.
fn state(world: &World, place: usize, last: Day) -> Option<StageId> {
    let row = &world.rows[place];
    let cut = i64::from(last + 1) * calendar::DAY_MICROS;
    let stage = row.visits.iter().rfind(|v| v.entered_at < cut)?.stage;
    (row.deal.deleted_at.get().is_none_or(|at| at >= cut)).then_some(stage)
}

/// What deals are worth on nights, by hours after the start.
type Nights = std::collections::BTreeMap<i64, Vec<Option<Option<i64>>>>;

fn nights() -> impl Strategy<Value = Nights> {
    let seen = prop::option::of(prop::option::weighted(0.9, 0..4_000_i64));
    prop::collection::btree_map(0..8_900_i64, prop::collection::vec(seen, 25), 0..8)
}

fn see(world: &mut World, nights: &Nights, scale: i64) {
    let ids: Vec<String> = world.rows.iter().map(|row| row.id.clone()).collect();
    for (hours, seen) in nights {
        let at = at("2025-01-20") + hours * HOUR;
        world.snapshots.push_night(at);
        for (id, amount) in ids.iter().zip(seen) {
            if let Some(amount) = amount {
                world.seen(id, at, amount.map(|amount| amount * scale));
            }
        }
    }
}

/// Values in, out and in stock fit together, whatever tells them.
fn check_values(world: impl Fn(i64) -> World) -> Result<(), TestCaseError> {
    let names = ["stage_value_flow", "stage_stock", "flow_consistency", "stage_flow"];
    let as_of = AsOf::Day(day(AS_OF));
    let tables = world(1).tables(&names, Config::default(), as_of, 1);
    prop_assert_eq!(&tables, &world(1).tables(&names, Config::default(), as_of, 4));
    let scaled = world(3).tables(&names[..1], Config::default(), as_of, 2).remove(0);
    let flow = &tables[0];
    for (row, scaled_row) in flow.rows.iter().zip(&scaled.rows) {
        let n = |name: &str| get(flow, row, name);
        let sum =
            n("opening_minor") + n("entered_minor") - n("left_minor") + n("revaluation_minor");
        prop_assert_eq!(sum, n("closing_minor"));
        for (column, (value, scaled)) in flow.columns.iter().zip(row.iter().zip(scaled_row)) {
            match column.name.ends_with("_minor") {
                true => prop_assert_eq!(value.as_f64().map(|v| 3.0 * v), scaled.as_f64()),
                false => prop_assert_eq!(value, scaled),
            }
        }
    }
    for kind in KINDS {
        let stocks = of(&tables[1], kind);
        for (stage, start, end, row) in of(flow, kind) {
            let stock = stocks.iter().find(|r| r.0 == stage && r.1 == start);
            if let Some((.., stock)) = stock {
                let value = get(&tables[1], stock, "value_minor");
                prop_assert_eq!(get(flow, row, "closing_minor"), value, "{} {}", stage, start);
            }
            let next = of(flow, kind).into_iter().find(|r| r.0 == stage && r.1 == end);
            if let Some((.., next)) = next {
                prop_assert_eq!(get(flow, row, "closing_minor"), get(flow, next, "opening_minor"));
            }
        }
    }
    for kind in ["quarter", "all"] {
        for (stage, start, _, row) in of(&tables[2], kind) {
            let flows = of(&tables[3], kind);
            let flow = flows.iter().find(|r| r.0 == stage && r.1 == start).unwrap().3;
            for name in ["deal_days", "entered", "left"] {
                prop_assert_eq!(
                    get(&tables[2], row, name),
                    get(&tables[3], flow, name),
                    "{}",
                    name
                );
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn invariant_15_stock_and_flow(lives in lives()) {
        let world = world(&lives);
        let as_of = day(AS_OF);
        let flow = &world.tables(&["stage_flow"], Config::default(), AsOf::Day(as_of), 2)[0];
        for kind in KINDS {
            let rows = of(flow, kind);
            for (stage, start, end, row) in &rows {
                let n = |name: &str| get(flow, row, name);
                prop_assert_eq!(n("opening") + n("entered") - n("left"), n("closing"));
                let next = rows.iter().find(|(s, first, _, _)| s == stage && first == end);
                if let Some((.., next)) = next {
                    prop_assert_eq!(n("closing"), get(flow, next, "opening"));
                }
                let id = world.stage(stage);
                let is_here = |place: usize, day| state(&world, place, day) == Some(id);
                let deals = 0..world.rows.len();
                let last = (*end).min(as_of + 1);
                let closing = deals.clone().filter(|&d| is_here(d, last - 1)).count();
                prop_assert_eq!(n("closing"), closing as f64);
                if id.0 < 5 {
                    let daily = (*start..last).map(|x| deals.clone().filter(|&d| is_here(d, x)).count());
                    prop_assert_eq!(n("deal_days"), daily.sum::<usize>() as f64);
                }
                prop_assert!(n("quality_count") <= n("n"));
                let quality = mended(&world, id, *start, last);
                prop_assert_eq!(n("quality_count"), quality as f64, "{} {}", kind, stage);
            }
        }
    }

    #[test]
    fn invariant_16_moves_in_are_moves_out(lives in lives()) {
        let as_of = AsOf::Day(day(AS_OF));
        let flow = &world(&lives).tables(&["stage_flow"], Config::default(), as_of, 2)[0];
        let sum = |rows: &[&Vec<Value>], name: &str| -> f64 {
            rows.iter().map(|r| get(flow, r, name)).sum()
        };
        for kind in KINDS {
            let rows = of(flow, kind);
            let mut starts: Vec<Day> = rows.iter().map(|r| r.1).collect();
            starts.dedup();
            for start in starts {
                let here: Vec<_> = rows.iter().filter(|r| r.1 == start).map(|r| r.3).collect();
                for way in ["advance", "skip", "back", "lateral", "won", "lost", "reopen", "reversed"] {
                    let (came, went) = (format!("in_{way}"), format!("out_{way}"));
                    prop_assert_eq!(sum(&here, &came), sum(&here, &went), "{}", way);
                }
                let net = sum(&here, "entered") - sum(&here, "left");
                prop_assert_eq!(net, sum(&here, "in_created") - sum(&here, "out_deleted"));
            }
        }
    }

    #[test]
    fn invariant_20_reversals(lives in lives()) {
        let world = world(&lives);
        let names = ["win_reversal", "stage_flow"];
        let as_of = AsOf::Day(day(AS_OF));
        let tables = world.tables(&names, Config::default(), as_of, 1);
        prop_assert_eq!(&tables, &world.tables(&names, Config::default(), as_of, 3));
        for kind in KINDS {
            let wins = of(&tables[0], kind);
            for (stage, start, _, row) in of(&tables[1], kind).iter().filter(|r| r.0 == "Won") {
                let flow = |name: &str| get(&tables[1], row, name);
                let found = wins.iter().find(|r| r.1 == *start).map(|r| r.3);
                let found = |name: &str| found.map_or(0.0, |row| get(&tables[0], row, name));
                let back = flow("out_reopen") + flow("out_reversed");
                prop_assert_eq!(found("gross"), flow("entered"), "{} {}", stage, kind);
                prop_assert_eq!(found("reversals"), back);
                let closing = flow("opening") + found("gross") - found("reversals");
                prop_assert_eq!(closing - flow("out_deleted"), flow("closing"));
                prop_assert!(found("restated") <= found("gross"));
            }
        }
    }

    #[test]
    fn invariant_17_value_flows_and_days(lives in lives(), revalued in prop::collection::vec(0..4_000_i64, 1..25)) {
        check_values(|scale| {
            let mut world = world(&lives);
            world.rows.iter_mut().for_each(|row| row.deal.amount_minor = Some(100 * scale).into());
            for (row, hours) in world.rows.iter_mut().zip(&revalued) {
                let at = at("2025-01-20") + hours * HOUR;
                let (old, new) = (Some(hours % 7 * scale), (hours % 3 > 0).then_some(hours * scale));
                row.changes.push(FieldChange { at, field: Field::Amount, old: old.into(), new: new.into() });
                row.deal.amount_minor = new.into();
            }
            world
        })?;
    }

    #[test]
    fn invariant_17_where_nights_tell_amounts(lives in lives(), nights in nights()) {
        let made = |nights: &Nights, scale: i64| {
            let mut world = world(&lives);
            world.rows.iter_mut().for_each(|row| row.deal.amount_minor = Some(100 * scale).into());
            see(&mut world, nights, scale);
            world
        };
        check_values(|scale| made(&nights, scale))?;
        // What an export showed more than a day after `as_of` does not exist.
        let known = |hours: &i64| at("2025-01-20") + hours * HOUR <= at(AS_OF) + 48 * HOUR;
        let known: Nights = nights.iter().filter(|night| known(night.0)).map(|(at, seen)| (*at, seen.clone())).collect();
        let names = ["stage_value_flow", "stage_stock", "amount_win_rate", "weighted_pipeline"];
        let tables = |nights| made(nights, 1).tables(&names, Config::default(), AsOf::Day(day(AS_OF)), 1);
        prop_assert_eq!(tables(&nights), tables(&known));
    }

    #[test]
    fn invariant_14_one_state(lives in lives()) {
        let world = world(&lives);
        let as_of = day(AS_OF);
        let names = ["stage_stock", "stage_flow"];
        let tables = world.tables(&names, Config::default(), AsOf::Day(as_of), 2);
        for kind in KINDS {
            let flows = of(&tables[1], kind);
            let stocks = of(&tables[0], kind);
            for (_, start, end, _) in &flows {
                let last = (*end).min(as_of + 1) - 1;
                let alive =
                    (0..world.rows.len()).filter(|&d| state(&world, d, last).is_some()).count();
                let closed = flows.iter().filter(|r| r.1 == *start && (r.0 == "Won" || r.0 == "Lost"));
                let closed: f64 = closed.map(|r| get(&tables[1], r.3, "closing")).sum();
                let open = stocks.iter().filter(|r| r.1 == *start);
                let open: f64 = open.map(|r| get(&tables[0], r.3, "deals")).sum();
                prop_assert_eq!(open + closed, alive as f64, "{} {}", kind, start);
            }
            for (stage, start, _, row) in &stocks {
                let flow = flows.iter().find(|r| r.0 == *stage && r.1 == *start);
                let closing = flow.map(|r| get(&tables[1], r.3, "closing"));
                prop_assert_eq!(closing, Some(get(&tables[0], row, "deals")));
                let value = 100.0 * get(&tables[0], row, "deals");
                prop_assert_eq!(get(&tables[0], row, "value_minor"), value);
            }
        }
    }

    #[test]
    fn invariant_18_transitions(lives in lives()) {
        let world = world(&lives);
        let names = ["stage_transitions", "stage_flow"];
        let tables = world.tables(&names, Config::default(), AsOf::Day(day(AS_OF)), 2);
        let moves = &tables[0];
        for kind in ["quarter", "all"] {
            for (stage, start, _, row) in of(&tables[1], kind) {
                let here = |side: &'static str| {
                    let stage = stage.clone();
                    let is_here = move |r: &&Vec<Value>| {
                        moves.value(r, "period_kind").as_str() == Some(kind)
                            && moves.value(r, "period_start") == &Value::Day(start)
                            && moves.value(r, side).as_str() == Some(&stage)
                    };
                    let n = |r: &Vec<Value>| get(moves, r, "moves");
                    moves.rows.iter().filter(is_here).map(n).sum::<f64>()
                };
                let n = |name: &str| get(&tables[1], row, name);
                prop_assert_eq!(here("from_stage"), n("left"), "{} {}", kind, stage);
                prop_assert_eq!(here("to_stage"), n("entered") - n("in_created"));
            }
        }
        for row in &moves.rows {
            prop_assert!(get(moves, row, "deals") <= get(moves, row, "moves"));
            prop_assert!(get(moves, row, "quality_count") <= get(moves, row, "deals"));
        }
    }

    #[test]
    fn movement_counts_a_deal_once_in_a_period(lives in lives()) {
        let world = world(&lives);
        let as_of = day(AS_OF);
        let table = &world.tables(&["movement_quality"], Config::default(), AsOf::Day(as_of), 2)[0];
        for kind in KINDS {
            for (stage, start, end, row) in of(table, kind) {
                let measure = table.value(row, "measure").as_str().unwrap_or("").to_owned();
                let within = |at: i64| (start..end.min(as_of + 1)).contains(&UTC.day(at));
                let found = (get(table, row, "x"), get(table, row, "n"));
                let counted = |cases: &dyn Fn(&builder::Row) -> (bool, bool)| {
                    let cases: Vec<_> = world.rows.iter().map(cases).collect();
                    let x = cases.iter().filter(|c| c.0).count();
                    (x as f64, cases.iter().filter(|c| c.1).count() as f64)
                };
                if measure == "reentry_rate" {
                    let id = world.stage(&stage);
                    let expected = counted(&|row| {
                        let entries = row.visits.iter().filter(|v| v.stage == id);
                        let mut again = entries.clone().skip(1);
                        (again.any(|v| within(v.entered_at)), entries.clone().any(|v| within(v.entered_at)))
                    });
                    prop_assert_eq!(found, expected, "{} {}", kind, stage);
                } else if measure == "regressions_per_deal" {
                    let moved = counted(&|row| {
                        let left = row.visits.iter().any(|v| {
                            let end = v.exited_at.get().or(row.deal.deleted_at.get().map(|at| at.max(v.entered_at)));
                            v.stage.0 < 4 && end.is_some_and(within)
                        });
                        (false, left)
                    });
                    prop_assert_eq!(found.1, moved.1, "{}", kind);
                }
            }
        }
    }

    #[test]
    fn partitions_do_not_matter_and_limits_hold(lives in lives()) {
        let mut world = world(&lives);
        for (place, row) in world.rows.iter_mut().enumerate() {
            row.account = ["", "a", "b", "c"][place % 4].to_owned();
        }
        let names = [
            "stage_age_threshold",
            "stale_deals",
            "stage_stock",
            "weighted_pipeline",
            "stage_flow",
            "stage_duration",
            "stage_duration_histogram",
            "movement_quality",
            "stage_transitions",
            "win_reversal",
            "bottleneck",
            "stage_value_flow",
            "flow_consistency",
            "calibration",
            "reliability_table",
            "recycle_list",
            "repeat_business",
            "customer_lifetime_value",
        ];
        let config = Config { stale_min_n: 2, ..Config::default() };
        let tables = |parts| world.tables(&names, config.clone(), AsOf::Day(day(AS_OF)), parts);
        let whole = tables(1);
        for parts in [2, 7] {
            prop_assert_eq!(&tables(parts), &whole);
        }
        for table in &whole {
            let about = sluice::metrics::find(&table.name).unwrap().about();
            for row in &table.rows {
                for value in row {
                    prop_assert!(value.as_f64().is_none_or(f64::is_finite));
                }
                let number = |name: &str| table.value(row, name).as_f64();
                let estimate = number(about.estimate);
                if !about.estimate.is_empty() {
                    let has_reason = !matches!(table.value(row, "reason").as_str(), None | Some("SN"));
                    prop_assert_eq!(estimate.is_none(), has_reason, "{}", table.name);
                }
                if let (Some(value), Some(lower), Some(upper)) =
                    (estimate, number("lower"), number("upper"))
                {
                    prop_assert!(lower <= value + 1e-9 && value <= upper + 1e-9, "{}", table.name);
                }
            }
        }
    }
}

/// Deals with a mended history that touch a stage from `start` to the end of the day before `end`.
fn mended(world: &World, stage: StageId, start: Day, end: Day) -> usize {
    let instant = |day: Day| i64::from(day) * calendar::DAY_MICROS;
    let (first, cut) = (instant(start), instant(end));
    let is_behind = |row: &&builder::Row| {
        row.deal.quality.has_history_code()
            && row.visits.iter().any(|v| {
                let left =
                    v.exited_at.get().or(row.deal.deleted_at.get().map(|at| at.max(v.entered_at)));
                v.stage == stage && v.entered_at < cut && left.is_none_or(|at| at >= first)
            })
    };
    world.rows.iter().filter(is_behind).count()
}

/// The open deals of a pipeline in dollars at the end of a minute: amount and day of the expected close.
fn stood(firm: &Firm, until: i64) -> Vec<(usize, i64, i64, Option<i64>)> {
    let of_life = |life: &made::Life| {
        let mut now = life.created;
        let mut found = None;
        for (place, &(stage, gap, amount, due)) in life.moves.iter().enumerate() {
            now += if place > 0 { gap } else { 0 };
            let due = due.map(|days| (now + days * DAY).div_euclid(DAY));
            found = if now < until {
                Some((stage, now, amount.unwrap_or(0) * 100, due, life.pipeline(place)))
            } else {
                found
            };
        }
        let (stage, at, amount, due, pipeline) = found?;
        (pipeline == "Sales" && life.words[6] != 0).then_some((stage, at, amount, due))
    };
    firm.lives.iter().filter_map(of_life).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn invariant_19_waterfall(firm in firms(40)) {
        let config = made::config();
        let dataset = made::ingested(&firm.files(i64::MAX), &config);
        let run = made::run_of(&dataset, &config, made::AS_OF);
        let found = crate::fixtures::table("forecast_waterfall", &dataset, &run);
        let first = i64::from(day("2025-01-06"));
        let minor = |row: &[Value], name: &str| found.value(row, name).as_i64().unwrap();
        let is_whole = |row: &&Vec<Value>| {
            let shows = |name: &str, word: &str| found.value(row, name).as_str() == Some(word);
            shows("pipeline", "Sales") && shows("currency", "USD") && found.value(row, "owner").is_null()
        };
        for row in &found.rows {
            let lines = found.columns.iter().filter(|c| {
                c.name.ends_with("_minor") && !["closing_minor", "residual_minor"].contains(&&*c.name)
            });
            let sum: i64 = lines.map(|c| minor(row, &c.name)).sum();
            prop_assert_eq!(sum, minor(row, "closing_minor"), "{:?}", row);
            prop_assert_eq!(minor(row, "residual_minor"), 0);
        }
        for row in found.rows.iter().filter(is_whole) {
            let (Value::Day(start), Value::Day(end)) =
                (found.value(row, "period_start"), found.value(row, "period_end")) else { continue };
            let (start, end) = (i64::from(*start) - first, i64::from(*end) - first);
            let last = end.min(i64::from(day(made::AS_OF)) + 1 - first);
            let is_due = |due: Option<i64>| due.is_some_and(|due| (start..end).contains(&due));
            let open = |until: i64| -> i64 {
                let stood = stood(&firm, until * DAY).into_iter();
                stood.filter(|d| d.0 != 3 && d.0 != 4 && is_due(d.3)).map(|d| d.2).sum()
            };
            prop_assert_eq!(minor(row, "opening_minor"), open(start));
            prop_assert_eq!(minor(row, "closing_minor"), open(last));
            let closed = stood(&firm, last * DAY).into_iter();
            let won = closed.filter(|d| d.0 == 3 && d.1 >= start * DAY).map(|d| d.2).sum::<i64>();
            prop_assert_eq!(minor(row, "won_minor"), -won);
        }
    }
}
