//! SQL texts: one for both engines where that works, two where the dialects truly differ.

/// One statement in both dialects. `$1`, `$2`, … are its parameters on both.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    pub name: &'static str,
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

/// Declares a feature's statements and `ALL`, the list a test prepares on both engines.
///
/// `NAME = "…"` serves both; `NAME = locking "…"` takes the row locks that PostgreSQL needs and
/// SQLite's single writer makes superfluous; `NAME = sqlite "…" postgres "…"` differs.
#[macro_export]
macro_rules! sql {
    (@one $name:ident $text:literal) => {
        $crate::db::sql::Sql { name: stringify!($name), sqlite: $text, postgres: $text }
    };
    (@one $name:ident locking $text:literal) => {
        $crate::db::sql::Sql {
            name: stringify!($name),
            sqlite: $text,
            postgres: concat!($text, " FOR UPDATE"),
        }
    };
    (@one $name:ident sqlite $sqlite:literal postgres $postgres:literal) => {
        $crate::db::sql::Sql { name: stringify!($name), sqlite: $sqlite, postgres: $postgres }
    };
    ($($(#[$doc:meta])* $name:ident = $($kind:ident)? $text:literal $(postgres $other:literal)? ;)*) => {
        $($(#[$doc])* pub const $name: $crate::db::sql::Sql =
            $crate::sql!(@one $name $($kind)? $text $(postgres $other)?);)*
        /// Every statement above.
        pub const ALL: &[$crate::db::sql::Sql] = &[$($name),*];
    };
}
