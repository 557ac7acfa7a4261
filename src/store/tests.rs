//! What only the inside of the store can bring about.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, RecordBatch, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{Fields, Schema};

use super::schema::{element, flag, instant, integer, list, text, word};
use super::*;
use crate::model::{
    Basis, Catalogue, Deal, Field, FieldChange, HistoryGrade, Names, Partition, Stage, StageId,
    StageKind, Status, StoredVisit, Sym,
};

#[test]
fn a_store_of_a_newer_sluice_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path());
    let delta = Delta::new(folder.path()).unwrap();
    let runs = Runs::open(&delta).unwrap();
    runs.append_as(&delta, &RunRow::default(), runs::FORMAT + 1).unwrap();
    let error = store.load(None).unwrap_err();
    assert!(error.to_string().contains("has format 2; this sluice reads up to 1"), "{error}");
    assert!(error.hint_text().unwrap().contains("newer sluice"));
}

/// Rows as older versions wrote them, with the writer of the crate `parquet`.
struct Older {
    ids: Vec<String>,
    /// So many and long that the dictionary gives up half way.
    words: Vec<String>,
    numbers: Vec<Option<i64>>,
    lists: Vec<Vec<(i64, bool, Option<&'static str>)>>,
}

impl Older {
    fn new() -> Self {
        let rows = 30_000i64;
        let visits = |row| {
            (0..row % 4).map(move |at| {
                let word = [None, Some("a"), Some("b")][((row + at) % 3) as usize];
                (row * 7919 - at, (row + at) % 5 == 0, word)
            })
        };
        Self {
            ids: (0..rows).map(|row| format!("id {row}")).collect(),
            words: (0..rows).map(|row| format!("{:090}", row % 20_000)).collect(),
            numbers: (0..rows).map(|row| (row % 3 > 0).then_some(row * row)).collect(),
            lists: (0..rows).map(|row| visits(row).collect()).collect(),
        }
    }

    fn batch(&self) -> RecordBatch {
        let inner = Fields::from(vec![
            instant("entered_at", false),
            flag("is_entry_known", false),
            word("stage", true),
        ]);
        let mut names = Names::default();
        let mut symbols =
            |words: Vec<&str>| words.iter().map(|word| names.intern(word)).collect::<Vec<_>>();
        let words = symbols(self.words.iter().map(String::as_str).collect());
        let items = || self.lists.iter().flatten();
        let stages = symbols(items().map(|item| item.2.unwrap_or("")).collect());
        let mut words_of = columns::Words::new(&names);
        let items: Vec<ArrayRef> = vec![
            columns::known_instants(items().map(|item| item.0)),
            columns::flags(items().map(|item| Some(item.1))),
            words_of.column(stages.into_iter()),
        ];
        let items = StructArray::try_new(inner.clone(), items, None).unwrap();
        let offsets = OffsetBuffer::from_lengths(self.lists.iter().map(Vec::len));
        let lists = ListArray::new(element(inner.clone()), offsets, Arc::new(items), None);
        let schema = Schema::new(vec![
            text("deal_id", false),
            word("owner", true),
            integer("amount_minor", true),
            list("visits", inner),
        ]);
        let columns: Vec<ArrayRef> = vec![
            columns::known_texts(self.ids.iter().map(String::as_str)),
            words_of.column(words.into_iter()),
            columns::integers(self.numbers.iter().copied()),
            Arc::new(lists),
        ];
        encode::batch(&Arc::new(schema), columns).unwrap()
    }
}

#[test]
fn a_file_of_an_older_version_is_read() {
    let older = Older::new();
    let folder = tempfile::tempdir().unwrap();
    let bytes = file::bytes(&older.batch()).unwrap();
    let path = folder.path().join(format!("{}.parquet", file::hash_name(&bytes)));
    std::fs::write(&path, &bytes).unwrap();
    let loaded = file::load(&path).unwrap();
    let mut names = Names::default();
    let groups: Vec<_> = loaded.groups().collect();
    assert_eq!(groups.len(), 1);
    let rows = groups[0].rows();
    assert_eq!(rows.count(), older.ids.len());
    let (mut ids, mut owners) =
        (rows.texts("deal_id").unwrap(), rows.symbols("owner", &mut names).unwrap());
    let mut amounts = rows.numbers("amount_minor").unwrap();
    let (visits, lengths) = groups[0].lists("visits").unwrap();
    let mut entered = visits.numbers("entered_at").unwrap();
    let mut known = visits.flags("is_entry_known").unwrap();
    let mut stages = visits.symbols("stage", &mut names).unwrap();
    for (row, id) in older.ids.iter().enumerate() {
        assert_eq!(ids.take(), id);
        assert_eq!(names.get(owners.take()), older.words[row]);
        assert_eq!(amounts.take(), older.numbers[row]);
        assert_eq!(lengths[row], older.lists[row].len());
        for item in &older.lists[row] {
            assert_eq!(entered.take(), Some(item.0));
            assert_eq!(known.take(), Some(item.1));
            assert_eq!(names.get(stages.take()), item.2.unwrap_or(""));
        }
    }
    let error = rows.numbers("deal_id").err().unwrap();
    assert!(error.to_string().contains("`deal_id` is missing or of another type"), "{error}");
}

fn deal(row: i64) -> Deal {
    Deal {
        pipeline: Sym(1),
        status: Status::Won,
        amount_minor: (row % 2 == 0).then_some(row).into(),
        created_at: Some(row).into(),
        expected_close_on: Some(-5).into(),
        extracted_at: 9,
        history_grade: HistoryGrade::CurrentOnly,
        ..Deal::default()
    }
}

#[test]
fn a_month_of_very_many_deals_comes_back() {
    let (mut names, mut part) = (Names::default(), Partition::default());
    let (pipeline, name) = (names.intern("Sales"), names.intern("Won"));
    let basis = Basis::Declared;
    let stage = Stage {
        pipeline,
        name,
        order: None,
        kind: StageKind::Won,
        probability_bp: None,
        is_deleted: false,
        order_basis: basis,
        kind_basis: basis,
    };
    let catalogue = Catalogue { stages: vec![stage] };
    let rows = encode::GROUP_ROWS as i64 + 3;
    for row in 0..rows {
        part.deal_ids.push(&row.to_string());
        part.deal_names.push(["", "Ünï"][row as usize % 2]);
        part.account_ids.push("");
        part.deals.push(deal(row));
        let visit = |at| StoredVisit {
            stage: StageId(0),
            entered_at: row - at,
            exited_at: ((at > 0).then_some(row)).into(),
            is_entry_known: row % 3 == 0,
        };
        part.visits.push((0..row % 3).map(visit));
        let (field, old, new) = (Field::Probability, Some(-row).into(), None.into());
        part.changes.push((row % 5 == 0).then_some(FieldChange { at: row, field, old, new }));
        part.activities.push([]);
    }
    let known = vec![None; rows as usize];
    let layout = encode::layout().unwrap();
    let bytes = encode::partition(&part, &known, &catalogue, &names, &layout).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(format!("{}.parquet", file::hash_name(&bytes)));
    std::fs::write(&path, &bytes).unwrap();
    let loaded = file::load(&path).unwrap();
    let mut decoded = decode::Decoded::default();
    for group in loaded.groups() {
        decoded.add(&group, &decode::Stages::new(&catalogue, &names), true).unwrap();
    }
    assert_eq!(loaded.groups().count(), 2);
    assert_eq!(decoded.known, known);
    assert!(decoded.partition == part, "what comes back differs");
}
