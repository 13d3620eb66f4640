"""What the measurements need of a service."""

import http.client
import json
import time
from dataclasses import dataclass, field
from subprocess import Popen

from . import processes

LOOK_AGAIN_SECS = 0.02
READY_SECS_MAX = 1800
START_SECS_MAX = 30


@dataclass
class Settled:
    """All that was accepted is worked off; `at` is when that was seen."""

    ready: int
    failed: int
    at: float


@dataclass
class Service:
    """A running service. Subclasses know its routes."""

    port: int
    processes: list[Popen]
    headers: dict[str, str] = field(default_factory=dict)

    name = ""
    upload_path = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def upload_url(self) -> str:
        return self.url + self.upload_path

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def variant_url(self, image_id: str, variant: str) -> str:
        raise NotImplementedError

    def image_id(self, answer: dict) -> str:
        raise NotImplementedError

    def settled(self) -> Settled:
        """Waits until nothing is being worked on."""
        raise NotImplementedError

    def get(self, path: str) -> dict:
        return self.call("GET", path)

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> dict:
        return json.loads(self.send(method, path, body, **headers))

    def fetch(self, url: str) -> bytes:
        return self.send("GET", url.removeprefix(self.url))

    def send(self, method: str, path: str, body: bytes | None = None, **headers: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, self.headers | headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{self.name}: {method} {path}: {answer.status} {text[:300]!r}")
        return text

    def await_start(self, path: str) -> None:
        deadline = time.monotonic() + START_SECS_MAX
        while True:
            try:
                self.send("GET", path)
                return
            except (OSError, RuntimeError):
                if self.has_ended() or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} does not start") from None
            time.sleep(0.1)

    def has_ended(self) -> bool:
        return any(processes.has_ended(process.pid) for process in self.processes)

    def pause(self, deadline: float) -> None:
        """Between two looks at a service that is still at work."""
        if self.has_ended() or time.monotonic() > deadline:
            raise RuntimeError(f"{self.name} does not get ready with what it accepted")
        time.sleep(LOOK_AGAIN_SECS)
