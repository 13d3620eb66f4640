"""The same file uploaded again: beside somebody who only receives and hashes it."""

import http.client
import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from open_loop import BOUNDARY, Picture, percentile

from . import cpu, load, minilab, processes
from .bench import Bench
from .minilab import Minilab
from .pictures import HUGE, SMALL
from .progress import say
from .service import Service
from .table import Growth, Row, Table, Target

TARGET = Target(1.2, at_most=True)
NUMBER = 0
# A line of 1 Gbit/s.
LINE_BYTES_PER_SEC = 125_000_000
PIECE_BYTES = 64 << 10
TYPE = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


class Receiver(Service):
    name = "receiver"
    upload_path = "/"


def same_again(bench: Bench) -> Table:
    form = b"".join(Picture(bench.pictures(HUGE)[0]).form(NUMBER))
    with ExitStack() as stack:
        folder = stack.enter_context(bench.folder("again"))
        lab = stack.enter_context(minilab.running(bench.binary, folder))
        receiver = stack.enter_context(receiving(bench.binary, folder))
        admin = minilab.add_account(bench.binary, folder, "", "admin", "--admin")
        load.warm_up(lab, bench.pictures(SMALL))
        lab.send("POST", lab.upload_path, form, **TYPE)
        lab.settled()
        before = work_of(lab, admin)
        found = in_turns(bench, {"Minilab": lab, "receiver": receiver}, form)
        after = work_of(lab, admin)
    ours, theirs = found["Minilab"], found["receiver"]
    rows = [
        Growth(f"{name}, ms", ours[name], theirs[name], False, TARGET if name == "p50" else None)
        for name in ours
    ]
    rows += [Row(f"{name} meanwhile", [after[name] - before[name]], [0], None) for name in before]
    note = (
        f"One file ({HUGE.title}) uploaded {bench.plan.uploads_again} times a round after it was "
        f"stored, as a form, one request after the other over one connection kept alive; in turns "
        f"with the same request to a program that receives it, hashes it with BLAKE3 and answers "
        f"(`crates/minilab/examples/receive.rs`). First as fast as loopback takes it, then at the "
        f"pace of a line of 1 Gbit/s. The ratio says how many times longer Minilab takes."
    )
    return Table("The same file again", note, rows, ("Minilab", "receiver"))


@contextmanager
def receiving(binary: Path, folder: Path) -> Iterator[Receiver]:
    program = binary.parent / "examples" / "receive"
    if not program.is_file():
        raise RuntimeError(f"no {program}: cargo build --release -p minilab --example receive")
    port = processes.free_port()
    command = [program, f"127.0.0.1:{port}"]
    server = processes.start(command, folder / "receiver.log", dict(os.environ))
    try:
        service = Receiver(port, [server])
        service.await_start("/")
        yield service
    finally:
        processes.stop(server)


def in_turns(bench: Bench, ways: dict[str, Service], form: bytes) -> dict[str, dict[str, list]]:
    """p50 and p99 of each round, request by request in turns; first at full speed, then paced."""
    found = {name: defaultdict(list) for name in ways}
    connections = {
        name: http.client.HTTPConnection("127.0.0.1", way.port, timeout=60)
        for name, way in ways.items()
    }
    for number in range(1, bench.plan.rounds + 1):
        times = defaultdict(list)
        for is_paced in (False, True):
            for _ in range(bench.plan.uploads_again):
                for name, way in ways.items():
                    times[name, is_paced].append(timed(connections[name], way, form, is_paced))
        for (name, is_paced), taken in times.items():
            where = " over 1 Gbit/s" if is_paced else ""
            for percent in (50, 99):
                label = f"p{percent}{where}"
                found[name][label].append(percentile(sorted(taken), percent))
        for name in ways:
            told = ", ".join(f"{key} {values[-1]:.4g} ms" for key, values in found[name].items())
            say(f"the same again, round {number}, {name}: {told}")
    for connection in connections.values():
        connection.close()
    return found


def timed(
    connection: http.client.HTTPConnection, way: Service, form: bytes, is_paced: bool
) -> float:
    """Milliseconds until the answer was there: that it is known, or just that it is."""
    start = time.perf_counter()
    body = paced(form, start) if is_paced else form
    headers = way.headers | TYPE | {"Content-Length": str(len(form))}
    connection.request("POST", way.upload_path, body, headers)
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - start) * 1e3
    if answer.status != 200:
        raise RuntimeError(f"{way.name}: {answer.status} {body[:300]!r}")
    return took


def paced(form: bytes, start: float) -> Iterator[bytes]:
    """The form in pieces, each when a line of that speed would have brought it."""
    for at in range(0, len(form), PIECE_BYTES):
        piece = form[at:at + PIECE_BYTES]
        due = start + (at + len(piece)) / LINE_BYTES_PER_SEC
        time.sleep(max(0, due - time.perf_counter()))
        yield piece


def work_of(lab: Minilab, admin: dict) -> dict[str, float]:
    """What was done so far besides answering."""
    stats = json.loads(lab.send("GET", "/api/v1/stats", **admin))
    return {
        "new images": stats["images"],
        "jobs": sum(stats["jobs"].values()),
        "CPU seconds of rendering children": sum(map(cpu.of_children, lab.pids)),
    }
