"""A cached variant, beside other ways to hand out the same bytes."""

from dataclasses import replace

from . import load, nginx
from .bench import Bench
from .pictures import MEDIUM
from .service import Service
from .table import Row, Table, Target

VARIANT = "h200"
NGINX_RATIO = Target(0.5)
LINK_RATIO = Target(0.9)


def nginx_gets(bench: Bench) -> Table:
    with bench.fresh("minilab", MEDIUM) as (lab, image_id), bench.folder("nginx") as folder:
        url = lab.variant_url(image_id, VARIANT)
        variant = lab.fetch(url)
        with nginx.serving(bench.cache, folder, "h200.jpg", variant) as server:
            ways = {"Minilab": (lab, url), "nginx": (server, f"{server.url}/h200.jpg")}
            rows = in_turns(bench, "variant beside nginx", ways, NGINX_RATIO)
    note = (
        f"{way_of(bench)} ({len(variant):,} bytes). Minilab checks an API key each time; nginx has "
        "Debian's settings and a file with the same bytes. Both run all the time."
    )
    return Table("A variant beside nginx", note, rows, ("Minilab", "nginx"))


def link_gets(bench: Bench) -> Table:
    with bench.fresh("minilab", MEDIUM) as (lab, image_id):
        stranger = replace(lab, headers={})
        ways = {
            "link": (stranger, lab.make_link(image_id, VARIANT)),
            "key": (lab, lab.variant_url(image_id, VARIANT)),
        }
        rows = in_turns(bench, "temporary link", ways, LINK_RATIO)
    note = f"{way_of(bench)}, through a temporary link and with an API key, from one Minilab."
    return Table("A temporary link", note, rows, ("link", "key"))


def way_of(bench: Bench) -> str:
    return (
        f"{VARIANT} of one picture ({MEDIUM.title}) with wrk, {load.GET_CONNECTIONS} connections "
        f"kept alive, {bench.plan.get_secs} s a turn"
    )


def in_turns(
    bench: Bench, what: str, ways: dict[str, tuple[Service, str]], target: Target
) -> list[Row]:
    """The first way over the second, which must give the same bytes."""
    if len({service.fetch(url) for service, url in ways.values()}) != 1:
        raise RuntimeError(f"{what}: {' and '.join(ways)} give different bytes")
    rates = bench.rounds(
        what, lambda name: load.get_rate(*ways[name], bench.plan.get_secs), names=ways
    )
    ours, theirs = rates.values()
    return [
        Row("requests/s", ours["requests/s"], theirs["requests/s"], True, target),
        Row("p50, ms", ours["p50"], theirs["p50"], False),
        Row("p99, ms", ours["p99"], theirs["p99"], False),
        Row("failures", ours["failed"], theirs["failed"], None),
    ]
