//! What a child gives up before it touches a stranger's byte.

use anyhow::{Context, ensure};
use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, Scope};
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal, setrlimit};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::calls;
use crate::memory;

const NICENESS: i32 = 5;
/// What a small or a middling picture takes; what a large one needed beyond that goes back.
const KEPT_BYTES: i32 = 32 * 1024 * 1024;
/// Input, output, messages, the picture, and a few to spare.
const FILES_MAX: u64 = 8;
/// Threads that this user may have beyond what the whole system has when a child starts: the kernel
/// counts them by user, so those of the service are among them.
const THREADS_MORE: u64 = 1024;
/// Where the system does not tell how many there are.
const THREADS_MAX: u64 = 32_768;
/// The user and the group that stand for nobody.
const NOBODY: u32 = 65_534;

/// Bounds what the process may use, gives up user, privileges, dumps and files, and installs the list
/// of system calls that stay. For a process of one thread, whose libraries are loaded.
pub fn enter(memory_bytes: u64, cpu_secs: u64) -> anyhow::Result<CpuBudget> {
    rustix::process::chdir("/").context("leaving the folder")?;
    set_limits(memory_bytes, cpu_secs)?;
    memory::keep(KEPT_BYTES);
    // Callers wait for answers; variants may take a moment longer.
    rustix::process::nice(NICENESS).context("stepping back behind the service")?;
    drop_privileges().context("giving up privileges")?;
    // A change of user takes both back, so they come after it.
    die_with_parent()?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .context("refusing to be dumped")?;
    forbid_files().context("giving up all files")?;
    calls::allow_only_listed()?;
    Ok(CpuBudget::current())
}

/// Seconds of CPU that this process may have in all; the kernel holds it to them.
#[derive(Clone, Copy)]
pub struct CpuBudget {
    most: Option<u64>,
}

impl CpuBudget {
    fn current() -> Self {
        Self { most: rustix::process::getrlimit(Resource::Cpu).maximum }
    }

    /// Grants `secs` more; beyond them the kernel ends the process. False when that is more than it may
    /// have in all.
    pub(super) fn grant(self, secs: u64) -> anyhow::Result<bool> {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let wanted = used.tv_sec as u64 + secs + 1;
        let current = self.most.map_or(wanted, |most| most.min(wanted));
        setrlimit(Resource::Cpu, Rlimit { current: Some(current), maximum: self.most })
            .context("limiting CPU time")?;
        Ok(current == wanted)
    }
}

/// A descriptor that the service was started with is nothing for strangers.
#[expect(unsafe_code, reason = "there is no safe call for it")]
pub(super) fn close_what_was_left_open() {
    // SAFETY: the first that a child does: nothing in it owns a descriptor above these three. A kernel
    // without the call leaves them open.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0);
    }
}

fn set_limits(memory_bytes: u64, cpu_secs: u64) -> anyhow::Result<()> {
    for (resource, most) in [
        (Resource::As, memory_bytes),
        (Resource::Cpu, cpu_secs),
        (Resource::Nofile, FILES_MAX),
        (Resource::Nproc, threads_max()),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Memlock, 0),
    ] {
        // What the service itself may not have cannot be had here.
        let hard = rustix::process::getrlimit(resource).maximum;
        let most = Some(hard.map_or(most, |hard| hard.min(most)));
        setrlimit(resource, Rlimit { current: most, maximum: most })
            .with_context(|| format!("limiting {resource:?} to {most:?}"))?;
    }
    Ok(())
}

/// Enough for a decoder's threads whoever else runs as the same user, and no end of the system.
fn threads_max() -> u64 {
    // "0.20 0.18 0.12 1/80 11206": of 80 threads one runs.
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let threads = load.split(['/', ' ']).nth(4).and_then(|threads| threads.parse::<u64>().ok());
    threads.map_or(THREADS_MAX, |threads| threads + THREADS_MORE)
}

/// Gives up all capabilities, also those to be had by starting a program, and root itself.
fn drop_privileges() -> anyhow::Result<()> {
    let has = rustix::thread::capabilities(None)?.effective;
    if has.contains(CapabilitySet::SETPCAP) {
        // The kernel knows fewer than 64, and refuses the first that it does not know.
        let all = (0..64).map(|bit| CapabilitySet::from_bits_retain(1 << bit));
        let _ = all.map(rustix::thread::remove_capability_from_bounding_set).find(Result::is_err);
    }
    rustix::thread::clear_ambient_capability_set()?;
    // A root without KILL could not end what runs as somebody else.
    let may_leave = CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::KILL;
    if rustix::process::geteuid().is_root() && has.contains(may_leave) {
        match leave_root() {
            // A user namespace may know no nobody. What is left is a root without any privilege.
            Ok(()) | Err(Errno::INVAL | Errno::PERM) => {}
            Err(error) => return Err(error).context("becoming nobody"),
        }
    }
    let none = CapabilitySet::empty();
    let none = CapabilitySets { effective: none, permitted: none, inheritable: none };
    Ok(rustix::thread::set_capabilities(None, none)?)
}

fn leave_root() -> rustix::io::Result<()> {
    let (user, group) =
        (rustix::process::Uid::from_raw(NOBODY), rustix::process::Gid::from_raw(NOBODY));
    rustix::thread::set_thread_groups(&[])?;
    rustix::thread::set_thread_res_gid(group, group, group)?;
    rustix::thread::set_thread_res_uid(user, user, user)
}

fn die_with_parent() -> anyhow::Result<()> {
    let parent = rustix::process::getppid();
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .context("asking to die with the parent")?;
    ensure!(rustix::process::getppid() == parent, "the parent is gone already");
    Ok(())
}

/// Beside the list of calls, which has none that takes a path: where the kernel has landlock, this
/// process may not open, make or remove a file anyway, nor connect, nor signal others.
pub fn forbid_files() -> anyhow::Result<()> {
    Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V5))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(())
}
