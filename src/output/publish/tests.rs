//! Crashes, repeats and paths of publications.

use super::*;

fn names(folder: &Path) -> Vec<String> {
    entries(folder).unwrap().into_iter().map(|(name, _)| name).collect()
}

fn publish(parent: &Path, name: &str, text: &str) -> PathBuf {
    let publication = Publication::begin(parent, name).unwrap();
    publication.write("index.html", text.as_bytes()).unwrap();
    publication.write("tables/a.csv", b"a\n1\n").unwrap();
    publication.finish().unwrap()
}

fn read_latest(parent: &Path) -> String {
    fs::read_to_string(parent.join("latest/index.html")).unwrap()
}

#[test]
fn a_folder_appears_whole_and_latest_points_to_it() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("out");
    let publication = Publication::begin(&out, "2026-11-22-abcd").unwrap();
    publication.write("index.html", b"one").unwrap();
    assert!(names(&out).iter().all(|n| n.starts_with('.')), "nothing is seen before the end");
    publication.finish().unwrap();
    assert_eq!(names(&out), ["2026-11-22-abcd", "latest"]);
    assert_eq!(read_latest(&out), "one");
    assert_eq!(fs::read_link(out.join(LATEST)).unwrap(), Path::new("2026-11-22-abcd"));
    publish(&out, "2026-11-23-abcd", "two");
    assert_eq!(read_latest(&out), "two");
    assert_eq!(latest(&out).unwrap(), out.join("2026-11-23-abcd"));
}

#[test]
fn a_folder_that_is_given_up_leaves_nothing() {
    let parent = tempfile::tempdir().unwrap();
    publish(parent.path(), "2026-11-22-aa", "one");
    let publication = Publication::begin(parent.path(), "2026-11-22-aa").unwrap();
    publication.write("index.html", b"half").unwrap();
    drop(publication);
    assert_eq!(names(parent.path()), ["2026-11-22-aa", "latest"]);
    assert_eq!(read_latest(parent.path()), "one");
}

#[test]
fn the_same_name_is_replaced_by_new_content_and_kept_for_the_same() {
    let parent = tempfile::tempdir().unwrap();
    let folder = publish(parent.path(), "2026-11-22-aa", "one");
    let before = fs::metadata(&folder).unwrap().modified().unwrap();
    publish(parent.path(), "2026-11-22-aa", "one");
    assert_eq!(fs::metadata(&folder).unwrap().modified().unwrap(), before);
    publish(parent.path(), "2026-11-22-aa", "two");
    assert_eq!(read_latest(parent.path()), "two");
    assert_eq!(names(parent.path()), ["2026-11-22-aa", "latest"]);
}

#[test]
fn what_dead_runs_left_is_cleared_and_what_they_moved_is_put_back() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path();
    publish(out, "2026-11-22-aa", "one");
    // Died while writing: the folder and a lock that nobody holds.
    fs::create_dir(out.join(".sluice-2026-11-22-bb-0.new")).unwrap();
    File::create(out.join(".sluice-2026-11-22-bb-0.lock")).unwrap();
    // Died between the two renames.
    fs::rename(out.join("2026-11-22-aa"), out.join(".sluice-2026-11-22-aa.old")).unwrap();
    let publication = Publication::begin(out, "2026-11-22-cc").unwrap();
    assert_eq!(read_latest(out), "one");
    assert!(!out.join(".sluice-2026-11-22-bb-0.new").exists());
    assert!(!out.join(".sluice-2026-11-22-bb-0.lock").exists());
    drop(publication);
}

#[test]
fn living_runs_are_left_alone() {
    let parent = tempfile::tempdir().unwrap();
    let first = Publication::begin(parent.path(), "2026-11-22-aa").unwrap();
    first.write("index.html", b"first").unwrap();
    let second = Publication::begin(parent.path(), "2026-11-22-aa").unwrap();
    second.write("index.html", b"second").unwrap();
    assert_ne!(first.folder(), second.folder());
    second.finish().unwrap();
    first.finish().unwrap();
    assert_eq!(read_latest(parent.path()), "first");
    assert_eq!(names(parent.path()), ["2026-11-22-aa", "latest"]);
}

#[test]
fn pruning_keeps_the_newest_the_latest_and_what_is_not_ours() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path();
    for name in ["2026-11-20-aa", "2026-11-21-bb", "2026-11-22-cc"] {
        publish(out, name, name);
    }
    fs::create_dir(out.join("notes")).unwrap();
    fs::create_dir(out.join("2026-11-01-notes")).unwrap();
    fs::remove_file(out.join(LATEST)).unwrap();
    symlink("2026-11-20-aa", &out.join(LATEST)).unwrap();
    let removed = prune(out, 1).unwrap();
    assert_eq!(removed, [out.join("2026-11-21-bb")]);
    let left = ["2026-11-01-notes", "2026-11-20-aa", "2026-11-22-cc", "latest", "notes"];
    assert_eq!(names(out), left);
}

#[test]
fn runs_that_end_at_once_take_nothing_from_each_other() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path();
    std::thread::scope(|scope| {
        for run in 0..8 {
            scope.spawn(move || {
                for day in 1..=20 {
                    publish(out, &format!("2026-11-{day:02}-{run}"), "one");
                    prune(out, 1).unwrap();
                    read_latest(out);
                }
            });
        }
    });
    prune(out, 1).unwrap();
    assert_eq!(read_latest(out), "one");
    assert!(names(out).len() <= 3, "{:?}", names(out));
}

#[test]
fn a_folder_in_the_place_of_latest_is_left_and_told() {
    let parent = tempfile::tempdir().unwrap();
    let latest = parent.path().join(LATEST);
    fs::create_dir(&latest).unwrap();
    let error = Publication::begin(parent.path(), "2026-11-22-aa").unwrap().finish().unwrap_err();
    assert!(error.hint_text().unwrap().contains("is a link"), "{error}");
    assert_eq!(names(parent.path()), ["2026-11-22-aa", "latest"]);
}

#[test]
fn names_cannot_leave_the_folder() {
    let parent = tempfile::tempdir().unwrap();
    for name in ["", "latest", "../x", "a/b", ".hidden"] {
        assert!(Publication::begin(parent.path(), name).is_err(), "{name}");
    }
    let publication = Publication::begin(parent.path(), "x").unwrap();
    for name in ["", "../x", "/etc/x", "a/../../x"] {
        assert!(publication.create(name).is_err(), "{name}");
    }
}

#[test]
fn errors_name_the_path() {
    let parent = tempfile::tempdir().unwrap();
    let file = parent.path().join("file");
    File::create(&file).unwrap();
    let error = Publication::begin(&file, "x").unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}

#[test]
fn a_file_that_cannot_be_synced_is_told_at_the_end() {
    let parent = tempfile::tempdir().unwrap();
    let publication = Publication::begin(parent.path(), "2026-11-22-aa").unwrap();
    publication.write("index.html", b"one").unwrap();
    let gone = publication.folder().join("gone");
    publication.disk.as_ref().unwrap().add(gone.clone());
    let error = publication.finish().unwrap_err();
    assert!(error.to_string().contains(gone.to_str().unwrap()), "{error}");
    assert_eq!(names(parent.path()), Vec::<String>::new());
}
