"""The generated part of the document: replaced as a whole, the text around it stays."""

from pathlib import Path

BEGIN = "<!-- bench: written by bench/run from here -->"
END = "<!-- bench: to here -->"
NEW = "# Benchmarks\n\nHow to read this, and what it does not show: see bench/README.md.\n"


def write(path: Path, generated: str) -> None:
    text = path.read_text() if path.exists() else f"{NEW}\n{BEGIN}\n{END}\n"
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(END) < text.index(BEGIN):
        raise SystemExit(f"{path.name} needs these lines once each: {BEGIN} {END}")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before}{BEGIN}\n\n{generated}\n{END}{after}")
