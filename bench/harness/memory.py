"""How much memory some processes and all their children hold."""

import os
import threading
import time
from pathlib import Path

EVERY_SECS = 0.02
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def tree(pid: int):
    """The process and everything below it."""
    yield pid
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = listing.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child))


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0  # It has ended since it was listed.


def resident_together(roots: list[int]) -> int:
    return sum(resident(pid) for root in roots for pid in tree(root))


class Watch:
    """Looks at the memory in the background; `peak` is the most it saw."""

    def __init__(self, roots: list[int]):
        self.roots = roots
        self.peak = 0
        self.looks = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            self.peak = max(self.peak, resident_together(self.roots))
            self.looks += 1
            due += EVERY_SECS
            self._over.wait(max(0, due - time.monotonic()))
