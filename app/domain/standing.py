"""How people's channels stand: each address, the whole channel behind it, and the last test of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.clock import now
from app.database import loaded, sql
from app.domain.channel import CommunicationChannel

# A test that is on its way is told of for as long as it is; how it ended, for an hour.
STANDING = """
SELECT c.*, h.probe_at IS NOT NULL AS broken, COALESCE(h.error, '') AS trouble,
  t.status AS test_status, t.error AS test_error, COALESCE(t.accepted_at, t.created_at) AS tested_at,
  (SELECT max(ended_at) FROM delivery_attempts WHERE delivery = t.id) AS tried_at
FROM communication_channels c
LEFT JOIN channel_health h ON h.key = c.type
LEFT JOIN LATERAL (
  SELECT * FROM deliveries d WHERE d.channel = c.id AND d.kind IN ('test', 'confirm')
    AND (d.status IN ('due', 'sending', 'uncertain') OR d.created_at > now() - interval '1 hour')
  ORDER BY d.id DESC LIMIT 1
) t ON TRUE
WHERE c."user" = ANY($1) ORDER BY c."user", c.position, c.id
"""
UNDER_WAY = ("due", "sending", "uncertain")
ECHO = timedelta(seconds=5)  # so much later at most does a channel's row say what the end of a test means for it


@dataclass(frozen=True)
class Standing:
    """One channel. `trouble`: why nothing gets through to any such channel at the moment, "" when it does. `test`: how the
    last test or confirmation stands, None without one in the last hour."""

    channel: CommunicationChannel
    trouble: str
    test: str | None
    test_error: str
    tested_at: datetime | None
    tried_at: datetime | None

    @property
    def testing(self) -> bool:
        return self.test in UNDER_WAY

    @property
    def changing(self) -> bool:
        """Whether more is to come of the test: who looks at it looks again."""
        return self.testing or (self.tried_at is not None and self.tried_at > now() - ECHO)


async def standings(*user_ids: UUID) -> list[Standing]:
    """Their channels, each person's in their order."""
    return [
        Standing(
            loaded(CommunicationChannel, row), row["trouble"] if row["broken"] else "", row["test_status"],
            row["test_error"] or "", row["tested_at"], row["tried_at"],
        )
        for row in await sql(STANDING, list(user_ids))
    ]  # fmt: skip
