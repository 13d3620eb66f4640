"""Starts Minilab as its README says, and asks it how far it is."""

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import processes
from .service import READY_SECS_MAX, Service, Settled


ACCOUNT = "bench"
LINK_SECS = 3000


class Minilab(Service):
    name = "Minilab"
    upload_path = "/api/v1/images"

    def variant_url(self, image_id: str, variant: str) -> str:
        return f"{self.url}/api/v1/images/{image_id}/variants/{variant}"

    def image_id(self, answer: dict) -> str:
        return answer["items"][0]["id"]

    def make_link(self, image_id: str, variant: str) -> str:
        """The address of a temporary link that outlives the measuring."""
        wish = json.dumps({"expires_in": LINK_SECS, "variant": variant}).encode()
        path = f"/api/v1/images/{image_id}/links"
        return self.call("POST", path, wish, **{"Content-Type": "application/json"})["url"]

    def make_upload_link(self) -> str:
        """The token of an upload link that outlives the measuring and is never full."""
        wish = json.dumps({"expires_in": LINK_SECS, "label": ACCOUNT}).encode()
        headers = {"Content-Type": "application/json"}
        return self.call("POST", "/api/v1/upload-links", wish, **headers)["token"]

    def settled(self) -> Settled:
        """Looks at every image once, and again only at pages that had work under way.

        The time is that of the last page which was seen at work. Walking over pages that were
        ready long before is our doing and not counted.
        """
        deadline = time.monotonic() + READY_SECS_MAX
        at = time.monotonic()
        while True:
            finished, unfinished = self._walk()
            for path in unfinished:
                while "processing" in (states := self._states(path)):
                    self.pause(deadline)
                at = time.monotonic()
                finished += states
            # Uploads that were under way during the walk are not on its pages.
            if finished.total() == self.get("/api/v1/images?limit=1")["total"]:
                return Settled(finished["ready"], finished["failed"], at)
            self.pause(deadline)

    def _walk(self) -> tuple[Counter, list[str]]:
        """States of the images on finished pages, and the addresses of the other pages.

        Newest first: when those are ready, most others are, and waiting takes few looks.
        """
        finished, unfinished = Counter(), []
        path = "/api/v1/images?limit=100"
        cursor = ""
        while cursor is not None:
            here = f"{path}&cursor={cursor}" if cursor else path
            page = self.get(here)
            states = Counter(image["state"] for image in page["items"])
            if "processing" in states:
                unfinished.append(here)
            else:
                finished += states
            cursor = page["next_cursor"]
        return finished, unfinished

    def _states(self, path: str) -> Counter:
        return Counter(image["state"] for image in self.get(path)["items"])


@contextmanager
def running(binary: Path, folder: Path, database: str = "") -> Iterator[Minilab]:
    """Default settings; one account of the tier business, which has every eager variant."""
    with serving(binary, folder, database) as service:
        service.headers |= add_account(binary, folder, database, ACCOUNT)
        yield service


def add_account(binary: Path, folder: Path, database: str, name: str, *options: str) -> dict:
    """The headers that show its key."""
    add = [binary, "account", "add", name, "--tier", "business", *options]
    key = subprocess.run(
        [*add, "--data", folder / "data"], env=environment(database), cwd=folder,
        check=True, text=True, stdout=subprocess.PIPE,
    ).stdout.strip()
    return {"Authorization": f"Bearer {key}"}


@contextmanager
def serving(binary: Path, folder: Path, database: str = "") -> Iterator[Minilab]:
    """What is in the folder and in the database, or a new lab."""
    port = processes.free_port()
    command = [binary, "serve", "--listen", f"127.0.0.1:{port}", "--data", folder / "data"]
    log = folder / "minilab.log"
    server = processes.start(command, log, environment(database), cwd=folder)
    try:
        service = Minilab(port, [server])
        service.await_start("/readyz")
        yield service
    finally:
        processes.stop(server)


def environment(database: str) -> dict:
    """Ours, without settings of Minilab but the database; without one it is SQLite."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MINILAB__")}
    return env | ({"MINILAB__DATABASE__URL": database} if database else {})


def version(binary: Path) -> str:
    command = [binary, "--version"]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
