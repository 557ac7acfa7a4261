//! Deals without ids, of one name: rows that differ in their account or day of creation are deals of their own.
//!
//! Only names that need it are changed, by all tables without ids together: which row or file comes first
//! does not count.

use std::collections::{BTreeMap, VecDeque};

use super::super::part::Part;
use super::super::rows::DealRow;
use super::deals::{Deals, SourceRules};
use crate::model::calendar::date;
use crate::model::{Day, Micros, Names, Reject, Zone, counted};

/// Tables of deals that have names for ids.
#[derive(Debug, Default)]
pub(in super::super) struct Namesakes {
    tables: Vec<Table>,
}

/// A table of deals that has names for ids.
#[derive(Debug)]
struct Table {
    parts: Vec<Part<DealRow>>,
    rules: SourceRules,
    /// It tells days.
    zone: Zone,
    /// What is to be said of closed deals of which nothing tells how, by name, in the order of the rows.
    undecided: BTreeMap<String, VecDeque<Reject>>,
}

/// What rows of one name say.
#[derive(Debug, Default)]
struct Seen {
    account: String,
    day: Option<Day>,
    accounts_differ: bool,
    days_differ: bool,
}

impl Seen {
    /// Notes what a row says; what it does not say does not differ.
    fn see(&mut self, account: &str, day: Option<Day>) {
        match self.account.is_empty() {
            true => account.clone_into(&mut self.account),
            false => self.accounts_differ |= !account.is_empty() && account != self.account,
        }
        self.days_differ |= self.day.zip(day).is_some_and(|(known, day)| known != day);
        self.day = self.day.or(day);
    }

    /// What stands behind the name in the id of a row.
    fn told_apart(&self, account: &str, day: Option<Day>) -> Vec<String> {
        let account = (self.accounts_differ && !account.is_empty()).then(|| account.to_owned());
        let day = day.filter(|_| self.days_differ).map(|day| date(day).to_string());
        account.into_iter().chain(day).collect()
    }
}

impl Namesakes {
    /// Sets a table aside until all are read; `zone` tells days, `undecided` is as in [`Part`].
    pub(in super::super) fn add(
        &mut self,
        parts: Vec<Part<DealRow>>,
        rules: SourceRules,
        zone: Zone,
        rejects: Vec<(String, Reject)>,
    ) {
        let mut undecided: BTreeMap<String, VecDeque<Reject>> = BTreeMap::new();
        for (name, reject) in rejects {
            undecided.entry(name).or_default().push_back(reject);
        }
        self.tables.push(Table { parts, rules, zone, undecided });
    }

    /// Gives the deals their ids and adds them; says which names needed more.
    pub(in super::super) fn finish(self, deals: &mut Deals, names: &mut Names) -> Option<String> {
        let shared = self.shared();
        let mut ids: BTreeMap<String, u64> = BTreeMap::new();
        for Table { mut parts, rules, zone, mut undecided } in self.tables {
            let mut doubts = Vec::new();
            let is_plain = shared.is_empty() && undecided.is_empty();
            for part in parts.iter_mut().filter(|_| !is_plain) {
                for at in 0..part.rows.len() {
                    let (name, account, day) = told(&part.rows[at], &part.texts, zone);
                    let mut words = vec![name.to_owned()];
                    words.extend(
                        shared.get(name).into_iter().flat_map(|s| s.told_apart(account, day)),
                    );
                    let (id, is_shared) = (words.join(", "), shared.contains_key(name));
                    let doubt = undecided.get_mut(name).filter(|_| part.rows[at].is_undecided());
                    doubts.extend(doubt.and_then(VecDeque::pop_front).map(|it| (id.clone(), it)));
                    if is_shared {
                        part.rows[at].id = part.keep(&id);
                        *ids.entry(id).or_default() += 1;
                    }
                }
            }
            deals.add(parts, rules, names);
            deals.doubt(doubts);
        }
        let first = ids.keys().next()?;
        Some(format!(
            "{} of {} differ in account or day of creation: these stand in their ids too, such as `{first}`.",
            counted(ids.len(), "deal"),
            counted(shared.len(), "name"),
        ))
    }

    /// The names that more than one deal has.
    fn shared(&self) -> BTreeMap<String, Seen> {
        let mut shared: BTreeMap<&str, Seen> = BTreeMap::new();
        for table in &self.tables {
            for part in &table.parts {
                for row in &part.rows {
                    let (name, account, day) = told(row, &part.texts, table.zone);
                    shared.entry(name).or_default().see(account, day);
                }
            }
        }
        let differ = |(_, seen): &(&str, Seen)| seen.accounts_differ || seen.days_differ;
        shared.into_iter().filter(differ).map(|(name, seen)| (name.to_owned(), seen)).collect()
    }
}

/// Name, account and day of creation of a row.
fn told<'t>(row: &DealRow, texts: &'t str, zone: Zone) -> (&'t str, &'t str, Option<Day>) {
    let day = row.created_at.get().map(|at: Micros| zone.day(at));
    (row.id.of(texts), row.account.of(texts), day)
}
