//! What is said of deals that a log tells.

use super::catalogue::words;
use super::logged::Logged;
use crate::model::calendar::date;
use crate::model::{Micros, StageKind, Zone, counted};

impl Logged {
    /// What is assumed of so many deals, of which the log tells when so many were created.
    pub(super) fn said(&self, count: usize, created: usize) -> String {
        let files = self.files.join("`, `");
        let which = if self.is_of_fields { " whose stage changes" } else { "" };
        let more = match self.headers.as_slice() {
            [] => "it tells nothing else of them: what needs amounts, owners or sources is empty"
                .to_owned(),
            [only] => format!("`{only}` tells of them what else is known"),
            headers => format!("`{}` tell of them what else is known", headers.join("`, `")),
        };
        let created = match created {
            0 => "created at its first change (QH2)".to_owned(),
            _ if created == count => "created when its rows say so".to_owned(),
            _ => format!(
                "created when its rows say so ({created}), or else at its first change (QH2)"
            ),
        };
        format!(
            "No table tells deals: each id of `{files}`{which} ({count}) is taken as a deal, {created}, \
             in the stage of its last; {more}. A table of deals beside it (`deals.csv`) \
             tells more."
        )
    }
}

/// Deals that the last of several days does not show, by when and in which stage each was shown last. What is
/// closed may be shown no more.
pub(super) fn said_of_gone(last: &[(Micros, &str)], zone: Zone) -> Option<String> {
    let latest = zone.day(last.iter().map(|(at, _)| *at).max()?);
    let is_open = |stage: &str| matches!(words::told(stage), None | Some(StageKind::Open));
    let is_gone = |(at, stage): &&(Micros, &str)| zone.day(*at) < latest && is_open(stage);
    let count = last.iter().filter(is_gone).count();
    (count > 0).then(|| {
        format!(
            "{} in open stages, of {}, {} not shown on the last day ({}): each is taken to stay in the stage in which it \
             was shown last, and open. If deals go from these tables when they are closed, a table of all deals \
             beside them (`deals.csv`) tells how they ended.",
            counted(count, "deal"),
            last.len(),
            if count == 1 { "is" } else { "are" },
            date(latest)
        )
    })
}
