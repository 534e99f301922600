"""What Slack takes at most, and how it counts.

Limits: https://docs.slack.dev/reference/block-kit. A message is also refused as a whole, `msg_blocks_too_long`, at about
13,200 characters of its blocks as JSON, where `&`, `<` and `>` count as entities (measured: slackapi/bolt-js#2509).
"""

import json
import re
from typing import Any

Element = dict[str, Any]
Block = dict[str, Any]

MOST_BLOCKS = 45  # of 50, so that a caller may add some
MOST_WEIGHT = 11_000
LONGEST_FALLBACK = 3_000
LONGEST_HEADER = 150
LONGEST_LABEL = 75
LONGEST_TEXT = 3_000

_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def size(text: str) -> int:
    """Its length as JavaScript counts it, which is never less than what anybody else counts."""
    return len(text) if text.isascii() else len(text) + len(_ASTRAL.findall(text))


def weight_of(part: Any) -> int:
    """What a block, or a part of one, counts within its message."""
    text = _JSON.encode(part)
    return size(text) + 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))


def shortened(text: str, most: int) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if size(text) <= most:
        return text
    kept = text[: most - 1]
    while size(kept) > most - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def escaped(text: str, most: int = LONGEST_TEXT) -> str:
    """The text as mrkdwn shows it literally: it mentions nobody and links nothing. It is cut where it would be too long."""
    whole = text.translate(_ENTITIES)
    if size(whole) <= most:
        return whole
    parts, room = list[str](), most - 1
    for part in (character.translate(_ENTITIES) for character in text):
        room -= size(part)
        if room < 0:
            break
        parts.append(part)
    return "".join(parts).rstrip() + "…"


_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def cut(text: str, most: int) -> list[str]:
    """The text in parts of at most so many characters that end with a line, a word, or where they must."""
    parts = list[str]()
    while len(text) > most:
        end = max(text.rfind("\n", most // 2, most), text.rfind("\n", 0, most)) + 1 or text.rfind(" ", most // 2, most) + 1
        parts.append(text[: end or most])
        text = text[end or most :]
    return [*parts, text] if text else parts
