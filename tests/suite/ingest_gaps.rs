//! Exports that lack what others have: ids, dates, headers. What can be told is told, and what is missing is said.

use sluice::ingest::Ingested;
use sluice::model::Status;

use super::ingest::{data, digest, find, read, says, shuffled};

fn gap(name: &str) -> Ingested {
    read(&data("gaps").join(name))
}

#[test]
fn deals_of_one_name_are_told_apart() {
    let got = gap("namesakes");
    assert_eq!((got.dataset.deal_count(), got.rows_rejected), (5, 0));
    let statuses =
        ["Renewal, Acme, 2026-01-05", "Renewal, Globex, 2026-01-05", "Renewal, Acme, 2026-01-07"]
            .map(|id| find(&got, id).2.status);
    assert_eq!(statuses, [Status::Won, Status::Lost, Status::Open]);
    assert_eq!(
        find(&got, "Upsell").2.status,
        Status::Open,
        "a row without an account says nothing else"
    );
    let (partition, row, _) = find(&got, "Renewal, Globex, 2026-01-05");
    assert_eq!(partition.deal_names.get(row), "Renewal");
    assert!(says(&got, "3 deals of 1 name differ"), "{:?}", got.dataset.assumptions);
    let (partition, row, _) = find(&got, "Single");
    assert_eq!(partition.activities.get(row).len(), 1);
    assert_eq!(got.dataset.loose_activities.len(), 1, "nothing tells whose it is");
    assert_eq!(digest(&got), digest(&read(shuffled(&data("gaps/namesakes")).path())));
}
