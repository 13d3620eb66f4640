"""Processes that end with us."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

STOP_SECS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(command: list, log: Path, env: dict, cwd: Path | None = None) -> subprocess.Popen:
    """Leads a process group of its own: so Ctrl-C reaches only us, and we stop all its children."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=env, cwd=cwd, start_new_session=True,
        )


def stop(process: subprocess.Popen) -> None:
    """Asks, waits, then kills what is left of its group; in the end also after a second Ctrl-C."""
    # Not by Popen's own methods: they reap, and then the number may be somebody else's.
    os.kill(process.pid, signal.SIGTERM)
    try:
        deadline = time.monotonic() + STOP_SECS
        while not has_ended(process.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def has_ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
