"""What a rendering child could still do once its decoder is taken over.

Makes system calls from inside a live child, under its own filter, by ptrace (`inject.c`).
"""

import contextlib
import os
import subprocess
import time
from pathlib import Path

from harness.memory import tree

from .lab import Lab
from .pictures import photo
from .plan import Attack, Figure, Plan

# Name, number and arguments: "P" is the serving process, "s:" a text, "b:" so much room.
CALLS = [
    ("openat", 257, "-100", "s:/etc/passwd", 0), ("open", 2, "s:/etc/passwd", 0),
    ("openat2", 437, "-100", "s:/etc/passwd", "b:24", 24), ("creat", 85, "s:/tmp/x-minilab", 420),
    ("socket", 41, 2, 1, 0), ("socketpair", 53, 1, 1, 0, "b:8"), ("execve", 59, "s:/bin/true", 0, 0),
    ("fork", 57), ("vfork", 58), ("clone of a process", 56, 17, 0, 0, 0, 0), ("clone3", 435, 0, 0),
    ("ptrace", 101, 16, "P", 0, 0), ("kill", 62, "P", 0), ("tgkill", 234, "P", "P", 0),
    ("tkill", 200, "P", 0), ("rt_sigqueueinfo", 129, "P", 0, "b:128"), ("pidfd_open", 434, "P", 0),
    ("process_vm_readv", 310, "P", 0, 0, 0, 0, 0), ("io_uring_setup", 425, 1, "b:200"),
    ("memfd_create", 319, "s:x", 0), ("unlink", 87, "s:/tmp/nothing"), ("mount", 165, 0, 0, 0, 0, 0),
    ("bpf", 321, 0, 0, 0), ("prlimit of the parent", 302, "P", 7, 0, "b:16"),
    ("x32 open", 0x40000002, "s:/etc/passwd", 0), ("stat", 4, "s:/etc/shadow", "b:256"),
    ("access", 21, "s:/etc/shadow", 4), ("readlink", 89, "s:/proc/P/cwd", "b:256", 255),
    ("statx", 332, "-100", "s:/etc", 0, 0, "b:256"), ("open_tree", 428, "-100", "s:/", 1),
    ("fsopen", 430, "s:tmpfs", 0), ("inotify_init1", 294, 0), ("fanotify_init", 300, 0, 0),
    ("chdir", 80, "s:/"), ("getcwd", 79, "b:256", 255), ("removexattr", 197, "s:/etc/shadow", "s:user.x"),
    ("setpriority", 141, 0, "P", 19), ("sched_setscheduler", 144, "P", 5, "b:8"),
    ("sched_getaffinity", 204, "P", 8, "b:8"), ("sched_setaffinity", 203, "P", 8, "b:8"),
    ("ioprio_set", 251, 1, "P", 0x6000), ("get_robust_list", 274, "P", "b:8", "b:8"),
    ("shmget", 29, 0x5EC, 4096, 0x3B6), ("msgget", 68, 0x5EC, 0x3B6), ("semget", 64, 0x5EC, 1, 0x3B6),
    ("mq_open", 240, "s:sec-x", 0x42, 0x1B6, 0), ("mq_unlink", 241, "s:sec-x"), ("syslog", 103, 10, 0, 0),
    ("clock_settime", 227, 0, 8), ("sethostname", 170, 8, 3), ("iopl", 172, 0),
    ("delete_module", 176, "s:nothing", 0), ("acct", 163, 8), ("x32 execve", 0x40000000 + 520, "s:/x", 0, 0),
    ("F_SETOWN", 72, 1, 8, "P"), ("F_SETSIG", 72, 1, 10, 9), ("F_SETFL O_ASYNC", 72, 1, 4, 0x2001),
    ("F_NOTIFY", 72, 0, 1026, 1), ("FIOASYNC", 16, 1, 0x5452, "b:8"), ("TIOCSTI", 16, 0, 0x5412, "b:8"),
    ("prctl PR_SET_DUMPABLE", 157, 4, 1), ("setuid", 105, 0), ("setresuid", 117, 0, 0, 0), ("unshare", 272, 0),
    ("keyctl", 250, 0, 0), ("perf_event_open", 298, "b:128", 0, 0, 0, 0), ("userfaultfd", 323, 0),
    ("personality", 135, 0), ("setrlimit", 160, 7, "b:16"), ("name_to_handle_at", 303, "-100", "s:/", "b:64", "b:8", 0),
]


def taken_over(plan: Plan):
    """Calls that get past the filter."""
    if os.uname().machine != "x86_64":
        raise RuntimeError("the numbers of the calls are those of x86-64")
    program = plan.cache / "inject"
    source = Path(__file__).with_name("inject.c")
    subprocess.run(["cc", "-O1", "-w", "-o", program, source], check=True)
    with Lab(plan.binary, workers=1) as lab:
        ada = lab.account("ada")
        ada.ready(ada.image(photo(1)))
        passed = [name for name, *call in CALLS if gets_through(program, lab, call)]
        if passed:
            print(f"    got through: {', '.join(passed)}", flush=True)
        yield Figure(f"of {len(CALLS)} calls get through", len(passed), "", 0)
        ada.ready(ada.image(photo(2)))
        yield Figure("the server died", lab.anybody.get("/healthz").status != 200, "", 0)


def gets_through(program: Path, lab: Lab, call: list) -> bool:
    child = child_of(lab)
    parent = str(lab.server.pid)
    fill = lambda part: str(part).replace("/P/", f"/{parent}/") if part != "P" else parent
    line = "\t".join(fill(part) for part in call) + "\n"
    answer = subprocess.run([program, str(child)], input=line, capture_output=True, text=True, check=False).stdout
    # EPERM and "no such call" are the filter's; a child that is killed for it is as good.
    return answer.split("\t")[0].strip() not in ("-1", "-38") and not answer.startswith("died")


def child_of(lab: Lab) -> int:
    """A child that waits for work; if the last one was killed, another picture brings the next."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        _, *children = tree(lab.server.pid)
        for child in children:
            with contextlib.suppress(OSError):
                if "S" in Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]:
                    return child
        lab.account(f"again{time.monotonic_ns()}").image(photo(time.monotonic_ns() % 10**9))
        time.sleep(0.3)
    raise RuntimeError("there is no rendering child")


ATTACKS = [Attack("sandbox", "system calls from inside a rendering child", taken_over, by_root=True)]
