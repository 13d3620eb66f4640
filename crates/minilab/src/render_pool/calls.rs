//! The system calls that a child may still make; all others answer "not permitted".
//!
//! None takes a path, makes a descriptor, or names another process. Memory is never executable.

use std::collections::BTreeMap;

use anyhow::Context;
use rustix::process::getpid;
use seccompiler::SeccompCmpOp::{Eq, Le, MaskedEq};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Whatever their arguments.
const PLAIN: &[i64] = &[
    // The order, the picture, and their end. `recvmsg` works on the socket it was born with.
    libc::SYS_read,
    libc::SYS_recvmsg,
    libc::SYS_close,
    // Memory; what makes and changes pages is below.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    // Threads; `clone` and `futex` are below. The filter before answers clone3.
    libc::SYS_clone3,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Its own signals: a fault, an abort. `tgkill` is below.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // Randomness for hash tables, and the time where the vDSO does not tell it.
    libc::SYS_getrandom,
    libc::SYS_gettimeofday,
    // glibc's `qsort` asks how much memory there is and, refused, would choose its way by chance.
    libc::SYS_sysinfo,
];

/// All of `clone` that starts a thread as C libraries do; a process has other flags.
const THREAD: u64 = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID) as u64;
const OWN_PAGES: u64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
/// What may come with it: where, and how it is counted.
const PAGES_MORE: u64 =
    (libc::MAP_FIXED | libc::MAP_FIXED_NOREPLACE | libc::MAP_NORESERVE | libc::MAP_STACK) as u64;
const EXECUTABLE: u64 = libc::PROT_EXEC as u64;
/// `DONTNEED`, `FREE`, `GUARD_INSTALL`, `GUARD_REMOVE`: what allocators and stacks say.
const ADVICE: &[u64] = &[4, 8, 102, 103];
/// Waiting and waking; nothing that inherits priorities.
const FUTEX: &[i32] = &[
    libc::FUTEX_WAIT,
    libc::FUTEX_WAKE,
    libc::FUTEX_REQUEUE,
    libc::FUTEX_CMP_REQUEUE,
    libc::FUTEX_WAKE_OP,
    libc::FUTEX_WAIT_BITSET,
    libc::FUTEX_WAKE_BITSET,
];
const FUTEX_MORE: u64 = (libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME) as u64;

/// Installs the list for this thread and all that it starts.
pub(super) fn allow_only_listed() -> anyhow::Result<()> {
    // A library that finds no clone3 falls back to clone, whose flags a filter can see.
    let clone3 = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    install(clone3, SeccompAction::Errno(libc::ENOSYS as u32), SeccompAction::Allow)?;
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    install(listed()?, SeccompAction::Allow, refused)
}

fn listed() -> anyhow::Result<BTreeMap<i64, Vec<SeccompRule>>> {
    let mut list = PLAIN.iter().map(|&call| (call, Vec::new())).collect::<BTreeMap<_, _>>();
    // Out go only variants and last words.
    list.insert(libc::SYS_write, vec![when(&[(0, Eq, 1)])?, when(&[(0, Eq, 2)])?]);
    list.insert(libc::SYS_writev, vec![when(&[(0, Eq, 1)])?, when(&[(0, Eq, 2)])?]);
    // Whether a descriptor is open, and how. Never to whom it signals.
    let looks = [libc::F_GETFD, libc::F_GETFL].map(|look| when(&[(1, Eq, look as u64)]));
    list.insert(libc::SYS_fcntl, looks.into_iter().collect::<Result<_, _>>()?);
    let pages = [(2, MaskedEq(EXECUTABLE), 0), (3, MaskedEq(others(PAGES_MORE)), OWN_PAGES)];
    list.insert(libc::SYS_mmap, vec![when(&pages)?]);
    list.insert(libc::SYS_mprotect, vec![when(&[(2, MaskedEq(EXECUTABLE), 0)])?]);
    let advice = ADVICE.iter().map(|&advice| when(&[(2, Eq, advice)]));
    list.insert(libc::SYS_madvise, advice.collect::<Result<_, _>>()?);
    let futex = FUTEX.iter().map(|&call| when(&[(1, MaskedEq(others(FUTEX_MORE)), call as u64)]));
    list.insert(libc::SYS_futex, futex.collect::<Result<_, _>>()?);
    // musl says CLONE_DETACHED, too, which means nothing.
    let thread = MaskedEq(others(libc::CLONE_DETACHED as u64));
    list.insert(libc::SYS_clone, vec![when(&[(0, thread, THREAD)])?]);
    // Clocks of the system and its own; the number of others' has higher bits.
    list.insert(libc::SYS_clock_gettime, vec![when(&[(0, Le, libc::CLOCK_BOOTTIME as u64)])?]);
    // A signal to itself is how it aborts.
    let own = getpid().as_raw_nonzero().get() as u64;
    list.insert(libc::SYS_tgkill, vec![when(&[(0, Eq, own)])?]);
    list.insert(libc::SYS_sched_getaffinity, vec![when(&[(0, Eq, 0)])?]);
    // For each picture it grants itself CPU time, up to what it may have in all.
    let own_cpu = [(0, Eq, 0), (1, Eq, u64::from(libc::RLIMIT_CPU))];
    list.insert(libc::SYS_prlimit64, vec![when(&own_cpu)?]);
    Ok(list)
}

/// All bits of an argument but these.
const fn others(bits: u64) -> u64 {
    !bits & u32::MAX as u64
}

/// A call is allowed when each of these arguments compares so.
fn when(conditions: &[(u8, SeccompCmpOp, u64)]) -> anyhow::Result<SeccompRule> {
    let condition = |(argument, compares, with): &(u8, SeccompCmpOp, u64)| {
        SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, compares.clone(), *with)
    };
    let conditions = conditions.iter().map(condition).collect::<Result<_, _>>();
    conditions.and_then(SeccompRule::new).context("writing a rule")
}

fn install(
    list: BTreeMap<i64, Vec<SeccompRule>>,
    on_list: SeccompAction,
    otherwise: SeccompAction,
) -> anyhow::Result<()> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).context("naming this processor")?;
    // A call of another architecture kills the process.
    let filter = SeccompFilter::new(list, otherwise, on_list, arch);
    let program: BpfProgram = filter.and_then(TryInto::try_into).context("writing the filter")?;
    seccompiler::apply_filter(&program).context("installing the filter")
}
