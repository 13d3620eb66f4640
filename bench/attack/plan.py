"""What an attack is, and how much of it is tried."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One thing that was seen. `at_most` is what must hold, by itself or as a share of nothing."""

    label: str
    value: float
    unit: str
    at_most: float

    def holds(self, is_quick: bool) -> bool:
        # In the short form the machine is busy, and the binary may be one for tests.
        is_time = self.unit in ("s", "ms")
        return self.value <= self.at_most * (10 if is_quick and is_time else 1)


@dataclass(frozen=True)
class Attack:
    name: str
    what: str
    run: Callable[["Plan"], Iterable[Figure]]
    # Wants to be root: it mounts or traces.
    by_root: bool = False
    # Also in the short form.
    quick: bool = True


@dataclass(frozen=True)
class Plan:
    """Whom to attack, and whether to be short about it."""

    binary: Path
    quick: bool
    cache: Path

    def of(self, whole: int, short: int) -> int:
        return short if self.quick else whole
