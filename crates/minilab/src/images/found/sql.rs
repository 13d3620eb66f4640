//! SQL of lists with a filter: each walks one index, over so many rows at most, and looks at what else was
//! asked about on the way. What nobody asked about is null, and passes.
//!
//! Parameters of all: account, camera, format, taken from and to, whether the place is known, scope, and the
//! id before which to begin; then how many rows are walked over.

use crate::db::sql::Sql;

macro_rules! walks {
    ($($page:ident, $count:ident, $last:ident = $index:literal;)*) => {
        $(
            /// Then how many are wanted, behind how many.
            pub const $page: Sql = both(
                stringify!($page),
                concat!(
                    "SELECT * FROM library WHERE id IN (SELECT id FROM (", walk!($index), ") AS walked
                        WHERE ", passes!(), " ORDER BY id DESC LIMIT $10 OFFSET $11)
                    ORDER BY id DESC"
                ),
            );
            /// How many were walked over, and how many of them pass.
            pub const $count: Sql = both(
                stringify!($count),
                concat!(
                    "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN ", passes!(), " THEN 1 ELSE 0 END), 0)
                        AS BIGINT) FROM (", walk!($index), ") AS walked"
                ),
            );
            /// Where the walk ends. All parameters are named, so that their types are known.
            pub const $last: Sql = both(
                stringify!($last),
                concat!(
                    "SELECT id FROM (", walk!($index), ") AS walked WHERE ", passes!(), " OR TRUE
                    ORDER BY id LIMIT 1"
                ),
            );
        )*
        pub const ALL: &[Sql] = &[$($page, $count, $last),*];
    };
}

macro_rules! walk {
    ($index:literal) => {
        concat!(
            "SELECT id, camera, format, taken_at, has_place, scope_id FROM images
                WHERE account_id = $1 AND ",
            $index,
            " LIMIT $9"
        )
    };
}

macro_rules! passes {
    () => {
        "(camera = $2 OR $2 IS NULL) AND (format = $3 OR $3 IS NULL)
            AND (taken_at >= $4 OR $4 IS NULL) AND (taken_at <= $5 OR $5 IS NULL)
            AND (has_place = $6 OR $6 IS NULL) AND (scope_id = $7 OR $7 IS NULL) AND id < $8"
    };
}

const fn both(name: &'static str, text: &'static str) -> Sql {
    Sql { name, sqlite: text, postgres: text }
}

walks! {
    PAGE_OF_ALL, COUNT_OF_ALL, LAST_OF_ALL = "id < $8 ORDER BY id DESC";
    PAGE_BY_CAMERA, COUNT_BY_CAMERA, LAST_BY_CAMERA = "camera = $2 AND id < $8 ORDER BY id DESC";
    PAGE_BY_FORMAT, COUNT_BY_FORMAT, LAST_BY_FORMAT = "format = $3 AND id < $8 ORDER BY id DESC";
    PAGE_BY_PLACE, COUNT_BY_PLACE, LAST_BY_PLACE = "has_place AND id < $8 ORDER BY id DESC";
    PAGE_BY_LINK, COUNT_BY_LINK, LAST_BY_LINK =
        "scope_id = $7 AND scope_id <> account_id AND id < $8 ORDER BY id DESC";
    PAGE_BY_TIME, COUNT_BY_TIME, LAST_BY_TIME =
        "taken_at >= COALESCE($4, '') AND taken_at <= COALESCE($5, '~') ORDER BY taken_at DESC";
}
