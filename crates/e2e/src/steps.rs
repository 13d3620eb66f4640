//! A process taken through its system calls one at a time: it stands still after each, to go on or to
//! be killed there. `strace` stops it, so no clock decides where.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::until;

const ATTACHES_WITHIN: Duration = Duration::from_secs(20);
const STEPS_WITHIN: Duration = Duration::from_mins(1);
/// There are many steps.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
const LETS_GO_WITHIN: Duration = Duration::from_secs(20);
/// A process that stood still so long without saying why is told again to go on.
const REMINDED_AFTER: Duration = Duration::from_millis(500);

/// Holds a process. The process is to be killed before this is dropped.
pub struct Stepper {
    strace: Child,
    output: File,
    path: PathBuf,
    pid: Pid,
    /// What was read of a line that is not complete yet.
    rest: String,
    /// The last call of each thread.
    calls: HashMap<String, String>,
    /// Threads that are about to stand still after a call.
    stopping: HashMap<String, String>,
    heard: Instant,
}

impl Stepper {
    /// Stops a process, and all its threads and children, after each of these calls.
    pub fn attach(pid: u32, output: &Path, calls: &[&str]) -> Self {
        let path = output.to_owned();
        let output = File::create(&path).expect("a file for the trace");
        drop(output);
        let calls = calls.join(",");
        let strace = Command::new("strace")
            .args(["-f", "-y", "-s", "32", "-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={calls}:signal=STOP"), "-o"])
            .arg(&path)
            .args(["-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("strace is installed; `make test` does so");
        let tracer = format!("TracerPid:\t{}", strace.id());
        until("all threads are held", ATTACHES_WITHIN, || {
            let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
            let is_held = |status: PathBuf| {
                let text = std::fs::read_to_string(status).unwrap_or_default();
                text.lines().any(|line| line == tracer)
            };
            threads.flatten().all(|thread| is_held(thread.path().join("status"))).then_some(())
        });
        Self {
            strace,
            output: File::open(&path).expect("the file that was just made"),
            path,
            pid: Pid::from_raw(pid as i32).expect("not the idle task"),
            rest: String::new(),
            calls: HashMap::new(),
            stopping: HashMap::new(),
            heard: Instant::now(),
        }
    }

    /// Waits until the process stands still, or all is over: what it did then, a call and the place it was
    /// about, such as `linkat originals`.
    pub fn next(&mut self, is_over: impl Fn() -> bool) -> Option<String> {
        let deadline = Instant::now() + STEPS_WITHIN;
        loop {
            if let Some(step) = self.look() {
                return Some(step);
            }
            if is_over() {
                return None;
            }
            assert!(Instant::now() < deadline, "no step within {STEPS_WITHIN:?}");
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    fn look(&mut self) -> Option<String> {
        loop {
            let Some(end) = self.rest.find('\n') else {
                let mut more = String::new();
                self.output.read_to_string(&mut more).expect("strace writes ASCII");
                if more.is_empty() {
                    self.remind();
                    return None;
                }
                self.heard = Instant::now();
                self.rest.push_str(&more);
                continue;
            };
            let line = self.rest.drain(..=end).collect::<String>();
            if let Some(step) = self.take(line.trim_end()) {
                return Some(step);
            }
        }
    }

    fn take(&mut self, line: &str) -> Option<String> {
        let (thread, said) = line.split_once(char::is_whitespace)?;
        let (thread, said) = (thread.to_owned(), said.trim_start());
        if said.starts_with("--- SIGSTOP") {
            let call = self.calls.get(&thread).map_or("unknown", String::as_str);
            self.stopping.insert(thread, named(call));
        } else if said.starts_with("--- stopped by SIGSTOP") {
            return self.stopping.remove(&thread);
        } else if !["<...", "---", "+++"].iter().any(|start| said.starts_with(start)) {
            self.calls.insert(thread, said.to_owned());
        }
        None
    }

    pub fn go_on(&mut self) {
        self.heard = Instant::now();
        let _ = kill_process(self.pid, Signal::CONT);
    }

    /// Two threads may stop at the same time: whoever let the first one go may have missed the other.
    fn remind(&mut self) {
        if self.heard.elapsed() > REMINDED_AFTER {
            self.go_on();
        }
    }

    /// To be called when the process is gone: its tracer goes too.
    pub fn finish(mut self) {
        until("the tracer ends", LETS_GO_WITHIN, || {
            self.strace.try_wait().expect("strace can be waited for")
        });
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for Stepper {
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

/// A call without what differs from time to time.
fn named(call: &str) -> String {
    let name = call.split('(').next().unwrap_or_default();
    // What is sent says more than where to; a link into a folder is about the folder.
    let places = [
        "COMMIT",
        "/originals/",
        "/variants/",
        "minilab.db-wal",
        "minilab.db",
        "/spool/",
        "socket:",
    ];
    let place = places.iter().find(|place| call.contains(**place)).unwrap_or(&"elsewhere");
    format!("{name} {}", place.trim_matches(['/', ':']))
}
