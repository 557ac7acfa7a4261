//! Ingest from files to timelines: each source, and the same result in whatever order rows, files and
//! threads come.

use std::path::{Path, PathBuf};

use sluice::ingest::{self, Ingested, Options};
use sluice::model::calendar::day_of;
use sluice::model::{
    Activity, Config, Deal, Field, HistoryGrade, Partition, Quality, Silent, Status, Sym,
};

use super::program::in_repository;

pub(crate) fn data(folder: &str) -> PathBuf {
    in_repository("tests/data/ingest").join(folder)
}

/// The present of the tests: 2100-01-01.
const NOW: i64 = 4_102_444_800_000_000;

pub(crate) fn try_read(path: &Path, config: &Config) -> sluice::Result<Ingested> {
    try_read_all(&[path.to_owned()], config)
}

/// Reads several exports together.
pub(crate) fn try_read_all(paths: &[PathBuf], config: &Config) -> sluice::Result<Ingested> {
    ingest::read(paths, &Options { config, mapping: None, now: NOW, progress: &Silent })
}

pub(crate) fn read(path: &Path) -> Ingested {
    try_read(path, &Config::default()).unwrap()
}

/// Reads one file of deals called `deals.csv`.
pub(crate) fn read_deals(bytes: &[u8]) -> Ingested {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deals.csv"), bytes).unwrap();
    read(folder.path())
}

fn micros(text: &str) -> i64 {
    text.parse::<chrono::NaiveDateTime>().unwrap().and_utc().timestamp_micros()
}

/// What was refused: row, column and why.
pub(crate) fn reasons(got: &Ingested) -> Vec<String> {
    let one = |r: &sluice::model::Reject| format!("{} {}: {}", r.row, r.column, r.reason);
    got.dataset.rejects.iter().map(one).collect()
}

/// Whether something that is assumed contains these words.
pub(crate) fn says(got: &Ingested, words: &str) -> bool {
    got.dataset.assumptions.iter().any(|said| said.contains(words))
}

