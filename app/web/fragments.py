"""Pieces of a page as they go down its stream: one SSE event each, encoded once for all readers."""

from typing import Any

from markupsafe import escape

from app.domain.agent_state import AgentStatus
from app.frames import Frame
from app.markdown import Growing, Growth
from app.web.bubbles import Bubble, agent_html
from app.web.pages import render

BUSY = (AgentStatus.THINKING, AgentStatus.RESPONDING)
BEAT = b"event: beat\ndata: \n\n"
SIGNED_OUT = b"event: signed-out\ndata: \n\n"


def event(html: str, revision: int | None = None) -> bytes:
    """One unnamed SSE event. htmx 4.0.1 splits lines at a lone CR too, so the data is one line with neither CR nor LF."""
    line = html.replace("\r", "").replace("\n", "&#10;")
    place = f"id: {revision}\n" if revision is not None else ""
    return f"{place}data: {line}\n\n".encode()


def partial(target: str, swap: str, html: str) -> str:
    return f'<hx-partial hx-target="{escape(target)}" hx-swap="{swap}">{html}</hx-partial>'


class Writing:
    """An answer being written, as it grows on the pages."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.growing = Growing()
        self.last: Frame | None = None

    @property
    def html(self) -> str:
        return self.growing.html or '<div class="open"></div>'

    def grow(self, frame: Frame) -> bytes:
        """Add a frame; the event that lets the pages grow with it (b"" when there is nothing to see yet)."""
        self.last = frame
        if not frame.whole:
            return self._grown(self.growing.feed(frame.text))
        self.growing = Growing()
        self.growing.feed(frame.text)
        return event(partial(f"#message-{self.key} .prose", "innerHTML settle:0", self.html))

    def _grown(self, growth: Growth) -> bytes:
        block = f"#message-{self.key} .open"
        if growth.tail is not None:
            return event(partial(f"{block} code", "beforeend settle:0", growth.tail))
        if growth.open is None and not growth.closed:
            return b""
        html = f'{growth.closed}<div class="open">{growth.open or ""}</div>'
        return event(partial(block, "outerHTML settle:0", html))


class Fragments:
    """What a room tells of messages, agent and title. It remembers whether the agent is busy: then what a person says
    waits."""

    busy = False

    def message(self, told: dict[str, Any], writing: Writing | None, *, new: bool) -> bytes:
        """A message, added or in place of what a page has of it."""
        html = Bubble.of(told, busy=self.busy, html=writing.html if writing else None).render()
        target, swap = ("#log", "upsert key:data-seq") if new else (f"#message-{told['key']}", "outerMorph")
        return event(partial(target, swap, html), told["revision"])

    def status(self, told: dict[str, Any]) -> bytes:
        """What the agent is doing."""
        self.busy = told["status"] in BUSY
        html = agent_html(told["status"], told["error"], told["retry_at"])
        return event(partial("#agent-status", "innerHTML settle:0", html))

    def title(self, told: dict[str, Any]) -> bytes:
        """What the conversation is called: above it, in the list beside it, and on the browser's tab."""
        html = render("chat/_title.html", title=told["title"] or "New conversation")
        places = {"#title": html, "#conversations [aria-current] .title": html, "head > title": f"{html} · Parley"}
        return b"".join(event(partial(place, "innerHTML settle:0", words)) for place, words in places.items())
