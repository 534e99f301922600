"""Interleaved rounds, and the table that they end in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tests.bench.clocks import middle, percentile

Measure = Callable[[], Awaitable[float]]
OURS = "Parley"


@dataclass(frozen=True)
class Bound:
    """What must hold and what is aimed at. `beside` names the peer whose ratio is meant; None: the value itself."""

    must: float
    aim: float | None = None
    beside: str | None = None
    at_least: bool = False


@dataclass
class Line:
    """One measure: its values by who was measured, one for each round, and its bounds."""

    row: int
    measure: str
    unit: str
    values: dict[str, list[float]] = field(default_factory=dict)
    bounds: tuple[Bound, ...] = ()
    note: str = ""

    def value(self, who: str) -> float | None:
        return middle(self.values[who]) if self.values.get(who) else None

    def reached(self, bound: Bound) -> float | None:
        """The ratio, or the value, that the bound speaks of."""
        ours = self.value(OURS)
        if bound.beside is None or ours is None:
            return ours
        theirs = self.value(bound.beside)
        return ours / theirs if theirs else None

    def verdict(self, bound: Bound) -> str:
        reached = self.reached(bound)
        if reached is None:
            return "-"
        if holds(reached, bound.must, bound.at_least):
            aimed = bound.aim is not None and holds(reached, bound.aim, bound.at_least)
            return "pass, aim met" if aimed else "pass"
        return "FAIL"


def holds(reached: float, limit: float, at_least: bool) -> bool:
    return reached >= limit if at_least else reached <= limit


async def interleave(rounds: int, subjects: Mapping[str, Measure]) -> dict[str, list[float]]:
    """Measure each subject once a round, each round beginning with another one."""
    values: dict[str, list[float]] = {name: [] for name in subjects}
    names = list(subjects)
    for turn in range(rounds):
        start = turn % len(names) if names else 0
        for name in names[start:] + names[:start]:
            values[name].append(await subjects[name]())
    return values


def table(lines: list[Line]) -> str:
    """Every bound on a line of its own: row, measure, ours, peer, ratio, must, aim, verdict."""
    rows: list[tuple[str, ...]] = [("row", "measure", OURS, "beside", "ratio", "must", "aim", "verdict")]
    for line in lines:
        rows += [cells(line, bound) for bound in line.bounds] or [cells(line, None)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    drawn.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(drawn)


def cells(line: Line, bound: Bound | None) -> tuple[str, ...]:
    ours = shown(line.value(OURS), line.unit)
    if bound is None:
        return (str(line.row), line.measure, ours, line.note, "", "", "", "")
    sign = ">=" if bound.at_least else "<="
    times = "x" if bound.beside else f" {line.unit}"
    reached = line.reached(bound) if bound.beside else None
    return (
        str(line.row),
        line.measure,
        ours,
        f"{bound.beside} {shown(line.value(bound.beside), line.unit)}" if bound.beside else line.note,
        f"{reached:.2f}x" if reached is not None else "",
        f"{sign} {bound.must:g}{times}",
        f"{sign} {bound.aim:g}{times}" if bound.aim is not None else "",
        line.verdict(bound),
    )


def shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"


def spread(values: list[float]) -> str:
    """Lowest, middle and highest of some rounds."""
    return f"{min(values):.3g} / {middle(values):.3g} / {percentile(values, 1):.3g}"
