"""An answer while it is being written: numbered frames of text in one Valkey stream per message.

A frame's id is `<fence>-<number>`, given by the turn's one worker; Valkey takes only growing ids, so a superseded worker
can't add to the stream. The first frame of a fence, and one after Valkey was emptied, is whole: it holds all the text."""

import asyncio
import time
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakSet

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from app.live import channel, encode, sender
from app.valkey import AWAY

INTERVAL_SECONDS = 0.033
KEPT_SECONDS = 600
CHECKED_EACH = 8  # frames: how soon it is noticed that Valkey was emptied


def key(message_id: UUID | str) -> str:
    """The name of an answer's stream."""
    return f"answer:{message_id}"


class Frame(NamedTuple):
    """Some text of an answer. `whole`: it stands for all the text so far, not for an addition."""

    fence: int
    number: int
    text: str
    whole: bool

    def follows(self, other: "Frame | None") -> bool:
        """Whether nothing is missing between `other` and this one."""
        return self.whole or (other is not None and (self.fence, self.number) == (other.fence, other.number + 1))

    def newer(self, other: "Frame | None") -> bool:
        return other is None or (self.fence, self.number) > (other.fence, other.number)


_writers: "WeakSet[Writer]" = WeakSet()


def interval_seconds() -> float:
    """How long text gathers. A frame costs nearly the same whatever its length: 20 answers at once have twice the time."""
    return INTERVAL_SECONDS * (1 + min(len(_writers) / 20, 1))


class Writer:
    """Sends an answer's text as frames: the first token at once, then what has gathered in 33 ms, or more under load."""

    def __init__(self, session_id: UUID, message_id: UUID, fence: int) -> None:
        self.id, self.fence = str(message_id), fence
        self.channel, self.stream = channel(session_id), key(message_id)
        _writers.add(self)
        self.text = ""
        self.number = 0
        self._sent = 0
        self._since_whole = 0
        self._last = 0.0
        self._whole_next = True
        self._timer: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        """Add what the model said."""
        self.text += text
        if self._timer is None:
            wait = self._last + interval_seconds() - time.monotonic()
            if wait <= 0:
                self.flush()
            else:
                self._timer = asyncio.get_running_loop().call_later(wait, self.flush)

    def flush(self) -> None:
        """Send what has gathered."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sent == len(self.text):
            return
        whole, self._whole_next = self._whole_next, False
        text = self.text if whole else self.text[self._sent :]
        self._sent, self._last = len(self.text), time.monotonic()
        self.number += 1
        self._send(text, whole)

    def _send(self, text: str, whole: bool) -> None:
        send = partial(sender().send, patient=self.number > 1)
        stream, frame_id = self.stream, f"{self.fence}-{self.number}"
        self._since_whole = 1 if whole else self._since_whole + 1
        send("XADD", stream, frame_id, "w" if whole else "t", text, then=self._added)
        send("PUBLISH", self.channel, encode(
            {"kind": "message.delta", "id": self.id, "frame": frame_id, "text": text, "whole": whole}
        ))  # fmt: skip
        if self.number % CHECKED_EACH == 1 or whole:
            send("EXPIRE", stream, KEPT_SECONDS)
            send("XLEN", stream, then=partial(self._counted, self._since_whole))

    def _added(self, answer: Any) -> None:
        """A frame that didn't arrive: the next one tells it all again."""
        self._whole_next = self._whole_next or isinstance(answer, Exception)

    def _counted(self, expected: int, length: Any) -> None:
        """A stream shorter than what was sent: Valkey was emptied meanwhile."""
        self._whole_next = self._whole_next or (isinstance(length, int) and length < expected)


async def read(client: Redis, message_id: UUID | str) -> list[Frame]:
    """The frames of an answer that are needed for its text, from the last whole one on; [] when Valkey has none."""
    try:
        entries = await client.xrange(key(message_id))
    except (*AWAY, ResponseError):
        return []
    frames: list[Frame] = []
    for entry_id, fields in entries:
        frame = parsed(entry_id.decode(), next(iter(fields.values())).decode(), b"w" in fields)
        if frame.whole:
            frames = [frame]
        elif frames and frame.follows(frames[-1]):
            frames.append(frame)
    return frames


def parsed(frame_id: str, text: str, whole: bool) -> Frame:
    """A frame from its id `<fence>-<number>`."""
    fence, number = frame_id.split("-")
    return Frame(int(fence), int(number), text, whole)
