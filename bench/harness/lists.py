"""Pages of a library, in a lab with few images and in one with many."""

import http.client
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from open_loop import percentile

from . import minilab, postgres, rows
from .bench import Bench
from .progress import say
from .service import Service
from .table import Growth, Table, Target

TARGET = Target(1.5, at_most=True)
PAGE = 20
NATIVE = "GET /api/v1/images"
DROPIN = "GET /api/uploads"
# The drop-in list may come from a cache that lives 5 s: no page is asked for twice in that time.
CACHED_SECS = 5.2
# From turn to turn; there are 20 places in a million images, and this reaches all of them.
PLACE_STEP = 7


@dataclass
class Library:
    """A lab with one account, which has so many images. Asked over one connection."""

    service: Service
    images: int
    # Where walks begin: all over the library.
    cursors: list[str]
    connection: http.client.HTTPConnection
    asked_at: float = field(default=0, init=False)

    def timed(self, path: str) -> tuple[dict, float]:
        """The answer, and milliseconds until it was there."""
        start = time.perf_counter()
        self.connection.request("GET", path, headers=self.service.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - start) * 1e3
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body[:300]!r}")
        return json.loads(body), took

    def place(self, turn: int) -> str:
        return self.cursors[turn * PLACE_STEP % len(self.cursors)]

    def walk(self, cursor: str, pages: int) -> Iterator[float]:
        """From page to page, as `next_cursor` leads; after the last page from the newest image."""
        for _ in range(pages):
            page, took = self.timed(at(f"/api/v1/images?limit={PAGE}", cursor))
            if len(page["items"]) != PAGE or page["total"] != self.images:
                raise RuntimeError(f"{len(page['items'])} items of {page['total']} on a page")
            cursor = page["next_cursor"]
            yield took

    def numbered(self, pages: int) -> Iterator[float]:
        """Once the first pages of the drop-in list, when none of them can be in a cache."""
        time.sleep(max(0, self.asked_at + CACHED_SECS - time.monotonic()))
        for number in range(1, pages + 1):
            page, took = self.timed(f"/api/uploads?page={number}")
            if len(page["images"]) != PAGE:
                raise RuntimeError(f"{len(page['images'])} images on page {number}")
            yield took
        self.asked_at = time.monotonic()

    def has_dropin(self) -> bool:
        self.connection.request("GET", "/api/uploads?page=1", headers=self.service.headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status != 404


Ask = Callable[[Library, int], Iterator[float]]


def at(path: str, cursor: str) -> str:
    return f"{path}&cursor={cursor}" if cursor else path


def lists(bench: Bench) -> Table:
    few, many = bench.plan.few_images, bench.plan.many_images
    table_rows = []
    for engine in ("SQLite", "PostgreSQL"):
        with ExitStack() as stack:
            libraries = [stack.enter_context(library(bench, engine, n)) for n in (few, many)]
            found = measure(bench, engine, libraries)
        for label in found[few]:
            pair = [found[images][label] for images in (many, few)]
            target = TARGET if label.endswith("p99") else None
            table_rows.append(Growth(f"{engine}: {label}, ms", *pair, False, target))
    pages = few // PAGE
    note = (
        f"Milliseconds for a page of {PAGE} images, one request after the other over one "
        f"connection. All images of a lab belong to the account that lists them. By cursor: "
        f"{bench.plan.list_turns} turns of {2 * pages} pages a round, from places all over the "
        f"library; the drop-in list by number: as many turns of its first {pages} pages, never "
        f"within the 5 s that they may be cached. The ratio says how many times longer it takes in "
        f"the larger lab."
    )
    columns = (f"{many:,} images", f"{few:,} images")
    return Table("A list of a million", note, table_rows, columns)


@contextmanager
def library(bench: Bench, engine: str, images: int) -> Iterator[Library]:
    with ExitStack() as stack:
        folder = stack.enter_context(bench.folder(f"{engine}-{images}"))
        database = ""
        if engine == "PostgreSQL":
            server = postgres.server()
            database = stack.enter_context(postgres.database(server, str(images)))
        with minilab.running(bench.binary, folder, database) as service:
            headers = service.headers
        start = time.monotonic()
        if database:
            rows.into_postgres(database, images)
        else:
            rows.into_sqlite(folder / "data" / "minilab.db", images)
        say(f"{engine}: made rows of {images:,} images in {time.monotonic() - start:.0f} s")
        service = stack.enter_context(minilab.serving(bench.binary, folder, database))
        service.headers = headers
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        stack.callback(connection.close)
        yield Library(service, images, places(service), connection)


def places(service: Service) -> list[str]:
    """Cursors from the newest to the oldest image, one in 50,000: the longest step there is."""
    cursors = [""]
    path = "/api/v1/images?limit=100&page=500"
    while cursor := service.get(at(path, cursors[-1]))["next_cursor"]:
        cursors.append(cursor)
    return cursors


def measure(bench: Bench, engine: str, libraries: list[Library]) -> dict[int, dict[str, list]]:
    """For each size what was asked for, as p50 and p99 of each round."""
    pages = bench.plan.few_images // PAGE
    asks = {NATIVE: lambda library, turn: library.walk(library.place(turn), 2 * pages)}
    if all(library.has_dropin() for library in libraries):
        asks[DROPIN] = lambda library, _: library.numbered(pages)
    else:
        say(f"{DROPIN} is not there: left out")
    in_turns(asks, libraries, 1)  # To warm up.
    found = {library.images: defaultdict(list) for library in libraries}
    for number in range(1, bench.plan.rounds + 1):
        for (images, name), times in in_turns(asks, libraries, bench.plan.list_turns).items():
            p50, p99 = (percentile(sorted(times), percent) for percent in (50, 99))
            found[images][f"{name}: p50"].append(p50)
            found[images][f"{name}: p99"].append(p99)
            told = f"{len(times)} times, p50 {p50:.4g} ms, p99 {p99:.4g} ms"
            say(f"{engine}, round {number}, {images:,} images, {name}: {told}")
    return found


def in_turns(asks: dict[str, Ask], libraries: list[Library], turns: int) -> dict:
    """Milliseconds, by the size of the library and by what was asked for."""
    times = defaultdict(list)
    for turn in range(turns):
        for library in libraries:
            for name, ask in asks.items():
                times[library.images, name] += ask(library, turn)
    return times
