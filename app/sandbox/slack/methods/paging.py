"""Lists in pages, by a cursor that means nothing to who holds it."""

from base64 import b64decode, b64encode
from binascii import Error
from typing import TypeVar

from app.sandbox.slack.call import Call, Refused
from app.sandbox.slack.world import Json

T = TypeVar("T")
MOST = 999


def paged(call: Call, everything: list[T], *, otherwise: int) -> tuple[list[T], Json]:
    """The page that `cursor` and `limit` ask for, and how to go on from it."""
    begin = _offset(call.text("cursor"))
    end = begin + call.number("limit", otherwise, MOST)
    cursor = b64encode(f"next:{end}".encode()).decode() if end < len(everything) else ""
    return everything[begin:end], {"has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


def _offset(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        kind, _, number = b64decode(cursor).decode().partition(":")
        if kind == "next":
            return int(number)
    except (Error, ValueError):
        pass
    raise Refused("invalid_cursor")
