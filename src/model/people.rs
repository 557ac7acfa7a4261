//! The people of a run: who is meant by a name, what they are called, their teams, when they began.

use std::collections::{BTreeMap, BTreeSet};

use arcstr::ArcStr;

use super::calendar::Day;
use super::counted::listed;
use super::dataset::Dataset;
use super::deal::{Activity, User};
use super::names::{Names, Sym};
use super::run::Run;

/// People by the words that files have for them.
///
/// A user is one person under the id, and under the name (`Ann Lee` or `Lee, Ann`) and the e-mail address in
/// any case, as long as no other user shares them. What stands for the person is the word that deals have as
/// their owner, or else the id. Words that own deals stay apart in a run: those of one person are made one
/// when an export is read.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// The words that own deals.
    owners: BTreeSet<Sym>,
    /// By id the place of the user.
    ids: BTreeMap<String, usize>,
    /// By name and address, as [`fold`] has them, the place of the user.
    spelled: BTreeMap<String, usize>,
    /// By user, the word that stands for the person.
    words: Vec<String>,
    /// By word in use that owns no deal, the one that stands for the person.
    same: BTreeMap<Sym, Sym>,
    labels: BTreeMap<Sym, ArcStr>,
    teams: BTreeMap<Sym, ArcStr>,
    starts: BTreeMap<Sym, Day>,
    left: BTreeSet<Sym>,
    /// Teams that a user is in.
    manned: BTreeSet<String>,
}

/// Teams that are named at most.
const MOST_NAMED: usize = 5;

/// Longer words are no names of people.
const LONGEST: usize = 100;

/// A name without its case and needless blanks; `Lee, Ann` as `Ann Lee`.
fn fold(name: &str) -> String {
    let (first, last) = match name.split_once(',') {
        Some((last, first)) if !first.contains(',') => (first, last),
        _ => (name, ""),
    };
    let parts: Vec<&str> = first.split_whitespace().chain(last.split_whitespace()).collect();
    parts.join(" ").to_lowercase()
}

/// Whose a name or an address is, by place among users; what several users share is nobody's.
fn spelled(users: &[User], ids: &BTreeMap<String, usize>) -> BTreeMap<String, usize> {
    let mut found: BTreeMap<String, Option<usize>> = BTreeMap::new();
    for user in users {
        // Several rows of a user are one person.
        let Some(&at) = ids.get(&user.user_id) else { continue };
        let words = [&user.name, &user.email].map(|word| fold(word));
        for word in words.into_iter().filter(|word| !word.is_empty()) {
            let whose = found.entry(word).or_insert(Some(at));
            *whose = whose.filter(|&whose| whose == at);
        }
    }
    found.into_iter().filter_map(|(word, whose)| Some((word, whose?))).collect()
}

impl People {
    /// Those of a table of users and the owners of deals.
    pub fn new(users: &[User], owners: BTreeSet<Sym>, names: &Names) -> Self {
        let by_id = users.iter().zip(0..).map(|(user, at)| (user.user_id.clone(), at));
        let mut ids: BTreeMap<String, usize> = by_id.collect();
        // Reports of Salesforce have the first fifteen characters of an id.
        for (at, user) in users.iter().enumerate() {
            let short = user.user_id.get(..15).filter(|_| user.user_id.len() == 18);
            short.into_iter().for_each(|short| {
                ids.entry(short.to_owned()).or_insert(at);
            });
        }
        let manned = users.iter().map(|user| user.team.clone()).collect();
        let spelled = spelled(users, &ids);
        let mut people = Self { owners, ids, spelled, manned, ..Self::default() };
        let mut owning: Vec<Vec<Sym>> = vec![Vec::new(); users.len()];
        for &owner in &people.owners {
            if let Some(at) = people.user(names.get(owner)) {
                owning[at].push(owner);
            }
        }
        let word = |(user, owning): (&User, Vec<Sym>)| match owning.as_slice() {
            [only] => names.get(*only).to_owned(),
            _ => user.user_id.clone(),
        };
        people.words = users.iter().zip(owning).map(word).collect();
        people
    }

    /// The word that stands for the user whom a text means; none if it means no user.
    pub fn word(&self, text: &str) -> Option<&str> {
        self.user(text).map(|at| &*self.words[at])
    }

    /// The place of the user whom a word means.
    fn user(&self, word: &str) -> Option<usize> {
        let by_spelling = || {
            let is_name = !self.spelled.is_empty() && word.len() <= LONGEST;
            is_name.then(|| self.spelled.get(&fold(word)).copied()).flatten()
        };
        self.ids.get(word).copied().or_else(by_spelling)
    }
}

/// A team as users call it, whatever its case and blanks.
fn team_named<'a>(team: &'a str, users: &'a [User]) -> &'a str {
    let folded = |name: &str| name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let teams = || users.iter().map(|user| user.team.as_str());
    if team.is_empty() || teams().any(|known| known == team) {
        return team;
    }
    teams().find(|known| folded(known) == folded(team)).unwrap_or(team)
}

