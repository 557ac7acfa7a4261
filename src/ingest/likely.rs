//! Tables that no fingerprint knows, told by their columns: lists of deals under headers of one's own, logs of
//! moves between stages, lists of activities.
//!
//! Asked only where nothing else in an export tells what they do.

use std::collections::BTreeSet;

use super::bracket::Folded;
use super::columns::{Col, Entity};
use super::doing;
use super::fit;
use super::header;
use super::kind::find;
use super::mapping::FileMapping;

/// Columns that deals have and hardly any other table.
const OF_DEALS: [Col; 8] = [
    Col::Stage,
    Col::Amount,
    Col::ExpectedCloseOn,
    Col::Probability,
    Col::LostReason,
    Col::ForecastCategory,
    Col::WonAt,
    Col::LostAt,
];

/// Columns that tell how deals stand.
const OF_OUTCOMES: [Col; 7] =
    [Col::Stage, Col::Status, Col::IsWon, Col::IsLost, Col::IsClosed, Col::WonAt, Col::LostAt];

/// Columns of lists of activities and payments: what has them and a stage is no log of stages.
const OF_OTHERS: [&str; 8] = [
    "activity_id",
    "activity_type",
    "task_id",
    "call_id",
    "subject",
    "duration",
    "payment_id",
    "invoice_id",
];

/// The first deals of an export: their ids, and the stages in which they are.
#[derive(Debug, Default)]
pub(super) struct FirstDeals {
    pub(super) ids: BTreeSet<String>,
    pub(super) stages: BTreeSet<String>,
}

/// A table that may be of a kind: its headers and its first rows, and the first deals.
pub(super) struct Table<'t> {
    pub(super) folded: &'t Folded,
    pub(super) headers: &'t [String],
    pub(super) rows: &'t [&'t [String]],
    pub(super) deals: &'t FirstDeals,
}

impl Table<'_> {
    /// Why it is of the kind of this mapping; none if its columns and rows do not tell.
    pub(super) fn is_of(&self, file: &FileMapping) -> Option<String> {
        let of = Columns { table: self, file };
        let evidence = match file.entity {
            Entity::Deals => of.deals()?,
            Entity::StageChanges => of.stage_changes()?,
            Entity::StageHistory => of.stage_history()?,
            Entity::Activities => of.activities()?,
            _ => return None,
        };
        let shown = evidence.into_iter().filter_map(|at| self.headers.get(at));
        let shown: Vec<&str> = shown.map(String::as_str).collect();
        Some(format!("its columns `{}`", shown.join("`, `")))
    }

    fn cells(&self, column: usize) -> impl Iterator<Item = &String> {
        self.rows.iter().filter_map(move |row| row.get(column)).filter(|cell| !cell.is_empty())
    }

    /// Whether most cells of a column are such.
    fn has_mostly(&self, column: usize, is_such: impl Fn(&str) -> bool) -> bool {
        let (such, all) = self
            .cells(column)
            .fold((0, 0), |(such, all), cell| (such + usize::from(is_such(cell)), all + 1));
        such > all / 2
    }

    /// Whether one of these words is in a header.
    fn says(&self, column: usize, words: &[&str]) -> bool {
        let folded = self.headers.get(column).map(|text| header::fold(text)).unwrap_or_default();
        words.iter().any(|word| folded.contains(word))
    }

    /// Whether a column refers to deals: by its header, or by what it holds.
    fn refers(&self, column: usize, words: &[&str]) -> bool {
        self.says(column, words) || self.has_mostly(column, |id| self.deals.ids.contains(id))
    }

    fn has_one(&self, headers: &[&str]) -> bool {
        headers.iter().any(|header| self.folded.has(header))
    }
}

/// A table seen through a mapping.
struct Columns<'t> {
    table: &'t Table<'t>,
    file: &'t FileMapping,
}

/// The places of the columns that tell what a table is; null if they do not.
impl Columns<'_> {
    fn find(&self, col: Col) -> Option<usize> {
        find(self.file, col, self.table.folded)
    }

    fn has_one(&self, cols: &[Col]) -> bool {
        cols.iter().any(|&col| self.find(col).is_some())
    }

    fn deals(&self) -> Option<Vec<usize>> {
        let id = self.find(Col::DealId)?;
        let own =
            Some(id).filter(|&id| self.table.says(id, &["deal", "opp", "case", "application"]));
        let of_deals = OF_DEALS.into_iter().filter_map(|col| self.find(col));
        let found: Vec<usize> = own.into_iter().chain(of_deals).collect();
        let is_told = self.has_one(&OF_OUTCOMES)
            && self.has_one(&[Col::CreatedAt, Col::ClosedAt, Col::WonAt, Col::LostAt]);
        (found.len() > 1 && is_told).then_some(found)
    }

    fn stage_changes(&self) -> Option<Vec<usize>> {
        let (from, to) = (self.find(Col::FromStage)?, self.find(Col::Stage)?);
        let (deal, at) = (self.find(Col::DealId)?, self.find(Col::ChangedAt)?);
        let says = |words: &[&str]| [from, to].iter().any(|&h| self.table.says(h, words));
        // Where no deals are told, what changes its status is one.
        let are_stages = says(&["stage", "phase"])
            || self.table.deals.ids.is_empty() && says(&["status", "state"]);
        let is_told = are_stages || self.table.refers(deal, &[]);
        is_told.then(|| vec![deal, from, to, at])
    }

    fn stage_history(&self) -> Option<Vec<usize>> {
        let (deal, stage) = (self.find(Col::DealId)?, self.find(Col::Stage)?);
        let at = self.find(Col::ChangedAt)?;
        let table = self.table;
        // Quotes, orders and tickets have statuses too, and projects have phases.
        let known = &table.deals.stages;
        let is_one_known =
            || known.is_empty() || table.cells(stage).any(|stage| known.contains(stage));
        let are_stages = table.says(stage, &["stage", "phase"]) && is_one_known()
            || table.has_mostly(stage, |stage| known.contains(stage));
        let is_told = table.refers(deal, &["deal", "opp"]) && !table.has_one(&OF_OTHERS);
        let has_moves = || fit::has_moves(table.rows, [deal, stage, at].map(Some));
        (is_told && are_stages && has_moves()).then(|| vec![deal, stage, at])
    }

    fn activities(&self) -> Option<Vec<usize>> {
        const WORDS: [&str; 5] = ["deal", "opp", "related", "regarding", "whatid"];
        let times = [Col::DoneAt, Col::StartsAt, Col::DueAt, Col::DueOn, Col::CreatedAt];
        let at = times.into_iter().find_map(|col| self.find(col))?;
        let (deal, kinds) = (self.find(Col::DealId)?, self.find(Col::Kind)?);
        let is_told = self.table.refers(deal, &WORDS)
            && self.table.has_mostly(kinds, |kind| doing::kind(kind).is_some())
            && !self.table.has_one(&["amount", "value", "stage", "deal_stage", "sales_stage"]);
        is_told.then(|| vec![deal, kinds, at])
    }
}

