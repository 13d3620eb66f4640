//! A password from whoever sits at the shell: never an argument, which others could see.

use std::io::{BufRead, IsTerminal, Read, Write};

use anyhow::{Context, ensure};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::say;

/// More than any password has, and a line that never ends is not gathered.
const LINE_BYTES_MAX: u64 = 4096;

/// Asks twice at a terminal, without showing it; reads one line where there is none.
pub(super) fn read(account: &str) -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        return read_line();
    }
    let first = ask(&format!("New password of {account}: "))?;
    let second = ask("The same again: ")?;
    ensure!(first == second, "these are two different passwords");
    Ok(first)
}

fn ask(question: &str) -> anyhow::Result<String> {
    write!(std::io::stderr(), "{question}")?;
    let hidden = Hidden::start()?;
    let line = read_line();
    drop(hidden);
    say::aside("");
    line
}

fn read_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut line).context("reading stdin")?;
    ensure!(!line.is_empty(), "no password came in");
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    fn start() -> anyhow::Result<Self> {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin).context("asking the terminal")?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Flush, &quiet).context("hiding what is typed")?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
