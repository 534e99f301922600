"""Going on outside: a conversation gets a thread in Slack, or one of mails, which begins with what was said last."""

from app.domain.binding import ChannelBinding
from app.domain.channel import CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.message import Author, Message, MessageType
from app.domain.session import ChatSession
from app.settings import settings

LAST = 4
LONGEST = 600


async def continue_at(session: ChatSession, channel: CommunicationChannel) -> None:
    """Let a conversation that has no place there get one. Needs a transaction: up to its end the log stays as it is."""
    revision = session.revision or await session.touch()
    binding = await ChannelBinding.bind(session, channel, None, revision=revision)
    if binding:
        told = {"begins": str(binding.id), "title": session.title, "text": await recap(session)}
        await Delivery.put(DeliveryKind.MESSAGE, channel, payload=told, line=binding.line)


async def recap(session: ChatSession) -> str:
    """What a thread begins with, as Markdown: what it is about, what was said last, and where all of it stands."""
    entries = await session.entries(limit=20)
    spoken = [one for one in entries if one.type == MessageType.TEXT and one.text and one.author != Author.SYSTEM][-LAST:]
    lines = [f"**{_name(one)}:** {_shortened(one.text)}" for one in spoken]
    title = f"**{session.title or 'Our conversation'}** goes on here. Answer in this thread."
    return "\n\n".join([title, *lines, f"[All of it]({settings().base_url}/chat/{session.id})"])


def _name(entry: Message) -> str:
    return "Parley" if entry.author == Author.AGENT else str(entry.author_name)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rstrip()}…"
