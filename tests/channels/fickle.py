"""A channel that fails in every way that a real one does, and remembers what arrived."""

import asyncio
from collections import Counter
from collections.abc import Callable
from uuid import UUID, uuid4

from app.channels.protocol import Letter, Rejected, Unavailable, Uncertain
from app.domain.delivery import DeliveryKind


class Fickle:
    """`mood` says, send by send, how the next one ends: "well", "busy" (a wait is named), "down", "lost" (arrived, but the
    reply was not heard), "silent" (did not arrive, and no reply), "no" (never this one) or "gone" (nothing any more)."""

    def __init__(self, mood: Callable[[], str] = lambda: "well", slow_seconds: float = 0.0) -> None:
        self.mood, self.slow_seconds = mood, slow_seconds
        self.copies: dict[str, Letter] = {}
        self.removed: list[str] = []
        self.sends = 0

    async def send(self, letter: Letter) -> str:
        self.sends += 1
        mood = self.mood()
        await asyncio.sleep(self.slow_seconds)
        match mood:
            case "busy":
                raise Unavailable("429", retry_after_seconds=0.05)
            case "down":
                raise Unavailable("500")
            case "no":
                raise Rejected("no such place")
            case "gone":
                raise Rejected("account closed", gone=True)
            case "silent":
                raise Uncertain("no reply")
        external_id = self.arrived(letter)
        if mood == "lost":
            raise Uncertain("no reply")
        return external_id

    def arrived(self, letter: Letter) -> str:
        external_id = uuid4().hex
        self.copies[external_id] = letter
        return external_id

    async def find(self, letter: Letter) -> list[str]:
        if self.mood() == "down":
            raise Unavailable("500")
        return [external_id for external_id, copy in self.copies.items() if copy.id == letter.id]

    async def remove(self, letter: Letter, external_id: str) -> None:
        self.removed.append(external_id)
        del self.copies[external_id]

    def seen(self, kind: DeliveryKind = DeliveryKind.REQUEST) -> Counter[str]:
        """How often each request arrived."""
        return Counter(letter.request["id"] for letter in self.copies.values() if letter.kind == kind)

    def of(self, request_id: UUID, kind: DeliveryKind = DeliveryKind.REQUEST) -> list[Letter]:
        return [copy for copy in self.copies.values() if copy.request.get("id") == str(request_id) and copy.kind == kind]
