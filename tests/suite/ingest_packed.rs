//! Exports that are no text tables: workbooks, pages called workbooks, JSON, packed text.

use std::path::Path;

use sluice::model::{Config, HistoryGrade, Status};

use super::ingest::{data, digest, find, folder, read, says, try_read};

/// `packed/csv` has the same deals as text; the other folders hold them as workbooks (with a title above, notes
/// beside, sheets that are hidden, groups with merged cells), as a page, as XML, as JSON.
#[test]
fn the_same_deals_in_any_file_are_the_same() {
    let text = digest(&read(&data("packed/csv")));
    let folders = std::fs::read_dir(data("packed")).unwrap().map(|entry| entry.unwrap().path());
    let mut forms = 0;
    for folder in folders {
        let got = read(&folder);
        assert_eq!(digest(&got), text, "{}", folder.display());
        assert!(got.dataset.rejects.is_empty(), "{}", folder.display());
        forms += 1;
    }
    assert_eq!(forms, 12);
}

#[test]
fn sheets_are_files_of_their_own() {
    let got = read(&data("packed/layout"));
    let sheets: Vec<_> =
        got.inputs.iter().map(|input| (shown(&input.path), &*input.entity)).collect();
    assert_eq!(sheets, [("review.xlsx/Deals", "deals"), ("review.xlsx/Notes", "")]);
    assert!(says(&got, "review.xlsx/Deals` is its row 4"), "{:?}", got.dataset.assumptions);
    let got = read(&data("packed/xlsx"));
    assert_eq!(shown(&got.inputs[0].path), "xlsx/deals.xlsx");
}

/// The last two parts of a path.
fn shown(path: &str) -> &str {
    path.rmatch_indices('/').nth(1).map_or(path, |(at, _)| &path[at + 1..])
}

fn written(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    folder(&[(name, bytes)])
}

#[test]
fn a_cell_that_is_refused_is_named_by_its_place_in_the_sheet() {
    let page = "<table><tr><th>deal_id<th>stage<th>created_at<th>amount\
        <tr><td>1<td>New<td>2026-01-05<td>10<tr><td>2<td>New<td>2026-01-06<td>much</table>";
    let got = read(written("deals.xls", page.as_bytes()).path());
    let [reject] = &got.dataset.rejects[..] else { panic!("{:?}", got.dataset.rejects) };
    assert_eq!((reject.row, &*reject.column, &*reject.value), (3, "amount", "much"));
}

#[test]
fn objects_of_objects_are_read_by_their_paths_and_names() {
    let text = r#"{"value": [
        {"id": "d1", "stage": {"id": 3, "name": "Offer"}, "created_at": "2026-01-05", "_owner_value": "x",
         "_owner_value@OData.Community.Display.V1.FormattedValue": "Ann", "tags": ["a", "b"], "amount": 1.125},
        {"id": 12345678901234567890, "stage": {"id": 4, "name": "Won"}, "created_at": "2026-01-06", "is_won": true}
    ], "fields": [{"key": "id"}]}"#;
    let got = read(written("deals.json", text.as_bytes()).path());
    let (_, _, deal) = find(&got, "d1");
    assert_eq!(got.dataset.names.get(got.dataset.catalogue.get(deal.stage).name), "Offer");
    assert_eq!(deal.amount_minor.get(), Some(112));
    assert_eq!(got.dataset.deal_count(), 2);
    find(&got, "12345678901234567890");
    assert!(says(&got, "`stage.id`") && says(&got, "`tags`"), "{:?}", got.dataset.assumptions);
}

