//! What a child gives up before it touches a stranger's byte.

use std::collections::BTreeMap;

use anyhow::Context;
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::memory;

const NICENESS: i32 = 5;
/// What a small or a middling picture takes; what a large one needed beyond that goes back.
const KEPT_BYTES: i32 = 32 * 1024 * 1024;

/// Caps memory, forbids core dumps and written files, dies with its parent, and drops the system
/// calls that reach files, the network or other processes.
pub(super) fn enter(memory_bytes: u64) -> anyhow::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .context("asking to die with the parent")?;
    for (resource, most) in
        [(Resource::As, memory_bytes), (Resource::Core, 0), (Resource::Fsize, 0)]
    {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
            .with_context(|| format!("limiting {resource:?} to {most}"))?;
    }
    memory::keep(KEPT_BYTES);
    // Callers wait for answers; prints may take a moment longer.
    rustix::process::nice(NICENESS).context("stepping back behind the service")?;
    forbid_system_calls()
}

/// Grants this process `secs` more seconds of CPU; beyond them the kernel kills it.
pub(super) fn grant_cpu(secs: u64) -> anyhow::Result<()> {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let most = used.tv_sec as u64 + secs + 1;
    setrlimit(Resource::Cpu, Rlimit { current: Some(most), maximum: None })
        .context("limiting CPU time")
}

/// The forbidden calls answer "not permitted"; everything a decoder needs stays.
fn forbid_system_calls() -> anyhow::Result<()> {
    // A library that finds no clone3 falls back to clone, whose flags a filter can see.
    install(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)?;

    let mut forbidden = BTreeMap::new();
    for &call in FORBIDDEN {
        forbidden.insert(call, Vec::new());
        // The same call by its number in the 32-bit-pointer variant of x86-64.
        forbidden.insert(call | X32_BIT, Vec::new());
    }
    // Threads are welcome, processes are not.
    let no_thread = SeccompCmpOp::MaskedEq(libc::CLONE_THREAD as u64);
    forbidden.insert(libc::SYS_clone, vec![when(0, no_thread, 0)?]);
    // One's own limits may be changed, not the parent's.
    forbidden.insert(libc::SYS_prlimit64, vec![when(0, SeccompCmpOp::Ne, 0)?]);
    install(forbidden, libc::EPERM)
}

const X32_BIT: i64 = 0x4000_0000;

fn when(argument: u8, compares: SeccompCmpOp, with: u64) -> anyhow::Result<SeccompRule> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compares, with);
    let rule = condition.and_then(|condition| SeccompRule::new(vec![condition]));
    rule.context("writing a rule")
}

fn install(forbidden: BTreeMap<i64, Vec<SeccompRule>>, answer: i32) -> anyhow::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).context("naming this processor")?;
    let answer = SeccompAction::Errno(answer as u32);
    let filter = SeccompFilter::new(forbidden, SeccompAction::Allow, answer, arch);
    let program: BpfProgram = filter.and_then(TryInto::try_into).context("writing the filter")?;
    seccompiler::apply_filter(&program).context("installing the filter")
}

const FORBIDDEN: &[i64] = &[
    // Files, by any name.
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_open_by_handle_at,
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mkdirat,
    libc::SYS_mknodat,
    libc::SYS_fchmodat,
    libc::SYS_fchownat,
    libc::SYS_fchmod,
    libc::SYS_fchown,
    libc::SYS_fchmodat2,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_truncate,
    libc::SYS_memfd_create,
    // The network, and sockets of any kind.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    // Other programs and processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_prctl,
    libc::SYS_setsid,
    // The kernel's larger doors.
    libc::SYS_io_uring_setup,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_userfaultfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_renameat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_link,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_symlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rmdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chmod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_chown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lchown,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mknod,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utime,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_utimes,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_futimesat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];
