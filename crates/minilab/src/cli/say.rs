//! What a command says. A stream that nobody can write to is an error, or nothing, but never a panic.

use std::io::{self, Write as _};

use anyhow::Context;

/// A line of the command's result.
pub(super) fn result(line: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{line}").context("writing to the standard output")
}

/// A line for whoever watches. If nobody can, it is not said.
pub(super) fn aside(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
