//! What is said of a file and its columns.

use super::bracket;
use super::columns::Col;
use super::plan::Plan;
use crate::model::listed;

/// What a file is read as, and why.
pub(super) fn recognised(plan: &Plan) -> String {
    format!(
        "`{}` is read as `{}` of {}, by {}.",
        plan.input.shown,
        plan.entity.as_str(),
        plan.crm,
        plan.why
    )
}

/// Which columns are not used; null if all are.
pub(super) fn unread(plan: &Plan) -> Option<String> {
    const SHOWN: usize = 8;
    let mut unread = plan.unread();
    let all = unread.clone();
    // The name of an object of JSON stands for it: it is read as `owner`.
    let is_told = |header: &str| {
        let part = header.rsplit_once('.').filter(|(_, key)| bracket::is_whole(key));
        part.is_some_and(|(whole, _)| {
            !all.contains(&whole) && plan.headers.iter().any(|h| h == whole)
        })
    };
    unread.retain(|header| !is_told(header));
    let names = unread.iter().map(|header| format!("`{header}`"));
    (!unread.is_empty()).then(|| {
        format!("Columns of `{}` that are not used: {}.", plan.input.shown, listed(names, SHOWN))
    })
}

/// Which columns stand for ones that the file lacks.
pub(super) fn stand_ins(plan: &Plan) -> Vec<String> {
    let mut said = Vec::new();
    let shown = &plan.input.shown;
    if plan.has_names_for_ids() {
        said.push(format!(
            "`{shown}` has no ids of deals: `{}` stands for them, so rows of one name are taken as one \
             deal, unless account or day of creation differ.",
            plan.header(Col::DealId)
        ));
    }
    if plan.file.amounts_are_minor && plan.has(Col::Amount) {
        said.push(format!(
            "Amounts of `{shown}` are whole cents, or the smallest unit of their currency, by `{}`.",
            plan.header(Col::Amount)
        ));
    }
    let is_silent = |col| !plan.has(col);
    let has_no_close =
        [Col::ClosedAt, Col::WonAt, Col::LastStageChangeAt].into_iter().all(is_silent);
    if plan.file.close_from_dates && has_no_close && plan.has(Col::ExpectedCloseOn) {
        let modified = plan.header(Col::ModifiedAt);
        let bound = match plan.has(Col::ModifiedAt) {
            true => format!(", or at `{modified}` where that is earlier"),
            false => String::new(),
        };
        said.push(format!(
            "`{shown}` does not say when deals were closed: without a history of stages, closed ones \
             are taken to be closed on `{}`{bound}.",
            plan.header(Col::ExpectedCloseOn)
        ));
    }
    said
}
