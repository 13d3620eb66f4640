//! What a child may still ask of the kernel, asked from inside the sandbox.
//!
//! Each test starts this very program again, as itself and inside; what is seen there comes out as
//! lines of text.
#![expect(unsafe_code, reason = "system calls by number")]

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use minilab::render_pool::sandbox;

const INSIDE: &str = "MINILAB_TEST_INSIDE";
/// Calls are also known by these numbers, for programs with pointers of 32 bits.
#[cfg(target_arch = "x86_64")]
const OTHER_NUMBERS: &[i64] = &[0, 0x4000_0000];
#[cfg(not(target_arch = "x86_64"))]
const OTHER_NUMBERS: &[i64] = &[0];

/// Numbers that kernels keep for their own probes: no filter sees them, and whoever calls them dies of it.
#[cfg(target_arch = "x86_64")]
const FOR_PROBES: &[i64] = &[335, 336];
#[cfg(not(target_arch = "x86_64"))]
const FOR_PROBES: &[i64] = &[];

/// Tells the two halves of a test apart.
fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs the inner half of a test.
fn inside(test: &str) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .output()
        .unwrap()
}

fn enter() {
    sandbox::enter(4 << 30, 60).unwrap();
}

/// The answer of the kernel; what it refuses is negative.
fn call(number: i64, arguments: &[i64]) -> i64 {
    let given = std::array::from_fn::<_, 6, _>(|at| arguments.get(at).copied().unwrap_or_default());
    let [first, second, third, fourth, fifth, sixth] = given;
    // SAFETY: what is on the list is called with arguments that do nothing, and the rest does not pass.
    let answer = unsafe { libc::syscall(number, first, second, third, fourth, fifth, sixth) };
    if answer < 0 {
        -i64::from(std::io::Error::last_os_error().raw_os_error().unwrap())
    } else {
        answer
    }
}

/// Everything that some argument may pass with. Whoever adds a call says it here, too.
const LISTED: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fcntl,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_gettimeofday,
    libc::SYS_madvise,
    libc::SYS_mmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_prlimit64,
    libc::SYS_read,
    libc::SYS_recvmsg,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    libc::SYS_sysinfo,
    libc::SYS_tgkill,
    libc::SYS_write,
    libc::SYS_writev,
];

#[test]
fn what_is_not_on_the_list_is_not_permitted_whatever_its_number() {
    if is_inside() {
        enter();
        let left_out = |number: &i64| LISTED.contains(number) || FOR_PROBES.contains(number);
        for number in (0..2048).filter(|number| !left_out(number)) {
            for other in OTHER_NUMBERS {
                let answer = call(number | other, &[]);
                assert_eq!(answer, -i64::from(libc::EPERM), "{number} {other}");
            }
        }
        for number in LISTED.iter().filter(|_| OTHER_NUMBERS.len() > 1) {
            assert_eq!(call(number | 0x4000_0000, &[]), -i64::from(libc::EPERM), "{number}");
        }
        println!("all asked");
        return;
    }
    let seen = inside("sandbox::what_is_not_on_the_list_is_not_permitted_whatever_its_number");
    assert!(seen.status.success() && text(&seen).contains("all asked"), "{seen:?}");
}

