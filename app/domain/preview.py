"""What would become of a request that is asked now: the ladder's own plan, in one sentence."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from app.database import sql
from app.domain.channel import ChannelType
from app.domain.feedback_recipient import quiet_hours
from app.domain.ladder import Ladder, Rung, plan
from app.domain.user import User
from app.settings import settings

USABLE = """
SELECT c.id, c.type, c.address, c.status = 'failing' OR h.probe_at IS NOT NULL AS failing,
  count(*) OVER (PARTITION BY c.type) > 1 AS several
FROM communication_channels c LEFT JOIN channel_health h ON h.key = c.type
WHERE c."user" = $1 AND (c.type = 'web' OR c.status IN ('active', 'failing')) ORDER BY c.position, c.id
"""
AFTER = timedelta(minutes=90)


async def preview(user: User, at: datetime) -> list[str]:
    """What happens with a request that reaches this person at `at`; and with one that comes as their quiet hours begin, if
    that is another matter."""
    rows = await sql(USABLE, user.id)
    rungs = tuple(Rung(row["id"], ChannelType(row["type"]), row["failing"]) for row in rows)
    names = {row["id"]: _name(row["type"], row["address"] if row["several"] else "") for row in rows}
    quiet = quiet_hours(user)
    asked = Ladder(rungs, at, timedelta(seconds=settings().escalate_after_seconds), quiet=quiet)
    if quiet is None or quiet.over(at) > at or len(rungs) < 2:
        return [sentence(asked, names, user.zone)]
    later = replace(asked, asked_at=quiet.next_begin(at))
    return [sentence(asked, names, user.zone), sentence(later, names, user.zone)]


def sentence(asked: Ladder, names: dict[UUID, str], zone: ZoneInfo) -> str:
    """Such as "At 22:40 this would wait until 08:00; if urgent: Slack now, e-mail after 5 min."."""
    at = asked.asked_at
    posts = plan(asked, at)
    if not posts:
        return "Whatever you are asked would stand on the page only: there is no other channel that is on."
    over = asked.quiet.over(at) if asked.quiet else at
    if over > at:
        urgent = steps(replace(asked, urgent=True), names, zone)
        return f"At {_clock(at, zone)} this would wait until {_clock(over, zone)}; if urgent: {urgent}."
    return f"At {_clock(at, zone)} this would go out like this: {steps(asked, names, zone)}."


def steps(asked: Ladder, names: dict[UUID, str], zone: ZoneInfo) -> str:
    """Where it goes and when, if nobody answers."""
    first = [(asked.asked_at, asked.rungs[0])] if asked.rungs[0].type == ChannelType.WEB else []
    at = asked.asked_at
    return ", ".join(f"{names[rung.channel_id]} {_when(then, at, zone)}" for then, rung in [*first, *plan(asked, at)])


def _when(then: datetime, at: datetime, zone: ZoneInfo) -> str:
    wait = then - at
    if wait <= timedelta(0):
        return "now"
    if wait > AFTER:
        return f"at {_clock(then, zone)}"
    seconds = round(wait.total_seconds())
    return f"after {seconds // 60} min" if seconds >= 60 else f"after {max(seconds, 1)} s"


def _name(type: str, address: str) -> str:
    name = {"web": "the page", "email": "e-mail"}.get(type, ChannelType(type).label)
    return f"{name} ({address})" if address else name


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%H:%M}{' UTC' if zone.key == 'UTC' else ''}"
