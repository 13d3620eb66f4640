"""Minilab beside the peer. Each takes the services in turn, round by round, always from scratch."""

import time

from . import load, memory, quality
from .again import same_again
from .batches import link_uploads
from .beside import link_gets, nginx_gets
from .bench import Bench
from .lists import lists
from .looks import looks
from .pairs import pairs
from .pictures import HUGE, LARGE, MEDIUM, SMALL, Size
from .pixels import pixels
from .progress import say
from .sums import sums
from .table import Row, Table

MIB = 1 << 20


def row(label: str, found: dict, key: str, more_is_better: bool | None) -> Row:
    return Row(label, found["minilab"][key], found["peer"][key], more_is_better)


def uploads(bench: Bench) -> Table:
    rows = []
    for size in (SMALL, MEDIUM, LARGE):
        secs = bench.plan.large_secs if size is LARGE else bench.plan.upload_secs
        found = bench.rounds(size.title, lambda name: upload_rate(bench, name, size, secs))
        rows.append(row(f"{size.title}: images/s", found, "images/s", True))
        rows.append(row("refused or failed", found, "failed", None))
        if size is SMALL:
            bench.rates = {name: values["images/s"] for name, values in found.items()}
    note = (
        f"Images a second, from the first request until the last variant of the last picture is "
        f"ready; wrk uploads over {load.UPLOAD_CONNECTIONS} connections for "
        f"{bench.plan.upload_secs} s ({bench.plan.large_secs} s for the largest). Minilab makes "
        f"four variants of each picture (thumb, preview as WebP, h200, h400), the peer three."
    )
    return Table("Upload until every variant is ready", note, rows)


def upload_rate(bench: Bench, name: str, size: Size, secs: int) -> dict:
    files = bench.pictures(size)
    with bench.fresh(name, size) as (service, _):
        before = service.settled()
        start = time.monotonic()
        sent = load.wrk_uploads(service, files, secs)
        say(f"{name}: {sent.requests} uploads answered in {sent.secs:.1f} s, waiting for variants")
        after = service.settled()
        took = after.at - start
    return {
        "images/s": (after.ready - before.ready) / took,
        "failed": sent.failed + after.failed,
        "seconds": took,
    }


def latency(bench: Bench) -> Table:
    for name in bench.contenders:
        if not bench.rates[name]:
            rate = upload_rate(bench, name, SMALL, bench.plan.upload_secs)["images/s"]
            bench.rates[name] = [rate]
    found = bench.rounds("answers to uploads", lambda name: upload_latency(bench, name))
    rows = [row("uploads/s sent", found, "uploads/s", None), row("uploads", found, "sent", None)]
    rows += [row(f"{key}, ms", found, key, False) for key in ("p50", "p95", "p99")]
    rows.append(row("failures", found, "failed", None))
    note = (
        f"Milliseconds until the answer, counted from the time at which each upload was due "
        f"({SMALL.title}). They are sent at fixed times, whatever has been answered, at half of "
        f"what each service can do by the table above; the variants are made beside it."
    )
    return Table("Answer to an upload, half busy", note, rows)


def upload_latency(bench: Bench, name: str) -> dict:
    rate = sum(bench.rates[name]) / len(bench.rates[name]) / 2
    count = max(1, min(bench.plan.uploads, int(rate * bench.plan.latency_secs_max)))
    files = bench.pictures(SMALL)
    with bench.fresh(name, SMALL) as (service, _):
        result = load.open_loop(service, files, count, rate)
    latencies = {key: (result[key] or 0) * 1e3 for key in ("p50", "p95", "p99")}
    return {"uploads/s": rate, "sent": result["sent"], **latencies, "failed": result["failed"]}


def gets(bench: Bench) -> Table:
    found = bench.rounds("GET of a variant", lambda name: get_rate(bench, name))
    rows = [row("requests/s", found, "requests/s", True)]
    rows += [row(f"{key}, ms", found, key, False) for key in ("p50", "p99")]
    rows.append(row("failures", found, "failed", None))
    note = (
        f"h200 of one picture with wrk, {load.GET_CONNECTIONS} connections kept alive, "
        f"{bench.plan.get_secs} s. Minilab checks an API key each time, the peer lets everyone in."
    )
    return Table("GET of a variant", note, rows)


def get_rate(bench: Bench, name: str) -> dict:
    with bench.fresh(name, SMALL) as (service, image_id):
        url = service.variant_url(image_id, "h200")
        return load.get_rate(service, url, bench.plan.get_secs)


def big_pictures(bench: Bench) -> Table:
    found = bench.rounds("memory", lambda name: peak_memory(bench, name))
    rows = [
        row("before, MiB", found, "before", False),
        row("peak, MiB", found, "peak", False),
        row("seconds until all are ready", found, "seconds", False),
        row("refused or failed", found, "failed", None),
    ]
    note = (
        f"{bench.plan.big_uploads} uploads at once ({HUGE.title}) until every variant is ready: "
        f"resident memory of all processes of a service together, looked at every "
        f"{memory.EVERY_SECS * 1e3:.0f} ms."
    )
    return Table("Memory with big pictures", note, rows)


def peak_memory(bench: Bench, name: str) -> dict:
    files = bench.pictures(HUGE)
    with bench.fresh(name, SMALL) as (service, _):
        before = memory.resident_together(service.pids)
        start = time.monotonic()
        with memory.Watch(service.pids) as watch:
            result = load.open_loop(service, files, bench.plan.big_uploads)
            after = service.settled()
        took = after.at - start
    say(f"{name}: looked at the memory {watch.looks} times in {took:.1f} s")
    failed = result["failed"] + after.failed
    return {
        "before": before / MIB, "peak": watch.peak / MIB, "seconds": took, "failed": failed,
    }


def qualities(bench: Bench) -> Table:
    rows = []
    for size in (SMALL, MEDIUM, LARGE):
        # The same files give the same variants: one round says it all.
        found = {name: picture_quality(bench, name, size) for name in bench.contenders}
        rows.append(row(f"{size.title}: SSIMULACRA2", found, "score", None))
        rows.append(row("bytes", found, "bytes", None))
    note = (
        f"h400, the mean of {len(bench.pictures(SMALL))} pictures of each size, held against the "
        "picture decoded at full size and scaled once with Lanczos3, before it is encoded. 100 is "
        "equal; both encode JPEG at quality 80."
    )
    return Table("Quality of a variant", note, rows)


def picture_quality(bench: Bench, name: str, size: Size) -> dict:
    files = bench.pictures(size)
    with bench.fresh(name, size) as (service, _):
        found = quality.score(service, files, "h400")
    say(f"quality, {size.title}, {name}: {found['score']:.4g}")
    return {key: [value] for key, value in found.items()}


STAGES = {
    "a": uploads, "b": latency, "c": gets, "d": big_pictures, "e": qualities,
    "f": nginx_gets, "g": link_gets, "h": lists, "i": looks, "j": same_again,
    "k": link_uploads, "l": sums,
}
# Want an older binary.
BESIDE = {"m": pairs, "n": pixels}
