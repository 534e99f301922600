"""What a reader hears of an answer, on the clock that every process of this machine shares."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from itertools import count
from statistics import median

RECEIVED = re.compile(rb"\br(\d{10,})\b")
SENT = re.compile(rb"\bt(\d{10,})\b")
numbers = count(time.monotonic_ns() % 1_000_000)


@dataclass
class Question:
    """Words that steer the stub model, and the mark by which the end of its answer is known."""

    steer: str
    number: int = field(default_factory=lambda: next(numbers))

    @property
    def text(self) -> str:
        return f"[[{self.steer} end={self.number}]]"

    @property
    def mark(self) -> bytes:
        return f"done{self.number}".encode()


@dataclass
class Ear:
    """Listens to the bytes of one answer. Times are monotonic nanoseconds.

    `close`: note every token's time and every frame. Else only the end, which costs next to nothing."""

    mark: bytes
    close: bool = True
    posted: int = 0
    received: int = 0  # by the stub
    tokens: list[tuple[int, int]] = field(default_factory=list)  # sent by the stub, seen here
    frames: list[tuple[int, bytes]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    rest: bytes = b""
    newest: int = 0

    def begin(self) -> None:
        """The person presses Enter now; what was said before doesn't count."""
        self.posted = self.newest = time.monotonic_ns()

    def hear(self, data: bytes) -> None:
        """Some bytes of a stream of server-sent events."""
        now = time.monotonic_ns()
        self.rest += data
        if self.close:
            *frames, self.rest = self.rest.split(b"\n\n")
            for frame in frames:
                self.hear_frame(frame, now)
        elif self.mark in self.rest:
            self.ended.set()
        else:
            self.rest = self.rest[-64:]

    def hear_frame(self, frame: bytes, now: int) -> None:
        """One whole frame or socket message."""
        self.frames.append((now, frame))
        for found in SENT.finditer(frame):
            if (sent := int(found[1])) > self.newest:
                self.newest = sent
                self.tokens.append((sent, now))
        if not self.received and self.tokens and (received := RECEIVED.findall(frame)):
            self.received = max(map(int, received))
        if self.mark in frame:
            self.ended.set()

    @property
    def overhead_ms(self) -> float:
        """From Enter to the first token on the page, less the time that the model took."""
        sent, seen = self.tokens[0]
        return ((seen - self.posted) - (sent - self.received)) / 1e6

    @property
    def lags_ms(self) -> list[float]:
        """How long each token took from the model to the page."""
        return [(seen - sent) / 1e6 for sent, seen in self.tokens]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def middle(values: list[float]) -> float:
    return median(values)
