"""A message as pages show it, the same for every reader."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Self

from markupsafe import Markup

from app.domain.message import Author, Message, MessageStatus
from app.markdown import render as render_markdown
from app.web.pages import render


@dataclass(frozen=True)
class Bubble:
    """What templates/messages/_message.html shows."""

    key: str
    id: str
    type: str
    session: str
    seq: int
    author: str
    author_name: str
    status: str
    channel: str
    text: str
    html: Markup
    error: str
    created_at: datetime
    waiting: bool

    @classmethod
    def of(cls, told: dict[str, Any], *, busy: bool, html: str | None = None) -> Self:
        """From a message's `as_dict()`. `busy`: the agent is at other words, so a queued message waits; else it looks as it
        will when it has been read. `html`: its words so far, when it is still being written."""
        by_person = told["author"] == Author.PERSON
        waiting = by_person and busy and told["status"] == MessageStatus.QUEUED
        return cls(
            key=told["key"], id=told["id"], type=told["type"], session=told["session"], seq=told["seq"],
            author=told["author"], author_name=told["author_name"], channel=told["channel"], text=told["text"],
            html=Markup("" if by_person else markdown(told["text"]) if html is None else html),  # noqa: S704 - cleaned
            error=told["error"], created_at=datetime.fromisoformat(told["created_at"]),
            waiting=waiting, status=told["status"] if waiting or not by_person else MessageStatus.COMPLETE,
        )  # fmt: skip

    def render(self) -> str:
        return rendered(self)


@lru_cache(maxsize=64)
def rendered(bubble: Bubble) -> str:
    """What is told to the one who said it, and then to every page, is rendered once."""
    return render("messages/_message.html", message=bubble)


@lru_cache(maxsize=1000)
def markdown(text: str) -> str:
    """Finished words as HTML; those of a page that is opened again are at hand."""
    return render_markdown(text)


def bubbles(messages: list[Message], *, busy: bool) -> list[Bubble]:
    """The entries of a page. An answer still being written is empty here: the page's stream brings what there is."""
    open_block = '<div class="open"></div>'
    return [
        Bubble.of(message.as_dict(), busy=busy, html=open_block if message.status == MessageStatus.STREAMING else None)
        for message in messages
    ]


def agent_shown(told: dict[str, Any]) -> dict[str, Any]:
    """The agent's `as_dict()` as templates/agent/_status.html shows it."""
    return {**told, "retry_at": datetime.fromisoformat(told["retry_at"]) if told["retry_at"] else None}


@lru_cache(maxsize=64)
def agent_html(status: str, error: str, retry_at: str | None) -> str:
    """What the agent is doing, for a page that is open."""
    return render("agent/_status.html", agent=agent_shown({"status": status, "error": error, "retry_at": retry_at}))
