//! SQL texts: one for both engines where that works, two where the dialects truly differ.

use super::Change;

/// One statement in both dialects. `$1`, `$2`, … are its parameters on both.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    pub name: &'static str,
    pub sqlite: &'static str,
    pub postgres: &'static str,
    /// How many parameters it has. SQLite takes a missing one for NULL, so the macros count.
    pub params: usize,
    /// What is told after its commit, if it did something.
    pub change: Option<Change>,
}

impl Sql {
    /// A statement with the same parameters in both dialects; any other does not compile.
    pub const fn new(name: &'static str, sqlite: &'static str, postgres: &'static str) -> Self {
        let params = count(sqlite);
        assert!(params == count(postgres), "the dialects have different numbers of parameters");
        Self { name, sqlite, postgres, params, change: None }
    }

    /// The same, as one that changes what others may know.
    #[must_use]
    pub const fn changing(mut self, change: Change) -> Self {
        self.change = Some(change);
        self
    }
}

/// The highest number behind a `$`.
const fn count(text: &str) -> usize {
    let (text, mut at, mut highest) = (text.as_bytes(), 0, 0);
    while at < text.len() {
        if text[at] == b'$' {
            let mut number = 0;
            while at + 1 < text.len() && text[at + 1].is_ascii_digit() {
                number = 10 * number + (text[at + 1] - b'0') as usize;
                at += 1;
            }
            if number > highest {
                highest = number;
            }
        }
        at += 1;
    }
    highest
}

/// Declares a feature's statements and `ALL`, the list a test prepares on both engines.
///
/// `NAME = "…"` serves both; `NAME = locking "…"` takes the row locks that PostgreSQL needs and
/// SQLite's single writer makes superfluous; `NAME = sqlite "…" postgres "…"` differs. Behind any of them
/// `changes Work` names the [`Change`](crate::db::Change) that is told after its commit.
#[macro_export]
macro_rules! sql {
    (@one $name:ident $text:literal) => {
        $crate::db::sql::Sql::new(stringify!($name), $text, $text)
    };
    (@one $name:ident locking $text:literal) => {
        $crate::db::sql::Sql::new(stringify!($name), $text, concat!($text, " FOR UPDATE"))
    };
    (@one $name:ident sqlite $sqlite:literal postgres $postgres:literal) => {
        $crate::db::sql::Sql::new(stringify!($name), $sqlite, $postgres)
    };
    ($($(#[$doc:meta])* $name:ident = $($kind:ident)? $text:literal $(postgres $other:literal)?
        $(changes $change:ident)? ;)*) => {
        $($(#[$doc])* pub const $name: $crate::db::sql::Sql =
            $crate::sql!(@one $name $($kind)? $text $(postgres $other)?)
                $(.changing($crate::db::Change::$change))?;)*
        /// Every statement above.
        pub const ALL: &[$crate::db::sql::Sql] = &[$($name),*];
    };
}
