//! Stock and flow by owner, source and segment, in counts and in value, against deals replayed one by one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sluice::model::{
    AsOf, Config, CreditRule, Day, Field, FieldChange, Micros, Sym, Table, Value, calendar,
};

use super::flows::{AS_OF, lives, world};
use crate::metrics_b::builder::{HOUR, Row, World, day};

const OWNERS: [&str; 3] = ["Ann", "Bob", "Cho"];
const CUTS: [&str; 3] = ["owner", "source", "segment"];

/// Changes by deal: hours after its creation, the next owner, the next amount.
type Changes = Vec<Vec<(i64, usize, Option<i64>)>>;

fn changes() -> impl Strategy<Value = Changes> {
    let hours = prop_oneof![Just(0_i64), 0..3000_i64];
    let amount = prop::option::weighted(0.8, prop_oneof![-500..9_000_i64, Just(i64::MAX)]);
    let change = (hours, 0..6_usize, amount);
    prop::collection::vec(prop::collection::vec(change, 0..5), 25)
}

/// Every deal is Ann's at first, and worth as much as its place. Some changes fall on the instants of
/// moves, and a change of owner on that of a change of amount.
fn change(world: &mut World, changes: &Changes, has_euros: bool) {
    let owners = OWNERS.map(|name| world.names.intern(name));
    let sources = [Sym::NONE, world.names.intern("Web"), world.names.intern("Fair")];
    let types = [world.names.intern("New"), Sym::NONE];
    let euros = world.names.intern("EUR");
    for (place, (row, changes)) in world.rows.iter_mut().zip(changes).enumerate() {
        row.deal.source = sources[place % 3];
        row.deal.deal_type = types[place / 2 % 2];
        row.deal.currency = if has_euros && place % 4 == 0 { euros } else { row.deal.currency };
        let moves: Vec<Micros> = row.visits.iter().map(|visit| visit.entered_at).collect();
        let instant = |hours: i64| match hours % 3 {
            0 => moves[hours as usize % moves.len()],
            _ => moves[0] + hours * HOUR,
        };
        let mut changes: Vec<_> = changes.iter().map(|c| (instant(c.0), c.1, c.2)).collect();
        changes.sort_by_key(|change| change.0);
        let (mut owner, mut amount) = (0, Some(place as i64));
        for (at, next, minor) in changes {
            if next < OWNERS.len() {
                let number = |owner: usize| Some(i64::from(owners[owner].0)).into();
                let (old, new) = (number(owner), number(next));
                row.changes.push(FieldChange { at, field: Field::Owner, old, new });
                owner = next;
            }
            if next % 2 == 0 {
                let (old, new) = (amount.into(), minor.into());
                row.changes.push(FieldChange { at, field: Field::Amount, old, new });
                amount = minor;
            }
        }
        row.deal.owner = owners[owner];
        row.deal.amount_minor = amount.into();
    }
}

/// The time that a deal was one's in a stage.
struct Stay<'w> {
    row: &'w Row,
    /// Owner, source and segment: that of one of them, or none.
    cut: [Option<Sym>; 3],
    stage: &'w str,
    from: Micros,
    to: Option<Micros>,
    /// Whether it began with the visit, and ended with it.
    is_whole: [bool; 2],
}

/// The changes of a field before the run ends.
fn of_field(row: &Row, field: Field) -> impl DoubleEndedIterator<Item = &FieldChange> {
    let end = i64::from(day(AS_OF) + 1) * calendar::DAY_MICROS;
    row.changes.iter().filter(move |c| c.field == field && c.at < end)
}

/// What a field was at first: its first change tells, also one after the run's end.
fn first(row: &Row, field: Field, now: Option<i64>) -> Option<i64> {
    row.changes.iter().find(|c| c.field == field).map_or(now, |c| c.old.get())
}

/// The amount just before an instant.
fn amount(row: &Row, at: Micros) -> Option<i64> {
    match of_field(row, Field::Amount).rfind(|c| c.at < at) {
        Some(change) => change.new.get(),
        None => first(row, Field::Amount, row.deal.amount_minor.get()),
    }
}

fn sym(number: Option<i64>) -> Sym {
    number.map_or(Sym::NONE, |number| Sym(number as u32))
}

/// The owner at an instant, of which a change counts.
fn owner(row: &Row, at: Micros, rule: CreditRule) -> Sym {
    let is_current = rule == CreditRule::Current;
    match of_field(row, Field::Owner).rfind(|c| is_current || c.at <= at) {
        Some(change) => sym(change.new.get()),
        None => sym(first(row, Field::Owner, Some(i64::from(row.deal.owner.0)))),
    }
}

