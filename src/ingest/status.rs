//! Whether a deal is won, lost or open, by the words, flags and times of its row.

use super::cells::Record;
use super::columns::Col;
use super::part::{Bad, Context};
use crate::error::Result;
use crate::model::{Micros, Status};

/// The status by its word.
pub(super) fn status(record: &Record<'_>, context: &Context<'_>) -> Result<Option<Status>, Bad> {
    let Some(text) = record.text(Col::Status) else { return Ok(None) };
    let folded = text.to_lowercase();
    let values = context.plan.file.values.get(Col::Status.name());
    let word = values.and_then(|values| values.get(&folded)).unwrap_or(&folded);
    match word.as_str() {
        "won" | "closed won" | "closedwon" | "win" => Ok(Some(Status::Won)),
        "lost" | "closed lost" | "closedlost" | "abandoned" | "cancelled" | "canceled"
        | "invalid" | "disqualified" => Ok(Some(Status::Lost)),
        "open" | "active" | "in progress" | "in_progress" | "pending" | "new" => {
            Ok(Some(Status::Open))
        }
        word => match plain_words(word).as_str() {
            "closed won" => Ok(Some(Status::Won)),
            "closed lost" => Ok(Some(Status::Lost)),
            _ => Err(record.bad(Col::Status, &text, NO_STATUS, false)),
        },
    }
}

const NO_STATUS: &str = "not a status: `won`, `lost` or `open`";

/// The words of a text without what parts them: `closed - won` is `closed won`.
fn plain_words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The status by the flags `is_closed` and `is_won`.
pub(super) fn by_flags(flags: (Option<bool>, Option<bool>)) -> Option<Status> {
    match flags {
        (_, Some(true)) => Some(Status::Won),
        (Some(true), Some(false)) => Some(Status::Lost),
        (Some(false), _) => Some(Status::Open),
        _ => None,
    }
}

/// The outcome of a deal that has no stage, by the time of the win or the loss.
pub(super) fn by_times(times: (Option<Micros>, Option<Micros>)) -> Option<Status> {
    match times {
        (Some(won), lost) if Some(won) > lost => Some(Status::Won),
        (won, Some(lost)) if Some(lost) > won => Some(Status::Lost),
        _ => None,
    }
}
