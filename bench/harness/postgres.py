"""Databases of our own, on the PostgreSQL that the tests use."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

SERVICES = Path(__file__).resolve().parents[2] / "scripts" / "services.sh"
PSQL = ["psql", "-X", "-w", "-q", "-v", "ON_ERROR_STOP=1"]


def server() -> str:
    """Its address; one is started when none answers, and stays as after `make test`."""
    subprocess.run([SERVICES, "start"], check=True, stdout=subprocess.DEVNULL)
    said = subprocess.run([SERVICES, "env"], check=True, text=True, stdout=subprocess.PIPE).stdout
    return said.strip().removeprefix("TEST_POSTGRES_URL=")


@contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """The address of a new database, which goes away in the end."""
    name = f"minilab_bench_{os.getpid()}_{name}"
    tell(server, f"CREATE DATABASE {name}")
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        tell(server, f"DROP DATABASE {name} WITH (FORCE)")


def tell(url: str, sql: str) -> str:
    """What it answers."""
    command = [*PSQL, "-At", "-d", url, "-c", sql]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def version() -> str:
    return f"PostgreSQL {tell(server(), 'SHOW server_version')}"
