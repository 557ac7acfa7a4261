//! The people of a run: what they are called, their teams, when they began.

use std::collections::BTreeMap;

use arcstr::ArcStr;

use super::calendar::Day;
use super::dataset::Dataset;
use super::names::Sym;
use super::run::Run;

impl Run {
    /// Owners are shown by name; by name and id where two users share a name.
    pub(super) fn label_users(&mut self, dataset: &Dataset) {
        let mut uses: BTreeMap<&str, u32> = BTreeMap::new();
        for user in &dataset.users {
            *uses.entry(user.name.as_str()).or_default() += 1;
        }
        for user in &dataset.users {
            let Some(sym) = self.names.find(&user.user_id) else { continue };
            let label = match (user.name.is_empty(), uses[user.name.as_str()] > 1) {
                (true, _) => user.user_id.clone(),
                (false, true) => format!("{} ({})", user.name, user.user_id),
                (false, false) => user.name.clone(),
            };
            self.labels.insert(sym, ArcStr::from(label));
            if !user.team.is_empty() {
                self.teams.insert(sym, ArcStr::from(user.team.as_str()));
            }
            if let Some(day) = user.started_on {
                self.starts.insert(sym, day);
            }
        }
    }

    /// The owner as people read it; `__UNASSIGNED__` for none.
    pub fn owner_label(&self, owner: Sym) -> ArcStr {
        if owner.is_none() {
            return arcstr::literal!("__UNASSIGNED__");
        }
        self.labels.get(&owner).cloned().unwrap_or_else(|| ArcStr::from(self.names.get(owner)))
    }

    /// The team of an owner today.
    pub fn team(&self, owner: Sym) -> Option<ArcStr> {
        self.teams.get(&owner).cloned()
    }

    /// The owners who are in a team today.
    pub fn team_members<'r>(&'r self, team: &'r str) -> impl Iterator<Item = Sym> + 'r {
        self.teams.iter().filter(move |(_, of)| &***of == team).map(|(owner, _)| *owner)
    }

    /// The first working day of an owner.
    pub fn started_on(&self, owner: Sym) -> Option<Day> {
        self.starts.get(&owner).copied()
    }
}
