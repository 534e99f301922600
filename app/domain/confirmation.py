"""The link by which a person shows that an e-mail address is theirs: for three days, and nothing of it is stored."""

import json
from datetime import datetime, timedelta

from app.clock import now
from app.database import sql, transaction
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.errors import Conflict, NotFound
from app.domain.user import User
from app.encryption import Undecipherable, decrypt, encrypt
from app.settings import settings

PURPOSE = "confirm a channel"
LASTS = timedelta(days=3)
AGAIN_AFTER = timedelta(minutes=1)


async def ask_to_confirm(channel: CommunicationChannel) -> None:
    """Send the link to the address. Conflict if it needs none, or if one was sent within the last minute."""
    if channel.type != ChannelType.EMAIL or channel.status != ChannelStatus.DISCONNECTED:
        raise Conflict("This address needs no confirmation.")
    async with transaction():
        await sql("SELECT FROM communication_channels WHERE id = $1 FOR NO KEY UPDATE", channel.id)
        if await sql(
            """SELECT FROM deliveries WHERE channel = $1 AND kind = 'confirm'
               AND (status IN ('due', 'sending', 'uncertain') OR created_at > now() - $2::interval)""",
            channel.id, AGAIN_AFTER,
        ):  # fmt: skip
            raise Conflict("A mail is on its way already. Try again in a minute if it does not come.")
        await Delivery.put(DeliveryKind.CONFIRM, channel)


def confirm_url(channel: CommunicationChannel) -> str:
    """The link, made when it is sent. It is good for this address of this person only."""
    told = {"id": str(channel.id), "address": channel.address, "until": (now() + LASTS).isoformat()}
    return f"{settings().base_url}/channels/confirm/{encrypt(json.dumps(told), PURPOSE, channel.user)}"


async def confirmable(user: User, token: str) -> CommunicationChannel:
    """This person's address that the link is for. NotFound when it is no longer good, or somebody else's."""
    try:
        told = json.loads(decrypt(token, PURPOSE, user.id))
    except Undecipherable:
        raise NotFound("This link is no longer good.") from None
    channel = await CommunicationChannel.one(user.id, told["id"])
    if channel.address != told["address"] or now() > datetime.fromisoformat(told["until"]):
        raise NotFound("This link is no longer good.")
    return channel
