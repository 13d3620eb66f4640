//! Failures for want of room, told from faults of ours.

use std::io::ErrorKind;

/// Whether something failed because a disk was full: ours, or that of the database.
pub fn is_full(cause: &anyhow::Error) -> bool {
    cause.chain().any(|cause| {
        let of_io = |error: &std::io::Error| {
            matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        };
        if let Some(error) = cause.downcast_ref::<std::io::Error>() {
            return of_io(error);
        }
        match cause.downcast_ref::<sqlx::Error>() {
            Some(error) => is_full_database(error),
            None => false,
        }
    })
}

/// The same of a statement: `SQLITE_FULL`, `SQLITE_IOERR_SHMSIZE`, or PostgreSQL's `disk_full`.
pub fn is_full_database(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(error) = error {
        return error.kind() == ErrorKind::StorageFull;
    }
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("13" | "4874" | "53100"))
}
