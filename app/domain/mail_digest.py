"""What the agent has said, as one mail: where it says much, the rest waits until it has been quiet for a while."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.clock import now
from app.database import loaded, sql
from app.domain.binding import ChannelBinding
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.message import Author, Message, MessageType
from app.settings import settings

HOUR = timedelta(hours=1)
JOIN = """
UPDATE deliveries SET payload = payload || jsonb_build_object('upto', $2::bigint),
  due_at = least(due_at, COALESCE($3, now()))
WHERE line = $1 AND status = 'due' AND attempt = 0 AND payload ? 'upto' RETURNING id
"""


async def put_digest(binding: ChannelBinding, channel: CommunicationChannel, entries: list[Message]) -> None:
    """Let these be mailed, if there is an answer among them: with what waits already, or in a mail of its own."""
    answers = [one for one in entries if is_answer(one)]
    if not answers:
        return
    upto = max(one.revision for one in answers)
    at = await _may_go_at(binding, channel, quiet=not await _is_waited_for(answers[-1]))
    if await sql(JOIN, binding.line, upto, at):
        return
    told = {"after": min(one.revision for one in answers) - 1, "upto": upto}
    await Delivery.put(DeliveryKind.MESSAGE, channel, message=answers[0].id, line=binding.line, payload=told, due_at=at)


def is_answer(entry: Message) -> bool:
    """Whether it is something that the agent has said."""
    return entry.author == Author.AGENT and entry.type == MessageType.TEXT and bool(entry.text or entry.error)


async def digest_of(message_id: UUID, told: dict[str, Any]) -> tuple[list[Message], list[Message]]:
    """The answers that a mail tells, as they stand now, and what was said before them since the answer before."""
    rows = await sql(
        """SELECT a.* FROM messages m JOIN messages a ON a.session = m.session
           WHERE m.id = $1 AND a.type = 'text' ORDER BY a.seq""",
        message_id,
    )  # fmt: skip
    entries = [loaded(Message, row) for row in rows]
    answers = [one for one in entries if is_answer(one) and told["after"] < one.revision]
    answers = [one for one in answers if one.revision <= told["upto"] or one.id == message_id]
    if not answers:
        return [], []
    before = [one.seq for one in entries if is_answer(one) and one.seq < answers[0].seq]
    since, until = (before[-1] if before else 0), answers[-1].seq
    asked = [one for one in entries if one.author == Author.PERSON and one.text and since < one.seq < until]
    return answers, asked


async def _is_waited_for(answer: Message) -> bool:
    """Whether it answers a mail: then it goes at once."""
    rows = await sql(
        """SELECT channel FROM messages WHERE session = $1 AND seq < $2 AND author = 'person' AND type = 'text'
           ORDER BY seq DESC LIMIT 1""",
        answer.session, answer.seq,
    )  # fmt: skip
    return bool(rows) and rows[0]["channel"] == ChannelType.EMAIL


async def _may_go_at(binding: ChannelBinding, channel: CommunicationChannel, *, quiet: bool) -> datetime | None:
    """When the next mail may go: now (None), or after the quiet time, or when the hour has room again. The hour's limit ends
    also a talk with a machine that answers everything and does not say that it is one."""
    rows = await sql(
        """SELECT max(due_at) FILTER (WHERE line = $2) AS last, count(*) AS mails, min(due_at) AS first FROM (
             SELECT line, due_at FROM deliveries WHERE channel = $1 AND kind = 'message' AND due_at > $3
               AND NOT (status = 'due' AND attempt = 0)
             ORDER BY due_at DESC LIMIT $4) AS recent""",
        channel.id, binding.line, now() - HOUR, settings().mails_per_hour,
    )  # fmt: skip
    last, times = rows[0]["last"], []
    if quiet and last:
        times.append(last + timedelta(seconds=settings().mail_quiet_seconds))
    if rows[0]["mails"] >= settings().mails_per_hour:
        times.append(rows[0]["first"] + HOUR)
    at = max(times, default=None)
    return at if at and at > now() else None
