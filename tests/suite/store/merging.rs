//! Exports that overlap: the later one wins, in whatever order they come.

use proptest::prelude::*;
use sluice::model::{Dataset, Sym};

use super::made::{Shape, dataset, text};
use super::{record, scratch};

/// The content of a store after these exports, in this order; each has a file of its own and one that
/// all have, and rows of both are refused.
fn after(exports: &[(&str, Shape)]) -> String {
    let s = scratch();
    let mut last = String::new();
    for (file, shape) in exports {
        let mut record = record(file);
        record.inputs.extend(self::record("users.csv").inputs);
        let mut export = dataset(*shape);
        for reject in &mut export.rejects {
            reject.file = if reject.file == "a.csv" { *file } else { "users.csv" }.to_owned();
        }
        export.rejects.sort();
        last = text(&s.store.commit(export, record).unwrap().dataset);
    }
    assert_eq!(text(&s.store.load(None).unwrap().1), last, "what was said is what was stored");
    last
}

fn shape() -> impl Strategy<Value = Shape> {
    (0u64..1000, 0usize..14, 18_999i64..19_002, any::<bool>())
        .prop_map(|(seed, deals, day, has_activities)| Shape { seed, deals, day, has_activities })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_two_exports_does_not_matter(a in shape(), b in shape()) {
        let (a, b) = (("a.csv", a), ("b.csv", b));
        prop_assert_eq!(after(&[a, b]), after(&[b, a]));
    }

    #[test]
    fn an_export_once_more_changes_nothing(a in shape(), b in shape()) {
        let (a, b) = (("a.csv", a), ("b.csv", b));
        prop_assert_eq!(after(&[a, b]), after(&[a, b, a, b, b]));
    }

    #[test]
    fn the_order_of_three_exports_does_not_matter(seed: u64) {
        in_any_order(seed)?;
    }
}

/// Exports of three nights give the same store in whatever order they come.
fn in_any_order(seed: u64) -> Result<(), TestCaseError> {
    let night = |at: u64| Shape {
        seed: seed ^ at,
        deals: 5 + 3 * at as usize,
        day: 19_000 + at as i64,
        has_activities: seed >> at & 1 == 0,
    };
    let [a, b, c] = [("a.csv", night(0)), ("b.csv", night(1)), ("c.csv", night(2))];
    let wanted = after(&[a, b, c]);
    for order in [[a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]] {
        prop_assert_eq!(&after(&order), &wanted);
    }
    Ok(())
}

/// Seeds with which the order once mattered.
#[test]
fn the_order_of_these_exports_does_not_matter() {
    for seed in [6_264_690_533_036_220_827, 72, 82, 98, 114, 126] {
        in_any_order(seed).unwrap();
    }
}

#[test]
fn a_later_and_larger_export_updates_only_what_it_changes() {
    let s = scratch();
    let base = || dataset(Shape { seed: 11, deals: 60, ..Shape::default() });
    let first = s.store.commit(base(), record("a.csv")).unwrap();
    // The next night: one deal of one month is renamed, everything else is as it was.
    let mut later = base();
    later.extracted_at += 1;
    let month = &mut later.partitions[1];
    month.deals[0].amount_minor = Some(424_242).into();
    month.deals[0].extracted_at += 1;
    let second = s.store.commit(later, record("a.csv")).unwrap();
    assert_eq!(second.partitions_written, 1);
    assert_eq!(second.record.version, 1);
    let (_, loaded) = s.store.load(None).unwrap();
    assert_eq!(loaded.partitions[1].deals[0].amount_minor, Some(424_242));
    assert_eq!(loaded.deal_count(), first.dataset.deal_count());
    // The night before comes once more: nothing of it wins.
    let third = s.store.commit(base(), record("a.csv")).unwrap();
    assert_eq!((third.partitions_written, third.record.version), (0, 1));
    assert_eq!(text(&third.dataset), text(&second.dataset));
}

/// One deal in one month, with a word of its own.
fn single(id: &str, month: i32, day: i64, owner: &str) -> Dataset {
    let mut made = dataset(Shape { seed: 4, deals: 1, day, has_activities: true });
    made.names.intern(owner);
    let part = &mut made.partitions[0];
    part.created_month = Some(month);
    part.deal_ids = Default::default();
    part.deal_ids.push(id);
    part.deals[0].owner = made.names.find(owner).unwrap();
    made
}

