"""Tables of two things side by side."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    """What a ratio is to be, or an amount."""

    bound: float
    at_most: bool = False
    unit: str = "x"

    def text(self, value: float) -> str:
        is_met = value <= self.bound if self.at_most else value >= self.bound
        side = "most" if self.at_most else "least"
        return f"at {side} {self.bound:g}{self.unit}: {'met' if is_met else 'missed'}"


@dataclass
class Row:
    """The values of all rounds. `more_is_better` is None where a ratio would say nothing."""

    label: str
    ours: list[float]
    theirs: list[float]
    more_is_better: bool | None
    target: Target | None = None

    def cells(self) -> list[str]:
        ratio = self.ratio()
        shown = "" if ratio is None else f"{number(ratio)}x"
        target = self.target.text(ratio) if self.target and ratio is not None else ""
        return [self.label, cell(self.ours), cell(self.theirs), shown, target]

    def ratio(self) -> float | None:
        """Above 1 when the first column does better."""
        ours, theirs = median(self.ours), median(self.theirs)
        better, worse = (ours, theirs) if self.more_is_better else (theirs, ours)
        return None if self.more_is_better is None or not worse else better / worse


class Pairs(Row):
    """Values of turns that followed each other: the median of their ratios, as machines drift meanwhile."""

    def ratio(self) -> float | None:
        pairs = zip(self.ours, self.theirs, strict=True)
        return median(ours / theirs if self.more_is_better else theirs / ours for ours, theirs in pairs)


class Growth(Row):
    """Its ratio is how many times more the first column is, which had better be little."""

    def ratio(self) -> float | None:
        return median(self.ours) / median(self.theirs)


class Amount(Row):
    """Two of a kind: the target is for the larger of them, and there is no ratio."""

    def cells(self) -> list[str]:
        most = max(median(self.ours), median(self.theirs))
        return [*super().cells()[:-1], self.target.text(most)]


@dataclass
class Table:
    title: str
    note: str
    rows: list[Row]
    columns: tuple[str, str] = ("Minilab", "peer")

    def text(self) -> str:
        # The last column is there only where a target is.
        width = 5 if any(row.target for row in self.rows) else 4
        lines = ["", *self.columns, "ratio", "target"][:width], ["---", *["---:"] * (width - 1)]
        lines = [*lines, *(row.cells()[:width] for row in self.rows)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"### {self.title}\n\n{self.note}\n\n{table}\n"


def cell(values: list[float]) -> str:
    """The median, and what it is the median of."""
    if len(values) == 1:
        return number(values[0])
    return f"**{number(median(values))}** ({', '.join(map(number, values))})"


def number(value: float) -> str:
    """Three digits say as much as such a measurement knows."""
    if value == int(value):
        return f"{value:,.0f}"
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 0.1 else 4
    return f"{value:,.{digits}f}"
