//! What is said of an export that tells less of deals than the store knew, or that was read by other rules.

use std::collections::BTreeSet;

use super::Ending;
use crate::model::counted;
use crate::store::{Committed, Lost, RunRecord};

/// What helps where an export holds only what has changed; `flag` names the store.
fn together(flag: &str) -> String {
    format!(
        "an export of changes is read together with the one before it: `sluice run BEFORE CHANGES{flag}`"
    )
}

/// Of so many activities, or changes of fields, one may be gone, as people mend them and CRMs forget them; more of
/// them hint at a file that is absent or cut off.
const LOST: usize = 10;

/// Says what deals lost because files, columns or rows are no longer in the export, whose columns of deals
/// are `columns`; findings if anything, of which `told` is said already. `flag` names the store in commands.
///
/// Open deals that the export has not are no finding, as it may be of what has changed only, nor are deals of an
/// older export.
pub fn say(
    committed: &Committed,
    columns: &BTreeSet<&'static str>,
    told: &[String],
    flag: &str,
) -> Ending {
    let lost = &committed.lost;
    if lost.outdated > 0 {
        let hint = match columns.contains("modified_at") {
            true => "",
            false => "; a column of modification times tells which is newer",
        };
        tracing::warn!(
            target: "sluice",
            "this export tells {} otherwise than the store, which keeps what it has: the latest event of the \
             export is not later than what the store knows{hint}",
            counted(lost.outdated, "deal")
        );
    }
    if lost.shortened > 0 {
        tracing::warn!(
            target: "sluice",
            "the history of {} tells fewer stages than the store knew, or not how it began: an export of the \
             last days only tells the last moves; {}",
            counted(lost.shortened, "deal"),
            together(flag)
        );
    }
    if lost.deleted > 0 {
        tracing::info!(
            target: "sluice",
            "store: {} left out, as this export says",
            counted(lost.deleted, "deal")
        );
    }
    lost.said_of_kept().iter().for_each(|what| tracing::warn!(target: "sluice", "{what}"));
    let of_run = &committed.record.findings;
    let more = committed.findings.iter().filter(|what| !of_run.contains(what));
    say_findings(of_run.iter().chain(more), told, &committed.record, flag)
}

/// Says what was found when a run was committed: every report of it lacks the same.
pub fn say_again(record: &RunRecord, flag: &str) -> Ending {
    say_findings(record.findings.iter(), &[], record, flag)
}

fn say_findings<'a>(
    findings: impl Iterator<Item = &'a String>,
    told: &[String],
    record: &RunRecord,
    flag: &str,
) -> Ending {
    let (told, untold): (Vec<&String>, _) = findings.partition(|what| told.contains(what));
    if told.is_empty() && untold.is_empty() {
        return Ending::Done;
    }
    untold.iter().for_each(|what| tracing::warn!(target: "sluice", "{what}"));
    let before = record.version.checked_sub(1).filter(|_| !untold.is_empty());
    if let Some(before) = before {
        tracing::warn!(
            target: "sluice",
            "run {before} of the store still has what it knew: `sluice report --version {before}{flag}`; {}",
            together(flag)
        );
    }
    Ending::Findings
}

/// Says how many deals stay as they were read by other rules, as the export has but `fresh`.
pub fn say_reading(committed: &Committed, fresh: usize, flag: &str) {
    let kept = committed.record.deal_count.saturating_sub(fresh as u64);
    let (before, dataset) = (&committed.read_before, &committed.dataset);
    let differing = before.differs_about(&dataset.read_with, dataset);
    if kept > 0 && !differing.is_empty() {
        let keys: Vec<String> = differing.iter().map(|key| before.line(key)).collect();
        tracing::warn!(
            target: "sluice",
            "this export lacks {} of the store, kept as read with {}: read all exports together \
             (`sluice run BEFORE EXPORTS...{flag}`)",
            counted(kept, "deal"),
            keys.join(" and ")
        );
    }
}

/// What deals lost, a sentence each.
///
/// A value that is gone although its column is there was cleared in the CRM, which is no finding.
pub fn findings(lost: &Lost, columns: &BTreeSet<&'static str>) -> Vec<String> {
    let is_missing = |column: &str| !columns.contains(column);
    let gone = lost.columns.iter().filter(|(column, _)| is_missing(column));
    let mut said: Vec<String> = gone
        .map(|(column, &deals)| {
            let deals = counted(deals, "deal");
            format!("No file of this export has a column for `{column}`: {deals} lost what the store had")
        })
        .collect();
    if lost.unnamed > 0 && !is_missing("pipeline") {
        said.push(format!(
            "The pipeline of {} is `default` now: an export whose deals are all in one does not say in \
             which, unless it has the table of pipelines (`RecordType.csv` of Salesforce)",
            counted(lost.unnamed, "deal")
        ));
    }
    if lost.histories > 0 {
        said.push(format!(
            "This export has no history of stages of {}: what the store knew of their way is gone",
            counted(lost.histories, "deal")
        ));
    }
    let replaced = [
        ("activities", lost.deals_with_activities, lost.activities, lost.activities_known),
        ("changes of fields", lost.deals_with_changes, lost.changes, lost.changes_known),
    ];
    for (what, deals, gone, known) in replaced {
        if gone * LOST > known {
            said.push(format!(
                "The {what} of {} were replaced by those of this export, which lacks {gone} of {known} that the \
                 store had",
                counted(deals, "deal")
            ));
        }
    }
    let advise = |what| format!("{what}; if that was not meant, mend the export and run again.");
    said.into_iter().map(advise).collect()
}