#[cfg(test)]
mod tests {
    use super::super::sources;
    use super::*;

    #[test]
    fn tables_are_told_by_what_only_they_have() {
        let mappings = sources::load(None).unwrap();
        let one = |text: &str| BTreeSet::from([text.to_owned()]);
        let deals = FirstDeals { ids: one("7"), stages: one("B") };
        let told = |headers: &str, rows: &[&str]| {
            let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<String>>();
            let headers = cells(headers);
            let rows: Vec<Vec<String>> = rows.iter().map(|row| cells(row)).collect();
            let rows: Vec<&[String]> = rows.iter().map(Vec::as_slice).collect();
            let folded = Folded::new(&headers);
            let table = Table { folded: &folded, headers: &headers, rows: &rows, deals: &deals };
            let files = mappings.iter().flat_map(|mapping| &mapping.files);
            let mut files = files.filter(|file| file.is_told_by_columns);
            files.find(|file| table.is_of(file).is_some()).map(|file| file.entity.as_str())
        };
        let (moves, call) = (["7,A,2026-01-02", "7,B,2026-01-05"], ["7,Phone call,2026-01-05"]);
        for (headers, rows, expected) in [
            ("Deal Code,Stage Name,Amount,Creation Date,Owner", &[][..], Some("deals")),
            ("Title,Funnel Stage,Win Chance,Added on", &[], Some("deals")),
            ("Case ID,Owner,Amount,Created,Outcome", &[], Some("deals")),
            ("Opportunity ID,Owner,Amount,Created,Is Won,Is Closed", &[], Some("deals")),
            ("Deal ID,Owner,Value,Created,Won Date,Lost Date", &[], Some("deals")),
            ("Case ID,Owner,Subject,Created,Status", &[], None),
            ("Application ID,Job,Applied On,Current Stage", &[], Some("deals")),
            ("Record ID,Old Stage,New Stage,Date Moved", &[], Some("stage_changes")),
            ("Record ID,From,To,Date", &["7,A,B,2026-01-05"], Some("stage_changes")),
            ("Deal ID,Phase,Since", &moves, Some("stage_history")),
            ("Object ID,Phase,Since", &moves, Some("stage_history")),
            ("Object ID,Phase,Since", &["8,A,2026-01-02", "8,B,2026-01-05"], None),
            ("Deal ID,Phase,Since", &moves[..1], None),
            ("Deal ID,Phase,Since", &["7,Kickoff,2026-01-02", "7,Rollout,2026-01-05"], None),
            ("Deal ID,Status,Since", &["7,B,2026-01-02", "7,A,2026-01-05"], None),
            (
                "Deal ID,Status,Since",
                &["7,B,2026-01-02", "7,A,2026-01-05", "7,B,2026-01-07"],
                Some("stage_history"),
            ),
            (
                "Id,OpportunityId,Status,CreatedDate",
                &["q,7,Draft,2026-01-02", "r,7,Sent,2026-01-05"],
                None,
            ),
            ("Related Deal,Touch Type,Date", &["x,Phone call,2026-01-05"], Some("activities")),
            ("Lead ID,Touch Type,Date", &call, Some("activities")),
            ("Lead ID,Touch Type,Date", &["9,Phone call,2026-01-05"], None),
            ("Related Deal,Touch Type,Date", &["7,Bill,2026-01-05"], None),
            ("Related Deal,Touch Type,Date,Amount", &call, None),
            ("Title,Status,Created,Assignee,Due Date", &[], None),
            ("Name,Amount,Created,Owner", &[], None),
            ("Project,Phase,Start Date,Manager", &[], None),
            ("Parent ID,From,To,Date,Subject", &["9,a@b.c,d@e.f,2026-01-05,Hi"], None),
        ] {
            assert_eq!(told(headers, rows), expected, "{headers} {rows:?}");
        }
    }
}
