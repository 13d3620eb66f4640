//! A statement put together from fixed parts: what nobody asked about is not in it.

use sqlx::{AssertSqlSafe, FromRow, Postgres, Sqlite};
use uuid::Uuid;

use super::{Conn, Engine};

/// Text and arguments of a statement, the same on both engines. Text is only ever a part that stands in
/// the source; whatever comes from outside is an argument.
#[derive(Clone, Debug, Default)]
pub struct Built {
    text: String,
    args: Vec<Arg>,
}

/// A value of one of the types that filters have.
#[derive(Clone, Debug)]
pub enum Arg {
    Id(Uuid),
    Number(i64),
    Text(String),
}

impl From<Uuid> for Arg {
    fn from(id: Uuid) -> Self {
        Self::Id(id)
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

macro_rules! bind_all {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for arg in $args {
            query = match arg {
                Arg::Id(id) => query.bind(id),
                Arg::Number(number) => query.bind(number),
                Arg::Text(text) => query.bind(text),
            };
        }
        query
    }};
}

impl Built {
    /// Goes on with a fixed text.
    pub fn text(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with the place of an argument.
    pub fn arg(&mut self, value: impl Into<Arg>) -> &mut Self {
        self.args.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.args.len().to_string());
        self
    }

    /// The statement as the engines get it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Every row.
    pub async fn fetch_all<R>(self, conn: &mut Conn) -> sqlx::Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, sqlx::sqlite::SqliteRow>
            + for<'r> FromRow<'r, sqlx::postgres::PgRow>
            + Send
            + Unpin,
    {
        let Self { text, args } = self;
        // There are many of them, so none is kept prepared.
        let text = AssertSqlSafe(text);
        let outcome = match conn.engine() {
            Engine::Sqlite(conn) => {
                let query = sqlx::query_as::<Sqlite, R>(text).persistent(false);
                bind_all!(query, args).fetch_all(conn).await
            }
            Engine::Postgres(conn) => {
                let query = sqlx::query_as::<Postgres, R>(text).persistent(false);
                bind_all!(query, args).fetch_all(conn).await
            }
        };
        conn.note(outcome)
    }
}
