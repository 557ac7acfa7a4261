//! Files that cannot be read, beside some that can: what can be read is read, what cannot is named with its
//! reason, and the command ends with findings.

use std::io::{Cursor, Write};
use std::path::Path;

use sluice::ingest::Ingested;
use sluice::model::{Config, InputFile};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::ingest::{find, folder, read, says, try_read};
use crate::program;

const DEALS: &str = "deal_id,stage,status,created_at,closed_at\n1,Demo,open,2026-01-05,\n\
                     2,Won,won,2026-01-06,2026-02-03\n";
const HISTORY: &str = "deal_id,stage,entered_at\n1,Lead,2026-01-05\n1,Demo,2026-01-09\n";

/// A zip whose members are stored as they are, so that their bytes can be found.
fn pack(members: &[(&str, &str)]) -> Vec<u8> {
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in members {
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Where a text stands in a zip, each time.
fn places(zip: &[u8], text: &str) -> Vec<usize> {
    let windows = zip.windows(text.len()).enumerate();
    windows.filter(|(_, bytes)| *bytes == text.as_bytes()).map(|(at, _)| at).collect()
}

/// The zip with one letter of a member changed, so that its checksum is wrong.
fn damaged(mut zip: Vec<u8>, member: &str) -> Vec<u8> {
    let at = places(&zip, member)[0] + member.len() - 2;
    zip[at] ^= 1;
    zip
}

/// The zip with a member marked as encrypted, in its own header and in the table of contents.
fn encrypted(mut zip: Vec<u8>, name: &str) -> Vec<u8> {
    let [own, table] = places(&zip, name)[..] else { panic!("a name stands twice in a zip") };
    zip[own - 30 + 6] |= 1;
    zip[table - 46 + 8] |= 1;
    zip
}

/// The zip with a member marked as packed by another method than we know.
fn packed_by_lzma(mut zip: Vec<u8>, name: &str) -> Vec<u8> {
    let [own, table] = places(&zip, name)[..] else { panic!("a name stands twice in a zip") };
    zip[own - 30 + 8] = 14;
    zip[table - 46 + 10] = 14;
    zip
}

/// The names of the files that could not be read, by the table of inputs.
fn unreadable(got: &Ingested) -> Vec<&str> {
    let files = got.inputs.iter().filter(|input| input.entity == InputFile::UNREADABLE);
    files.map(|input| input.path.rsplit_once('/').map_or(&*input.path, |(_, name)| name)).collect()
}

#[test]
fn a_broken_zip_does_not_lose_the_files_beside_it() {
    let zip = pack(&[("stage_history.csv", HISTORY)]);
    for broken in [&zip[..zip.len() / 2], b"no zip", b""] {
        let folder = folder(&[("deals.csv", DEALS.as_bytes()), ("more.zip", broken)]);
        let got = read(folder.path());
        assert_eq!(got.dataset.deal_count(), 2);
        assert_eq!(unreadable(&got), ["more.zip"]);
        assert_eq!(got.unreadable.len(), 1);
        assert!(got.unreadable[0].to_string().ends_with("more.zip`"), "{}", got.unreadable[0]);
        let [reject] = &got.dataset.rejects[..] else { panic!("{:?}", got.dataset.rejects) };
        assert_eq!((reject.row, reject.is_row, got.rows_rejected), (0, true, 0));
        assert!(reject.reason.starts_with("the file cannot be read: "), "{}", reject.reason);
    }
}

#[test]
fn a_damaged_member_does_not_lose_the_others() {
    let whole = pack(&[
        ("deals.csv", DEALS),
        ("stage_history.csv", HISTORY),
        ("inner.zip", "no zip"),
        ("__MACOSX/._deals.csv", "\0\0"),
    ]);
    for zip in [damaged(whole.clone(), HISTORY), encrypted(whole, "stage_history.csv")] {
        let folder = folder(&[("all.zip", &zip)]);
        let got = read(folder.path());
        assert_eq!(got.dataset.deal_count(), 2);
        assert_eq!(unreadable(&got), ["inner.zip", "stage_history.csv"]);
        let (partition, row, _) = find(&got, "1");
        assert_eq!(partition.visits.get(row).len(), 1, "nothing of the history is taken");
    }
}

/// Damage that is met only after a good deal was read, in a file that is read in two blocks.
#[test]
fn damage_late_in_a_long_member_refuses_all_of_it() {
    let filler = "x".repeat(60);
    let mut history = HISTORY.to_owned();
    for at in 0..12_000 {
        history.push_str(&format!("2,Stage {} {filler},2026-01-07\n", at % 7));
    }
    let zip = damaged(pack(&[("deals.csv", DEALS), ("stage_history.csv", &history)]), &history);
    let got = read(folder(&[("all.zip", &zip)]).path());
    assert_eq!(unreadable(&got), ["stage_history.csv"]);
    assert_eq!(find(&got, "2").0.visits.get(find(&got, "2").1).len(), 2);
}

#[test]
fn if_nothing_can_be_read_the_error_says_why() {
    let zip = pack(&[("deals.csv", DEALS)]);
    let refused = |files: &[(&str, &[u8])]| {
        let error = try_read(folder(files).path(), &Config::default()).unwrap_err();
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(error.hint_text().is_some(), "{error}");
        (error.to_string(), cause)
    };
    let (error, cause) = refused(&[("only.zip", b"no zip")]);
    assert!(error.ends_with("only.zip`") && cause.contains("Zip"), "{error}: {cause}");
    for (zip, why) in [
        (encrypted(zip.clone(), "deals.csv"), "Password"),
        (packed_by_lzma(zip.clone(), "deals.csv"), "compression method"),
    ] {
        let (error, cause) = refused(&[("only.zip", &zip)]);
        assert!(error.ends_with("deals.csv`") && cause.contains(why), "{error}: {cause}");
        let hint = try_read(folder(&[("only.zip", &zip)]).path(), &Config::default()).unwrap_err();
        assert!(hint.hint_text().is_some_and(|hint| hint.starts_with("unpack the zip")), "{hint}");
    }
    let (error, cause) =
        refused(&[("only.zip", &damaged(zip, DEALS)), ("users.csv", b"user_id\n")]);
    assert!(error.contains("deals.csv` cannot be read"), "{error}");
    assert!(cause.contains("cannot read"), "{cause}");
    let (error, _) = refused(&[("a.zip", b"no"), ("b.zip", b"no")]);
    assert!(error.contains("a.zip`, `") && error.ends_with("b.zip` cannot be read"), "{error}");
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_in_a_circle_do_no_harm() {
    use std::os::unix::fs::symlink;
    let there = folder(&[("deals.csv", DEALS.as_bytes())]);
    symlink("nowhere.csv", there.path().join("accounts.csv")).unwrap();
    symlink("users.csv", there.path().join("users.csv")).unwrap();
    symlink("nowhere", there.path().join(".#deals.csv")).unwrap();
    std::fs::create_dir(there.path().join("x.csv")).unwrap();
    let got = read(there.path());
    assert_eq!(
        (got.dataset.deal_count(), unreadable(&got)),
        (2, vec!["accounts.csv", "users.csv"])
    );
    let above = tempfile::tempdir().unwrap();
    let below = above.path().join("below");
    std::fs::create_dir(&below).unwrap();
    symlink(above.path(), below.join("above")).unwrap();
    symlink(".", below.join("here")).unwrap();
    assert!(try_read(above.path(), &Config::default()).is_err());
    std::fs::write(below.join("deals.csv"), DEALS).unwrap();
    assert_eq!(read(above.path()).inputs.len(), 1);
}

#[test]
fn files_that_may_be_meant_are_not_passed_over_in_silence() {
    let names = ["more.numbers", "more.tar.gz", "users.csv", "notes.md"];
    let files =
        names.map(|name| (name, if name == "users.csv" { &b""[..] } else { b"PK\x03\x04" }));
    let there = folder(&[&files[..], &[("deals.csv", DEALS.as_bytes())]].concat());
    let got = read(there.path());
    assert!(says(
        &got,
        "more.numbers` is a workbook of Numbers, and is not read: export its tables"
    ));
    assert!(says(&got, "more.tar.gz` is packed, and is not read: unpack it"));
    assert!(says(&got, "users.csv` is empty, and is not read: export it again"));
    assert!(!says(&got, "notes.md"));
}

#[test]
fn a_row_within_which_the_file_ends_is_refused() {
    let rejects = |text: &str| {
        let got = read(folder(&[("deals.csv", text.as_bytes())]).path());
        let all: Vec<_> = got.dataset.rejects.iter().map(|r| (r.row, r.value.clone())).collect();
        (got.dataset.deal_count(), all)
    };
    let cut = |text: &str| (2, vec![(4, text.to_owned())]);
    assert_eq!(rejects(&format!("{DEALS}3,Won,wo")), cut("3 cells"));
    assert_eq!(rejects(&format!("{DEALS}3,Won,won,2026-01-07,")), (3, Vec::new()));
    assert_eq!(rejects(&format!("{DEALS}3,Won,won,2026-01-07\n")), (3, Vec::new()));
    assert_eq!(rejects(&format!("{DEALS}Copyright of all of it")), (2, Vec::new()));
}

#[test]
fn text_in_utf32_is_refused_with_the_way_out() {
    let mark = '\u{FEFF}';
    for text in [DEALS.to_owned(), format!("{mark}{DEALS}")] {
        let bytes: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
        let error = try_read(folder(&[("deals.csv", &bytes)]).path(), &Config::default());
        let error = error.unwrap_err();
        assert!(error.to_string().ends_with("deals.csv`"), "{error}");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("iconv -f UTF-32")), "{error}");
        let got = read(folder(&[("deals.csv", DEALS.as_bytes()), ("users.csv", &bytes)]).path());
        assert_eq!(unreadable(&got), ["users.csv"]);
    }
}

fn sluice(dir: &Path, args: &[&str]) -> (Option<i32>, String) {
    let (status, _, said) = program::sluice(dir, args);
    (status, said)
}

#[test]
fn a_run_ends_with_findings_until_the_file_can_be_read() {
    let zip = pack(&[("stage_history.csv", HISTORY)]);
    let exports = folder(&[("deals.csv", DEALS.as_bytes()), ("more.zip", b"no zip")]);
    let there = tempfile::tempdir().unwrap();
    let path = exports.path().to_str().unwrap();
    // What only the history tells.
    const LEADS: &str = "stage_visits WHERE stage = 'Lead'";
    let count = |of: &str| {
        let sql = format!("SELECT COUNT(*) AS n FROM {of}");
        let (_, text, _) = program::sluice(there.path(), &["query", &sql, "--format", "csv"]);
        text.replace("n\n", "").trim().to_owned()
    };
    for _ in 0..2 {
        let (status, said) = sluice(there.path(), &["run", path]);
        assert_eq!(status, Some(1), "{said}");
        for words in [
            &*format!("error: cannot read `{path}/more.zip`\ncaused by: invalid Zip archive"),
            "hint: mend it, get it again, or leave it out",
            "more.zip: cannot be read",
            "1 file could not be read: what stands there is missing from all numbers",
        ] {
            assert!(said.contains(words), "does not say `{words}`: {said}");
        }
        assert_eq!((count("rejects"), count(LEADS)), ("1".into(), "0".into()));
    }
    // The same deals once more, with what was missing: this reading counts, and stays when the next one
    // lacks it again.
    let whole = ("0".to_owned(), "1".to_owned());
    std::fs::write(exports.path().join("more.zip"), &zip).unwrap();
    let (status, said) = sluice(there.path(), &["run", path]);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!((count("rejects"), count(LEADS)), whole);
    std::fs::write(exports.path().join("more.zip"), &zip[..60]).unwrap();
    let (status, said) = sluice(there.path(), &["run", path]);
    assert_eq!(status, Some(1), "{said}");
    let stands =
        "1 file could not be read: the content of the earlier export stands, as run 1 read it";
    assert!(said.contains(stands) && said.contains("mend the file and run again"), "{said}");
    assert!(!said.contains("is missing from"), "{said}");
    assert_eq!(count(LEADS), "1");
    // One more deal: this export is told without the history, and has no `Lead` of its own.
    let more = format!("{DEALS}3,Demo,open,2026-02-05,\n");
    std::fs::write(exports.path().join("deals.csv"), &more).unwrap();
    let (status, said) = sluice(there.path(), &["run", path]);
    assert_eq!(status, Some(1), "{said}");
    assert!(
        said.contains("what this export tells anew is told without it, all else stands as run 1")
    );
    assert_eq!(count(LEADS), "0");
    let (_, said) = sluice(there.path(), &["run", path]);
    assert!(said.contains("is told without it, all else stands as run 1"), "still: {said}");
    std::fs::write(exports.path().join("deals.csv"), [0xFF, 0xFE, 0, 0]).unwrap();
    let (status, said) = sluice(there.path(), &["run", path]);
    assert_eq!(status, Some(2), "{said}");
    let stands =
        "nothing was taken of this export, still at run 2: the content of the earlier export";
    assert!(said.contains(stands), "{said}");
    std::fs::write(exports.path().join("deals.csv"), more).unwrap();
    std::fs::remove_file(exports.path().join("more.zip")).unwrap();
    assert_eq!(sluice(there.path(), &["run", path]).0, Some(0));
    assert_eq!(count("rejects"), "0");
}