fn stays<'w>(world: &'w World, row: &'w Row, rule: CreditRule, found: &mut Vec<Stay<'w>>) {
    let end = i64::from(day(AS_OF) + 1) * calendar::DAY_MICROS;
    for visit in row.visits.iter().filter(|visit| visit.entered_at < end) {
        let deleted = row.deal.deleted_at.get().map(|at| at.max(visit.entered_at));
        let to = visit.exited_at.get().filter(|at| *at < end);
        let to = to.or_else(|| deleted.filter(|at| *at < end));
        let stage = world.names.get(world.catalogue.get(visit.stage).name);
        let mut add = |cut, from, to, is_whole| {
            found.push(Stay { row, cut, stage, from, to, is_whole });
        };
        add([None; 3], visit.entered_at, to, [true; 2]);
        add([None, Some(row.deal.source), None], visit.entered_at, to, [true; 2]);
        add([None, None, Some(row.deal.deal_type)], visit.entered_at, to, [true; 2]);
        // Of changes at one instant, each one hands the deal over.
        let (mut from, mut hers) = (visit.entered_at, owner(row, visit.entered_at, rule));
        let mut is_first = true;
        if rule != CreditRule::Current {
            let within =
                |c: &&FieldChange| c.at > visit.entered_at && to.is_none_or(|to| c.at <= to);
            for change in of_field(row, Field::Owner).filter(within) {
                let next = sym(change.new.get());
                if next != hers {
                    add([Some(hers), None, None], from, Some(change.at), [is_first, false]);
                    (from, hers, is_first) = (change.at, next, false);
                }
            }
        }
        add([Some(hers), None, None], from, to, [is_first, true]);
    }
}