/// What users are called: by name, and by name and id where two share a name.
fn labels(users: &[User]) -> Vec<ArcStr> {
    let mut uses: BTreeMap<&str, u32> = BTreeMap::new();
    users.iter().for_each(|user| *uses.entry(user.name.as_str()).or_default() += 1);
    let label = |user: &User| match (user.name.is_empty(), uses[user.name.as_str()] > 1) {
        (true, _) => ArcStr::from(user.user_id.as_str()),
        (false, true) => arcstr::format!("{} ({})", user.name, user.user_id),
        (false, false) => ArcStr::from(user.name.as_str()),
    };
    users.iter().map(label).collect()
}

impl Run {
    /// Learns who is meant by what, from users and the owners of deals; goals are theirs then.
    pub(super) fn meet_people(&mut self, dataset: &Dataset) {
        let begun = dataset.created_before(self.cut);
        let owners = begun.map(|deal| deal.owner).filter(|owner| !owner.is_none()).collect();
        self.people = People::new(&dataset.users, owners, &self.names);
        let mut targets = self.targets.to_vec();
        for target in &mut targets {
            target.owner = self.person(&target.owner).to_owned();
            target.team = team_named(&target.team, &dataset.users).to_owned();
        }
        self.targets = targets.into();
    }

    /// People with goals or forecasts and without a deal add words, as do currencies of goals: like
    /// amount bands, out of order.
    pub(super) fn know_people(&mut self, dataset: &Dataset) {
        let known = dataset.forecasts.iter().filter(|f| f.snapshot_on <= self.as_of);
        let targets = self.targets.iter().map(|target| &*target.owner);
        let all = targets.chain(known.map(|forecast| self.person(&forecast.owner)));
        let all: Vec<String> = all.filter(|owner| !owner.is_empty()).map(str::to_owned).collect();
        for owner in all {
            self.names.intern(&owner);
        }
        for target in self.targets.iter() {
            self.names.intern(&target.currency);
        }
    }

    /// Gives each word for a user the user's label, team and first day.
    pub(super) fn label_users(&mut self, users: &[User]) {
        let labels = labels(users);
        let mut next = 1;
        // A person's word may be a new one, which is met later on.
        while next < self.names.len() && !users.is_empty() {
            let sym = Sym(next as u32);
            next += 1;
            let Some(at) = self.people.user(self.names.get(sym)) else { continue };
            let person = self.names.intern(&self.people.words[at]);
            if person != sym && !self.people.owners.contains(&sym) {
                self.people.same.insert(sym, person);
            }
            let user = &users[at];
            self.people.labels.insert(sym, labels[at].clone());
            if !user.team.is_empty() {
                self.people.teams.insert(sym, ArcStr::from(user.team.as_str()));
            }
            if let Some(day) = user.started_on {
                self.people.starts.insert(sym, day);
            }
            if user.is_active == Some(false) {
                self.people.left.insert(sym);
            }
        }
    }

    /// The word that stands for the person whom a text means: itself, unless users tell another.
    pub fn person<'a>(&'a self, text: &'a str) -> &'a str {
        let is_owner = |sym: Sym| self.people.owners.contains(&sym);
        match self.people.user(text) {
            Some(at) if !self.names.find(text).is_some_and(is_owner) => &self.people.words[at],
            _ => text,
        }
    }

    /// Who did an activity, by the word that stands for the person.
    pub fn actor(&self, activity: &Activity) -> Sym {
        self.people.same.get(&activity.owner).copied().unwrap_or(activity.owner)
    }

    /// The owner as people read it; `__UNASSIGNED__` for none.
    pub fn owner_label(&self, owner: Sym) -> ArcStr {
        if owner.is_none() {
            return arcstr::literal!("__UNASSIGNED__");
        }
        self.people
            .labels
            .get(&owner)
            .cloned()
            .unwrap_or_else(|| ArcStr::from(self.names.get(owner)))
    }

    /// The team of an owner today.
    pub fn team(&self, owner: Sym) -> Option<ArcStr> {
        self.people.teams.get(&owner).cloned()
    }

    /// The owners who are in a team today.
    pub fn team_members<'r>(&'r self, team: &'r str) -> impl Iterator<Item = Sym> + 'r {
        self.people.teams.iter().filter(move |(_, of)| &***of == team).map(|(owner, _)| *owner)
    }

    /// Whether any user is in a team today.
    pub fn has_members(&self, team: &str) -> bool {
        self.people.manned.contains(team)
    }

    /// What is to be said of goals of teams that nobody is in; null if there are none.
    pub(super) fn said_of_teams(&self) -> Option<String> {
        let teams = self.targets.iter().filter(|target| target.owner.is_empty());
        let teams = teams.map(|target| target.team.as_str()).filter(|team| !team.is_empty());
        let empty: BTreeSet<&str> = teams.filter(|team| !self.has_members(team)).collect();
        (!empty.is_empty()).then(|| {
            let names = listed(empty.into_iter().map(|team| format!("`{team}`")), MOST_NAMED);
            format!(
                "No user is in the team of some goals, so nothing can be set against them: {names}."
            )
        })
    }

    /// The first working day of an owner.
    pub fn started_on(&self, owner: Sym) -> Option<Day> {
        self.people.starts.get(&owner).copied()
    }

    /// Whether an owner has left: is a user who can no longer log in.
    pub fn has_left(&self, owner: Sym) -> bool {
        self.people.left.contains(&owner)
    }
}
