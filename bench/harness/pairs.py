"""Minilab beside an older binary of its own: many short turns, one after the other."""

import re
import shutil
import time
from functools import partial
from pathlib import Path

from . import cpu, load, minilab, processes
from .bench import Bench
from .memory import tree
from .pictures import SMALL
from .table import Pairs, Table, Target

# Fixed, so that both do the same work when system calls and statements are counted.
COUNTED_UPLOADS = 300
STATEMENT = re.compile(r"sqlx::query", re.ASCII)


def pairs(bench: Bench) -> Table:
    binaries = {"now": bench.binary, "before": bench.before}
    bench.contenders |= {name: partial(minilab.running, path) for name, path in binaries.items()}
    found = bench.rounds("pairs", lambda name: turn(bench, name), binaries, bench.plan.pairs)
    # Who waits for whom is chance, and threads that wait make calls.
    counted = bench.rounds("counts", lambda name: counts(bench, binaries[name]), binaries, bench.plan.counts)

    def beside(key: str, more_is_better: bool, target: Target) -> Pairs:
        return Pairs(key, found["now"][key], found["before"][key], more_is_better, target)

    def of_one(key: str) -> Pairs:
        return Pairs(key, counted["now"][key], counted["before"][key], False, Target(0.97))

    rows = [
        beside("images/s", True, Target(0.95)),
        beside("GETs/s", True, Target(0.95)),
        beside("CPU ms an upload", False, Target(0.97)),
        of_one("system calls an upload"),
        of_one("statements an upload"),
    ]
    note = (
        f"Uploads until ready ({SMALL.title}) and GETs of a variant, {bench.plan.pairs} turns each, always "
        f"a new lab; calls and statements of {COUNTED_UPLOADS} uploads, counted by strace and by the log "
        f"{bench.plan.counts} times. Ratios are the medians of those of neighbouring turns."
    )
    return Table("Beside the binary of before", note, rows, ("now", "before"))


def turn(bench: Bench, name: str) -> dict:
    with bench.fresh(name, SMALL) as (service, image):
        url = service.variant_url(image, "h200")
        (pid,) = service.pids
        before, worked = service.settled(), seconds(pid)
        start = time.monotonic()
        load.wrk_uploads(service, bench.pictures(SMALL), 2)
        after = service.settled()
        made, worked = after.ready - before.ready, seconds(pid) - worked
        gets = load.get_rate(service, url, 1)
    return {
        "images/s": made / (after.at - start),
        "GETs/s": gets["requests/s"],
        "CPU ms an upload": 1e3 * worked / made,
    }


def seconds(pid: int) -> float:
    """Processor time of a server and its children."""
    return cpu.ticks(pid, cpu.OWN) / cpu.TICKS + cpu.of_children(pid)


def counts(bench: Bench, binary: Path) -> dict:
    calls = counted(bench, binary, ["strace", "-f", "-qq", "-c", "-U", "calls,name"], "warn")
    statements = counted(bench, binary, [], "warn,sqlx::query=debug")
    total = re.findall(r"^\s*(\d+)\s+total$", calls, re.MULTILINE)
    return {
        "system calls an upload": int(total[-1]) / COUNTED_UPLOADS,
        "statements an upload": len(STATEMENT.findall(statements)) / COUNTED_UPLOADS,
    }


def counted(bench: Bench, binary: Path, tracer: list, filter: str) -> str:
    """What the log says of a lab that took a number of uploads, with all that it does by itself."""
    if tracer and not shutil.which(tracer[0]):
        raise RuntimeError(f"{tracer[0]} is not installed")
    with bench.folder("counted") as folder:
        port, log = processes.free_port(), folder / "counted.log"
        env = minilab.environment("") | {"MINILAB__LOG__FILTER": filter}
        serve = [binary, "serve", "--listen", f"127.0.0.1:{port}", "--data", folder / "data"]
        server = processes.start([*tracer, *serve], log, env, cwd=folder)
        try:
            service = minilab.Minilab(port, [server])
            service.await_start("/readyz")
            service.headers |= minilab.add_account(binary, folder, "", minilab.ACCOUNT)
            load.open_loop(service, bench.pictures(SMALL), COUNTED_UPLOADS, 60)
            service.settled()
        finally:
            _, *below = tree(server.pid)
            processes.stop(server)
        assert not tracer or below, "the tracer traced nothing"
        return log.read_text(errors="replace")