pub(crate) fn find<'d>(got: &'d Ingested, id: &str) -> (&'d Partition, usize, &'d Deal) {
    let place = got.dataset.partitions.iter().find_map(|partition| {
        let row = partition.deal_ids.iter().position(|have| have == id)?;
        Some((partition, row, &partition.deals[row]))
    });
    place.unwrap_or_else(|| panic!("no deal `{id}`"))
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

/// What is read of these files.
pub(crate) fn exported(files: &[(&str, &str)]) -> Ingested {
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    read(folder(&files).path())
}

/// A deal as `stage status amount created closed owner`, in minor units and days.
pub(crate) fn told(got: &Ingested, id: &str) -> String {
    let (_, _, deal) = find(got, id);
    let day = |at: Option<i64>| {
        let at = at.and_then(chrono::DateTime::from_timestamp_micros);
        at.map_or_else(|| "-".to_owned(), |at| at.format("%m-%d").to_string())
    };
    format!(
        "{}|{:?}|{}|{}|{}|{}",
        word(got, got.dataset.catalogue.get(deal.stage).name),
        deal.status,
        deal.amount_minor.get().map_or_else(|| "-".to_owned(), |minor| minor.to_string()),
        day(deal.created_at.get()),
        day(deal.closed_at.get()),
        word(got, deal.owner),
    )
}

fn word(got: &Ingested, sym: Sym) -> &str {
    got.dataset.names.get(sym)
}

/// Visits as `stage entered exited`.
pub(crate) fn visits(got: &Ingested, id: &str) -> Vec<String> {
    let (partition, row, _) = find(got, id);
    let time = |at: i64| {
        let at = chrono::DateTime::from_timestamp_micros(at).unwrap();
        at.format("%m-%d %H:%M").to_string()
    };
    let shown = partition.visits.get(row).iter().map(|visit| {
        let stage = got.dataset.catalogue.get(visit.stage);
        let exit = visit.exited_at.get().map_or_else(|| "-".to_owned(), time);
        format!("{}|{}|{exit}", word(got, stage.name), time(visit.entered_at))
    });
    shown.collect()
}

/// Everything that the order of rows must not change.
pub(crate) fn digest(got: &Ingested) -> String {
    let dataset = &got.dataset;
    let words: Vec<&str> = (0..dataset.names.len()).map(|s| word(got, Sym(s as u32))).collect();
    format!(
        "{words:?} {:?} {:?} {:?} {:?} {:?} {:?} {}",
        dataset.catalogue,
        dataset.partitions,
        dataset.loose_activities,
        dataset.users,
        dataset.accounts,
        dataset.quality,
        dataset.extracted_at
    )
}

#[test]
fn salesforce_export() {
    let got = read(&data("salesforce"));
    assert_eq!(got.dataset.deal_count(), 3);
    let won = visits(&got, "006A00000000001AAA");
    let expected = [
        "Prospecting|01-05 09:00|02-01 09:00",
        "Proposal|02-01 09:00|02-12 10:00",
        "Closed Won|02-12 10:00|-",
    ];
    assert_eq!(won, expected);
    let (partition, row, deal) = find(&got, "006A00000000001AAA");
    assert_eq!(partition.deal_names.get(row), "Deal \"one\", with a\nline");
    assert_eq!((deal.status, deal.amount_minor.get()), (Status::Won, Some(150_050)));
    assert_eq!(deal.expected_close_on, Some(day_of("2026-02-10".parse().unwrap())));
    assert_eq!(deal.closed_at, Some(micros("2026-02-12T10:00:00")));
    assert_eq!(deal.history_grade, HistoryGrade::Logged);
    assert_eq!(word(&got, deal.pipeline), "default");
    assert_eq!(word(&got, deal.crm), "salesforce");
    assert!(!deal.quality.has_history_code(), "{}", deal.quality.to_text());
    let (partition, row, deal) = find(&got, "006A00000000002AAA");
    assert_eq!(partition.account_ids.get(row), "");
    assert_eq!(partition.deal_names.get(row), "=Deal two");
    assert_eq!(word(&got, deal.forecast_category), "best_case");
    assert!(deal.quality.contains(Quality::NullAmount));
    let stages: Vec<(&str, Option<u16>)> =
        got.dataset.catalogue.stages.iter().map(|s| (word(&got, s.name), s.order)).collect();
    assert_eq!(stages[..2], [("Prospecting", Some(1)), ("Proposal", Some(2))]);
    assert!(got.dataset.assumptions.iter().any(|a| a.starts_with("1 deleted deals")));
}

#[test]
fn rows_that_are_no_moves_become_field_changes() {
    let got = read(&data("salesforce"));
    let (partition, row, _) = find(&got, "006A00000000001AAA");
    let changes: Vec<(Field, Option<i64>, Option<i64>)> = partition
        .changes
        .get(row)
        .iter()
        .filter(|c| !c.field.is_text())
        .map(|c| (c.field, c.old.get(), c.new.get()))
        .collect();
    let day = |text: &str| Some(i64::from(day_of(text.parse().unwrap())));
    let expected = [
        (Field::Amount, Some(100_000), Some(150_050)),
        (Field::ExpectedCloseOn, day("2026-02-01"), day("2026-02-10")),
        (Field::Probability, Some(1000), Some(6000)),
        (Field::Probability, Some(6000), Some(10_000)),
    ];
    assert_eq!(changes, expected);
    let words: Vec<(String, String)> = partition
        .changes
        .get(row)
        .iter()
        .filter(|c| c.field == Field::ForecastCategory)
        .map(|c| {
            let text = |n: Option<i64>| n.map_or("", |n| word(&got, Sym(n as u32))).to_owned();
            (text(c.old.get()), text(c.new.get()))
        })
        .collect();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(words, [pair("pipeline", "best_case"), pair("best_case", "closed")]);
}

#[test]
fn salesforce_activities_and_users() {
    let got = read(&data("salesforce"));
    let (partition, row, _) = find(&got, "006A00000000001AAA");
    let shown =
        |a: &Activity| (word(&got, a.kind).to_owned(), a.done_at.get(), a.duration_seconds.get());
    let done: Vec<_> = partition.activities.get(row).iter().map(shown).collect();
    let expected = [
        ("call".to_owned(), Some(micros("2026-01-06T10:00:00")), Some(120)),
        ("email".to_owned(), Some(micros("2026-01-07T10:00:00")), None),
        ("meeting".to_owned(), Some(micros("2026-01-10T15:00:00")), Some(1800)),
    ];
    assert_eq!(done, expected);
    let (partition, row, _) = find(&got, "006A00000000002AAA");
    assert!(partition.activities.get(row).iter().all(|a| a.done_at.get().is_none()));
    assert_eq!(partition.activities.get(row).len(), 2);
    assert_eq!(got.dataset.loose_activities.len(), 1);
    let users: Vec<(&str, &str, Option<bool>)> =
        got.dataset.users.iter().map(|u| (&*u.name, &*u.team, u.is_active)).collect();
    assert_eq!(users, [("Ada Lind", "West", Some(true)), ("Borg", "", Some(false))]);
    let repeats = got.dataset.quality.iter().find(|q| q.code == Quality::DuplicateActivity);
    assert_eq!(repeats.map(|q| (q.rows, q.deals)), Some((1, 1)));
    assert_eq!(got.dataset.extracted_at, micros("2026-03-04T12:00:00") + 1);
    let refused: Vec<(u64, &str)> =
        got.dataset.rejects.iter().map(|r| (r.row, r.value.as_str())).collect();
    assert_eq!(refused, [(10, "006A00000000009AAA")]);
}

#[test]
fn hubspot_date_entered_columns_become_visits() {
    let got = read(&data("hubspot"));
    let expected = [
        "Qualified|02-01 09:00|02-20 10:00",
        "Offer|02-20 10:00|03-10 12:00",
        "Closed Won|03-10 12:00|-",
    ];
    assert_eq!(visits(&got, "1001"), expected);
    assert_eq!(visits(&got, "1002").last().unwrap(), "Offer|03-01 10:00|-");
    let (_, _, deal) = find(&got, "1002");
    assert_eq!((deal.status, deal.closed_at.get()), (Status::Open, None));
    assert_eq!(deal.expected_close_on, Some(day_of("2026-05-31".parse().unwrap())));
    assert_eq!(deal.history_grade, HistoryGrade::WideEntered);
    assert_eq!(find(&got, "1003").2.status, Status::Lost);
    assert!(got.dataset.rejects.is_empty());
}

#[test]
fn hubspot_times_are_in_the_zone_of_the_report() {
    let config = Config { report_tz: "Europe/Berlin".to_owned(), ..Config::default() };
    let got = try_read(&data("hubspot"), &config).unwrap();
    let (_, _, deal) = find(&got, "1001");
    assert_eq!(deal.created_at, Some(micros("2026-02-01T08:00:00")));
    let config = Config { source_tz: Some("UTC".to_owned()), ..config };
    let got = try_read(&data("hubspot"), &config).unwrap();
    assert_eq!(find(&got, "1001").2.created_at, Some(micros("2026-02-01T09:00:00")));
}

#[test]
fn pipedrive_in_german_with_activities_by_title() {
    let got = read(&data("pipedrive"));
    let status = |id: &str| find(&got, id).2.status;
    assert_eq!([status("1"), status("2"), status("3")], [Status::Won, Status::Lost, Status::Open]);
    let (partition, row, deal) = find(&got, "1");
    assert_eq!(deal.closed_at, Some(micros("2026-02-05T09:00:00")));
    assert_eq!(
        (deal.history_grade, deal.amount_minor.get()),
        (HistoryGrade::LastChange, Some(100_050))
    );
    assert_eq!(partition.deal_names.get(row), "Größe");
    assert_eq!(partition.activities.get(row).len(), 1);
    assert_eq!(word(&got, find(&got, "2").2.lost_reason), "Preis");
    let (partition, row, _) = find(&got, "3");
    assert_eq!(partition.activities.get(row)[0].done_at.get(), None);
    assert_eq!(got.dataset.loose_activities.len(), 1);
    assert_eq!(visits(&got, "3").last().unwrap(), "Angebot|01-27 09:00|-");
}

#[test]
fn pipedrive_in_portuguese() {
    let text = "Negócio - ID,Negócio - Título,Negócio - Status,Negócio - Etapa,Negócio - Funil,\
                Negócio - Negócio criado em,Negócio - Ganho em,Negócio - Data de perda\n\
                7,Um,Ganho,Oferta,Vendas,2026-01-05 09:00:00,2026-02-05 09:00:00,\n\
                8,Dois,Perdido,Oferta,Vendas,2026-01-05 09:00:00,,2026-02-06 09:00:00\n";
    let got = read_deals(text.as_bytes());
    assert_eq!(got.inputs[0].crm, "pipedrive");
    assert_eq!(find(&got, "7").2.status, Status::Won);
    assert_eq!(find(&got, "8").2.closed_at, Some(micros("2026-02-06T09:00:00")));
}

/// Copies a folder with the rows of each file in another order.
pub(crate) fn shuffled(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap().replace(" with a\nline", " with a~line");
        let mut lines: Vec<&str> = text.lines().collect();
        let header = lines.remove(0);
        lines.sort_by_key(|line| blake3::hash(line.as_bytes()).to_hex().to_string());
        let text = format!("{header}\n{}\n", lines.join("\n")).replace('~', "\n");
        std::fs::write(copy.path().join(path.file_name().unwrap()), text).unwrap();
    }
    copy
}

