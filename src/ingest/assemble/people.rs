//! People: users and accounts by id, and what is said of the names of owners.

use std::collections::{BTreeMap, BTreeSet};

use super::life::sym;
use super::spelling::fold;
use super::{Gathered, Joined};
use crate::ingest::checked;
use crate::ingest::rows::{ActivityRow, word};
use crate::ingest::words::Word;
use crate::model::{Account, Names, Partition, Sym, User, counted};

/// The place of the owner among the words of an activity.
const OWNER: usize = 1;

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

/// Who is who, by all that a table of users tells of them.
struct Known<'a> {
    /// Users by their ids, names and e-mails; none where several have one.
    users: BTreeMap<String, Option<&'a User>>,
    /// The words that deals have for their owners.
    owners: BTreeSet<&'a str>,
}

impl<'a> Known<'a> {
    fn new(all: &'a Gathered) -> Self {
        let mut users: BTreeMap<String, Option<&User>> = BTreeMap::new();
        for user in &all.users {
            let reversed =
                user.name.rsplit_once(' ').map(|(first, last)| format!("{last}, {first}"));
            let forms = [Some(user.user_id.clone()), checked::other_form(&user.user_id), reversed];
            let forms = forms.into_iter().flatten().chain([user.name.clone(), user.email.clone()]);
            for form in forms.filter(|form| !form.is_empty()).map(|form| fold(&form)) {
                let known = users.entry(form).or_insert(Some(user));
                *known = known.filter(|known| known.user_id == user.user_id);
            }
        }
        let owners = all.deals.rows.iter().map(|row| Sym(row.words[word::OWNER].0));
        let owners: BTreeSet<Sym> = owners.collect();
        Self { users, owners: owners.into_iter().map(|owner| all.names.get(owner)).collect() }
    }

    /// The word that deals have for a person; none if it is this one, or if nobody is known by it.
    fn word(&self, person: &str) -> Option<&'a str> {
        if self.owners.contains(person) {
            return None;
        }
        let user = (*self.users.get(&fold(person))?)?;
        let forms = [&*user.user_id, &*user.name, &*user.email];
        forms.into_iter().find(|form| self.owners.contains(form))
    }
}

/// Gives people of activities, goals and forecasts the words that deals have for them, where the table of
/// users tells who they are; says of how many.
pub(super) fn unite(all: &mut Gathered) {
    if all.users.is_empty() {
        return;
    }
    let known = Known::new(all);
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    let goals = all.targets.iter().map(|target| &target.owner);
    for person in goals.chain(all.forecasts.iter().map(|forecast| &forecast.owner)) {
        if let Some(word) = known.word(person) {
            words.insert(person.clone(), word.to_owned());
        }
    }
    let mut done: BTreeMap<Sym, Option<&str>> = BTreeMap::new();
    for part in &all.activities {
        for owner in part.rows.iter().map(|row| sym(part, row.words[OWNER])) {
            done.entry(owner).or_insert_with(|| known.word(all.names.get(owner)));
        }
    }
    let done: Vec<(Sym, String)> =
        done.into_iter().filter_map(|(from, to)| Some((from, to?.to_owned()))).collect();
    let done: BTreeMap<Sym, Sym> =
        done.into_iter().map(|(from, to)| (from, all.names.intern(&to))).collect();
    words.extend(
        done.iter()
            .map(|(from, to)| (all.names.get(*from).to_owned(), all.names.get(*to).to_owned())),
    );
    let goals = all.targets.iter_mut().map(|target| &mut target.owner);
    for person in goals.chain(all.forecasts.iter_mut().map(|forecast| &mut forecast.owner)) {
        if let Some(word) = words.get(person) {
            person.clone_from(word);
        }
    }
    for part in all.activities.iter_mut().filter(|_| !done.is_empty()) {
        rename(part, &done);
    }
    if let Some((person, word)) = words.first_key_value() {
        all.assumptions.push(format!(
            "{} of people in activities, goals or forecasts stand for others that deals have, such as \
             `{person}` for `{word}`: the table of users tells who they are.",
            counted(words.len(), "name")
        ));
    }
}

/// Gives the owners of activities other words, which are added to those of the part.
fn rename(part: &mut Joined<ActivityRow>, words: &BTreeMap<Sym, Sym>) {
    let mut fresh: BTreeMap<Word, Word> = BTreeMap::new();
    for at in 0..part.rows.len() {
        let old = part.rows[at].words[OWNER];
        let new = *fresh.entry(old).or_insert_with(|| match words.get(&sym(part, old)) {
            None => old,
            Some(&word) => {
                part.words.push(word);
                Word(part.words.len() as u32 - 1)
            }
        });
        part.rows[at].words[OWNER] = new;
    }
}

/// What is to be said of owners whose names differ by case and blanks only, by deals and activities.
pub(super) fn said(partitions: &[Partition], names: &Names) -> Option<String> {
    let mut is_owner = vec![false; names.len()];
    for part in partitions {
        let of_deals = part.deals.iter().map(|deal| deal.owner);
        let of_activities = part.activities.items().iter().map(|activity| activity.owner);
        for owner in of_deals.chain(of_activities) {
            if let Some(is_owner) = is_owner.get_mut(owner.0 as usize) {
                *is_owner = true;
            }
        }
    }
    let owners = is_owner.iter().enumerate().filter(|(_, is_owner)| **is_owner);
    let owners = owners.map(|(at, _)| names.get(Sym(at as u32)));
    let mut alike: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for name in owners.filter(|name| !is_id(name)) {
        alike.entry(fold(name)).or_default().insert(name);
    }
    alike.retain(|_, spellings| spellings.len() > 1);
    let first = alike.values().next()?;
    let shown: Vec<String> = first.iter().take(2).map(|name| format!("`{name}`")).collect();
    let count: usize = alike.values().map(BTreeSet::len).sum();
    Some(format!(
        "{count} names of owners differ from another by case and blanks only, such as {}: each is taken as a \
         person of its own, with rates and goals of its own. One spelling for each in the export makes \
         them one.",
        shown.join(" and ")
    ))
}

/// Whether a name is an id as Salesforce has them, which differ by case.
fn is_id(name: &str) -> bool {
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
