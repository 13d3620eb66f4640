//! What a key may be used for, within what its account may do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One thing a key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everything that only looks.
    Read,
    /// Everything that changes what the account has.
    Write,
    /// The routes of admins, if the account is one.
    Admin,
    /// To look at jobs; part of `read`.
    #[serde(rename = "jobs:read")]
    JobsRead,
    /// To try jobs again and to cancel them; part of `write`.
    #[serde(rename = "jobs:act")]
    JobsAct,
}

impl Scope {
    pub const ALL: [Self; 5] =
        [Self::Read, Self::Write, Self::Admin, Self::JobsRead, Self::JobsAct];
}

/// The scopes of one key. Those that are a part of another that it has are not said apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes {
    pub read: bool,
    pub write: bool,
    pub admin: bool,
    pub jobs_read: bool,
    pub jobs_act: bool,
}

impl Scopes {
    pub const ALL: Self =
        Self { read: true, write: true, admin: true, jobs_read: true, jobs_act: true };

    pub fn of(scopes: &[Scope]) -> Self {
        let has = |scope| scopes.contains(&scope);
        let (read, write) = (has(Scope::Read), has(Scope::Write));
        Self {
            read,
            write,
            admin: has(Scope::Admin),
            jobs_read: read || has(Scope::JobsRead),
            jobs_act: write || has(Scope::JobsAct),
        }
    }

    pub fn has(self, scope: Scope) -> bool {
        match scope {
            Scope::Read => self.read,
            Scope::Write => self.write,
            Scope::Admin => self.admin,
            Scope::JobsRead => self.jobs_read,
            Scope::JobsAct => self.jobs_act,
        }
    }

    pub fn list(self) -> Vec<Scope> {
        let is_part = |scope| match scope {
            Scope::JobsRead => self.read,
            Scope::JobsAct => self.write,
            Scope::Read | Scope::Write | Scope::Admin => false,
        };
        Scope::ALL.into_iter().filter(|scope| self.has(*scope) && !is_part(*scope)).collect()
    }

    /// Whether a key with these can do all that one with `others` can.
    pub fn cover(self, others: Self) -> bool {
        others.list().into_iter().all(|scope| self.has(scope))
    }

    /// Words with spaces between, as their column holds them. An unknown word grants nothing.
    pub fn parse(words: &str) -> Self {
        let has =
            |wanted: &Scope| words.split(' ').any(|word| word == crate::tiers::to_word(*wanted));
        Self::of(&Scope::ALL.into_iter().filter(has).collect::<Vec<_>>())
    }

    pub fn words(self) -> String {
        let words = self.list().into_iter().map(crate::tiers::to_word);
        words.collect::<Vec<_>>().join(" ")
    }
}

impl From<String> for Scopes {
    fn from(words: String) -> Self {
        Self::parse(&words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_kept_as_words() {
        for (scopes, words) in [
            (Scopes::ALL, "read write admin"),
            (Scopes::of(&[Scope::Read]), "read"),
            (Scopes::of(&[Scope::Read, Scope::JobsRead]), "read"),
            (Scopes::of(&[Scope::Read, Scope::JobsAct]), "read jobs:act"),
            (Scopes::of(&[Scope::JobsRead]), "jobs:read"),
            (Scopes::of(&[]), ""),
        ] {
            assert_eq!(scopes.words(), words);
            assert_eq!(Scopes::parse(words), scopes);
        }
        assert_eq!(Scopes::parse("reader rewrite"), Scopes::of(&[]));
        let write = Scopes::of(&[Scope::Write]);
        assert!(write.has(Scope::JobsAct) && !write.has(Scope::JobsRead));
        assert!(write.cover(Scopes::of(&[Scope::JobsAct])));
        assert!(!Scopes::of(&[Scope::JobsAct]).cover(write));
    }
}
