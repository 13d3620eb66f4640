"""How long the processors worked for the children of a process."""

import os
from pathlib import Path

from .memory import tree

TICKS = os.sysconf("SC_CLK_TCK")
# Of /proc/PID/stat, counted behind the name: ticks of the process, and of children that ended.
OWN = slice(11, 13)
ENDED = slice(13, 15)


def of_children(pid: int) -> float:
    """Seconds, of those that run and of those that ended."""
    _, *children = tree(pid)
    return (ticks(pid, ENDED) + sum(ticks(child, OWN) for child in children)) / TICKS


def ticks(pid: int, fields: slice) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0  # It has ended since it was listed, and is counted by its parent.
    return sum(map(int, text.rpartition(")")[2].split()[fields]))
