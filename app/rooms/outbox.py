"""What one listener has yet to be sent."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from litestar.types import Send

from app.rooms.telling import Ending, Telling

MOST_BYTES_WAITING = 512 * 1024
GOODBYE_SECONDS = 0.8
"""How long last words may take. Whoever reads nothing is not to hold a connection that has no right to be."""


class Outbox:
    """A listener that reads too slowly is cut off, so that it never grows memory; it comes back and resumes. `language`
    is how it is told things. It came by a sign-in or by an API key: when that ends, so does this. `person_id`:
    who is shown their inbox there. `break_off` ends its connection at once, as long as it is this outbox's."""

    __slots__ = (
        "_waiter", "break_off", "ended", "ending", "key_id", "language", "person_id", "sign_in_id", "size", "waiting",
    )  # fmt: skip

    def __init__(
        self, language: type[Telling], sign_in_id: UUID | None, key_id: UUID | None = None, *, person_id: UUID | None = None
    ) -> None:
        self.language = language
        self.sign_in_id, self.key_id, self.person_id = sign_in_id, key_id, person_id
        self.waiting: list[bytes] = []
        self.size = 0
        self.ended = False
        self.ending: Ending | None = None
        self.break_off: Callable[[], None] = lambda: None
        self._waiter: asyncio.Future[None] | None = None

    def put(self, data: bytes, *, missed: bool = False) -> None:
        """Send this next. What somebody `missed` before they came is no sign that they read slowly, however much it is."""
        if self.ended or not data:
            return
        self.size += 0 if missed else len(data)
        if self.size > MOST_BYTES_WAITING:
            self.waiting.clear()
            self.end(Ending.SLOW)
            self.break_off()
        else:
            self.waiting.append(data)
            self._wake()

    def end(self, ending: Ending) -> None:
        """Say why, then send nothing more."""
        if not self.ended:
            self.waiting.append(self.language.farewell(ending))
            self.ended, self.ending = True, ending
            self._wake()
            asyncio.get_running_loop().call_later(GOODBYE_SECONDS, lambda: self.break_off())

    def left(self) -> None:
        """Its listener has gone; the connection may be another's now."""
        self.break_off = lambda: None

    async def take(self) -> bytes | None:
        """All that waits, together, as soon as there is something; None at the end."""
        while not self.waiting:
            if self.ended:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        data = self.waiting[0] if len(self.waiting) == 1 else b"".join(self.waiting)
        self.waiting.clear()
        self.size = 0
        return data

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def breaking_off(send: Send | None) -> Callable[[], None]:
    """What breaks a connection off whose reader would hear no goodbye. Only uvicorn, whose `send` this is, has it."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    return transport.abort if transport else lambda: None
