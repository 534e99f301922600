"""Where the blocks of a Markdown text that is still being written end."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markdown_it.token import Token

PIECE_CHARACTERS = 256
"""A list longer than this is closed item by item, so that only its end is rendered again."""


@dataclass(frozen=True)
class ListPart:
    """How a piece of a list goes on from the piece before it."""

    continued: bool = False
    number: int = 1
    loose: bool = False


@dataclass(frozen=True)
class Block:
    """The source of one or more whole blocks; `part` belongs to the list that stands first in it."""

    source: str
    part: ListPart


@dataclass
class Fence:
    """A code block that is still open; its text comes in the pieces that `fresh` gives."""

    info: str
    indent: int
    closing: re.Pattern[str]
    maybe_closing: re.Pattern[str]
    _seen: int = field(default=1, init=False)
    _shown: int = field(default=0, init=False)

    @classmethod
    def opened_by(cls, token: Token, line: str) -> "Fence":
        mark, least = re.escape(token.markup[0]), len(token.markup)
        return cls(
            info=token.info,
            indent=len(line) - len(line.lstrip(" ")),
            closing=re.compile(rf" {{0,3}}{mark}{{{least},}}[ \t]*\n?\Z"),
            maybe_closing=re.compile(rf" {{0,3}}{mark}*[ \t]*\Z"),
        )

    def fresh(self, lines: Sequence[str], partial: str) -> str:
        """The code that has become certain since the last call."""
        whole = "".join(self._unindented(line) for line in lines[self._seen :])
        certain = "" if self.maybe_closing.match(partial) else self._unindented(partial)
        added = (whole + certain)[self._shown :]
        self._seen, self._shown = len(lines), len(certain)
        return added

    def code(self, lines: Sequence[str], partial: str) -> str:
        """All that is certain of the code."""
        self._seen, self._shown = 1, 0
        return self.fresh(lines, partial)

    def _unindented(self, line: str) -> str:
        return line[min(self.indent, len(line) - len(line.lstrip(" "))) :]


_ANOTHER_BLOCK = re.compile(r" ?(?:[^\s\-+*\d]|[-+*]\S|\d+[^\s\d.)])")
_FENCE = re.compile(r" ?(?:`{3,}[^`]*\Z|~{3})")
_LISTS = {"bullet_list_open", "ordered_list_open"}
_DONE_AT_LINE_END = {"heading_open", "hr", "fence"}


class Blocks:
    """Takes a text in any pieces and gives back the blocks that nothing later can change.

    What is closed depends on the text alone, never on its pieces. Blocks are found by the parser itself; a block that
    has grown large is parsed again only after it grew by a sixteenth, which keeps the whole linear.
    """

    def __init__(self, parse: Callable[[str], list[Token]]) -> None:
        self.fence: Fence | None = None
        self.part = ListPart()
        self.lines: list[str] = []
        self.partial = ""
        self._parse = parse
        self._size = self._checked = 0
        self._closed: list[Block] = []

    @property
    def source(self) -> str:
        """The source that is still open."""
        return "".join(self.lines) + self.partial

    def feed(self, more: str) -> list[Block]:
        """Add text; the blocks that it closed."""
        self._closed = []
        if "\n" in more:
            *lines, self.partial = (self.partial + more).split("\n")
            for line in lines:
                self._add(line + "\n")
        else:
            self.partial += more
        if self._starts_another(self.partial):
            self._close(everything=True)
        return self._closed

    def _add(self, line: str) -> None:
        blank = not line.strip(" \t\n")
        if blank and not self.lines:
            return
        if self._starts_another(line) or (self.lines and not self.fence and _FENCE.match(line)):
            self._close(everything=True)
        self.lines.append(line)
        self._size += len(line)
        if self.fence:
            if self.fence.closing.match(line):
                self._cut(len(self.lines))
        elif (blank and not self._starts_as_list()) or self._size - self._checked >= self._size >> 4:
            self._close()

    def _starts_another(self, line: str) -> bool:
        """After an empty line an unindented line that is no list item ends whatever was open, but a fence."""
        if self.fence or not self.lines or self.lines[-1].strip(" \t\n"):
            return False
        return bool(_ANOTHER_BLOCK.match(line))

    def _starts_as_list(self) -> bool:
        return self.lines[0][0] in " \t" or not _ANOTHER_BLOCK.match(self.lines[0])

    def _close(self, everything: bool = False) -> None:
        """Close what is finished; `everything` says that the last block is, unless it is a fence."""
        tokens = self._parse("".join(self.lines))
        last = max((at for at, token in enumerate(tokens) if not token.level and token.map), default=None)
        if last is None:
            self._cut(len(self.lines))
            return
        block = tokens[last]
        assert block.map
        if block.type == "fence" and unclosed(block):
            self._cut(block.map[0])
            self.fence = Fence.opened_by(block, self.lines[0])
        elif everything or self._ended(block):
            self._cut(len(self.lines))
        else:
            self._cut(block.map[0])
            if block.type in _LISTS:
                self._cut_list(tokens[last:], block.map[0])
        self._checked = self._size

    def _ended(self, block: Token) -> bool:
        last = self.lines[-1]
        if block.type in _DONE_AT_LINE_END and "|" not in last:  # a heading with a bar may yet be the head of a table
            return True
        return block.type not in _LISTS and block.type != "code_block" and not last.strip(" \t\n")

    def _cut(self, count: int) -> None:
        if count:
            self._closed.append(Block("".join(self.lines[:count]), self.part))
            del self.lines[:count]
            self.part, self.fence = ListPart(), None
            self._size = self._checked = sum(map(len, self.lines))

    def _cut_list(self, tokens: list[Token], start: int) -> None:
        """Close all items but the last of a list that has become long."""
        items = [item.map[0] - start for item in tokens if item.type == "list_item_open" and item.level == 1 and item.map]
        if sum(map(len, self.lines[: items[-1]])) < PIECE_CHARACTERS:
            return
        first = self.part.number if self.part.continued else int(tokens[0].attrs.get("start", 1))
        loose = self.part.loose or any(t.type == "paragraph_open" and t.level == 2 and not t.hidden for t in tokens)
        self.part = ListPart(self.part.continued, first, loose)
        self._cut(items[-1])
        self.part = ListPart(True, first + len(items) - 1, loose)


def unclosed(fence: Token) -> bool:
    """Whether a code block reaches its end without a closing line."""
    assert fence.map
    lines = fence.content.count("\n") + (not fence.content.endswith("\n") and bool(fence.content))
    return fence.map[1] - fence.map[0] - 1 == lines
