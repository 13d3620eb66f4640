"""Starts an nginx that serves a file, set up as Debian does it.

It is unpacked, not installed: the package would start one on port 80 of every address.
"""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

from . import machine, packages, processes
from .service import Service

PACKAGES = ["nginx", "nginx-common"]
CONFIG = Path(__file__).resolve().parents[1] / "nginx.conf"


class Nginx(Service):
    name = "nginx"


@contextmanager
def serving(cache: Path, folder: Path, name: str, content: bytes) -> Iterator[Nginx]:
    """Whoever asks for that name gets the content, from the disk."""
    (folder / "www").mkdir()
    (folder / "www" / name).write_bytes(content)
    port = processes.free_port()
    config = folder / "nginx.conf"
    config.write_text(Template(CONFIG.read_text()).substitute(
        user=pwd.getpwuid(os.geteuid()).pw_name,
        folder=folder,
        types=unpacked(cache) / "etc/nginx/mime.types",
        port=port,
    ))
    log = folder / "nginx.log"
    server = processes.start([program(cache), "-e", log, "-c", config], log, dict(os.environ))
    try:
        service = Nginx(port, [server])
        service.await_start(f"/{name}")
        yield service
    finally:
        processes.stop(server)


def unpacked(cache: Path) -> Path:
    return packages.unpacked(PACKAGES, cache / "bench-nginx", "nginx")


def program(cache: Path) -> Path:
    return unpacked(cache) / "usr/sbin/nginx"


def version(cache: Path) -> str:
    return machine.program(str(program(cache)), "-v").removeprefix("nginx version: ")
