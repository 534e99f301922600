"""What was called and what went out, for tests to look at. Tokens and secrets stay out of it."""

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from app.sandbox.slack.world import Json

MOST = 20_000
HIDDEN = {"token", "client_secret", "refresh_token", "code", "code_verifier"}


@dataclass(frozen=True)
class Called:
    """A call of the Web API: `outcome` is "ok", Slack's error, or the fault that it met."""

    at: float
    method: str
    outcome: str
    given: Json


@dataclass(frozen=True)
class Sent:
    """What went to the app: `way` is "http" or "socket", `outcome` "ok" or why it failed, `attempt` 0 at first."""

    at: float
    kind: str
    way: str
    outcome: str
    attempt: int
    payload: Json


@dataclass
class Record:
    called: deque[Called] = field(default_factory=lambda: deque(maxlen=MOST))
    sent: deque[Sent] = field(default_factory=lambda: deque(maxlen=MOST))

    def call(self, at: float, method: str, outcome: str, given: Json) -> None:
        self.called.append(Called(at, method, outcome, {name: one for name, one in given.items() if name not in HIDDEN}))

    def as_json(self) -> dict[str, Any]:
        by_method: dict[str, list[Json]] = {}
        for one in self.called:
            told = asdict(one)
            by_method.setdefault(told.pop("method"), []).append(told)
        return {"calls": by_method, "sent": [asdict(one) for one in self.sent]}