/// What is expected of a row, by column: counts and values under the names of counts.
fn expected(stays: &[&Stay<'_>], start: Day, end: Day) -> BTreeMap<&'static str, (i128, i128)> {
    let [a, b] = [start, end].map(|day| i64::from(day) * calendar::DAY_MICROS);
    let mut found: BTreeMap<&'static str, (i128, i128)> = BTreeMap::new();
    let mut add = |name, amount: Option<i64>| {
        let sum = found.entry(name).or_default();
        *sum = (sum.0 + 1, sum.1 + i128::from(amount.unwrap_or(0)));
    };
    let mut mended = BTreeSet::new();
    for stay in stays {
        let is_within = |at: Micros| (a..b).contains(&at);
        let amount = |at| amount(stay.row, at);
        let mut stood = |name, cut: Micros| {
            let stands = stay.from < cut && stay.to.is_none_or(|to| to >= cut);
            if stands {
                add(name, amount(cut));
            }
            stands
        };
        let is_open = stood("opening", a);
        stood("closing", b);
        let came = is_within(stay.from);
        let [is_entry, is_exit] = stay.is_whole;
        if came {
            add(if is_entry { "entered" } else { "in_transfer" }, amount(stay.from));
        }
        if let Some(to) = stay.to.filter(|to| is_within(*to)) {
            add(if is_exit { "left" } else { "out_transfer" }, amount(to));
        }
        let first = if is_open { amount(a) } else { amount(stay.from) };
        if (is_open || came) && first.is_none() {
            add("nulls", None);
        }
        if is_open || came {
            add("n", None);
            if stay.row.deal.quality.has_history_code() && mended.insert(&stay.row.id) {
                add("mended", None);
            }
        }
        let mut before = of_field(stay.row, Field::Amount).next().and_then(|c| c.old.get());
        for change in of_field(stay.row, Field::Amount) {
            let is_here = change.at >= stay.from && stay.to.is_none_or(|to| change.at < to);
            if is_here && is_within(change.at) {
                add("revaluation", change.new.get());
                add("devaluation", before);
            }
            before = change.new.get();
        }
    }
    found
}

/// A row's population: by what it is cut, and the word.
fn population(table: &Table, row: &[Value]) -> [Option<String>; 3] {
    CUTS.map(|name| table.value(row, name).as_str().map(str::to_owned))
}

fn word(world: &World, at: usize, sym: Sym) -> String {
    let none = if CUTS[at] == "owner" { "__UNASSIGNED__" } else { "__NONE__" };
    if sym.is_none() { none.to_owned() } else { world.names.get(sym).to_owned() }
}

const FLOWS: [&str; 6] = ["opening", "entered", "in_transfer", "left", "out_transfer", "closing"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn stock_and_flow_of_parts(
        lives in lives(), changes in changes(), is_current in any::<bool>(), has_euros in any::<bool>(),
    ) {
        let mut world = world(&lives);
        change(&mut world, &changes, has_euros);
        let rule = if is_current { CreditRule::Current } else { CreditRule::AtClose };
        let segment = "deal_type".to_owned();
        let config = Config { credit_rule: rule, segment, ..Config::default() };
        let names = ["stage_flow", "stage_value_flow"];
        let tables =
            |names: &[&str], parts| world.tables(names, config.clone(), AsOf::Day(day(AS_OF)), parts);
        let found = tables(&names, 1);
        prop_assert_eq!(&found, &tables(&names, 3));
        prop_assert_eq!(&found[1..], &tables(&names[1..], 2)[..]);
        let mut all = Vec::new();
        world.rows.iter().for_each(|row| stays(&world, row, rule, &mut all));
        for (table, is_value) in found.iter().zip([false, true]) {
            for row in &table.rows {
                let population = population(table, row);
                let text = |name: &str| table.value(row, name).as_str().unwrap_or("").to_owned();
                let (Value::Day(start), Value::Day(end)) =
                    (table.value(row, "period_start"), table.value(row, "period_end"))
                else { panic!("a row without a period") };
                let (stage, currency) = (text("stage"), text("currency"));
                let is_behind = |stay: &&Stay<'_>| {
                    let cut: Vec<_> = stay.cut.iter().enumerate()
                        .map(|(at, sym)| sym.map(|sym| word(&world, at, sym))).collect();
                    cut == population && stay.stage == stage
                        && (!is_value || world.names.get(stay.row.deal.currency) == currency)
                };
                let behind: Vec<&Stay<'_>> = all.iter().filter(is_behind).collect();
                let expected = expected(&behind, *start, (*end).min(day(AS_OF) + 1));
                let of = |name: &str| expected.get(name).copied().unwrap_or_default();
                let what = format!("{population:?} {stage} {currency} {} {start}", text("period_kind"));
                for name in FLOWS {
                    let (column, wanted) = match is_value {
                        true => (format!("{name}_minor"), of(name).1),
                        false => (name.to_owned(), of(name).0),
                    };
                    let shown = table.value(row, &column).as_i64();
                    prop_assert_eq!(shown, i64::try_from(wanted).ok(), "{} {}", column, what);
                }
                if is_value {
                    let change = of("revaluation").1 - of("devaluation").1;
                    let shown = table.value(row, "revaluation_minor").as_i64();
                    prop_assert_eq!(shown, i64::try_from(change).ok(), "{}", what);
                    let nulls = table.value(row, "n_null_amount").as_i64();
                    prop_assert_eq!(nulls.map(i128::from), Some(of("nulls").0), "{}", what);
                }
                for (column, name) in [("n", "n"), ("quality_count", "mended")] {
                    let shown = table.value(row, column).as_i64().map(i128::from);
                    prop_assert_eq!(shown, Some(of(name).0), "{} {}", column, what);
                }
                let is_part = population.iter().any(Option::is_some);
                prop_assert!(!is_part || of("n").0 > 0, "an empty row: {}", what);
            }
            adds_up(table)?;
        }
    }
}

/// The parts of each row of a pipeline add up to it, by each of the cuts; what one owner hands over
/// another takes.
fn adds_up(table: &Table) -> Result<(), TestCaseError> {
    type Sums = BTreeMap<String, i128>;
    let keys = ["stage", "currency", "period_kind", "period_start"];
    let mut wholes: BTreeMap<Vec<String>, Sums> = BTreeMap::new();
    let mut parts: BTreeMap<(usize, Vec<String>), Sums> = BTreeMap::new();
    let is_sum = |name: &str| {
        name.starts_with("in_")
            || name.starts_with("out_")
            || name.ends_with("_minor")
            || ["opening", "entered", "left", "closing", "deal_days", "n", "n_null_amount"]
                .contains(&name)
    };
    for row in &table.rows {
        let key: Vec<String> = keys.map(|name| format!("{:?}", table.value(row, name))).to_vec();
        let cut = population(table, row).iter().position(Option::is_some);
        let sums = match cut {
            None => wholes.entry(key).or_default(),
            Some(cut) => parts.entry((cut, key)).or_default(),
        };
        for (column, value) in table.columns.iter().zip(row).filter(|(c, _)| is_sum(&c.name)) {
            // A sum beyond 64 bits is null; the whole is not compared then.
            *sums.entry(column.name.to_string()).or_default() +=
                value.as_i64().map_or(i128::MAX / 1000, i128::from);
        }
    }
    let whole_kinds = |key: &[String]| !key[2].contains("month");
    for (key, whole) in wholes.iter().filter(|(key, _)| whole_kinds(key)) {
        for cut in 0..CUTS.len() {
            let parts = parts.get(&(cut, key.clone())).cloned().unwrap_or_default();
            let of = |name: &str| parts.get(name).copied().unwrap_or_default();
            let is_known = |sum: i128| sum.abs() < i128::MAX / 2000;
            let suffix = if table.name == "stage_flow" { "" } else { "_minor" };
            let [came, went] = ["in", "out"].map(|side| of(&format!("{side}_transfer{suffix}")));
            prop_assert!(came == went || !is_known(came) || !is_known(went), "{:?}", key);
            for (name, &sum) in whole {
                // A deal that is handed over is behind the rows of both.
                let is_of_stays = cut == 0 && ["n", "n_null_amount"].contains(&&**name);
                let is_transfer = name.contains("_transfer");
                let wanted = if is_transfer { 0 } else { of(name) };
                prop_assert!(
                    sum == wanted || is_of_stays || !is_known(wanted) || !is_known(sum),
                    "{} {} {:?}: {} {}",
                    table.name,
                    name,
                    key,
                    sum,
                    wanted
                );
            }
        }
    }
    Ok(())
}
