"""What a page looks at: who one is, which conversation, which thread; and the parts that change while it is open."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import escape

from app.sandbox.slack.showing import render
from app.sandbox.slack.viewing import shown
from app.sandbox.slack.workspace import Workspace
from app.sandbox.slack.world import Place, Said

HOME = "home"
MOST_SHOWN = 100
PARTS = ("places", "conversation", "thread", "note", "modal")


@dataclass(frozen=True)
class Look:
    """`at` is a conversation's id or HOME, `thread` the head's ts or ""."""

    user: str
    at: str
    thread: str = ""

    @classmethod
    def of(cls, workspace: Workspace, given: Any) -> "Look":
        """What a query or form asks for; what makes no sense becomes the first there is."""
        world = workspace.world
        everybody = [one.id for one in world.people.values() if not one.is_bot]
        user = given.get("as") if given.get("as") in everybody else everybody[0]
        at = given.get("in") or HOME
        if at != HOME and (at not in world.places or user not in world.places[at].members):
            at = HOME
        thread = given.get("thread") or ""
        return cls(user, at, thread if at != HOME and thread in world.places[at].said else "")

    def query(self, **other: str) -> str:
        told = {"as": self.user, "in": self.at, "thread": self.thread} | other
        return urlencode({name: value for name, value in told.items() if value})

    def url(self, **other: str) -> str:
        return f"/sandbox/slack?{self.query(**other)}"

    def as_person(self, user: str) -> str:
        """The same place, as somebody else sees it."""
        return self.url(**{"as": user, "thread": ""})

    def to(self, at: str) -> str:
        """Another place."""
        return self.url(**{"in": at, "thread": ""})

    def place(self, workspace: Workspace) -> Place | None:
        return workspace.world.places.get(self.at)


def context(workspace: Workspace, look: Look) -> dict[str, Any]:
    """What the page's templates show."""
    place = look.place(workspace)
    visible = [one for one in place.said.values() if one.only_for in ("", look.user)] if place else []
    top = [one for one in visible if not one.in_thread]
    thread = [one for one in visible if look.thread and look.thread in (one.ts, one.thread_ts)]
    return {
        "look": look, "place": place, "me": workspace.world.people[look.user], "messages": top[-MOST_SHOWN:],
        "thread": thread[-MOST_SHOWN:], "home": workspace.world.homes.get(look.user) if look.at == HOME else None,
        "modal": shown(workspace, look.user), "replies": _replies(visible), "moment": moment,
        "note": workspace.world.notes.get(look.user, ""), "sockets": workspace.sockets.any_open,
        "mine": [one for one in workspace.world.places.values() if look.user in one.members],
    }  # fmt: skip


def _replies(visible: list[Said]) -> dict[str, int]:
    """How many replies each head has."""
    counts: dict[str, int] = {}
    for one in visible:
        if one.in_thread:
            counts[one.thread_ts] = counts.get(one.thread_ts, 0) + 1
    return counts


def moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


def parts(workspace: Workspace, look: Look) -> dict[str, str]:
    """The HTML of each part that may change."""
    shows = context(workspace, look)
    return {name: render(f"sandbox/_{name}.html", workspace, **shows) for name in PARTS}


def swapped(name: str, html: str) -> bytes:
    """An event that puts a part in its place. htmx splits lines at a lone CR too, so the data is one line without either."""
    whole = f'<hx-partial hx-target="#{escape(name)}" hx-swap="innerMorph">{html}</hx-partial>'
    return f"data: {whole.replace(chr(13), '').replace(chr(10), '&#10;')}\n\n".encode()
