"""Starts what sends requests: wrk for as many as possible, open_loop.py for fixed times."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from open_loop import BOUNDARY, Picture

from .service import Service

BENCH = Path(__file__).resolve().parents[1]
SCRIPTS = BENCH / "load"
UPLOAD_CONNECTIONS = 8
GET_CONNECTIONS = 64
# The first upload makes each part of a service load what it needs; the others reach all workers.
WARM_UPS = 6
# Numbers below this one are left to the measurements, so that no picture is sent twice.
FIRST_WARM_UP = 10**12


@dataclass
class Wrk:
    requests: int
    secs: float
    p50_ms: float
    p99_ms: float
    failed: int


def warm_up(service: Service, pictures: list[Path]) -> str:
    """The id of a picture that is ready."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    for number in range(WARM_UPS):
        form = Picture(pictures[number % len(pictures)]).form(FIRST_WARM_UP + number)
        answer = service.call("POST", service.upload_path, b"".join(form), **headers)
        if number == 0:
            service.settled()
    service.settled()
    return service.image_id(answer)


def wrk_uploads(service: Service, pictures: list[Path], secs: int) -> Wrk:
    arguments = [service.upload_url, "--", *pictures]
    return wrk("upload.lua", service, UPLOAD_CONNECTIONS, secs, arguments)


def get_rate(service: Service, url: str, secs: int) -> dict:
    got = wrk("get.lua", service, GET_CONNECTIONS, secs, [url])
    rate = got.requests / got.secs
    return {"requests/s": rate, "p50": got.p50_ms, "p99": got.p99_ms, "failed": got.failed}


def wrk(script: str, service: Service, connections: int, secs: int, arguments: list) -> Wrk:
    # One thread: the sender shares the machine with the service and should take little of it.
    command = ["wrk", "--threads", 1, "--connections", connections, "--duration", f"{secs}s"]
    command += ["--timeout", "60s", "--script", script]
    for name, value in service.headers.items():
        command += ["--header", f"{name}: {value}"]
    report = run(command + arguments, cwd=SCRIPTS)
    line = next(line for line in report.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    return Wrk(
        requests=result["requests"],
        secs=result["duration_us"] / 1e6,
        p50_ms=result["p50_us"] / 1e3,
        p99_ms=result["p99_us"] / 1e3,
        failed=result["refused"] + result["broken"],
    )


def open_loop(service: Service, pictures: list[Path], count: int, rate: float = 0) -> dict:
    """`rate` uploads a second; without it all at once."""
    command = [sys.executable, "-B", BENCH / "open_loop.py", "--count", count, "--rate", rate]
    command += ["--timeout", 600]
    for name, value in service.headers.items():
        command += ["--header", f"{name}: {value}"]
    return json.loads(run(command + [service.upload_url, *pictures]))


def run(command: list, cwd: Path | None = None) -> str:
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=cwd, check=True, text=True, stdout=subprocess.PIPE).stdout
