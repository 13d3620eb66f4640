"""Statistics of a lab with few images and of one with many."""

from collections.abc import Iterator

from .bench import Bench
from .library import Library, columns, growth
from .table import Table

PATH = "/api/v1/stats"
# In one turn.
ASKS = 100


def sums(bench: Bench) -> Table:
    rows = growth(bench, lambda _: {f"GET {PATH}": ask}, bench.plan.list_turns)
    note = (
        f"Milliseconds for the statistics of the whole lab, as an admin sees them; one request "
        f"after the other over one connection, {bench.plan.list_turns} turns of {ASKS} a round. "
        f"Half of the images are by 20 models of cameras, the others by up to 20,000. The ratio "
        f"says how many times longer it takes in the larger lab."
    )
    return Table("Statistics of a million", note, rows, columns(bench))


def ask(library: Library, _: int) -> Iterator[float]:
    for _ in range(ASKS):
        stats, took = library.timed(PATH, library.admin)
        if stats["images"] != library.images or len(stats["days"]) != 30:
            raise RuntimeError(f"statistics of {stats['images']} images and {stats['days']}")
        yield took
