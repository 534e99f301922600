"""Markdown as a row of pieces, each small enough that Slack takes it, from which messages are put together."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from markdown_it.token import Token

from app.channels.slack_elements import elements_of, portions, text_element, words_of
from app.channels.slack_limits import LONGEST_HEADER, Block, Element, size, weight_of
from app.channels.slack_tables import MarkdownTable
from app.markdown import normal
from app.markdown_html import tokens_of

PIECE_WEIGHT = 2_500
MOST_TABLES = 10
MOST_BREAKS = 100  # headings and rules beyond are text, since each would be a block of its own, and 50 make a message
DEEPEST_INDENT = 8

Kind = Literal["section", "quote", "preformatted", "item", "block"]


@dataclass(frozen=True)
class Piece:
    """Elements of one kind of rich text, or a whole `block` that `counts` so much. `goes_on`: it belongs to the piece
    before, as the rest of what was too long or as the next paragraph of a list item."""

    kind: Kind
    elements: list[Element] = field(default_factory=list)
    goes_on: bool = False
    style: str = "bullet"
    indent: int = 0
    number: int = 1
    quoted: bool = False
    block: Block = field(default_factory=dict)
    counts: int = 0

    @cached_property
    def weight(self) -> int:
        return self.counts or weight_of(self.block or self.elements)


def pieces_of(markdown: str, *, quoted: bool = False, tables: bool = True) -> list[Piece]:
    """The pieces of a text. `quoted`: all of it is somebody's words; not `tables`: as preformatted text."""
    reader = _Reader(int(quoted), MOST_TABLES if tables else 0)
    reader.read(iter(tokens_of(normal(markdown))))
    return reader.pieces


def section(elements: list[Element], *, quoted: bool = False) -> list[Piece]:
    """One paragraph."""
    return _divided(Piece("quote" if quoted else "section", elements))


def _divided(piece: Piece) -> list[Piece]:
    parts = portions(piece.elements, PIECE_WEIGHT)
    return [replace(piece, elements=part, goes_on=piece.goes_on or bool(at)) for at, part in enumerate(parts)]


@dataclass
class _List:
    style: str
    number: int
    fresh: bool = False


@dataclass
class _Reader:
    """Where in the text we are. An item is `fresh` until something stands beside its bullet; `item` is the list whose
    item was written last, if nothing came after it."""

    quotes: int
    tables_left: int
    breaks_left: int = MOST_BREAKS
    pieces: list[Piece] = field(default_factory=list)
    lists: list[_List] = field(default_factory=list)
    item: _List | None = None
    heading: bool = False

    def read(self, tokens: Iterator[Token]) -> None:
        for token in tokens:
            match token.type:
                case "inline":
                    self._words(token)
                case "fence" | "code_block":
                    self._code([text_element(token.content.removesuffix("\n"))])
                case "hr":
                    self._rule()
                case "table_open":
                    self._table(tokens)
                case "heading_open" | "heading_close":
                    self.heading = token.nesting > 0
                case "blockquote_open" | "blockquote_close":
                    self._bullet()
                    self.quotes += token.nesting
                case _:
                    self._list(token)

    def _list(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self._bullet()
                style = "bullet" if token.tag == "ul" else "ordered"
                self.lists.append(_List(style, int(token.attrs.get("start", 1))))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
                self.item = None
            case "list_item_open":
                self.lists[-1].fresh = True
            case "list_item_close":
                self._bullet()
                self.lists[-1].number += 1

    def _words(self, token: Token) -> None:
        elements = elements_of(token.children or [], bold=self.heading)
        if not elements:
            return
        if self.heading and not self.lists and not self.quotes and self._header(elements):
            return
        here = self.lists[-1] if self.lists else None
        if here and here.fresh:
            self._item(elements)
        elif here and self.item is here:
            self._item([text_element("\n"), *elements], goes_on=True)
        else:
            self._add(section(elements, quoted=self.quotes > 0))

    def _header(self, elements: list[Element]) -> bool:
        """Whether a heading could be shown as one: all of it is plain and short."""
        plain = all(one["type"] == "text" and "code" not in one.get("style", ()) for one in elements)
        text = " ".join(words_of(elements).split())
        if not plain or not text or size(text) > LONGEST_HEADER or self.breaks_left <= 0:
            return False
        self.breaks_left -= 1
        self._add([Piece("block", block={"type": "header", "text": {"type": "plain_text", "text": text}})])
        return True

    def _rule(self) -> None:
        self._bullet()
        self.breaks_left -= 1
        rule = Piece("block", block={"type": "divider"})
        self._add([rule] if self.breaks_left >= 0 else section([text_element("———")]))

    def _bullet(self) -> None:
        """An item that begins with something else than words has a bullet all the same."""
        if self.lists and self.lists[-1].fresh:
            self._item([text_element(" ")])

    def _item(self, elements: list[Element], *, goes_on: bool = False) -> None:
        here, indent = self.lists[-1], min(len(self.lists) - 1, DEEPEST_INDENT)
        here.fresh = False
        piece = Piece("item", elements, goes_on, here.style, indent, max(here.number, 1), self.quotes > 0)
        self._add(_divided(piece))
        self.item = here

    def _code(self, elements: list[Element]) -> None:
        self._bullet()
        self._add(_divided(Piece("preformatted", elements, quoted=self.quotes > 0)))

    def _table(self, tokens: Iterator[Token]) -> None:
        self._bullet()
        table = MarkdownTable.read(tokens)
        self.tables_left -= 1
        blocks = table.blocks() if self.tables_left >= 0 else []
        self._add([Piece("block", block=block, counts=counts) for block, counts in blocks])
        if not blocks:
            self._code(table.preformatted())

    def _add(self, pieces: list[Piece]) -> None:
        self.pieces += pieces
        self.item = None
