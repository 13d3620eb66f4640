"""Starts the peer: a Redis, a web process and two workers."""

import os
import sys
import time
from contextlib import ExitStack, contextmanager
from importlib import metadata
from pathlib import Path

from . import processes
from .service import READY_SECS_MAX, Service, Settled

CODE = Path(__file__).resolve().parents[1] / "peer"
WORKERS = 2


class Peer(Service):
    name = "peer"
    upload_path = "/images"

    def variant_url(self, image_id: str, variant: str) -> str:
        return f"{self.url}/images/{image_id}/{variant}"

    def image_id(self, answer: dict) -> str:
        return answer["id"]

    def settled(self) -> Settled:
        deadline = time.monotonic() + READY_SECS_MAX
        while True:
            counts = self.get("/ready")
            if counts["ready"] + counts["failed"] >= counts["accepted"]:
                return Settled(counts["ready"], counts["failed"], time.monotonic())
            self.pause(deadline)


@contextmanager
def running(folder: Path):
    """Redis is one of our own, with its default settings: nobody's database is touched."""
    data = folder / "data"
    data.mkdir()
    redis_port, port = processes.free_port(), processes.free_port()
    env = os.environ | {
        "PEER_REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "PEER_DATA": str(data),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    python = [sys.executable, "-m"]
    commands = {
        "redis": ["redis-server", "--bind", "127.0.0.1", "--port", redis_port, "--dir", folder],
        "worker": [*python, "celery", "-A", "tasks", "worker", "--concurrency", WORKERS,
                   "--loglevel", "warning"],
        "web": [*python, "uvicorn", "app:app", "--host", "127.0.0.1", "--port", port,
                "--no-access-log"],
    }
    with ExitStack() as stack:
        started = {}
        for name, command in commands.items():
            started[name] = processes.start(command, folder / f"{name}.log", env, cwd=cwd(name))
            stack.callback(processes.stop, started[name])
        service = Peer(port, list(started.values()))
        service.await_start("/ready")
        yield service


def cwd(name: str) -> Path | None:
    return None if name == "redis" else CODE


def version() -> str:
    packages = ["fastapi", "uvicorn", "celery", "redis", "pillow"]
    python = ".".join(map(str, sys.version_info[:3]))
    versions = [f"{name} {metadata.version(name)}" for name in packages]
    return ", ".join([f"Python {python}", *versions])
