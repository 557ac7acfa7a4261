//! What is to be said where an export knows no wins, no losses, or not when deals were closed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::calendar::{date, month_start};
use crate::model::config::{CloseSource, OutcomeMode};
use crate::model::{
    Catalogue, Config, Deal, Names, Partition, Quality, StageKind, Status, StoredVisit, Sym,
    UNKNOWN_STAGE, counted, listed,
};

/// Stages that are named.
const SHOWN: usize = 5;

/// Who was created so long before half of all deals most likely was not.
const EARLY_YEARS: i32 = 30;

/// Closed deals that no metric counts, for want of a time (QH15).
pub(super) fn said_of_undated(partitions: &[Partition]) -> Option<String> {
    let is_undated = |deal: &&Deal| deal.quality.contains(Quality::CloseTimeMissing);
    let undated = || partitions.iter().flat_map(|part| &part.deals).filter(is_undated);
    let won = undated().filter(|deal| deal.status == Status::Won).count();
    let count = undated().count();
    (count > 0).then(|| {
        format!(
            "{} ({won} won, {} lost) {} closed, but nothing tells when: no rate, amount or count has them \
             (QH15). Export the date of the close, or a history of stages.",
            counted(count, "deal"),
            count - won,
            if count == 1 { "is" } else { "are" },
        )
    })
}

/// Deals that are closed by their rows, but after the end of the export (QH17).
pub(super) fn said_of_later(partitions: &[Partition]) -> Option<String> {
    let is_later = |deal: &&Deal| deal.quality.contains(Quality::ClosedInFuture);
    let count = partitions.iter().flat_map(|part| &part.deals).filter(is_later).count();
    (count > 0).then(|| {
        format!(
            "Of {} the row tells a close at a time that the export does not reach, which may be an expectation: \
             open until then (QH17).",
            counted(count, "deal")
        )
    })
}

/// Deals whose history and row tell different times of the close (QH11), if most that are closed are such.
pub(super) fn said_of_closes(partitions: &[Partition], config: &Config) -> Option<String> {
    let (other, held) = match config.close_ts_source {
        CloseSource::History => ("closed_at", "that of the history holds"),
        CloseSource::ClosedAt => ("history", "that of the row holds"),
    };
    let closed =
        partitions.iter().flat_map(|part| &part.deals).filter(|d| d.status != Status::Open);
    let differs = |deal: &&Deal| deal.quality.contains(Quality::CloseTimeDiffers);
    let (count, differing) = (closed.clone().count(), closed.filter(differs).count());
    (2 * differing > count).then(|| {
        format!(
            "Of {}, {differing} closed by their history more than a day before or after the time in their row \
             (QH11): {held}. `close_ts_source = \"{other}\"` takes the other, as where a history was begun \
             later, by an import.",
            counted(count, "closed deal")
        )
    })
}

/// Deals created long before the others: the first day of a calendar, say, where none is known.
pub(super) fn said_of_early(partitions: &[Partition]) -> Option<String> {
    let dated = partitions.iter().filter_map(|part| Some((part.created_month?, part.len())));
    let mut months: Vec<(i32, usize)> = dated.collect();
    months.sort_unstable();
    let half = months.iter().map(|(_, deals)| deals).sum::<usize>().div_ceil(2);
    let mut seen = 0;
    let (middle, _) = *months.iter().find(|(_, deals)| {
        seen += deals;
        seen >= half
    })?;
    let early = months.iter().filter(|(month, _)| month + EARLY_YEARS * 12 < middle);
    let count: usize = early.clone().map(|(_, deals)| deals).sum();
    let (first, _) = early.min()?;
    Some(format!(
        "{} {} created more than {EARLY_YEARS} years before half of all others, the first in {}: cohorts and \
         cycles count {} so. Leave the cell empty where the day stands for one that nobody knows.",
        counted(count, "deal"),
        if count == 1 { "was" } else { "were" },
        date(month_start(*first)).format("%Y-%m"),
        if count == 1 { "it" } else { "them" },
    ))
}

/// Deals that no metric counts, for want of any time (QH3).
pub(super) fn said_of_untimed(partitions: &[Partition]) -> Option<String> {
    let untimed = || {
        let deals = partitions.iter().flat_map(|part| &part.deals);
        deals.filter(|deal| deal.quality.contains(Quality::Untimed))
    };
    let count = untimed().count();
    let open = untimed().filter(|deal| deal.status == Status::Open).count();
    (count > 0).then(|| {
        format!(
            "{} ({open} open, {} closed) {} neither a time of creation nor a change of stage: no rate, amount \
             or count has them, the open pipeline neither (QH3). Export when they were created \
             (`created_at`), or a history of stages.",
            counted(count, "deal"),
            count - open,
            if count == 1 { "has" } else { "have" },
        )
    })
}

