"""Whether a whole channel (Slack, mail, a webhook endpoint) works at the moment: a circuit breaker that workers share."""

from piccolo.columns import Boolean, Integer, Text, Timestamptz
from piccolo.table import Table

from app.database import DB, sql

FAILURES_UNTIL_OPEN = 5
PROBE_FIRST_SECONDS = 1.0
PROBE_LAST_SECONDS = 60.0  # so that a channel that is back is noticed within a minute, whatever the cap


class ChannelHealth(Table, tablename="channel_health", db=DB):
    """After five failures in a row the breaker is open: nothing is sent but one probe at a time, each after a wait twice as
    long. `probe_at`: when the next one is allowed; NULL while all is well. `fails` is an admin's switch that makes it
    fail on purpose."""

    key = Text(primary_key=True)
    failures = Integer(default=0)
    probes = Integer(default=0)
    probe_at = Timestamptz(null=True, default=None)
    error = Text(default="")
    ok_at = Timestamptz(null=True, default=None)
    fails = Boolean(default=False)


# Most of the time there is nothing to write, and nothing is locked then. What is written need not wait for the disk.
WORKED = """
INSERT INTO channel_health AS health (key, ok_at)
SELECT $1, now() WHERE NOT EXISTS (SELECT FROM channel_health
  WHERE key = $1 AND failures = 0 AND probe_at IS NULL AND ok_at > now() - interval '5 s')
ON CONFLICT (key) DO UPDATE SET failures = 0, probes = 0, error = '', ok_at = now(), probe_at = NULL
RETURNING (SELECT old.probe_at IS NOT NULL FROM channel_health old WHERE old.key = $1) AS was_open,
  set_config('synchronous_commit', 'off', TRUE)
"""
OPENS = "CASE WHEN health.probe_at IS NULL THEN health.failures + 1 >= $3 ELSE $6 END"
FAILED = f"""
INSERT INTO channel_health AS health (key, failures, error) VALUES ($1, 1, $2)
ON CONFLICT (key) DO UPDATE SET failures = health.failures + 1, error = $2,
  probes = health.probes + CASE WHEN {OPENS} THEN 1 ELSE 0 END,
  probe_at = CASE WHEN {OPENS} THEN now() + make_interval(secs =>
    LEAST($5, $4 * 2 ^ LEAST(health.probes, 30)) * (1 - random() / 20)) ELSE health.probe_at END
RETURNING EXTRACT(EPOCH FROM probe_at - now())::float AS wait, set_config('synchronous_commit', 'off', TRUE)
"""  # noqa: S608 - no word of it comes from outside
# What waited for the channel is due now, not when its own wait is over; whom it failed is tried again in their order.
AGAIN_DUE = """
UPDATE deliveries SET due_at = now() WHERE id IN (
  SELECT id FROM deliveries WHERE via = $1 AND due_at > now() AND (status IN ('due', 'uncertain') OR given_up)
  ORDER BY id FOR UPDATE)
"""
AGAIN_CLIMBED = """
UPDATE feedback_recipients p SET next_at = now() WHERE next_at > now() AND EXISTS (
  SELECT FROM deliveries d WHERE d.request = p.request AND d."user" = p."user" AND d.via = $1 AND d.given_up)
"""
AGAIN_ACTIVE = "UPDATE communication_channels SET status = 'active', failures = 0 WHERE type = $1 AND status = 'failing'"


async def health_worked(key: str) -> None:
    """Something got through."""
    rows = await sql(WORKED, key)
    if rows and rows[0]["was_open"]:
        for again in (AGAIN_ACTIVE, AGAIN_DUE, AGAIN_CLIMBED):
            await sql(again, key)


async def health_failed(key: str, error: str, cap_seconds: float, *, probing: bool) -> float:
    """Something did not get through; in how many seconds the next may be tried."""
    longest = min(cap_seconds, PROBE_LAST_SECONDS)
    rows = await sql(FAILED, key, error, FAILURES_UNTIL_OPEN, PROBE_FIRST_SECONDS, longest, probing)
    return max(0.0, rows[0]["wait"] or 0.0)


async def health_busy(key: str, seconds: float) -> None:
    """A probe found it alive, but busy for so long."""
    await sql("UPDATE channel_health SET probe_at = now() + make_interval(secs => $2) WHERE key = $1", key, seconds)


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