/// Calls of the list with arguments that reach further than the process itself.
fn reaching_out(parent: i64) -> Vec<(&'static str, i64, Vec<i64>)> {
    let exec = i64::from(libc::PROT_READ | libc::PROT_EXEC);
    let own = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let thread = i64::from(libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD);
    let parents_clock = (!parent << 3) | 2;
    vec![
        ("a signal to the parent", libc::SYS_tgkill, vec![parent, parent, 0]),
        ("the owner of a pipe's signals", libc::SYS_fcntl, vec![1, 8, parent]),
        ("the owner of them, another way", libc::SYS_fcntl, vec![1, 15, 0]),
        ("the signal itself", libc::SYS_fcntl, vec![1, 10, 9]),
        ("asynchronous output", libc::SYS_fcntl, vec![1, 4, 0x2001]),
        ("a lease", libc::SYS_fcntl, vec![0, 1024, 0]),
        ("news of a folder", libc::SYS_fcntl, vec![0, 1026, 1]),
        ("another descriptor", libc::SYS_fcntl, vec![0, 0, 3]),
        ("another descriptor, closed later", libc::SYS_fcntl, vec![0, 1030, 3]),
        ("a larger pipe", libc::SYS_fcntl, vec![1, 1031, 4096]),
        ("a lock on a file", libc::SYS_fcntl, vec![0, 6, 0]),
        ("words to the parent's socket", libc::SYS_write, vec![0, 0, 0]),
        ("words to the picture", libc::SYS_writev, vec![4, 0, 0]),
        ("a process", libc::SYS_clone, vec![17]),
        ("a process with the same memory", libc::SYS_clone, vec![0x4111]),
        ("a thread of a new user", libc::SYS_clone, vec![thread | 0x1000_0000]),
        ("a thread with a descriptor", libc::SYS_clone, vec![thread | 0x1000]),
        ("the limits of the parent", libc::SYS_prlimit64, vec![parent, 0]),
        ("more files", libc::SYS_prlimit64, vec![0, 7]),
        ("the CPU time of the parent", libc::SYS_clock_gettime, vec![parents_clock, 0]),
        ("the time of a descriptor", libc::SYS_clock_gettime, vec![(!1 << 3) | 3, 0]),
        ("the processors of the parent", libc::SYS_sched_getaffinity, vec![parent, 8, 0]),
        ("pages to execute", libc::SYS_mmap, vec![0, 4096, exec, own, -1, 0]),
        ("pages of a file", libc::SYS_mmap, vec![0, 4096, 1, 2, 0, 0]),
        ("shared pages", libc::SYS_mmap, vec![0, 4096, 1, 0x21, -1, 0]),
        ("huge pages", libc::SYS_mmap, vec![0, 4096, 1, own | 0x40000, -1, 0]),
        ("pages made executable", libc::SYS_mprotect, vec![0, 0, exec]),
        ("pages merged with others'", libc::SYS_madvise, vec![0, 0, 12]),
        ("pages broken", libc::SYS_madvise, vec![0, 0, 100]),
        ("a lock that lends priority", libc::SYS_futex, vec![0, 6, 0]),
    ]
}

#[test]
fn calls_on_the_list_reach_nobody_else() {
    if is_inside() {
        let parent = i64::from(std::os::unix::process::parent_id());
        enter();
        for (what, number, arguments) in reaching_out(parent) {
            assert_eq!(call(number, &arguments), -i64::from(libc::EPERM), "{what}");
        }
        assert_eq!(call(libc::SYS_clone3, &[]), -i64::from(libc::ENOSYS));
        println!("all asked");
        return;
    }
    let seen = inside("sandbox::calls_on_the_list_reach_nobody_else");
    assert!(seen.status.success() && text(&seen).contains("all asked"), "{seen:?}");
}

#[test]
fn threads_memory_and_panics_go_on_inside() {
    if is_inside() {
        enter();
        let threads = [1_u8, 2, 3].map(|fill| {
            std::thread::spawn(move || {
                let mut much = vec![fill; 40 << 20];
                much.resize(80 << 20, fill);
                usize::from(much[much.len() - 1])
            })
        });
        let sum = threads.map(|thread| thread.join().unwrap()).iter().sum::<usize>();
        let caught = std::panic::catch_unwind(|| panic!("a decoder's"));
        println!("{sum} {}", caught.is_err());
        return;
    }
    let seen = inside("sandbox::threads_memory_and_panics_go_on_inside");
    assert!(seen.status.success() && text(&seen).contains("6 true"), "{seen:?}");
}

#[test]
fn an_abort_ends_the_child_as_an_abort() {
    if is_inside() {
        enter();
        std::process::abort();
    }
    let seen = inside("sandbox::an_abort_ends_the_child_as_an_abort");
    assert_eq!(seen.status.signal(), Some(libc::SIGABRT), "{seen:?}");
    assert!(!seen.status.core_dumped());
}

#[test]
fn files_are_forbidden_beside_the_list_where_the_kernel_knows_how() {
    if is_inside() {
        // SAFETY: asks for the version; nothing is passed.
        let version = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, 0, 0, 1) };
        sandbox::forbid_files().unwrap();
        let opened = std::fs::File::open("/proc/self/status").map_err(|error| error.kind());
        let is_refused = matches!(opened, Err(std::io::ErrorKind::PermissionDenied));
        println!("consistent: {}", is_refused == (version > 0));
        return;
    }
    let seen = inside("sandbox::files_are_forbidden_beside_the_list_where_the_kernel_knows_how");
    assert!(text(&seen).contains("consistent: true"), "{seen:?}");
}

fn text(seen: &Output) -> String {
    String::from_utf8_lossy(&seen.stdout).into_owned()
}
