//! Errors that speak of the connection or of time, not of the statement.

use std::fmt;

/// A COMMIT was sent, and nobody knows what became of it.
#[derive(Debug)]
pub struct Undecided(pub sqlx::Error);

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "whether the transaction was committed is not known: {}", self.0)
    }
}

impl std::error::Error for Undecided {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<Undecided> for sqlx::Error {
    fn from(undecided: Undecided) -> Self {
        Self::AnyDriverError(Box::new(undecided))
    }
}

/// Whether the transaction may have been committed, although it failed.
pub fn is_undecided(cause: &anyhow::Error) -> bool {
    let mut errors = cause.chain().filter_map(|error| error.downcast_ref::<sqlx::Error>());
    errors.any(|error| match error {
        sqlx::Error::AnyDriverError(inner) => inner.is::<Undecided>(),
        _ => false,
    })
}

/// Whether the database, or the way to it, is gone for now: another try, on another connection, may go well.
pub fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::AnyDriverError(inner) => {
            inner.downcast_ref::<Undecided>().is_some_and(|Undecided(error)| is_away(error))
        }
        // As PostgreSQL's appendix A names them: connection exceptions, operator intervention less a
        // cancelled statement, too many connections, a database that takes none, one that became a standby.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            matches!(&*code, "25006" | "53300" | "55000" | "57P01" | "57P02" | "57P03" | "57P05")
                || (code.len() == 5 && code.starts_with("08"))
        }),
        _ => false,
    }
}

/// Whether a statement was ended because it took too long: by PostgreSQL, by our own watch over SQLite.
pub fn is_too_slow(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("57014" | "9"))
}

/// Whether a text cannot be stored: PostgreSQL has no NUL.
pub fn is_bad_text(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("22021"))
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    fn io() -> sqlx::Error {
        sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into())
    }

    #[test]
    fn a_lost_connection_is_told_from_an_unknown_commit() {
        let failed = Err::<(), _>(io()).context("storing").unwrap_err();
        assert!(is_away(&io()) && !is_undecided(&failed));
        let unknown = sqlx::Error::from(Undecided(io()));
        assert!(is_away(&unknown));
        let unknown = Err::<(), _>(unknown).context("storing").unwrap_err();
        assert!(is_undecided(&unknown));
        assert!(!is_away(&sqlx::Error::RowNotFound));
    }
}
