//! All that is known: partitions of deals by created month, and the small tables beside them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::about::column;
use super::calendar::Micros;
use super::counted::counted;
use super::deal::{
    Account, Activity, Deal, Field, FieldChange, Forecast, FxRate, Payment, Status, StoredVisit,
    Target, User,
};
use super::deal_snapshots::DealSnapshots;
use super::names::{Names, Sym, TextColumn};
use super::periods::NamedPeriod;
use super::quality::Quality;
use super::reading::Reading;
use super::stage::Catalogue;
use super::table::{Table, Unit, Value};

/// The deals created in one month, sorted by `deal_id`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Partition {
    /// Months since 1970-01 of the creation (UTC); null for deals without a creation time.
    pub created_month: Option<i32>,
    /// Ids, by row.
    pub deal_ids: TextColumn,
    /// Names, by row.
    pub deal_names: TextColumn,
    /// Account ids, by row; empty if there is none.
    pub account_ids: TextColumn,
    /// Attributes, by row.
    pub deals: Vec<Deal>,
    /// Visits of all deals, in row order, each deal's in time order.
    pub visits: Nested<StoredVisit>,
    /// Field changes, in row order, each deal's by time and field.
    pub changes: Nested<FieldChange>,
    /// Activities, in row order, each deal's in their total order.
    pub activities: Nested<Activity>,
}

impl Partition {
    /// Number of deals.
    pub fn len(&self) -> usize {
        self.deals.len()
    }

    /// Whether there is no deal.
    pub fn is_empty(&self) -> bool {
        self.deals.is_empty()
    }

    /// Lets go of the room for more of what could not be told beforehand.
    pub fn close(&mut self) {
        for texts in [&mut self.deal_ids, &mut self.deal_names, &mut self.account_ids] {
            texts.close();
        }
        self.visits.close();
        self.changes.close();
    }
}

/// A list for each row, in one buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Nested<T> {
    items: Vec<T>,
    ends: Vec<u32>,
}

impl<T> Default for Nested<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

impl<T> Nested<T> {
    /// The lists that end at `ends` in `items`.
    pub fn new(items: Vec<T>, ends: Vec<u32>) -> Self {
        Self { items, ends }
    }

    /// Adds the list of the next row.
    pub fn push(&mut self, list: impl IntoIterator<Item = T>) {
        self.items.extend(list);
        self.ends.push(self.items.len() as u32);
    }

    /// Makes room for `rows` more lists of `items` more items.
    pub fn reserve(&mut self, rows: usize, items: usize) {
        self.ends.reserve(rows);
        self.items.reserve(items);
    }

    /// Lets go of the room that it has for more. Moves to do so: shrinking in place may keep it.
    pub fn close(&mut self)
    where
        T: Copy,
    {
        self.items = self.items.as_slice().into();
        self.ends = self.ends.as_slice().into();
    }

    /// The list of `row`.
    pub fn get(&self, row: usize) -> &[T] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.items[start..self.ends[row] as usize]
    }

    /// The lists of `rows`, one after another.
    pub fn span(&self, rows: Range<usize>) -> &[T] {
        let end = |rows: usize| rows.checked_sub(1).map_or(0, |row| self.ends[row] as usize);
        &self.items[end(rows.start)..end(rows.end)]
    }

    /// The items of all rows.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// The items of all rows, to change in place (symbols after a sort, for example).
    pub fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }
}

/// A row that was refused, as the `rejects` table keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The file, relative to what the user named.
    pub file: String,
    /// Row in the file, the header being row 1; 0 if the whole file cannot be read.
    pub row: u64,
    /// Column by its header; empty if the whole row is refused.
    pub column: String,
    /// The value, as it stands in the file.
    pub value: String,
    /// Why it was refused, and what was expected.
    pub reason: String,
    /// True if the whole row was refused; false if only the cell was left out.
    pub is_row: bool,
}

impl Reject {
    /// Whether a row was refused: not a cell of it, and not the whole file.
    pub fn is_one_row(&self) -> bool {
        self.is_row && self.row > 0
    }

    /// All of these as a table.
    pub fn table(rejects: &[Self]) -> Table {
        let columns = [
            column("file", Unit::Text, "The file."),
            column(
                "row",
                Unit::Count,
                "Row in the file, the header being row 1; 0 for the whole file.",
            ),
            column("column", Unit::Text, "The column; empty if the whole row was refused."),
            column("value", Unit::Text, "The value as it stands in the file."),
            column("reason", Unit::Text, "Why it was refused."),
            column("is_row", Unit::Flag, "Whether the whole row was refused."),
        ];
        let row = |reject: &Self| -> Vec<Value> {
            vec![
                reject.file.as_str().into(),
                reject.row.into(),
                reject.column.as_str().into(),
                reject.value.as_str().into(),
                reject.reason.as_str().into(),
                reject.is_row.into(),
            ]
        };
        Table::new("rejects", &columns, rejects.iter().map(row).collect())
    }
}

/// One line of the data-quality ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QualityCount {
    /// The code.
    pub code: Quality,
    /// The table it was found in.
    pub table: String,
    /// Rows concerned; of a code that deals carry, one a deal.
    pub rows: u64,
    /// Deals concerned.
    pub deals: u64,
    /// The five smallest deal ids.
    pub sample_ids: Vec<String>,
}

