"""What all stages share: a place to work in, services to start, and turns to take."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

from . import load
from .pictures import Size, pictures
from .plan import Plan
from .progress import say
from .service import Service

# Of each log, when something goes wrong.
LOG_LINES = 20


@dataclass
class Bench:
    """`contenders` starts a service by its name, in a folder."""

    plan: Plan
    # Minilab's.
    binary: Path
    contenders: dict[str, Callable]
    cache: Path
    # An older one of it, if it is to be held beside.
    before: Path | None
    # Folders stay until the end: on ext4 files are made slowly for minutes after many were deleted.
    work: Path
    # Images a second of small pictures, as (a) found them; (b) takes half of that.
    rates: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def pictures(self, size: Size) -> list[Path]:
        return pictures(size, self.cache / "bench-pictures")

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """A new one for a service, whose logs are told when something goes wrong."""
        folder = Path(mkdtemp(prefix=f"{name}-", dir=self.work))
        try:
            yield folder
        except Exception:
            tell_logs(folder)
            raise

    @contextmanager
    def fresh(self, name: str, size: Size) -> Iterator[tuple[Service, str]]:
        """A service with nothing in it but the pictures that warmed it up, and the id of one."""
        with self.folder(name) as folder, self.contenders[name](folder) as service:
            yield service, load.warm_up(service, self.pictures(size))

    def rounds(
        self, what: str, measure: Callable[[str], dict], names: Iterable[str] = (), count: int = 0
    ) -> dict[str, dict[str, list]]:
        """For each service, what was measured: a list with a value for each round."""
        names = list(names or self.contenders)
        found = {name: defaultdict(list) for name in names}
        for number in range(1, (count or self.plan.rounds) + 1):
            for name in names:
                values = measure(name)
                for key, value in values.items():
                    found[name][key].append(value)
                told = ", ".join(f"{key} {value:.4g}" for key, value in values.items())
                say(f"{what}, round {number}, {name}: {told}")
        return found


def tell_logs(folder: Path) -> None:
    for log in sorted(folder.glob("*.log")):
        for line in log.read_text(errors="replace").splitlines()[-LOG_LINES:]:
            say(f"{log.name}: {line}")
