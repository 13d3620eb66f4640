#!/usr/bin/env python3
"""Attacks a Minilab of its own with what once succeeded, and says what each attack takes now.

Prints a table. Ends with 1 when something takes more than it may.
"""

import argparse
import os
import signal
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent))

from attack import accounts, bytes as stored, connections, database, sandbox, work
from attack.plan import Attack, Figure, Plan
from harness import document, machine, minilab
from harness.progress import say
from harness.table import number

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "security.md"
ATTACKS = [
    attack
    for module in (connections, work, stored, accounts, sandbox, database)
    for attack in module.ATTACKS
]


def main() -> int:
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with TemporaryDirectory(prefix="minilab-attack-") as cache:
        plans = {
            title: Plan(binary, options.quick, Path(cache))
            for title, binary in (("before", options.before), ("now", options.minilab))
            if binary
        }
        rows, held = [], True
        for attack in options.only:
            found = {title: seen(attack, plan) for title, plan in plans.items()}
            held &= all(figure.holds(options.quick) for figure in found["now"])
            rows += lines(attack, found)
    table = "\n".join(rows)
    print(f"\n{table}")
    if options.write:
        document.write(DOCUMENT, f"{heading(options)}\n{table}\n")
        say(f"wrote docs/{DOCUMENT.name}")
    return 0 if held else 1


def seen(attack: Attack, plan: Plan) -> list[Figure]:
    """What an attack took; one that could not be carried out has taken everything."""
    figures = []
    try:
        for figure in attack.run(plan):
            mark = "ok" if figure.holds(plan.quick) else "TOO MUCH"
            say(f"{attack.name}: {figure.label}: {amount(figure.value, figure.unit)} ({mark})")
            figures.append(figure)
    except (RuntimeError, OSError, ValueError, KeyError) as error:
        say(f"{attack.name}: it broke off: {type(error).__name__}: {error}")
        figures.append(Figure("broke off", float("inf"), "", 0))
    return figures


def lines(attack: Attack, found: dict[str, list[Figure]]) -> list[str]:
    before = {figure.label: figure for figure in found.get("before", [])}
    rows = []
    for figure in found["now"]:
        old = before.get(figure.label)
        cells = [attack.what, figure.label, amount(old.value, old.unit) if old else ""]
        cells += [amount(figure.value, figure.unit), amount(figure.at_most, figure.unit)]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def amount(value: float, unit: str) -> str:
    if value == float("inf"):
        return "broke off"
    return f"{number(float(value))} {unit}".strip()


def heading(options: argparse.Namespace) -> str:
    told = f"{date.today().isoformat()}, {machine.machine()}, {machine.system()}"
    return (
        f"Measured on {told}, {minilab.version(options.minilab)}: `make attack`. "
        "\"Before\" is the release binary from before these bounds.\n\n"
        "| attack | | before | now | at most |\n|---|---|---:|---:|---:|"
    )


def parse() -> argparse.Namespace:
    names = {attack.name: attack for attack in ATTACKS}
    parser = argparse.ArgumentParser(prog="bench/attack.py", description=__doc__)
    parser.add_argument("--minilab", type=Path, required=True, help="the binary to attack")
    parser.add_argument("--before", type=Path, help="an older one, for the table")
    parser.add_argument("--only", default=",".join(names), help=f"some of: {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="the short form, as in CI")
    parser.add_argument("--write", action="store_true", help="the table into docs/security.md")
    parser.add_argument("--without-root", action="store_true", help="leave out what wants root")
    options = parser.parse_args()
    options.minilab = options.minilab.resolve()
    options.before = options.before and options.before.resolve()
    unknown = set(options.only.split(",")) - set(names)
    if unknown:
        parser.error(f"--only: there is no attack {', '.join(sorted(unknown))}")
    options.only = [names[name] for name in options.only.split(",")]
    if options.without_root:
        options.only = [attack for attack in options.only if not attack.by_root]
    if options.quick:
        options.only = [attack for attack in options.only if attack.quick]
    if os.geteuid() != 0 and any(attack.by_root for attack in options.only):
        parser.error("the attacks on the sandbox and the disk want root; --without-root leaves them out")
    return options


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
