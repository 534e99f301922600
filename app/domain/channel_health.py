"""Whether a whole channel (Slack, mail, a webhook endpoint) works at the moment: a circuit breaker that workers share."""

from piccolo.columns import Boolean, Integer, Text, Timestamptz
from piccolo.table import Table

from app.database import DB, sql

FAILURES_UNTIL_OPEN = 5
PROBE_FIRST_SECONDS = 1.0


class ChannelHealth(Table, tablename="channel_health", db=DB):
    """After five failures in a row the breaker is open: nothing is sent but one probe at a time, each after a longer
    wait. `fails` is an admin's switch that makes it fail on purpose."""

    key = Text(primary_key=True)
    failures = Integer(default=0)
    probes = Integer(default=0)
    probe_at = Timestamptz(null=True, default=None)
    error = Text(default="")
    ok_at = Timestamptz(null=True, default=None)
    fails = Boolean(default=False)


async def health_worked(key: str) -> None:
    """Something got through. What waited for it is due now, not when its own wait is over."""
    rows = await sql(
        """INSERT INTO channel_health AS health (key, ok_at) VALUES ($1, now())
           ON CONFLICT (key) DO UPDATE SET failures = 0, probes = 0, error = '', ok_at = now(), probe_at = NULL
           WHERE health.failures > 0 OR health.ok_at < now() - interval '5 s' OR health.ok_at IS NULL
           RETURNING (SELECT old.probe_at IS NOT NULL FROM channel_health old WHERE old.key = $1) AS was_open""",
        key,
    )
    if rows and rows[0]["was_open"]:
        await sql("UPDATE deliveries SET due_at = now() WHERE via = $1 AND status = 'due' AND due_at > now()", key)


async def health_failed(key: str, error: str, cap_seconds: float) -> None:
    """Something did not get through."""
    await sql(
        """INSERT INTO channel_health AS health (key, failures, error) VALUES ($1, 1, $2)
           ON CONFLICT (key) DO UPDATE SET failures = health.failures + 1, error = $2,
             probe_at = CASE WHEN health.failures + 1 >= $3 THEN now() + make_interval(secs =>
               LEAST($5, $4 * 2 ^ LEAST(health.probes, 30)) * (0.5 + random() / 2)) END""",
        key, error, FAILURES_UNTIL_OPEN, PROBE_FIRST_SECONDS, cap_seconds,
    )  # fmt: skip


async def fails_on_purpose(key: str) -> bool:
    """Whether an admin makes this channel fail."""
    return bool(await sql("SELECT FROM channel_health WHERE key = $1 AND fails", key))


async def all_failing_on_purpose() -> list[str]:
    """Those that an admin makes fail."""
    return [row["key"] for row in await sql("SELECT key FROM channel_health WHERE fails ORDER BY key")]


async def let_fail(key: str, fails: bool) -> None:
    """Make a channel fail on purpose, or no longer: then it is tried at once."""
    await sql(
        """INSERT INTO channel_health AS health (key, fails) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET fails = $2,
             probe_at = CASE WHEN $2 OR health.probe_at IS NULL THEN health.probe_at ELSE now() END""",
        key, fails,
    )  # fmt: skip


async def health() -> list[ChannelHealth]:
    """How each channel is, of which something is known."""
    return list(await ChannelHealth.objects().order_by(ChannelHealth.key))
