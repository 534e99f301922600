"""What people are told without being asked: a note in their inbox, and word by the first of their channels."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.clock import now
from app.database import after_commit, loaded, sql, transaction
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.errors import Unfit
from app.domain.feedback_recipient import quiet_hours
from app.domain.message import fit_text
from app.domain.user import User
from app.live import announce_everywhere, decode
from app.settings import settings

LONGEST_NOTICE = 2_000
SHOWN = 20


@dataclass(frozen=True)
class Notice:
    """A note as its reader sees it."""

    at: datetime
    by: str
    text: str
    new: bool


async def notify(people: list[User], text: str, *, by: User) -> None:
    """Tell people something. It stands in their inboxes; outside it goes one way only, the first that is in use, and not in
    their quiet hours. Unfit for words that are blank or too many."""
    text = fit_text(text).strip()
    if len(text) > LONGEST_NOTICE:
        raise Unfit(f"A note has at most {LONGEST_NOTICE:,} characters.")
    async with transaction():
        for person in people:
            await tell(person, {"from": by.name, "text": text})


async def tell_admins(text: str, *, without: ChannelType) -> None:
    """Tell every admin what only they can mend, by another way than the one that is broken."""
    rows = await sql("SELECT * FROM users WHERE role = 'admin' AND disabled_at IS NULL AND left_at IS NULL")
    async with transaction():
        for row in rows:
            await tell(loaded(User, row), {"from": "Parley", "text": text}, without=without)


async def tell(person: User, payload: dict[str, str], *, without: ChannelType | None = None) -> None:
    """Put `text`, which comes `from` somebody, on its way to a person. Needs a transaction."""
    channels = [channel for channel in await CommunicationChannel.of(person.id) if channel.type != without]
    inside = [channel for channel in channels if channel.type == ChannelType.WEB]
    outside = [channel for channel in channels if channel.type != ChannelType.WEB and channel.usable]
    quiet = quiet_hours(person)
    for channel in inside + outside[:1]:
        due_at = quiet.over(now()) if quiet and channel in outside else None
        # on a line of its own: what comes after it must not wait for the end of the quiet hours, too
        await Delivery.put(DeliveryKind.NOTICE, channel, payload=payload, due_at=due_at, line=f"{channel.id} notices")
    after_commit(announce_everywhere, "inbox.changed", {"person": str(person.id)})


async def tell_by(channel: CommunicationChannel, text: str, *, request: UUID | None = None) -> None:
    """Answer somebody who wrote by this channel, there and at once; about a `request` if there is one. Only so often in an
    hour: who goes on may be a machine that does not say so, and the page tells the same."""
    rows = await sql(
        """SELECT count(*) FROM deliveries WHERE channel = $1 AND kind = 'notice' AND line = $2
           AND created_at > now() - interval '1 hour'""",
        channel.id, f"{channel.id} notices",
    )  # fmt: skip
    if rows[0][0] >= settings().mails_per_hour:
        return
    payload = {"from": "Parley", "text": text}
    await Delivery.put(DeliveryKind.NOTICE, channel, request=request, payload=payload, line=f"{channel.id} notices")


async def notices_for(user_id: UUID) -> list[Notice]:
    """The last notes of a person, the newest first."""
    rows = await sql(
        """SELECT created_at, payload, status FROM deliveries WHERE "user" = $1 AND kind = 'notice' AND via = 'web'
           ORDER BY id DESC LIMIT $2""",
        user_id, SHOWN,
    )  # fmt: skip
    told = [(row, decode(row["payload"])) for row in rows]
    return [
        Notice(row["created_at"], payload["from"], payload["text"], row["status"] == "accepted") for row, payload in told
    ]


async def notices_seen(user_id: UUID) -> None:
    """The person has their notes before their eyes."""
    await sql(
        """UPDATE deliveries SET status = 'seen', seen_at = $2 WHERE "user" = $1 AND kind = 'notice' AND via = 'web'
           AND status = 'accepted'""",
        user_id, now(),
    )  # fmt: skip