#[test]
fn answers_of_apis_are_told_from_records_that_have_lists() {
    let deal = r#"{"deal_id": 1, "stage": "New", "created_at": "2026-01-05", "items": [{"id": 7}, {"id": 8}]}"#;
    for text in [
        format!("{deal}\n{deal}"),
        format!(r#"{{"jsonrpc": "2.0", "id": 3, "result": {{"records": [{deal}], "more": [1]}}}}"#),
        format!(r#"{{"_embedded": {{"leads": [{deal}]}}, "_page": 1}}"#),
        format!(r#"{{"data": [{deal}]}} {{"data": [{deal}]}}"#),
    ] {
        let got = read(written("deals.json", text.as_bytes()).path());
        assert_eq!(got.dataset.deal_count(), 1, "{text}");
        assert_eq!(find(&got, "1").2.status, Status::Open, "{text}");
    }
}

#[test]
fn the_history_of_properties_of_hubspot_is_a_log() {
    let text = r#"{"results": [{"id": "901", "properties": {"dealname": "A", "dealstage": "closedwon",
        "amount": "150", "createdate": "2026-01-05T10:00:00Z", "closedate": "2026-02-05T10:00:00Z"},
        "propertiesWithHistory": {
            "dealstage": [
                {"value": "closedwon", "timestamp": "2026-02-05T10:00:00Z", "updatedByUserId": 7},
                {"value": "offer", "timestamp": "2026-01-20T10:00:00Z"},
                {"value": "new", "timestamp": "2026-01-05T10:00:00Z"}],
            "amount": [
                {"value": "150", "timestamp": "2026-01-21T10:00:00Z"},
                {"value": "100", "timestamp": "2026-01-05T10:00:00Z"}],
            "hs_lastmodifieddate": [{"value": "x", "timestamp": "2026-02-05T10:00:00Z"}]
        }}], "paging": {"next": {"after": "9"}}}"#;
    let got = read(written("deals.json", text.as_bytes()).path());
    let (partition, row, deal) = find(&got, "901");
    assert_eq!(deal.history_grade, HistoryGrade::Logged);
    assert_eq!((partition.visits.get(row).len(), partition.changes.get(row).len()), (3, 1));
    assert_eq!(got.inputs.len(), 2, "{:?}", got.inputs);
    assert!(got.dataset.rejects.is_empty(), "{:?}", got.dataset.rejects);
}

#[test]
fn numbers_of_a_sheet_that_lost_digits_are_no_ids() {
    let sheet = |id: &str| {
        format!(
            "<Workbook><Worksheet><Table><Row><Cell><Data>deal_id</Data></Cell><Cell><Data>stage</Data></Cell>\
             <Cell><Data>created_at</Data></Cell></Row><Row><Cell><Data>{id}</Data></Cell><Cell><Data>New</Data>\
             </Cell><Cell><Data>2026-01-05</Data></Cell></Row></Table></Worksheet></Workbook>"
        )
    };
    let error =
        try_read(written("deals.xls", sheet("4.15087E+18").as_bytes()).path(), &Config::default());
    let error = error.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("a spreadsheet shortened this id"), "{cause}");
    assert_eq!(
        read(written("deals.xls", sheet("415087").as_bytes()).path()).dataset.deal_count(),
        1
    );
}

#[test]
fn what_a_file_is_shows_in_its_bytes_and_not_in_its_name() {
    let text = digest(&read(&data("packed/csv")));
    for file in ["xlsx/deals.xlsx", "xls/deals.xls", "html/deals.xls", "gz/deals.csv.gz"] {
        let bytes = std::fs::read(data("packed").join(file)).unwrap();
        assert_eq!(digest(&read(written("deals.csv", &bytes).path())), text, "{file}");
    }
}

#[test]
fn what_cannot_be_opened_says_why() {
    let refused = |folder: &Path| {
        let error = try_read(folder, &Config::default()).unwrap_err();
        let causes = std::iter::successors(std::error::Error::source(&error), |e| e.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        (causes.join(": "), error.hint_text().unwrap_or_default().to_owned())
    };
    let (cause, hint) = refused(&data("sealed"));
    assert!(cause.contains("password") && hint.contains("without a password"), "{cause}: {hint}");
    let (cause, _) = refused(&data("contradictory"));
    assert!(cause.contains("its parts contradict each other"), "{cause}");
    let mut sectors = std::fs::read(data("packed/xls/deals.xls")).unwrap();
    sectors[9 * 512..][..4].fill(0);
    let (cause, _) = refused(written("deals.xls", &sectors).path());
    assert!(cause.contains("in a circle"), "{cause}");
    let whole = std::fs::read(data("packed/xlsx/deals.xlsx")).unwrap();
    let (_, hint) = refused(written("deals.xlsx", &whole[..3000]).path());
    assert!(hint.contains("save it again"), "{hint}");
    let (cause, hint) = refused(written("deals.json", b"[{\"id\": 1}, {\"id\"").path());
    assert!(cause.contains("line 1") && hint.contains("export it again"), "{cause}: {hint}");
    let packed = std::fs::read(data("packed/gz/deals.csv.gz")).unwrap();
    let (cause, _) = refused(written("deals.csv.gz", &packed[..100]).path());
    assert!(!cause.is_empty());
    for (name, bytes) in [("deals.xls", &b"<html>Please log in</html>"[..]), ("deals.json", b"[]")]
    {
        let error = try_read(written(name, bytes).path(), &Config::default()).unwrap_err();
        assert!(error.to_string().contains("is empty"), "{error}");
    }
}

#[test]
fn a_name_that_stands_for_its_object_is_not_told_as_unused() {
    let got = read(&data("packed/jsonl"));
    let unused = "that are not used: `owner.email`, `owner.id`.";
    assert!(got.dataset.assumptions.iter().any(|said| said.ends_with(unused)), "{unused}");
}
