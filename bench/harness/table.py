"""Tables of both services side by side."""

from dataclasses import dataclass
from statistics import median

HEADER = "| | Minilab | peer | ratio |\n|---|---:|---:|---:|"


@dataclass
class Row:
    """The values of all rounds. `more_is_better` is None where a ratio would say nothing."""

    label: str
    minilab: list[float]
    peer: list[float]
    more_is_better: bool | None

    def text(self) -> str:
        return f"| {self.label} | {cell(self.minilab)} | {cell(self.peer)} | {self.ratio()} |"

    def ratio(self) -> str:
        """Above 1 when Minilab does better."""
        ours, theirs = median(self.minilab), median(self.peer)
        better, worse = (ours, theirs) if self.more_is_better else (theirs, ours)
        if self.more_is_better is None or not worse:
            return ""
        return f"{number(better / worse)}x"


@dataclass
class Table:
    title: str
    note: str
    rows: list[Row]

    def text(self) -> str:
        rows = "\n".join(row.text() for row in self.rows)
        return f"### {self.title}\n\n{self.note}\n\n{HEADER}\n{rows}\n"


def cell(values: list[float]) -> str:
    """The median, and what it is the median of."""
    if len(values) == 1:
        return number(values[0])
    return f"**{number(median(values))}** ({', '.join(map(number, values))})"


def number(value: float) -> str:
    """Three digits say as much as such a measurement knows."""
    if value == int(value):
        return f"{value:,.0f}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"
