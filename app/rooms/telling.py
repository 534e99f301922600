"""How those who listen are told what happens in a room: pages as pieces of HTML, programs as events."""

from enum import StrEnum
from typing import Any, ClassVar, Protocol
from uuid import UUID

from app.domain.message import Message
from app.domain.session import ChatSession
from app.frames import Frame
from app.live import Event
from app.rooms.place import Place
from app.rooms.writing import Writing


class Ending(StrEnum):
    """Why nothing more is told."""

    SIGNED_OUT = "signed-out"
    DELETED = "deleted"
    BROKEN = "broken"
    RESTARTING = "restarting"
    SLOW = "slow"


class Telling(Protocol):
    """One room in one language. What it returns is encoded once, for all who listen in it; b"" is nothing."""

    beat: ClassVar[bytes]
    """What is said now and then in a silence."""

    @staticmethod
    def farewell(ending: Ending) -> bytes:
        """The last words."""

    @staticmethod
    async def inbox(person_id: UUID, session_id: UUID | None) -> bytes:
        """What waits for a person, as one who has this conversation open, or none, is told of it."""

    @staticmethod
    def frames(data: bytes) -> list[bytes]:
        """What is told, as the frames of a socket."""

    async def missed(self, session: ChatSession, came_to: Any) -> list[Message]:
        """What somebody who has come to this place does not know yet, oldest first."""

    def caught_up(self, came_to: Any, missed: list[Message], at: Place, writings: dict[str, Writing]) -> bytes:
        """That, told. `at`: the place where they are then."""

    def message(self, told: Event, writing: Writing | None, at: Place, *, new: bool, first: bool, again: bool) -> bytes:
        """A message, announced as `new` or changed. `writing`: it is being written. `first`: its place in the log is new.
        `again`: it has been told as it is."""

    def grow(self, writing: Writing, frame: Frame, at: Place, *, goes_on: bool) -> bytes:
        """An answer has grown by this frame, or it `goes_on` no more: all of it is new."""

    def status(self, told: Event) -> bytes:
        """What the agent is doing."""

    def session(self, told: Event) -> bytes:
        """What the conversation is called."""

    def channel(self, told: Event) -> bytes:
        """By which channel it goes on."""

    def feedback(self, told: Event) -> bytes:
        """Somebody is asked something, or a request is settled."""
