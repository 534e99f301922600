"""The link by which a mail's reader lets no more mails of a conversation come; nothing of it is stored (RFC 8058)."""

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from app.domain.channel import ChannelType
from app.domain.errors import NotFound
from app.domain.session import ChatSession
from app.domain.user import User
from app.sealed import seal, unseal
from app.settings import settings

PURPOSE = "mute a conversation"
LASTS = timedelta(days=60)


def muting_url(session_id: str, user_id: UUID | None) -> str:
    """For this person and this conversation."""
    token = seal({"session": session_id, "user": str(user_id)}, PURPOSE, lasts=LASTS)
    return f"{settings().base_url}/unsubscribe/{quote(token, safe='')}"


async def muted_by(token: str) -> ChatSession:
    """The conversation that a link is for. NotFound when it is no longer good."""
    words = unseal(token, PURPOSE)
    if not words:
        raise NotFound("This link is no longer good.")
    person = await User.objects().get(User.id == UUID(words["user"]))
    if person is None or person.disabled_at or person.left_at:
        raise NotFound("This link is no longer good.")
    return await person.session(UUID(words["session"]))


async def mute(token: str) -> None:
    """From now on it goes on on the page. Twice is once."""
    session = await muted_by(token)
    if session.channel == ChannelType.EMAIL:
        await session.switch(ChannelType.WEB)
