//! People: users and accounts by id, and what is said of the names of owners.

use std::collections::{BTreeMap, BTreeSet};

use super::Gathered;
use super::spelling::fold;
use crate::model::{Account, Deal, Names, Partition, Sym, User};

/// Users, with the names of their teams, and accounts.
pub(super) fn settle(all: &mut Gathered) -> (Vec<User>, Vec<Account>) {
    let (users, accounts) = (std::mem::take(&mut all.users), std::mem::take(&mut all.accounts));
    let mut users = by_id(users, "users", &mut all.assumptions, |user| &user.user_id);
    for user in &mut users {
        if let Some(name) = all.teams.get(&user.team) {
            user.team.clone_from(name);
        }
    }
    let accounts = by_id(accounts, "accounts", &mut all.assumptions, |a| &a.account_id);
    (users, accounts)
}

/// Words of deals whose spellings are told of: what they are, what each spelling is taken as, and those of a deal.
type Words = (&'static str, &'static str, fn(&Deal) -> Sym);
const WORDS: [Words; 5] = [
    ("owners", "a person of its own, with rates and goals of its own", |deal| deal.owner),
    ("sources", "a source of its own", |deal| deal.source),
    ("types", "a type of its own", |deal| deal.deal_type),
    ("products", "a product of its own", |deal| deal.product),
    ("lost reasons", "a reason of its own", |deal| deal.lost_reason),
];

/// What is to be said of names in deals, and of owners of activities, that differ by case and blanks only.
pub(super) fn said<'s>(
    partitions: &'s [Partition],
    names: &'s Names,
) -> impl Iterator<Item = String> + 's {
    WORDS.iter().filter_map(move |(what, taken, of)| {
        let mut is_met = vec![false; names.len()];
        let mut meet = |name: Sym| {
            is_met.get_mut(name.0 as usize).into_iter().for_each(|is_met| *is_met = true);
        };
        for part in partitions {
            part.deals.iter().map(of).for_each(&mut meet);
            if *what == "owners" {
                part.activities.items().iter().map(|activity| activity.owner).for_each(&mut meet);
            }
        }
        let met = is_met.iter().enumerate().filter(|(_, is_met)| **is_met);
        said_of(met.map(|(at, _)| names.get(Sym(at as u32))), what, taken)
    })
}

fn said_of<'n>(met: impl Iterator<Item = &'n str>, what: &str, taken: &str) -> Option<String> {
    let mut alike: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in met.filter(|name| !is_id(name)) {
        alike.entry(fold(name)).or_default().insert(name);
    }
    alike.retain(|_, spellings| spellings.len() > 1);
    let first = alike.values().next()?;
    let shown: Vec<String> = first.iter().take(2).map(|name| format!("`{name}`")).collect();
    let count: usize = alike.values().map(BTreeSet::len).sum();
    Some(format!(
        "{count} names of {what} differ from another by case and blanks only, such as {}: each is taken as {taken}. \
         One spelling for each in the export makes them one.",
        shown.join(" and ")
    ))
}

/// Whether a name is an id as Salesforce has them, which differ by case.
pub(super) fn is_id(name: &str) -> bool {
    matches!(name.len(), 15 | 18)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().any(|byte| byte.is_ascii_digit())
}

/// One row per id, in the order of ids; of several the largest by content, which is said.
fn by_id<T: std::fmt::Debug>(
    rows: Vec<T>,
    what: &str,
    said: &mut Vec<String>,
    id: impl Fn(&T) -> &String,
) -> Vec<T> {
    let mut kept: BTreeMap<String, T> = BTreeMap::new();
    let mut contradicted: Vec<String> = Vec::new();
    for row in rows {
        let (key, content) = (id(&row).clone(), format!("{row:?}"));
        match kept.get(&key).map(|old| format!("{old:?}")) {
            Some(old) if old == content => continue,
            Some(old) => {
                contradicted.push(key.clone());
                if old > content {
                    continue;
                }
            }
            None => {}
        }
        kept.insert(key, row);
    }
    contradicted.sort();
    contradicted.dedup();
    if let Some(first) = contradicted.first() {
        said.push(format!(
            "{} {what} have rows that contradict each other, such as `{first}`: the last in the order of \
             their values holds.",
            contradicted.len()
        ));
    }
    kept.into_values().collect()
}
