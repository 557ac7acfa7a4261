//! What is to be said where an export knows no wins, no losses, or not when deals were closed.

use std::collections::BTreeMap;

use crate::model::config::CloseSource;
use crate::model::{
    Catalogue, Config, Deal, Names, Partition, Quality, Status, Sym, UNKNOWN_STAGE, counted,
};

/// Stages that are named.
const SHOWN: usize = 5;

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

/// What is to be said of deals whose times are known, if anything.
pub(super) fn said(
    partitions: &[Partition],
    catalogue: &Catalogue,
    names: &Names,
) -> Option<String> {
    let is_dated = |deal: &&Deal| !deal.quality.contains(Quality::CloseTimeMissing);
    let deals = || partitions.iter().flat_map(|partition| &partition.deals).filter(is_dated);
    let count = |wanted| deals().filter(|deal| deal.status == wanted).count();
    let (won, lost) = (count(Status::Won), count(Status::Lost));
    if won > 0 {
        return (lost == 0).then(|| {
            format!(
                "{} won and none lost at a known time: check that the export contains lost deals. \
                 Without them the win rate of closed deals is 100 % whatever is sold; the share of all \
                 created deals that was won (`cohort_conversion`) is the number to read. `lost_stages` \
                 in `sluice.toml` names stages that mean lost.",
                counted(won, "deal")
            )
        });
    }
    let mut stages: BTreeMap<Sym, usize> = BTreeMap::new();
    for deal in deals().filter(|deal| deal.status == Status::Open) {
        *stages.entry(catalogue.get(deal.stage).name).or_default() += 1;
    }
    let mut stages: Vec<(&str, usize)> =
        stages.into_iter().map(|(stage, count)| (names.get(stage), count)).collect();
    stages.retain(|(name, _)| !name.is_empty() && *name != UNKNOWN_STAGE);
    stages.sort_by_key(|&(name, count)| (std::cmp::Reverse(count), name));
    let shown = stages.iter().take(SHOWN).map(|(name, count)| format!("`{name}` ({count})"));
    let shown = shown.collect::<Vec<_>>().join(", ");
    let total = partitions.iter().map(Partition::len).sum::<usize>();
    let none = match lost {
        0 if deals().count() < total => "No deal is won or lost at a known time".to_owned(),
        0 => "No deal is won or lost".to_owned(),
        lost => format!("No deal is won, and {lost} are lost"),
    };
    let open = deals().count() - lost;
    if shown.is_empty() {
        return (open > 0).then(|| {
            format!(
                "{none}, and of {} no stage is known. A column `stage` or `status` tells; if it has another \
                 name, a mapping says which it is (`--mapping FILE`).",
                counted(open, "open deal")
            )
        });
    }
    Some(format!(
        "{none}. If a stage means that, `won_stages` and `lost_stages` in `sluice.toml` say so \
         (`sluice init EXPORTS...` writes one). Most open deals are in {shown}."
    ))
}
