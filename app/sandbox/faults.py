"""What may go wrong with calls, as the page or a test orders it."""

import random
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr


class Kind(StrEnum):
    BUSY = "busy"
    """429, nothing done."""
    DOWN = "down"
    """500, nothing done."""
    SILENT = "silent"
    """The connection ends without an answer, nothing done."""
    LOST = "lost"
    """Done, but the connection ends without an answer."""
    LATE = "late"
    """The connection ends without an answer, and it is done some seconds later."""


class Faults(BaseModel):
    """`rate` is the share of calls that go wrong, in one of `kinds`; only calls of `methods` if any are named.
    `latency_seconds` come before every answer. `dead` is whether nothing is reached: the connection ends, or hangs."""

    model_config = ConfigDict(extra="forbid")

    rate: float = Field(0.0, ge=0, le=1)
    kinds: list[Kind] = list(Kind)
    methods: list[str] = []
    latency_seconds: float = Field(0.0, ge=0, le=60)
    dead: Literal["", "refuses", "hangs"] = ""
    seed: int | None = None
    _random: random.Random = PrivateAttr(default_factory=random.Random)

    def model_post_init(self, context: object) -> None:
        self._random.seed(self.seed)

    def draw(self, method: str) -> Kind | None:
        """What goes wrong with this call; None if nothing does."""
        if self.kinds and (not self.methods or method in self.methods) and self._random.random() < self.rate:
            return self._random.choice(self.kinds)
        return None
