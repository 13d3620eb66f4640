//! One process of the binary: started, read, stopped, killed; never left behind.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program;
use crate::wait::{try_until, until};

const PREFIX: &str = "MINILAB__";
/// How long a process may take to end after it was asked to.
const STOPS_WITHIN: Duration = Duration::from_secs(30);

/// A command line of the binary that inherits none of its settings from the environment.
pub(crate) fn command(args: &[&str], settings: &[(String, String)]) -> Command {
    let mut command = Command::new(program());
    for name in inherited_settings() {
        command.env_remove(name);
    }
    command
        .args(args)
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    command
}

/// The same command under a limit that it cannot lift.
pub(crate) fn with_open_files(command: &Command, most: u64) -> Command {
    let mut limited = Command::new("sh");
    limited.arg("-c").arg(format!("ulimit -n {most} && exec \"$0\" \"$@\""));
    limited.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited
}

/// Runs a command of the binary that needs no running service.
pub fn run_alone(args: &[&str], variables: &[(&str, &str)]) -> Finished {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    let variables = variables.iter().map(owned).collect::<Vec<_>>();
    Finished::run(command(args, &variables))
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is to be hidden from the binary must be known first"
)]
fn inherited_settings() -> impl Iterator<Item = std::ffi::OsString> {
    std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.to_string_lossy().starts_with(PREFIX))
}

/// A command that ran to its end.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Finished {
    pub(crate) fn run(mut command: Command) -> Self {
        Self::of(command.output().expect("the binary can be started"))
    }

    /// Runs a command that reads its standard input to the end.
    pub(crate) fn run_with_input(mut command: Command, input: &str) -> Self {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("the binary can be started");
        let written = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        written.expect("the binary reads it");
        Self::of(child.wait_with_output().expect("waiting for an own child"))
    }

    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("commands print UTF-8");
        Self { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A process that runs until it is told to stop. It is killed when this is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command whose log goes to a file.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let file = File::create(log).expect("a file for the log");
        command.stdout(file.try_clone().expect("a second handle")).stderr(file);
        let child = command.spawn().expect("the binary can be started");
        Self { child, log: log.to_owned() }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub fn log_text(&self) -> String {
        std::fs::read(&self.log).map_or_else(
            |error| format!("no log: {error}"),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// The lines of the log, as the JSON that they are; a line still being written is left out.
    pub fn log_lines(&self) -> Vec<Value> {
        let text = self.log_text();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Waits for the line of the log with this message.
    pub(crate) fn await_line(&mut self, message: &str, patience: Duration) -> Value {
        let found = try_until(patience, || {
            let ended = !self.is_alive();
            let line = self.log_lines().into_iter().find(|line| line["message"] == message);
            if line.is_none() && ended {
                return Some(None);
            }
            line.map(Some)
        });
        found.flatten().unwrap_or_else(|| {
            panic!("no line {message:?} within {patience:?}:\n{}", self.log_text())
        })
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(mut self) {
        self.child.kill().expect("killing an own child");
        self.child.wait().expect("waiting for an own child");
    }

    /// SIGTERM, as service managers send it; ends within the deadline and with exit code 0.
    pub fn stop(mut self) {
        assert!(self.is_alive(), "it ended by itself:\n{}", self.log_text());
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).expect("signalling an own child");
        let status = until("a clean end after SIGTERM", STOPS_WITHIN, || {
            self.child.try_wait().expect("asking about an own child")
        });
        assert!(status.success(), "SIGTERM: {status}\n{}", self.log_text());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.is_alive() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
