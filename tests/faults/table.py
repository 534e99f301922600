"""The table in which the fault runs end."""

from dataclasses import astuple, dataclass, fields


@dataclass(frozen=True)
class Line:
    """One run of a row of promises.md."""

    row: int
    what: str
    must: str
    measured: str
    verdict: str
    seed: int


LINES: list[Line] = []


def note(row: int, what: str, must: str, measured: str, *, held: bool, seed: int) -> None:
    """Add a line, and break the test unless it held."""
    LINES.append(Line(row, what, must, measured, "holds" if held else "MISSED", seed))
    assert held, f"row {row}: must: {must}; measured: {measured}; seed {seed}"


def table() -> str:
    rows = [tuple(column.name for column in fields(Line))]
    rows += [tuple(str(cell) for cell in astuple(line)) for line in sorted(LINES, key=lambda line: line.row)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    drawn = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    drawn.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(drawn)
