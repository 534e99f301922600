"""Who somebody in Slack is here. Never by what they are called: by an address that both sides have verified, or by a link
that they were sent there and followed while signed in here."""

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from app.channels.slack_client import PROVIDER, Refused, Said, heard, team
from app.channels.slack_place import Who
from app.database import loaded, sql, transaction
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.errors import Conflict, NotFound
from app.domain.grant import Grant
from app.domain.user import User
from app.sealed import seal, unseal
from app.settings import settings

PURPOSE = "connect Slack"
LASTS = timedelta(hours=1)
# Of the accounts that are open: whose Slack it is already, or who signs in by it, or whose confirmed address it is. An
# address that several have confirmed is nobody's.
LINKED = """
SELECT u.* FROM users u JOIN communication_channels c ON c."user" = u.id
WHERE c.type = 'slack' AND c.address = $1 AND u.disabled_at IS NULL AND u.left_at IS NULL
"""
PROVEN = """
SELECT u.* FROM users u WHERE u.disabled_at IS NULL AND u.left_at IS NULL AND (
  EXISTS (SELECT FROM identities i WHERE i."user" = u.id AND i.provider = 'slack' AND i.subject = $1)
  OR $2 <> '' AND EXISTS (SELECT FROM communication_channels c WHERE c."user" = u.id AND c.type = 'email'
    AND c.address = $2 AND c.status IN ('active', 'failing')))
"""


async def person_at(who: Who) -> User | None:
    """Whose account it is: linked before, or now, where both sides have verified the same."""
    rows = await sql(LINKED, str(who))
    if rows:
        return loaded(User, rows[0])
    told = await _told(who)
    confirmed = str(told.get("profile", {}).get("email", "")).lower() if told.get("is_email_confirmed") else ""
    rows = await sql(PROVEN, str(who), confirmed)
    if len(rows) != 1:
        return None
    user = loaded(User, rows[0])
    await connect(user, who, await label_of(who, told))
    return user


async def connect(user: User, who: Who, label: str) -> None:
    """From now on this person can be asked there. Conflict when it is somebody else's."""
    async with transaction():
        await sql("SELECT pg_advisory_xact_lock(hashtext('slack ' || $1))", str(who))
        theirs = await sql(LINKED, str(who))
        if any(row["id"] != user.id for row in theirs):
            raise Conflict("This Slack account belongs to somebody else here.")
        mine = [one for one in await CommunicationChannel.of(user.id) if one.address == str(who)]
        if mine:
            await mine[0].reconnect()
            return
        channel = await CommunicationChannel.add(user.id, ChannelType.SLACK, str(who), ChannelStatus.ACTIVE, label)
        await channel.note("connected", by=user)


async def label_of(who: Who, told: Said | None = None) -> str:
    """What people call them: "Ana Lindqvist in Acme"."""
    told = told or await _told(who)
    grant = await Grant.find(PROVIDER, who.team)
    return f"{told.get('real_name') or told.get('name') or who.user} in {grant.name if grant else who.team}"


async def _told(who: Who) -> Said:
    """What Slack says of somebody; nothing of whom it does not know."""
    client = await team(who.team)
    try:
        told: Said = (await heard(client.users_info(user=who.user)))["user"]
    except Refused as refused:
        if refused.gone:
            raise
        return {}
    return told


async def link_for(who: Who) -> str:
    """By which whoever reads it connects this Slack account with theirs here: so it goes to nobody but them."""
    words = {"team": who.team, "user": who.user, "label": await label_of(who)}
    return f"{settings().base_url}/channels/slack/{quote(seal(words, PURPOSE, lasts=LASTS))}"


def linked_by(token: str) -> tuple[Who, str]:
    """Whom a link is about, and what they are called. NotFound when it is no longer good."""
    words = unseal(token, PURPOSE)
    if not words:
        raise NotFound("This link is no longer good. Write to Parley in Slack once more, and it sends you another one.")
    return Who(words["team"], words["user"]), words["label"]


async def channel_of(user_id: UUID, who: Who) -> CommunicationChannel | None:
    """That Slack account among a person's channels."""
    return next((one for one in await CommunicationChannel.of(user_id) if one.address == str(who)), None)
