"""Pages of a library, in a lab with few images and in one with many."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from .bench import Bench
from .library import Ask, Library, columns, growth
from .progress import say
from .service import Service
from .table import Table

PAGE = 20
NATIVE = "GET /api/v1/images"
DROPIN = "GET /api/uploads"
# The drop-in list may come from a cache that lives 5 s: no page is asked for twice in that time.
CACHED_SECS = 5.2
# From turn to turn; there are 20 places in a million images, and this reaches all of them.
PLACE_STEP = 7


@dataclass
class Pages:
    """The pages of one library."""

    library: Library
    # Where walks begin: all over the library.
    cursors: list[str]
    asked_at: float = field(default=0, init=False)

    def place(self, turn: int) -> str:
        return self.cursors[turn * PLACE_STEP % len(self.cursors)]

    def walk(self, cursor: str, pages: int) -> Iterator[float]:
        """From page to page, as `next_cursor` leads; after the last page from the newest image."""
        for _ in range(pages):
            page, took = self.library.timed(at(f"/api/v1/images?limit={PAGE}", cursor))
            if len(page["items"]) != PAGE or page["total"] != self.library.images:
                raise RuntimeError(f"{len(page['items'])} items of {page['total']} on a page")
            cursor = page["next_cursor"]
            yield took

    def numbered(self, pages: int) -> Iterator[float]:
        """Once the first pages of the drop-in list, when none of them can be in a cache."""
        time.sleep(max(0, self.asked_at + CACHED_SECS - time.monotonic()))
        for number in range(1, pages + 1):
            page, took = self.library.timed(f"/api/uploads?page={number}")
            if len(page["images"]) != PAGE:
                raise RuntimeError(f"{len(page['images'])} images on page {number}")
            yield took
        self.asked_at = time.monotonic()

    def has_dropin(self) -> bool:
        connection = self.library.connection
        connection.request("GET", "/api/uploads?page=1", headers=self.library.service.headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status != 404


def at(path: str, cursor: str) -> str:
    return f"{path}&cursor={cursor}" if cursor else path


def lists(bench: Bench) -> Table:
    pages = bench.plan.few_images // PAGE
    rows = growth(bench, lambda libraries: asks_of(libraries, pages), bench.plan.list_turns)
    note = (
        f"Milliseconds for a page of {PAGE} images, one request after the other over one "
        f"connection. All images of a lab belong to the account that lists them. By cursor: "
        f"{bench.plan.list_turns} turns of {2 * pages} pages a round, from places all over the "
        f"library; the drop-in list by number: as many turns of its first {pages} pages, never "
        f"within the 5 s that they may be cached. The ratio says how many times longer it takes in "
        f"the larger lab."
    )
    return Table("A list of a million", note, rows, columns(bench))


def asks_of(libraries: list[Library], pages: int) -> dict[str, Ask]:
    of = {library.images: Pages(library, places(library.service)) for library in libraries}

    def native(library: Library, turn: int) -> Iterator[float]:
        here = of[library.images]
        return here.walk(here.place(turn), 2 * pages)

    def dropin(library: Library, _: int) -> Iterator[float]:
        return of[library.images].numbered(pages)

    if all(here.has_dropin() for here in of.values()):
        return {NATIVE: native, DROPIN: dropin}
    say(f"{DROPIN} is not there: left out")
    return {NATIVE: native}


def places(service: Service) -> list[str]:
    """Cursors from the newest to the oldest image, one in 50,000: the longest step there is."""
    cursors = [""]
    path = "/api/v1/images?limit=100&page=500"
    while cursor := service.get(at(path, cursors[-1]))["next_cursor"]:
        cursors.append(cursor)
    return cursors
