"""A link that is mailed to an address, which need not be anybody's channel: to join, or to choose another password."""

from enum import StrEnum

from app.database import after_commit, new_id, sql
from app.domain.channel import ChannelType
from app.domain.delivery import Delivery, DeliveryKind
from app.encryption import decrypt, encrypt
from app.live import encode
from app.queue import nudge

PURPOSE = "mailed link"


class LinkKind(StrEnum):
    RESET = "reset"
    INVITATION = "invitation"


async def mail_link(kind: LinkKind, address: str, url: str, *, by: str = "") -> None:
    """Put it on its way. Until it is sent it is kept encrypted; `by`: who has made it."""
    payload = {"address": address, "about": kind, "link": encrypt(url, PURPOSE, address), "by": by}
    rows = await sql(
        """INSERT INTO deliveries (id, kind, via, line, payload, status, due_at, created_at)
           VALUES ($1, $2, $3, $4, $5, 'due', now(), now()) RETURNING id""",
        new_id(), DeliveryKind.LINK, ChannelType.EMAIL, f"link {address}", encode(payload).decode(),
    )  # fmt: skip
    after_commit(nudge, "deliver", rows[0]["id"])


def link_in(delivery: Delivery) -> str:
    """The link that it carries."""
    return decrypt(delivery.told["link"], PURPOSE, delivery.told["address"])
