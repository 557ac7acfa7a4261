//! What only the inside of the store can bring about.

use super::*;

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
