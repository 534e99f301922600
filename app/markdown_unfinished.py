"""How the last block of a Markdown text looks while it is being written, so that nothing flickers when its marks arrive."""

import re
from functools import lru_cache

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import backtick as finished_code
from markdown_it.rules_inline import image as finished_image
from markdown_it.rules_inline import link as finished_link
from markdown_it.rules_inline.state_inline import Delimiter

CURSOR = "\ufdd0"
"""Stands where the writer is; a noncharacter that `normal` keeps out of every text."""

_CONTAINERS = r"[ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*"
_IN_CONTAINER = re.compile(r"[ \t]*(?:>|[-+*][ \t]|\d+[.)][ \t])")
_MARKERS_ONLY = re.compile(rf"{_CONTAINERS}(?:[-+*=_#~`|: \t>]*|\d{{1,9}}[.)]?|\[[ xX]?\]?)[ \t]*\Z")
_FENCE_LINE = re.compile(rf"{_CONTAINERS}(?:``[^`]*|`{{3,}}[^`]*|~~.*)\Z")
_DANGLING = (re.compile(r"(?:&#?\w{0,31}|<[^\s<>]{0,200}|!?\[)\Z"), re.compile(r"[\\*_~`]+\Z"))
_TAIL_CHARACTERS = 256


def presentable(source: str) -> str:
    """A half-written source as it may be shown, with CURSOR where its text goes on (if that is known).

    What may still become markup is held back, and a table's header is shown as one from its first cell on.
    """
    head, newline, line = source.rpartition("\n")
    if _FENCE_LINE.match(line) or _MARKERS_ONLY.match(line := _without_dangling(line)):
        line = ""
    shown = (head + newline + line).rstrip("\n")
    before, last = ("\n" + shown).rsplit("\n", 2)[-2:]
    if last.startswith("|") and not before.startswith("|") and not _IN_CONTAINER.match(shown):
        return _as_header(shown, last)
    if _MARKERS_ONLY.match(last) or _FENCE_LINE.match(last):
        return shown
    return shown + CURSOR


def _without_dangling(line: str) -> str:
    tail = line[-_TAIL_CHARACTERS:]
    for pattern in _DANGLING:
        tail = pattern.sub("", tail)
    return line[:-_TAIL_CHARACTERS] + tail


def _as_header(shown: str, row: str) -> str:
    shown, row = shown.rstrip(" |"), row.rstrip(" |")
    cells = len(re.findall(r"(?<!\\)\|", row.removeprefix("|"))) + 1
    return f"{shown}{CURSOR}\n{'|---' * cells}|"


_HALF_ADDRESS = re.compile(rf"\(\s*(?:<[^<>\n]*|[^\s<]*(?:\s+(?:[\"'(][^\"')]*[\"')]?\s*)?)?){CURSOR}\Z")
_MOST_CLOSED = 8
_MOST_BRACKETS = 8
"""More opening brackets in a row than this are no links, and would be slow to try."""


def being_written(state: StateInline) -> bool:
    return state.src.endswith(CURSOR) and state.posMax == len(state.src)


def code(state: StateInline, silent: bool) -> bool:
    """A code span without its end reaches as far as the text does."""
    start = state.pos
    if state.src[start] != "`" or not being_written(state):
        return finished_code(state, silent)
    run = len(state.src) - start - len(state.src[start:].lstrip("`"))
    finished_code(state, True)
    if state.pos > start + run:
        state.pos = start
        return finished_code(state, silent)
    if not silent:
        token = state.push("code_inline", "code", 0)
        token.content = state.src[start + run :].replace("\n", " ")
    state.pos = state.posMax
    return True


def link(state: StateInline, silent: bool) -> bool:
    """Of a link without its end only the text is shown."""
    start = state.pos
    if state.src[start] != "[" or state.src.count("[", start, start + _MOST_BRACKETS) == _MOST_BRACKETS:
        return False
    if start < _last(state.src, "](") and finished_link(state, silent):
        return True
    if not being_written(state):
        return False
    end = _label_end(state, start)
    if not _unfinished(state, end):
        return False
    state.pos = start + 1
    if end >= 0:
        if not silent:
            _only_text(state, end)
        state.pos = end + 1 if state.src[end + 1] == CURSOR else state.posMax
    return True


def image(state: StateInline, silent: bool) -> bool:
    """An image without its end is shown as a link without its end."""
    start = state.pos
    if not state.src.startswith("![", start):
        return False
    if start < _last(state.src, "](") and finished_image(state, silent):
        return True
    if not being_written(state) or not _unfinished(state, _label_end(state, start + 1)):
        return False
    state.pos = start + 1
    return True


@lru_cache(maxsize=8)
def _last(text: str, mark: str) -> int:
    return text.rfind(mark)


def _label_end(state: StateInline, start: int) -> int:
    return state.md.helpers.parseLinkLabel(state, start) if start < _last(state.src, "]") else -1


def _unfinished(state: StateInline, label_end: int) -> bool:
    after = state.src[label_end + 1 : label_end + 2]
    return label_end < 0 or after == CURSOR or (after == "(" and bool(_HALF_ADDRESS.match(state.src, label_end + 1)))


def _only_text(state: StateInline, end: int) -> None:
    most, state.posMax = state.posMax, end
    state.md.inline.tokenize(state)
    state.posMax = most


def close_emphasis(state: StateInline) -> None:
    """Emphasis without its end reaches as far as the text does."""
    if not being_written(state):
        return
    delimiters, reach, openers = state.delimiters, -1, []
    for at, opener in enumerate(delimiters):
        reach = max(reach, opener.end)
        if at > reach and opener.open and not opener.close and opener.end < 0:
            openers.append(opener)
    for opener in reversed(openers[-_MOST_CLOSED:]):
        opener.end = len(delimiters)
        state.push("text", "", 0).content = state.tokens[opener.token].content
        delimiters.append(Delimiter(opener.marker, 0, len(state.tokens) - 1, -1, False, True))
