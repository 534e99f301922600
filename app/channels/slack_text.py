"""Markdown as messages for Slack: one reading of it for all that is posted there."""

from dataclasses import dataclass, field
from typing import Any

from app.channels.slack_elements import joined, text_element
from app.channels.slack_limits import (
    LONGEST_FALLBACK,
    LONGEST_LABEL,
    MOST_BLOCKS,
    MOST_WEIGHT,
    Block,
    Element,
    escaped,
    shortened,
    weight_of,
)
from app.channels.slack_pieces import Piece, pieces_of

WRAPPING_WEIGHT = 250  # the most that surrounds a piece which can't be joined with the one before
BLOCK_WEIGHT = 60  # a rich_text without its elements; for any block, what Slack adds to it
ITEM_WEIGHT = 45


@dataclass(frozen=True)
class Said:
    """What `chat.postMessage` takes: `text` for notifications and readers of screens, escaped; `blocks` for everybody."""

    text: str
    blocks: list[Block]


def messages_of(markdown: str) -> list[Said]:
    """The whole text, in as many messages as it needs; none for a blank one."""
    return _posted(pieces_of(markdown))


def mirrored(author: str, where: str, markdown: str) -> list[Said]:
    """What somebody said elsewhere, quoted under a line such as "Ana, on the page:"."""
    line = {"type": "plain_text", "text": f"{shortened(author, LONGEST_LABEL)}, {shortened(where, LONGEST_LABEL)}:"}
    above = Piece("block", block={"type": "context", "elements": [line]})
    return _posted([above, *pieces_of(markdown, quoted=True)])


def blocks_within(pieces: list[Piece], most_weight: int, most_blocks: int) -> tuple[list[Block], bool]:
    """As many of the pieces as fit, and whether those are all."""
    message = Message(most_weight, most_blocks)
    for piece in pieces:
        if not message.takes(piece):
            return message.blocks, False
        message.add(piece)
    return message.blocks, True


def _posted(pieces: list[Piece]) -> list[Said]:
    messages, message = list[Message](), Message()
    for piece in pieces:
        if not message.takes(piece):
            messages.append(message)
            message = message.next()
        message.add(piece)
    return [Said(fallback_of(one.blocks), one.blocks) for one in [*messages, message] if one.blocks]


@dataclass
class Message:
    """A message that is being filled."""

    most_weight: int = MOST_WEIGHT
    most_blocks: int = MOST_BLOCKS
    blocks: list[Block] = field(default_factory=list)
    weight: int = 0

    def takes(self, piece: Piece) -> bool:
        if piece.block.get("type") == "table" and any(block["type"] == "table" for block in self.blocks):
            return False
        full = len(self.blocks) >= self.most_blocks and (piece.kind == "block" or self._rich is None)
        return not full and self.weight + piece.weight + WRAPPING_WEIGHT <= self.most_weight

    def next(self) -> "Message":
        """The message after this one; headings that would stand last here come along."""
        following = Message(self.most_weight, self.most_blocks)
        while len(self.blocks) > 1 and self.blocks[-1]["type"] == "header":
            following.blocks.insert(0, self.blocks.pop())
        following.weight = weight_of(following.blocks)
        return following

    def add(self, piece: Piece) -> None:
        self.weight += piece.weight
        if piece.kind != "block":
            if self._rich is None:
                self.blocks.append({"type": "rich_text", "elements": []})
                self.weight += BLOCK_WEIGHT
            self._write(piece, self.blocks[-1]["elements"])
        elif piece.block["type"] != "divider" or not self.blocks or self.blocks[-1] != piece.block:
            self.blocks.append(piece.block)
            self.weight += BLOCK_WEIGHT

    @property
    def _rich(self) -> list[Element] | None:
        return self.blocks[-1]["elements"] if self.blocks and self.blocks[-1]["type"] == "rich_text" else None

    def _write(self, piece: Piece, rich: list[Element]) -> None:
        last: Element = rich[-1] if rich else {"type": ""}
        kind = "section" if piece.kind == "item" and piece.goes_on and last["type"] != "rich_text_list" else piece.kind
        match kind:
            case "item" if piece.goes_on:
                joined(last["elements"][-1]["elements"], piece.elements)
            case "item":
                self._write_item(piece, rich, last)
            case "section" | "quote" if last["type"] == f"rich_text_{kind}":
                joined(last["elements"], [text_element("\n\n" * (not piece.goes_on)), *piece.elements])
                self.weight += ITEM_WEIGHT
            case "preformatted" if piece.goes_on and last["type"] == "rich_text_preformatted":
                joined(last["elements"], piece.elements)
            case _:
                self._write_new(rich, {"type": f"rich_text_{kind}", "elements": list(piece.elements)} | _border(piece, kind))

    def _write_item(self, piece: Piece, rich: list[Element], last: Element) -> None:
        item = {"type": "rich_text_section", "elements": list(piece.elements)}
        its: dict[str, Any] = {"style": piece.style, "indent": piece.indent} | _border(piece, "item")
        count = len(last["elements"]) + last.get("offset", 0) if last["type"] == "rich_text_list" else 0
        if its == {name: last[name] for name in ("style", "indent", "border") if name in last} and (
            piece.style == "bullet" or piece.number == count + 1
        ):
            last["elements"].append(item)
            self.weight += ITEM_WEIGHT
            return
        offset = {"offset": piece.number - 1} if piece.style == "ordered" and piece.number > 1 else {}
        self._write_new(rich, {"type": "rich_text_list", "elements": [item]} | its | offset)

    def _write_new(self, rich: list[Element], element: Element) -> None:
        rich.append(element)
        self.weight += weight_of({**element, "elements": []}) + ITEM_WEIGHT


def _border(piece: Piece, kind: str) -> dict[str, int]:
    return {"border": 1} if piece.quoted and kind in ("item", "preformatted") else {}


def fallback_of(blocks: list[Block]) -> str:
    """The words of blocks in a few lines, escaped; never empty, since Slack wants something."""
    words = "\n".join(line for block in blocks for line in _lines(block)).strip()
    return escaped(words, LONGEST_FALLBACK) or "—"


def _lines(part: Element) -> list[str]:
    match part["type"]:
        case "header" | "section":
            return [part["text"]["text"]]
        case "table":
            return [" | ".join("".join(_lines(cell)) for cell in row) for row in part["rows"]]
        case "rich_text" | "context":
            return [line for element in part["elements"] for line in _lines(element)]
        case "rich_text_list":
            first = part.get("offset", 0) + 1
            marks = ("•" if part["style"] == "bullet" else f"{first + at}." for at in range(len(part["elements"])))
            return [f"{mark} {_lines(item)[0]}" for mark, item in zip(marks, part["elements"], strict=False)]
        case "rich_text_section" | "rich_text_quote" | "rich_text_preformatted":
            return ["".join(str(element.get("text", "")) for element in part["elements"])]
        case "plain_text":
            return [part["text"]]
    return []