#[test]
fn the_order_of_rows_does_not_matter() {
    for folder in ["salesforce", "hubspot", "pipedrive"] {
        let mixed = shuffled(&data(folder));
        assert_eq!(digest(&read(&data(folder))), digest(&read(mixed.path())), "{folder}");
    }
}

#[test]
fn zips_and_threads_do_not_matter() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let mut zip =
        zip::ZipWriter::new(std::fs::File::create(folder.path().join("WE_1.zip")).unwrap());
    for entry in std::fs::read_dir(data("salesforce")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&std::fs::read(path).unwrap()).unwrap();
    }
    zip.finish().unwrap();
    let plain = digest(&read(&data("salesforce")));
    assert_eq!(plain, digest(&read(folder.path())));
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(plain, digest(&pool.install(|| read(&data("salesforce")))));
    }
}

/// That the configuration made of an export is valid and leaves the stages as they were.
fn check_suggested(folder: &Path) {
    let first = read(folder);
    let text = ingest::suggest_config(&first, &Config::default());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &text).unwrap();
    let config = Config::read(file.path()).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let again = try_read(folder, &config).unwrap();
    let orders = |got: &Ingested| {
        let stages = got.dataset.catalogue.stages.iter();
        stages.map(|s| (word(got, s.name).to_owned(), s.order, s.kind)).collect::<Vec<_>>()
    };
    assert_eq!(orders(&first), orders(&again), "{text}");
}