#[test]
fn a_deal_whose_month_moved_leaves_the_old_one() {
    let s = scratch();
    s.store.commit(single("x", 600, 19_000, "zoe"), record("a.csv")).unwrap();
    s.store.commit(single("y", 600, 19_000, "zoe"), record("b.csv")).unwrap();
    let done = s.store.commit(single("x", 610, 19_001, "aaron"), record("c.csv")).unwrap();
    assert_eq!(done.partitions_written, 2);
    let (_, loaded) = s.store.load(None).unwrap();
    let where_is = |id: &str| -> Vec<Option<i32>> {
        let has = |p: &&sluice::model::Partition| p.deal_ids.iter().any(|i| i == id);
        loaded.partitions.iter().filter(has).map(|p| p.created_month).collect()
    };
    assert_eq!(where_is("x"), [Some(610)]);
    assert_eq!(where_is("y"), [Some(600)]);
    // A month that nobody is left in goes.
    s.store.commit(single("y", 611, 19_002, "aaron"), record("d.csv")).unwrap();
    let (_, loaded) = s.store.load(None).unwrap();
    let months: Vec<_> = loaded.partitions.iter().map(|p| p.created_month).collect();
    assert_eq!(months, [Some(610), Some(611)]);
    let owner: Sym = loaded.partitions[0].deals[0].owner;
    assert_eq!(loaded.names.get(owner), "aaron");
}

#[test]
fn an_export_without_activities_does_not_take_them_away() {
    let s = scratch();
    let shape = Shape { seed: 21, deals: 12, ..Shape::default() };
    let first = s.store.commit(dataset(shape), record("a.csv")).unwrap();
    let count =
        |d: &Dataset| -> usize { d.partitions.iter().map(|p| p.activities.items().len()).sum() };
    assert!(count(&first.dataset) > 5);
    let later = Shape { day: shape.day + 1, has_activities: false, ..shape };
    let second = s.store.commit(dataset(later), record("b.csv")).unwrap();
    assert_eq!(count(&second.dataset), count(&first.dataset));
    assert_eq!(second.dataset.loose_activities.len(), first.dataset.loose_activities.len());
    let owned = second.dataset.partitions.iter().flat_map(|p| &p.deals);
    assert!(
        owned.clone().count() > 0
            && owned.clone().all(|d| d.extracted_at == later.day * 86_400_000_000)
    );
}

#[test]
fn a_new_configuration_reads_the_same_export_anew() {
    let s = scratch();
    let make = |owner: &str| single("x", 600, 19_000, owner);
    let with =
        |config: &str| sluice::store::RunRecord { config_blake3: config.into(), ..record("a.csv") };
    for (config, owner) in [("one", "zoe"), ("two", "aaron"), ("three", "zoe")] {
        s.store.commit(make(owner), with(config)).unwrap();
        let (_, loaded) = s.store.load(None).unwrap();
        assert_eq!(loaded.names.get(loaded.partitions[0].deals[0].owner), owner);
    }
}

#[test]
fn files_read_anew_by_other_rules_win_though_they_seem_to_end_earlier() {
    let s = scratch();
    let with =
        |config: &str| sluice::store::RunRecord { config_blake3: config.into(), ..record("a.csv") };
    s.store.commit(single("x", 600, 19_000, "zoe"), with("one")).unwrap();
    let done = s.store.commit(single("x", 600, 18_999, "aaron"), with("two")).unwrap();
    assert!(done.is_new);
    let (_, loaded) = s.store.load(None).unwrap();
    assert_eq!(loaded.names.get(loaded.partitions[0].deals[0].owner), "aaron");
    assert_eq!(loaded.extracted_at, 18_999 * 86_400_000_000);
    let older = single("x", 600, 18_998, "zoe");
    let older = s.store.commit(older, with("two")).unwrap();
    assert_eq!(older.partitions_written, 0, "an older export does not");
    assert_eq!(older.dataset.snapshots.nights().len(), 2, "it only tells what the deals were then");
}

#[test]
fn a_deal_of_another_source_does_not_replace_one_with_its_id() {
    let s = scratch();
    s.store.commit(single("x", 600, 19_000, "zoe"), record("a.csv")).unwrap();
    let mut other = single("x", 600, 19_001, "zoe");
    other.partitions[0].deals[0].crm = other.names.find("zoe").unwrap();
    let error = s.store.commit(other, record("b.csv")).unwrap_err();
    assert!(error.to_string().contains("deal `x` is of web in the store and of zoe"), "{error}");
    assert!(error.hint_text().unwrap().contains("--store"));
    assert_eq!(s.store.runs().unwrap().len(), 1);
}
