"""The generated part of the document: replaced as a whole or table by table; the rest stays."""

import re
from pathlib import Path

BEGIN = "<!-- bench: written by bench/run from here -->"
END = "<!-- bench: to here -->"
NEW = "# Benchmarks\n\nHow to read this, and what it does not show: see bench/README.md.\n"


def write(path: Path, generated: str) -> None:
    before, _, after = parts(path)
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before}{BEGIN}\n\n{generated}\n{END}{after}")


def put(path: Path, tables: dict[str, str]) -> None:
    """Replaces single tables, known by their titles; what is new comes last."""
    generated = parts(path)[1].strip("\n")
    for title, table in tables.items():
        old = re.compile(rf"### {re.escape(title)}\n.*?(\n\|[^\n]*)+", re.DOTALL)
        if old.search(generated):
            generated = old.sub(lambda _: table.rstrip("\n"), generated, count=1)
        else:
            generated = f"{generated}\n\n{table}".rstrip("\n")
    write(path, f"{generated}\n")


def parts(path: Path) -> tuple[str, str, str]:
    """What comes before, between and behind the two marks."""
    text = path.read_text() if path.exists() else f"{NEW}\n{BEGIN}\n{END}\n"
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(END) < text.index(BEGIN):
        raise SystemExit(f"{path.name} needs these lines once each: {BEGIN} {END}")
    before, rest = text.split(BEGIN)
    return before, *rest.split(END)
