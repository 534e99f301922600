"""Markdown from people and models, as HTML that is safe to show: the one place where text becomes HTML."""

import re
from dataclasses import dataclass
from html import escape

from app.markdown_blocks import Blocks
from app.markdown_html import blocks_of, html_of, open_code_html
from app.markdown_unfinished import CURSOR, presentable


def render(text: str) -> str:
    """The whole text as HTML. Links go to http, https and mailto only; an image becomes a link to its address.

    Link references (`[text][name]`) are not resolved, so that every block stands for itself.
    """
    return html_of(normal(text))


@dataclass(frozen=True)
class Growth:
    """What one piece of text changed: `closed` never changes again; `open` replaces the open block (None: as it was);
    `tail`, escaped, goes to the end of the open block's code. `closed` never comes without `open`, nor `tail` with it.
    """

    closed: str
    open: str | None
    tail: str | None


class Growing:
    """A text still being written, in any pieces; its cost grows with its length, whatever its blocks are.

    Plain words go into the open block as it was last shown; only a mark or a new line has it rendered again, and that
    after it grew by a 64th (a 256th for words): at 200 characters/s a block of 4 KB moves at least each 0.3 s.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._closed: list[str] = []
        self._blocks = Blocks(blocks_of)
        self._after_cr = False
        self._shown = ""
        self._around: tuple[str, str] | None = None
        self._shown_at = self._looked_at = self._size = 0

    @property
    def text(self) -> str:
        """All that was fed, with line ends as LF."""
        return "".join(self._text)

    @property
    def html(self) -> str:
        """All that was fed, as the page shows it."""
        return f'{"".join(self._closed)}<div class="open">{self._open_html()}</div>'

    def feed(self, more: str) -> Growth:
        more = self._normal(more)
        fence = self._blocks.fence
        blocks = self._blocks.feed(more)
        closed = "".join(html_of(block.source, block.part) for block in blocks)
        self._text.append(more)
        self._closed.append(closed)
        if blocks:
            self._size = len(self._blocks.source) if not self._blocks.fence else 0
            return Growth(closed, self._opened(), None)
        self._size += len(more)
        if not self._blocks.fence:
            return Growth("", self._grown(more), None)
        if fence is not self._blocks.fence:
            return Growth("", self._opened(), None)
        fresh = self._blocks.fence.fresh(self._blocks.lines, self._blocks.partial)
        return Growth("", None, escape(fresh, quote=False) or None)

    def _normal(self, more: str) -> str:
        whole = more.removeprefix("\n") if self._after_cr else more
        self._after_cr = more.endswith("\r") if more else self._after_cr
        return normal(whole)

    def _grown(self, more: str) -> str | None:
        if self._around and _PLAIN.match(more):
            self._around = self._around[0] + more, self._around[1]
            return self._words_shown()
        self._around = None
        if self._size - self._shown_at < max(self._size >> 6, min(self._size >> 4, _FEW_CHARACTERS)):
            return None
        if self._size - self._looked_at < self._size >> 6:
            return None
        self._looked_at = self._size
        shown = presentable(self._blocks.source)
        return None if shown == self._shown else self._opened(shown)

    def _words_shown(self) -> str | None:
        if not self._around or self._size - self._shown_at < self._size >> 8:
            return None
        self._shown_at = self._size
        return "".join(self._around)

    def _opened(self, shown: str | None = None) -> str:
        self._shown_at = self._looked_at = self._size
        self._around = None
        if self._blocks.fence:
            self._shown = ""
            return self._open_html()
        source = self._blocks.source
        self._shown = presentable(source) if shown is None else shown
        before, cursor, after = self._open_source_html(self._shown).partition(CURSOR)
        if cursor and self._shown.startswith(source + CURSOR) and _GOES_ON.search(source[-200:]):
            self._around = before, after
        return before + after

    def _open_html(self) -> str:
        if fence := self._blocks.fence:
            code = fence.code(self._blocks.lines, self._blocks.partial)
            return open_code_html(fence.info, code)
        return self._open_source_html(presentable(self._blocks.source)).replace(CURSOR, "")

    def _open_source_html(self, shown: str) -> str:
        return html_of(shown, self._blocks.part, being_written=True) if shown.strip(f" \t\n{CURSOR}") else ""


_FEW_CHARACTERS = 16
_PLAIN = re.compile(r"(?:[^\W_]|[ ,.;?'\"()%-])+\Z")
_GOES_ON = re.compile(r"(?:^|\s)(?!\S*//)\S*(?<=[^\W_]|[ ,.;?'\"()%-])\Z")


def normal(text: str) -> str:
    """Line ends as LF; what no HTML can hold as U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


_FORBIDDEN = re.compile(f"[\0\ud800-\udfff{CURSOR}]")
