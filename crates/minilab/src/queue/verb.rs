//! Verb, what is done to jobs by hand.

use crate::events::EventKind;

/// Kinds whose work somebody wants: the others keep the lab in order.
pub const CANCELLABLE: [&str; 5] = ["develop", "make_variant", "refine", "back_fill", "act"];

/// Verb: what is done to jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Retry,
    Cancel,
}

impl Verb {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Cancel => "cancel",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Retry, Self::Cancel].into_iter().find(|verb| verb.as_str() == word)
    }

    pub(super) fn event(self) -> EventKind {
        match self {
            Self::Retry => EventKind::JobsRetried,
            Self::Cancel => EventKind::JobsCancelled,
        }
    }
}
