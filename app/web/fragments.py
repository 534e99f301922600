"""Pieces of a page as they go down its stream or its socket: one event or frame each, encoded once for all readers."""

from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from markupsafe import escape

from app.domain.agent_state import AgentStatus
from app.domain.inbox import waiting_for
from app.domain.message import Message
from app.domain.notice import notices_for
from app.domain.session import ChatSession
from app.frames import Frame
from app.live import Event, encode
from app.markdown import Growing
from app.rooms.place import Place
from app.rooms.telling import Ending, Telling
from app.rooms.writing import Writing
from app.web.bubbles import Bubble, agent_html
from app.web.cards import cards, together
from app.web.pages import render

BUSY = (AgentStatus.THINKING, AgentStatus.RESPONDING)


def partial(target: str, swap: str, html: str) -> str:
    return f'<hx-partial hx-target="{escape(target)}" hx-swap="{swap}">{html}</hx-partial>'


class Seen(NamedTuple):
    """What a page has seen: all up to `revision`; when that is 0, its entries up to `after_seq`."""

    after_seq: int
    revision: int


class Growth:
    """An answer as it grows on the pages, up to a frame."""

    def __init__(self, writing: Writing) -> None:
        self.growing = Growing()
        self.growing.feed(writing.text)
        self.last = writing.last

    @property
    def html(self) -> str:
        return self.growing.html or '<div class="open"></div>'

    def grow(self, key: str, frame: Frame) -> str:
        """What lets the pages grow by a frame ("" when there is nothing to see yet)."""
        self.last = frame
        grown = self.growing.feed(frame.text)
        block = f"#message-{key} .open"
        if grown.tail is not None:
            return partial(f"{block} code", "beforeend settle:0", grown.tail)
        if grown.open is None and not grown.closed:
            return ""
        html = f'{grown.closed}<div class="open">{grown.open or ""}</div>'
        return partial(block, "outerHTML settle:0", html)