impl QualityCount {
    /// The ledger as a table, with these words between the ids of a line.
    pub fn table(ledger: &[Self], between: &str) -> Table {
        let columns = [
            column("code", Unit::Text, "The code."),
            column("meaning", Unit::Text, "What was found, and how it was settled."),
            column("table", Unit::Text, "The table it was found in."),
            column("rows", Unit::Count, "Rows concerned; of a code that deals carry, one a deal."),
            column("deals", Unit::Count, "Deals concerned."),
            column("sample_ids", Unit::Text, "The five smallest ids."),
        ];
        let row = |count: &Self| -> Vec<Value> {
            vec![
                count.code.code().into(),
                count.code.meaning().into(),
                count.table.as_str().into(),
                count.rows.into(),
                count.deals.into(),
                count.sample_ids.join(between).into(),
            ]
        };
        Table::new("quality", &columns, ledger.iter().map(row).collect())
    }
}

/// One input file of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Path as the user named it; members of a zip as `export.zip/Opportunity.csv`.
    pub path: String,
    /// The source that recognised it; empty if the file was not used.
    pub crm: String,
    /// What it holds: `deals`, `stage_history`, `activities` …; empty if not used, [`Self::UNREADABLE`] if it
    /// cannot be read.
    pub entity: String,
    /// Bytes.
    pub bytes: u64,
    /// Data rows read.
    pub rows: u64,
    /// Rows refused.
    pub rejected: u64,
    /// BLAKE3 of the bytes, hex (what `b3sum` prints).
    pub blake3: String,
}

impl InputFile {
    /// Stands for what a file holds that cannot be read.
    pub const UNREADABLE: &'static str = "unreadable";

    /// Counts the rows that were refused of each file; returns how many they are. A file that cannot be read is
    /// refused in row 0, which is none.
    pub fn count_refused(inputs: &mut [Self], rejects: &[Reject]) -> u64 {
        let mut refused: BTreeMap<&str, u64> = BTreeMap::new();
        for reject in rejects.iter().filter(|reject| reject.is_one_row()) {
            *refused.entry(&reject.file).or_default() += 1;
        }
        for input in inputs {
            input.rejected = refused.get(&*input.path).copied().unwrap_or(0);
        }
        refused.values().sum()
    }
}

/// All that is known, ready to be folded. After [`Names::sort`] has run symbols sort as words do.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// All words.
    pub names: Names,
    /// All stages.
    pub catalogue: Catalogue,
    /// Deals by created month, oldest first, deals without a month last.
    pub partitions: Vec<Partition>,
    /// Ids of deals that an export has and says to leave out, as they are deleted; the store keeps none.
    pub left_out: Vec<String>,
    /// Activities that belong to no deal.
    pub loose_activities: Vec<Activity>,
    /// People, by id.
    pub users: Vec<User>,
    /// Companies, by id.
    pub accounts: Vec<Account>,
    /// Goals.
    pub targets: Vec<Target>,
    /// Stored forecasts.
    pub forecasts: Vec<Forecast>,
    /// Exchange rates, by currency and day.
    pub fx: Vec<FxRate>,
    /// Payments, by deal and time.
    pub payments: Vec<Payment>,
    /// The user's own periods, by kind and day; none if those of the calendar hold.
    pub periods: Vec<NamedPeriod>,
    /// What open deals were on past nights; a run keeps it too.
    pub snapshots: Arc<DealSnapshots>,
    /// Refused rows.
    pub rejects: Vec<Reject>,
    /// The data-quality ledger.
    pub quality: Vec<QualityCount>,
    /// End of what the export knows: just after the latest event in it.
    pub extracted_at: Micros,
    /// What was assumed, one sentence each, in the order found.
    pub assumptions: Vec<String>,
    /// The keys of the configuration with which the latest export was read.
    pub read_with: Reading,
}

impl Dataset {
    /// Number of deals.
    pub fn deal_count(&self) -> usize {
        self.partitions.iter().map(Partition::len).sum()
    }

    /// The deals created before `cut`; one without a known creation counts as created.
    pub fn created_before(&self, cut: Micros) -> impl Iterator<Item = &Deal> {
        let deals = self.partitions.iter().flat_map(|p| &p.deals);
        deals.filter(move |deal| deal.created_at.get().is_none_or(|at| at < cut))
    }

    /// What is to be said of open deals that the latest export has not, unless it has few of them: an export of
    /// changes.
    pub fn said_of_earlier(&self) -> Option<String> {
        let deals = self.partitions.iter().flat_map(|part| &part.deals);
        let open =
            deals.filter(|deal| deal.status == Status::Open && deal.deleted_at.get().is_none());
        let count = |(earlier, latest): (usize, usize), deal: &Deal| {
            let is_earlier = deal.extracted_at < self.extracted_at;
            (earlier + usize::from(is_earlier), latest + usize::from(!is_earlier))
        };
        let (earlier, latest) = open.fold((0, 0), count);
        (earlier > 0 && latest > earlier).then(|| {
            format!(
                "The latest export lacks {}, kept open as an earlier one told: if any was deleted or merged in \
                 the CRM, read a full export into a new store.",
                counted(earlier, "open deal")
            )
        })
    }

    /// Who owned the deals created before `cut` just before it.
    pub fn owners_before(&self, cut: Micros) -> impl Iterator<Item = Sym> {
        let is_later =
            move |change: &&FieldChange| change.field == Field::Owner && change.at >= cut;
        self.partitions.iter().flat_map(move |part| {
            let deals = part.deals.iter().enumerate();
            let begun =
                deals.filter(move |(_, deal)| deal.created_at.get().is_none_or(|at| at < cut));
            begun.map(move |(row, deal)| {
                let mut changes = part.changes.get(row).iter();
                changes.find(is_later).map_or(deal.owner, |change| change.old_word())
            })
        })
    }
}
