"""What a channel is, and how a send may end."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from app.domain.delivery import DeliveryKind


class Rejected(Exception):
    """It will never go this way. `gone`: nothing will, until the person mends the channel."""

    def __init__(self, why: str, *, gone: bool = False) -> None:
        super().__init__(why)
        self.gone = gone


class Unavailable(Exception):
    """Not now, and it has surely not arrived. `retry_after_seconds`: when the other side wants to be asked again."""

    def __init__(self, why: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(why)
        self.retry_after_seconds = retry_after_seconds


class Uncertain(Exception):
    """It may have arrived, or not: a reply was not heard."""


@dataclass(frozen=True)
class Letter:
    """Something to send, as things stand now. `copy`: the id, at the other side, of what this changes or follows.
    `user`: who reads it. `endpoint`: whose secret signs it, for a webhook. `place`: where the conversation goes on that it
    belongs to; `entry`: what of its log it shows; `answers`, `asked`: what a mail tells of it, and on what that was said;
    `live`: what has shown it there while it was being written, "" for
    something unknown."""

    id: UUID
    kind: DeliveryKind
    address: str
    request: dict[str, Any] = field(default_factory=dict)
    outcome: str = ""
    copy: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    endpoint: UUID | None = None
    user: UUID | None = None
    place: str = ""
    entry: dict[str, Any] = field(default_factory=dict)
    answers: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    live: str | None = None


class LiveAnswer(Protocol):
    """An answer that is being written: what it says so far, and whether that is all (`over`)."""

    over: asyncio.Event

    @property
    def session_id(self) -> UUID: ...

    @property
    def message_id(self) -> UUID: ...

    @property
    def text(self) -> str: ...

    def stop(self) -> None:
        """Let it end as it is."""


class Channel(Protocol):
    """A way out. All but `send` are asked only where something may have arrived twice."""

    async def send(self, letter: Letter) -> str:
        """Send it; the id under which the other side keeps it. Rejected, Unavailable or Uncertain otherwise."""

    async def find(self, letter: Letter) -> list[str]:
        """Did it arrive? The ids of all copies of it, the first one first. Unavailable when that can't be said."""

    async def remove(self, letter: Letter, external_id: str) -> None:
        """Take a copy back that arrived twice; where that can't be done, do nothing."""