class Fragments(Telling):
    """A room as its pages show it. It remembers whether the agent is busy: then what a person says waits."""

    def __init__(self) -> None:
        self.busy = False
        self.growths: dict[str, Growth] = {}

    @staticmethod
    def event(html: str, revision: int | None = None) -> bytes:
        """A piece to swap in. Who comes back with a revision has seen all up to it."""
        raise NotImplementedError

    @staticmethod
    def signal(name: str) -> bytes:
        """Something that the page hears of by its name."""
        raise NotImplementedError

    @classmethod
    def farewell(cls, ending: Ending) -> bytes:
        """A page whose sign-in has ended is told so, and asks no more; one whose conversation is gone goes where it sees
        that. In all other cases the page comes back."""
        return cls.signal(ending) if ending in (Ending.SIGNED_OUT, Ending.DELETED) else b""

    @classmethod
    async def inbox(cls, person_id: UUID, session_id: UUID | None) -> bytes:
        """How much waits, and what: all of it on the inbox page, what belongs to the conversation above its composer."""
        waiting = await waiting_for(person_id)
        here = [one for one in waiting if session_id in (None, one.session)]
        shown = render("feedback/_inbox.html", groups=together(await cards(here, person_id)), docked=session_id is not None)
        count = render("feedback/_count.html", count=len(waiting))
        places = {"#docked" if session_id else "#inbox": shown, "#waiting-count": count}
        if session_id is None:
            places["#notes"] = render("feedback/_notes.html", notes=await notices_for(person_id))
        return b"".join(cls.event(partial(place, "innerMorph", words)) for place, words in places.items())

    async def missed(self, session: ChatSession, came_to: Seen) -> list[Message]:
        """What changed, and the answer being written, of which the page may have any part."""
        changed = await session.changes(after_revision=came_to.revision, after_seq=came_to.after_seq)
        known = {message.id for message in changed}
        return changed + [message for message in await session.streaming() if message.id not in known]

    def caught_up(self, came_to: Seen, missed: list[Message], at: Place, writings: dict[str, Writing]) -> bytes:
        return b"".join(
            self._message(message.as_dict(), writings.get(str(message.id)), new=message.seq > came_to.after_seq)
            for message in missed
        )

    def message(self, told: Event, writing: Writing | None, at: Place, *, new: bool, first: bool, again: bool) -> bytes:
        """A message, added or in place of what a page has of it."""
        return self._message(told, writing, new=new)

    def _message(self, told: Event, writing: Writing | None, *, new: bool) -> bytes:
        if writing is None:
            self.growths.pop(told["id"], None)
        html = Bubble.of(told, busy=self.busy, html=self._growth(writing).html if writing else None).render()
        target, swap = ("#log", "upsert key:data-seq") if new else (f"#message-{told['key']}", "outerMorph")
        return self.event(partial(target, swap, html), told["revision"])

    def _growth(self, writing: Writing) -> Growth:
        growth = self.growths.get(writing.id)
        if growth is None or growth.last != writing.last:  # it grew while no page was looking
            growth = self.growths[writing.id] = Growth(writing)
        return growth

    def grow(self, writing: Writing, frame: Frame, at: Place, *, goes_on: bool) -> bytes:
        growth = self.growths.get(writing.id)
        if growth and not frame.whole and frame.follows(growth.last):
            grown = growth.grow(writing.key, frame)
            return self.event(grown) if grown else b""
        html = self._growth(writing).html
        return self.event(partial(f"#message-{writing.key} .prose", "innerHTML settle:0", html))

    def status(self, told: dict[str, Any]) -> bytes:
        """What the agent is doing."""
        self.busy = told["status"] in BUSY
        html = agent_html(told["status"], told["error"], told["retry_at"])
        return self.event(partial("#agent-status", "innerHTML settle:0", html))

    def session(self, told: dict[str, Any]) -> bytes:
        """What the conversation is called: above it, in the list beside it, and on the browser's tab; and where it goes on,
        if that is told too."""
        html = render("chat/_title.html", title=told["title"] or "New conversation")
        places = {"#title": html, "#conversations [aria-current] .title": html, "head > title": f"{html} · Parley"}
        called = b"".join(self.event(partial(place, "innerHTML settle:0", words)) for place, words in places.items())
        return called + (self.channel({"type": told["channel"]}) if "channel" in told else b"")

    def channel(self, told: dict[str, Any]) -> bytes:
        """By which channel it goes on."""
        html = render("chat/_channel_now.html", now=told["type"])
        return self.event(partial("#channel-now", "innerHTML settle:0", html))

    def feedback(self, told: dict[str, Any]) -> bytes:
        """The log and the inbox show it."""
        return b""


class Streamed(Fragments):
    """As unnamed SSE events. htmx 4.0.1 splits lines at a lone CR too, so the data is one line with neither CR nor LF."""

    beat: ClassVar[bytes] = b"event: beat\ndata: \n\n"

    @staticmethod
    def event(html: str, revision: int | None = None) -> bytes:
        line = html.replace("\r", "").replace("\n", "&#10;")
        place = f"id: {revision}\n" if revision is not None else ""
        return f"{place}data: {line}\n\n".encode()

    @staticmethod
    def signal(name: str) -> bytes:
        return f"event: {name}\ndata: \n\n".encode()

    @staticmethod
    def frames(data: bytes) -> list[bytes]:
        return [data]


class Hinted(Streamed):
    """For a page that gets what it shows by itself: it hears when to, and how much waits."""

    @classmethod
    async def inbox(cls, person_id: UUID, session_id: UUID | None) -> bytes:
        count = render("feedback/_count.html", count=len(await waiting_for(person_id)))
        return cls.event(partial("#waiting-count", "innerMorph", count)) + cls.signal("inbox")


class Framed(Fragments):
    """As frames of a socket, one line for each: hx-ws swaps `content` in, <page-socket> reads the rest."""

    beat: ClassVar[bytes] = b'{"signal":"beat"}\n'

    @staticmethod
    def event(html: str, revision: int | None = None) -> bytes:
        place = {"revision": revision} if revision is not None else {}
        return encode({"content": html, **place}) + b"\n"

    @staticmethod
    def signal(name: str) -> bytes:
        return encode({"signal": name}) + b"\n"

    @staticmethod
    def frames(data: bytes) -> list[bytes]:
        return data.splitlines()