/// How the deals of an export ended, as its metrics count them.
#[derive(Debug, Default)]
struct Outcomes {
    won: usize,
    lost: usize,
    /// The stages of the deals that are open.
    open: BTreeMap<Sym, usize>,
    untimed: usize,
    /// Deals that were won or lost at any time, and those of them that went on and did not end so.
    ended: usize,
    went_on: usize,
}

/// Counts the outcomes; where rows tell another one than the history, nothing went on.
fn outcomes(partitions: &[Partition], catalogue: &Catalogue, mode: OutcomeMode) -> Outcomes {
    let mut found = Outcomes::default();
    let kind = |visit: &StoredVisit| catalogue.get(visit.stage).kind;
    let not_by_history = [Quality::ReopenedWithoutHistory, Quality::StatusContradictsHistory];
    for part in partitions {
        for (row, deal) in part.deals.iter().enumerate() {
            let visits = part.visits.get(row);
            if deal.quality.contains(Quality::CloseTimeMissing) {
                found.untimed += 1;
                continue;
            }
            let last = visits.last().map_or_else(|| deal.status.into(), kind);
            let first = visits.iter().map(kind).find(|kind| *kind != StageKind::Open);
            let outcome = match mode {
                OutcomeMode::Net => last,
                OutcomeMode::First => first.unwrap_or(last),
            };
            match outcome {
                StageKind::Won => found.won += 1,
                StageKind::Lost => found.lost += 1,
                StageKind::Open => {
                    let stage = visits.last().map_or(deal.stage, |visit| visit.stage);
                    *found.open.entry(catalogue.get(stage).name).or_default() += 1;
                }
            }
            let is_by_history = !not_by_history.iter().any(|code| deal.quality.contains(*code));
            found.ended += usize::from(first.is_some());
            found.went_on += usize::from(is_by_history && first.is_some_and(|first| first != last));
        }
    }
    found
}

/// What is to be said of deals whose times are known.
pub(super) fn said(
    partitions: &[Partition],
    catalogue: &Catalogue,
    names: &Names,
    config: &Config,
) -> Vec<String> {
    let found = outcomes(partitions, catalogue, config.outcome_mode);
    let missing = match (found.won, found.lost) {
        (0, _) => without_wins(&found, names, config),
        (won, 0) => Some(without_losses(won)),
        _ => None,
    };
    let is_told = config.outcome_mode == OutcomeMode::Net && found.went_on * 20 >= found.ended;
    let went_on = (is_told && found.went_on > 0).then(|| {
        format!(
            "Of {} that came to a won or lost stage, {} went on after it and did not end so: what they are \
             now counts. `outcome_mode = \"first\"` in `sluice.toml` counts the first outcome of each.",
            counted(found.ended, "deal"),
            found.went_on
        )
    });
    missing.into_iter().chain(went_on).collect()
}

fn without_losses(won: usize) -> String {
    format!(
        "{} won and none lost at a known time: check that the export contains lost deals. \
         Without them the win rate of closed deals is 100 % whatever is sold; the share of all \
         created deals that was won (`cohort_conversion`) is the number to read. `lost_stages` \
         in `sluice.toml` names stages that mean lost.",
        counted(won, "deal")
    )
}

fn without_wins(found: &Outcomes, names: &Names, config: &Config) -> Option<String> {
    let mut stages: Vec<(&str, usize)> =
        found.open.iter().map(|(stage, count)| (names.get(*stage), *count)).collect();
    stages.retain(|(name, _)| !name.is_empty() && *name != UNKNOWN_STAGE);
    stages.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
    let shown = stages.iter().take(SHOWN).map(|(name, count)| format!("`{name}` ({count})"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let none = match found.lost {
        0 if found.untimed > 0 => "No deal is won or lost at a known time".to_owned(),
        0 => "No deal is won or lost".to_owned(),
        lost => format!("No deal is won, and {lost} are lost"),
    };
    if shown.is_empty() {
        let open = found.open.values().sum::<usize>();
        return (open > 0).then(|| {
            format!(
                "{none}, and of {} no stage is known. A column `stage` or `status` tells; if it has another \
                 name, a mapping says which it is (`--mapping FILE`).",
                counted(open, "open deal")
            )
        });
    }
    let own = config.pipeline.iter().flat_map(|own| &own.won_stages);
    let won: BTreeSet<&String> = config.won_stages.iter().chain(own).collect();
    let won = listed(won.into_iter().map(|name| format!("`{name}`")), SHOWN);
    let means = match won.as_str() {
        "" => "If a stage means that, `won_stages` and `lost_stages` in `sluice.toml` say so \
               (`sluice init EXPORTS...` writes one)."
            .to_owned(),
        won => format!("No deal ends in what `won_stages` in `sluice.toml` names: {won}."),
    };
    Some(format!("{none}. {means} Most open deals are in {shown}."))
}
