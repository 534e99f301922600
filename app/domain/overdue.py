"""What is due and for how long: what has waited longer than half a minute, nobody is doing."""

from dataclasses import dataclass

from app.clock import now
from app.database import sql

LATE_SECONDS = 30

# As they are claimed, by app/domain/delivery.py, agent_state.py, feedback_recipient.py and inbound.py.
SINCE = {
    "deliveries": """
        SELECT CASE status WHEN 'sending' THEN lease_until ELSE due_at END AS since FROM deliveries d
        WHERE ((status IN ('due', 'uncertain') AND due_at <= now()) OR (status = 'sending' AND lease_until < now()))
          AND NOT EXISTS (SELECT FROM channel_health h WHERE h.key = d.via AND h.probe_at IS NOT NULL)
          AND NOT EXISTS (SELECT FROM deliveries e WHERE e.line = d.line AND e.id < d.id
            AND e.status IN ('due', 'sending', 'uncertain'))""",
    "turns": """
        SELECT CASE status WHEN 'queued' THEN due_at ELSE lease_until END AS since FROM agent_states
        WHERE (status = 'queued' AND due_at <= now()) OR (status IN ('thinking', 'responding') AND lease_until < now())""",
    "ladders": "SELECT next_at AS since FROM feedback_recipients WHERE next_at <= $1",
    "arrivals": """
        SELECT GREATEST(due_at, COALESCE(lease_until, due_at)) AS since FROM inbound_events e
        WHERE processed_at IS NULL AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
          AND NOT EXISTS (SELECT FROM inbound_events f WHERE f.line = e.line AND f.id < e.id AND f.processed_at IS NULL)""",
}


@dataclass(frozen=True)
class Due:
    """Of one kind: how many are due, how many of them since more than 30 s, and for how long the oldest is."""

    kind: str
    count: int
    late: int
    oldest_seconds: float

    def words(self) -> str:
        """ "ok", or what is wrong."""
        return "ok" if not self.late else f"{self.late} wait, the oldest for {self.oldest_seconds:.0f} s"


async def due(kind: str) -> Due:
    """How it stands with "deliveries", "turns", "ladders" or "arrivals"."""
    rows = await sql(
        f"""SELECT count(*) AS count, count(*) FILTER (WHERE since < $1::timestamptz - make_interval(secs => $2)) AS late,
              COALESCE(extract(epoch FROM $1::timestamptz - min(since)), 0)::float AS oldest FROM ({SINCE[kind]}) due""",  # noqa: S608
        now(), LATE_SECONDS,
    )  # fmt: skip
    return Due(kind, rows[0]["count"], rows[0]["late"], rows[0]["oldest"])


async def all_due() -> list[Due]:
    return [await due(kind) for kind in SINCE]
