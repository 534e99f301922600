"""The parts that Slack's messages and views are made of, each within its limits, whatever its words are.

Fields: https://docs.slack.dev/reference/block-kit
"""

from datetime import UTC, datetime
from typing import Any

from app.channels.slack_elements import text_element
from app.channels.slack_limits import (
    LONGEST_HEADER,
    LONGEST_LABEL,
    LONGEST_TEXT,
    Block,
    Element,
    escaped,
    shortened,
    size,
)
from app.channels.slack_pieces import Piece, section
from app.markdown import normal

LONGEST_NAME = 75


def plain(text: str, most: int = LONGEST_TEXT) -> Element:
    return {"type": "plain_text", "text": shortened(normal(text), most) if text.strip() else "—"}


def mrkdwn(text: str) -> Element:
    """Text with Slack's marks; whatever comes from elsewhere must have been escaped."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def context(*texts: str | Element) -> Block:
    """A small line under or above something; a text is plain."""
    return {"type": "context", "elements": [plain(text) if isinstance(text, str) else text for text in texts]}


def title(text: str) -> list[Piece]:
    """Words in large letters where they are few, else in bold ones."""
    text = normal(text).strip() or "—"
    if size(text) <= LONGEST_HEADER and "\n" not in text:
        return [Piece("block", block={"type": "header", "text": plain(text, LONGEST_HEADER)})]
    return section([{**text_element(text), "style": {"bold": True}}])


def paragraph(text: str) -> Block:
    """Words as they are, however they look."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [text_element(shortened(normal(text), LONGEST_TEXT))]}],
    }


def actions(block_id: str, *elements: Element) -> Block:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def button(text: str, action: str, *, value: str = "", style: str = "", label: str = "") -> Element:
    """`style`: primary or danger, if any; `label`: for readers of screens where the text says nothing."""
    made: dict[str, Any] = {"type": "button", "action_id": action, "text": plain(text, LONGEST_LABEL)}
    extra = {"value": value, "style": style, "accessibility_label": label}
    return made | {name: given for name, given in extra.items() if given}


def link_button(text: str, url: str, action: str = "link") -> Element:
    return {"type": "button", "action_id": action, "text": plain(text, LONGEST_LABEL), "url": url}


def options(texts: list[str]) -> list[Element]:
    """Things to choose from; each is known by its place."""
    return [{"text": plain(text, LONGEST_LABEL), "value": str(at)} for at, text in enumerate(texts)]


def link(url: str, words: str) -> str:
    """A link in mrkdwn; the words are ours."""
    address = url.replace("|", "%7C").replace("<", "%3C").replace(">", "%3E").replace("&", "&amp;")
    return f"<{address}|{words}>"


def moment(at: str, form: str = "{date_short_pretty} at {time}") -> str:
    """A time in ISO 8601 as mrkdwn that every reader sees in their own zone."""
    when = datetime.fromisoformat(at).astimezone(UTC)
    return f"<!date^{int(when.timestamp())}^{form}|{when:%Y-%m-%d %H:%M} UTC>"


def literal(text: str, most: int = LONGEST_NAME) -> str:
    """Somebody's words within mrkdwn, on one line."""
    return escaped(" ".join(normal(text).split()), most)
