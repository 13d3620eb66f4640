//! How much memory the service and its children take, watched from outside.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(25);

/// The most resident memory seen, in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    pub server_kib: u64,
    /// Of the hungriest child.
    pub child_kib: u64,
}

/// Watches until it is asked for what it saw.
pub struct MemoryWatch {
    is_over: Arc<AtomicBool>,
    watcher: JoinHandle<Peaks>,
}

impl MemoryWatch {
    pub fn over(server: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let flag = is_over.clone();
        let watcher = std::thread::spawn(move || {
            let mut peaks = Peaks::default();
            while !flag.load(Ordering::Relaxed) {
                look(server, &mut peaks);
                std::thread::sleep(LOOK_EVERY);
            }
            peaks
        });
        Self { is_over, watcher }
    }

    pub fn finish(self) -> Peaks {
        self.is_over.store(true, Ordering::Relaxed);
        self.watcher.join().expect("the watcher does not panic")
    }
}

fn look(server: u32, peaks: &mut Peaks) {
    peaks.server_kib = peaks.server_kib.max(peak_of(server).unwrap_or_default());
    for child in children_of(server) {
        // Between fork and exec a child looks as large as its parent.
        let is_itself = fs::read(format!("/proc/{child}/cmdline"))
            .is_ok_and(|line| line.split(|&byte| byte == 0).any(|word| word == b"renderer"));
        if is_itself {
            peaks.child_kib = peaks.child_kib.max(peak_of(child).unwrap_or_default());
        }
    }
}

/// What a process has in memory now.
pub fn resident_kib(pid: u32) -> u64 {
    kib_of(pid, "VmRSS:").expect("the process lives")
}

/// The kernel keeps each process's own peak, so little is missed between two looks.
fn peak_of(pid: u32) -> Option<u64> {
    kib_of(pid, "VmHWM:")
}

fn kib_of(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|&pid| parent_of(pid) == Some(parent))
        .collect()
}

/// The second field after the name, which is in parentheses and may contain anything.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    after_name.split_whitespace().nth(1)?.parse().ok()
}
