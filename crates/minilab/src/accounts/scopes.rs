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
}

impl Scope {
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];
}

/// The scopes of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes {
    pub read: bool,
    pub write: bool,
    pub admin: bool,
}

impl Scopes {
    pub const ALL: Self = Self { read: true, write: true, admin: true };

    pub fn of(scopes: &[Scope]) -> Self {
        let has = |scope| scopes.contains(&scope);
        Self { read: has(Scope::Read), write: has(Scope::Write), admin: has(Scope::Admin) }
    }

    pub fn list(self) -> Vec<Scope> {
        let all =
            [(self.read, Scope::Read), (self.write, Scope::Write), (self.admin, Scope::Admin)];
        all.into_iter().filter_map(|(has, scope)| has.then_some(scope)).collect()
    }

    /// Whether a key with these can do all that one with `others` can.
    pub fn cover(self, others: Self) -> bool {
        let own = self.list();
        others.list().iter().all(|scope| own.contains(scope))
    }

    /// Words with spaces between, as their column holds them. An unknown word grants nothing.
    pub fn parse(words: &str) -> Self {
        let has = |wanted: &str| words.split(' ').any(|word| word == wanted);
        Self { read: has("read"), write: has("write"), admin: has("admin") }
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
            (Scopes::of(&[]), ""),
        ] {
            assert_eq!(scopes.words(), words);
            assert_eq!(Scopes::parse(words), scopes);
        }
        assert_eq!(Scopes::parse("reader rewrite"), Scopes::of(&[]));
    }
}
