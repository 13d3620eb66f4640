"""A running lab to attack, and who calls it. Nothing but Python's own library."""

import contextlib
import http.client
import json
import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from harness import processes

MIB = 1 << 20
START_SECS = 30
READY_SECS = 300


@dataclass
class Answer:
    """`status` is 0 when none came: then `error` says why."""

    status: int
    headers: dict
    body: bytes
    secs: float
    error: str = ""

    def json(self):
        return json.loads(self.body)

    @property
    def code(self) -> str:
        with contextlib.suppress(ValueError, AttributeError):
            return self.json().get("code", "")
        return ""


class Caller:
    """Asks with one key, or without any; a new connection for each question."""

    def __init__(self, port: int, key: str = ""):
        self.port = port
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def ask(self, method: str, path: str, body=None, timeout: float = 60, **headers) -> Answer:
        if isinstance(body, (dict, list)):
            body, headers = json.dumps(body).encode(), {"Content-Type": "application/json"} | headers
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, self.headers | headers)
            answer = connection.getresponse()
            read = answer.read()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, read, time.monotonic() - began)
        except (OSError, http.client.HTTPException) as error:
            return Answer(0, {}, b"", time.monotonic() - began, type(error).__name__)
        finally:
            connection.close()

    def get(self, path: str, **options) -> Answer:
        return self.ask("GET", path, **options)

    def upload(self, picture: bytes, name: str = "a.jpg", query: str = "", **options) -> Answer:
        path = f"/api/v1/images?filename={name}{query}"
        return self.ask("POST", path, picture, **options)

    def image(self, picture: bytes, **options) -> str:
        """The id of a picture that must come in."""
        answer = self.upload(picture, **options)
        if answer.status not in (200, 201):
            raise RuntimeError(f"an upload: {answer.status} {answer.error} {answer.body[:200]!r}")
        return answer.json()["items"][0]["id"]

    def ready(self, image: str) -> dict:
        """The image, once nothing is being made of it."""
        deadline = time.monotonic() + READY_SECS
        while time.monotonic() < deadline:
            answer = self.get(f"/api/v1/images/{image}", Prefer="wait=5")
            if answer.status == 200 and answer.json()["state"] != "processing":
                return answer.json()
            if answer.status != 200:
                time.sleep(0.1)
        raise RuntimeError(f"image {image} does not get ready")

    def link(self, image: str, **wish) -> Answer:
        wish = {"expires_in": 3000, "variant": "original"} | wish
        return self.ask("POST", f"/api/v1/images/{image}/links", wish)


class Lab:
    """One server on a data directory of its own, gone at the end."""

    def __init__(self, binary: Path, data: Path | None = None, files: int = 0, arguments=(), **settings):
        self.binary, self.arguments, self.files = binary, list(arguments), files
        self.folder = Path(tempfile.mkdtemp(prefix="minilab-attack-"))
        self.data = data or self.folder / "data"
        self.log = self.folder / "log"
        ours = {name: value for name, value in os.environ.items() if not name.startswith("MINILAB__")}
        settings = {"log__filter": "warn"} | settings
        self.env = ours | {f"MINILAB__{name.upper()}": str(value) for name, value in settings.items()}
        self.server = None
        self.port = processes.free_port()

    def __enter__(self) -> "Lab":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> "Lab":
        command = [self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.data]
        with few_files(self.files):
            self.server = processes.start([*command, *self.arguments], self.log, self.env)
        deadline = time.monotonic() + START_SECS
        while self.anybody.get("/readyz", timeout=2).status != 200:
            if processes.has_ended(self.server.pid) or time.monotonic() > deadline:
                raise RuntimeError(f"the lab does not start: {self.log.read_text()[-400:]}")
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        if self.server:
            processes.stop(self.server)
            self.server = None

    @property
    def anybody(self) -> Caller:
        return Caller(self.port)

    def run(self, *words: str) -> subprocess.CompletedProcess:
        command = [self.binary, *words, "--data", self.data]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)

    def account(self, name: str, tier: str = "business", admin: bool = False) -> Caller:
        made = self.run("account", "add", name, "--tier", tier, *(["--admin"] if admin else []))
        if made.returncode:
            raise RuntimeError(f"account add: {made.stderr[-300:]}")
        return Caller(self.port, made.stdout.strip())

    def status(self, field: str) -> int:
        text = Path(f"/proc/{self.server.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", text)[1])

    @property
    def resident_mib(self) -> float:
        return self.status("VmRSS") / 1024

    def more_mib(self, since: float) -> float:
        """How much more the serving process held at its peak, since `forget_peak` said `since`."""
        return max(0.0, self.status("VmHWM") / 1024 - since)

    def forget_peak(self) -> float:
        Path(f"/proc/{self.server.pid}/clear_refs").write_text("5")
        return self.resident_mib

    def differences(self) -> int:
        """What `minilab check --deep` finds."""
        found = self.run("check", "--deep")
        return 0 if found.returncode == 0 else max(1, len(found.stdout.splitlines()) - 1)


@contextlib.contextmanager
def few_files(most: int):
    """What starts here may have so many open files; 0 leaves it as it is."""
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, old)


def parallel(work, items, threads: int = 0) -> list:
    items = list(items)
    with ThreadPoolExecutor(threads or len(items)) as pool:
        return list(pool.map(work, items))
