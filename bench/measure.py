"""Measures Minilab, most of it beside a peer. Started by `run`, which brings what this needs."""

import argparse
import signal
import sys
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import document, machine, minilab, nginx, peer, postgres
from harness.bench import Bench
from harness.plan import QUICK, Plan
from harness.progress import say
from harness.stages import BESIDE, STAGES

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    options = parse()
    # Stops the services on the way out, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    contenders = {"minilab": partial(minilab.running, options.minilab), "peer": peer.running}
    plan = QUICK if options.quick else Plan()
    plan = replace(plan, rounds=options.rounds or plan.rounds)
    with TemporaryDirectory(prefix="bench-", dir=options.cache) as work:
        places = (options.minilab, contenders, options.cache, options.before, Path(work))
        bench = Bench(plan, *places)
        facts = facts_of(options)
        is_whole = set(options.only) >= set(STAGES)
        head = heading(facts, bench.plan.rounds)
        print(head, flush=True)
        tables = {}
        for letter in options.only:
            say(f"stage {letter}")
            table = (STAGES | BESIDE)[letter](bench)
            if not is_whole:
                table = replace(table, note=f"{table.note} {origin(facts, bench.plan.rounds)}")
            print(table.text(), flush=True)
            tables[table.title] = table.text()
    if options.write:
        if is_whole:
            document.write(DOCUMENT, "\n".join([head, *tables.values()]))
        else:
            document.put(DOCUMENT, tables)
        say(f"wrote docs/{DOCUMENT.name}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--minilab", type=Path, required=True, help="the release binary")
    parser.add_argument("--before", type=Path, help="an older one, for stages m and n")
    parser.add_argument("--only", default=",".join(STAGES), help="stages, such as a,c")
    parser.add_argument("--quick", action="store_true", help="a short try, not a measurement")
    parser.add_argument("--rounds", type=int, help="how often each measurement is repeated")
    parser.add_argument("--write", action="store_true", help="tables into docs/benchmarks.md")
    parser.add_argument("--cache", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.minilab = options.minilab.resolve()
    options.only = sorted(set(options.only.split(",")))
    if not set(options.only) <= set(STAGES | BESIDE):
        parser.error(f"--only: the stages are {', '.join(STAGES | BESIDE)}")
    if set(options.only) & set(BESIDE) and not (options.before and options.before.is_file()):
        parser.error("stages m and n: --before names an older binary")
    options.before = options.before and options.before.resolve()
    if not options.minilab.is_file():
        parser.error(f"--minilab: there is no file {options.minilab}")
    if options.write and options.quick:
        parser.error("--write: the figures of a short try mean nothing; leave out --quick")
    return options


def facts_of(options: argparse.Namespace) -> dict[str, str]:
    return {
        "date": date.today().isoformat(),
        "machine": machine.machine(),
        "system": machine.system(),
        "Minilab": minilab.version(options.minilab),
        "peer": f"{peer.version()}, {machine.program('redis-server', '--version')}",
        "beside": f"{nginx.version(options.cache)}, {postgres.version()}",
        "load": machine.program("wrk", "--version"),
        "command": "`make bench`, which is `bench/run --minilab` with the release binary",
    }


def origin(facts: dict[str, str], rounds: int) -> str:
    """Where a table comes from that was measured alone."""
    told = ", ".join(facts[name] for name in ("date", "machine", "system", "Minilab"))
    return f"Measured by itself: {told}; rounds: {rounds}."


def heading(facts: dict[str, str], rounds: int) -> str:
    lines = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    return (
        f"{lines}\n\nOne run of {rounds} rounds, in which the services took turns. Bold is the "
        "median of the rounds in brackets; a ratio above 1 is in favour of the first column, where "
        "nothing else is said.\n"
    )


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
