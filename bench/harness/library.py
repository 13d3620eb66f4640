"""Labs with few images and with many, and how much longer the larger one takes to answer."""

import http.client
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from open_loop import percentile

from . import minilab, postgres, rows
from .bench import Bench
from .progress import say
from .service import Service
from .table import Growth, Row, Target

TARGET = Target(1.5, at_most=True)
ENGINES = ("SQLite", "PostgreSQL")


@dataclass
class Library:
    """A lab with one account, which has so many images. Asked over one connection."""

    service: Service
    images: int
    # Of an account that has no images.
    admin: dict[str, str]
    connection: http.client.HTTPConnection

    def timed(self, path: str, headers: dict[str, str] | None = None) -> tuple[dict, float]:
        """The answer, and milliseconds until it was there."""
        start = time.perf_counter()
        self.connection.request("GET", path, headers=headers or self.service.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - start) * 1e3
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {body[:300]!r}")
        return json.loads(body), took


# What is asked of a library in a turn: milliseconds, one after the other.
Ask = Callable[[Library, int], Iterator[float]]


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
            admin = minilab.add_account(bench.binary, folder, database, "admin", "--admin")
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
        yield Library(service, images, admin, connection)


def growth(
    bench: Bench, asks_of: Callable[[list[Library]], dict[str, Ask]], turns: int
) -> list[Row]:
    """p50 and p99 of what is asked, in the larger lab and in the smaller, on each engine."""
    few, many = bench.plan.few_images, bench.plan.many_images
    found_rows = []
    for engine in ENGINES:
        with ExitStack() as stack:
            libraries = [stack.enter_context(library(bench, engine, n)) for n in (few, many)]
            found = measure(bench, engine, libraries, asks_of(libraries), turns)
        for label in found[few]:
            pair = [found[images][label] for images in (many, few)]
            target = TARGET if label.endswith("p99") else None
            found_rows.append(Growth(f"{engine}: {label}, ms", *pair, False, target))
    return found_rows


def columns(bench: Bench) -> tuple[str, str]:
    return f"{bench.plan.many_images:,} images", f"{bench.plan.few_images:,} images"


def measure(
    bench: Bench, engine: str, libraries: list[Library], asks: dict[str, Ask], turns: int
) -> dict[int, dict[str, list]]:
    """For each size what was asked for, as p50 and p99 of each round."""
    in_turns(asks, libraries, 1)  # To warm up.
    found = {library.images: defaultdict(list) for library in libraries}
    for number in range(1, bench.plan.rounds + 1):
        for (images, name), times in in_turns(asks, libraries, turns).items():
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
