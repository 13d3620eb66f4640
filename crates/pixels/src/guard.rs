//! What a stranger's bytes may do to the program: nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Error;

/// Contains panics of the decoders: a stranger's bytes never end the program.
pub(crate) fn guarded<T>(
    work: impl FnOnce() -> Result<T, Error>,
    stumbled: impl FnOnce(&'static str) -> Error,
) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(stumbled("the decoder stumbled over it")))
}
