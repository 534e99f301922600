"""How a sandbox is to behave, and the secrets by which an app and it know each other."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Addresses:
    """Where the app listens; "" where it does not, and what would go there is lost unless Socket Mode carries it."""

    events: str = ""
    interactions: str = ""
    commands: str = ""

    @classmethod
    def of(cls, base_url: str) -> "Addresses":
        """Those of a Parley at `base_url`."""
        return cls(*(f"{base_url}/slack/{name}" for name in ("events", "interactions", "commands")))


@dataclass(frozen=True)
class Options:
    """`folder` keeps the workspace (nothing is kept without one). `rate` is messages per second and channel, with `burst` at
    once; the tiers of other methods grow with it. Waits before an event is told again are `retry_seconds` long, each
    times `retry_scale`; an answer has to come within `patience_seconds`."""

    addresses: Addresses = field(default_factory=Addresses)
    folder: Path | None = None
    rate: float = 1.0
    burst: int = 5
    patience_seconds: float = 3.0
    trigger_seconds: float = 3.0
    retry_seconds: tuple[float, ...] = (0.0, 60.0, 300.0)
    retry_scale: float = 1.0
    late_seconds: float = 10.0
    rotates_tokens: bool = True


@dataclass(frozen=True)
class Secrets:
    """What the app has to be configured with."""

    client_id: str
    client_secret: str
    signing_secret: str
    app_token: str
    bot_token: str
    team_id: str
    app_id: str
    bot_user: str
    people: dict[str, str]
    """User ids by first name, in small letters."""
