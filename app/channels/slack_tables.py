"""Tables of Markdown as Slack's table blocks, or as preformatted text where such a block can't hold them.

Limits: https://docs.slack.dev/reference/block-kit/blocks/table-block; all cells of a message have 10,000 characters.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from markdown_it.token import Token

from app.channels.slack_elements import elements_of, text_element
from app.channels.slack_limits import Block, Element, weight_of

MOST_ROWS = 100
MOST_COLUMNS = 20
MOST_CELLS_WEIGHT = 9_000
MOST_PARTS = 3

Cell = list[Element]


@dataclass
class MarkdownTable:
    """Its rows, the head first, all with as many cells; how each column is aligned."""

    rows: list[list[Cell]] = field(default_factory=list)
    aligned: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, tokens: Iterator[Token]) -> "MarkdownTable":
        """The table whose opening token was just read."""
        table = cls()
        for token in tokens:
            match token.type:
                case "table_close":
                    break
                case "tr_open":
                    table.rows.append([])
                case "th_open":
                    table.aligned.append(str(token.attrs.get("style", "")).removeprefix("text-align:") or "left")
                case "inline":
                    table.rows[-1].append(elements_of(token.children or [], bold=len(table.rows) == 1))
        return table

    def blocks(self) -> list[tuple[Block, int]]:
        """Table blocks with what each counts in a message, the head in each of them; none if it does not fit in a few."""
        head, *others = self.rows
        parts = [[head]]
        weight = first = _weight(head)
        for row in others:
            weight += _weight(row)
            if weight > MOST_CELLS_WEIGHT or len(parts[-1]) == MOST_ROWS:
                parts.append([head])
                weight = first + _weight(row)
            if weight > MOST_CELLS_WEIGHT or len(parts) > MOST_PARTS:
                return []
            parts[-1].append(row)
        if len(head) > MOST_COLUMNS or first > MOST_CELLS_WEIGHT:
            return []
        return [(self._block(part), sum(map(_weight, part))) for part in parts]

    def _block(self, rows: list[list[Cell]]) -> Block:
        columns = [{"align": align, "is_wrapped": True} for align in self.aligned]
        return {"type": "table", "column_settings": columns, "rows": [[_cell(cell) for cell in row] for row in rows]}

    def preformatted(self) -> list[Element]:
        """Its rows as lines with bars between the cells; addresses follow their words."""
        lines = [" | ".join("".join(map(_plain, cell)) for cell in row) for row in self.rows]
        return [text_element("\n".join(lines))]


def _weight(row: list[Cell]) -> int:
    return sum(weight_of(one["text"]) + len(one.get("url", "")) for cell in row for one in cell) + len(row)


def _cell(elements: Cell) -> dict[str, Any]:
    shown = elements or [text_element(" ")]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": shown}]}


def _plain(element: Element) -> str:
    text, address = str(element["text"]), element.get("url")
    return f"{text} ({address})" if address and address != text else text