#[test]
fn the_suggested_configuration_is_valid_and_changes_nothing() {
    for folder in ["salesforce", "hubspot", "pipedrive"] {
        check_suggested(&data(folder));
    }
}

#[test]
fn names_of_any_letters_stand_in_the_suggested_configuration() {
    let stages =
        ["two\nlines", "a \"\"quote\"\" and \\", "bell \u{7}, none \0", "deleted \u{7f}", "]'#"];
    let mut rows = "deal_id,stage,entered_at\n".to_owned();
    for (at, stage) in stages.iter().enumerate() {
        rows += &format!("1,\"{stage}\",2026-01-0{}\n", at + 1);
        rows += &format!("2,\"{stage}\",2026-02-0{}\n", at + 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let deals = "deal_id,created_at,status\n1,2026-01-01,open\n2,2026-02-01,open\n";
    std::fs::write(folder.path().join("deals.csv"), deals).unwrap();
    std::fs::write(folder.path().join("stage_history.csv"), rows).unwrap();
    check_suggested(folder.path());
}

#[test]
fn a_mapping_of_one_s_own_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("x.csv"), "Nr,Stand,Seit\n1,Offen,2026-01-01\n").unwrap();
    let mapping = folder.path().join("own.toml");
    let text = "name = \"own\"\ntitle = \"Own\"\n[[file]]\nentity = \"deals\"\nheaders = [[\"Nr\"]]\n\
                [file.columns]\ndeal_id = [\"Nr\"]\nstatus = [\"Stand\"]\ncreated_at = [\"Seit\"]\n\
                [file.values.status]\noffen = \"open\"\n";
    std::fs::write(&mapping, text).unwrap();
    let config = Config::default();
    let options = Options { config: &config, mapping: Some(&mapping), now: NOW, progress: &Silent };
    let got = ingest::read(&[folder.path().join("x.csv")], &options).unwrap();
    assert_eq!(word(&got, find(&got, "1").2.crm), "own");
    std::fs::write(&mapping, text.replace("status = [", "stand = [")).unwrap();
    let error = ingest::read(&[folder.path().join("x.csv")], &options).unwrap_err();
    assert!(error.to_string().contains("`stand`"), "{error}");
    assert_eq!(ingest::sources(None).unwrap().len(), ingest::SOURCES.len());
}

#[test]
fn real_folders_load_as_they_are() {
    let real = Path::new("../shared/real");
    for (folder, deals, won, lost, rows) in
        [("maven_crm", 8800, 4238, 2473, 23_811), ("bpic2020_domestic", 10_357, 9912, 311, 66_295)]
    {
        let path = real.join(folder);
        if !path.is_dir() {
            eprintln!("SKIPPED: {} is not there", path.display());
            continue;
        }
        let got = read(&path);
        let count = |status| {
            let deals = got.dataset.partitions.iter().flat_map(|p| &p.deals);
            deals.filter(|deal| deal.status == status).count()
        };
        assert_eq!(got.dataset.deal_count(), deals, "{folder}");
        assert_eq!((count(Status::Won), count(Status::Lost)), (won, lost), "{folder}");
        assert_eq!((got.rows_read, got.rows_rejected), (rows, 0), "{folder}");
        assert!(got.inputs.iter().all(|input| !input.path.contains("reference")));
    }
}
