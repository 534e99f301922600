"""The slash command /parley: what waits for somebody, a question, and going on here."""

from datetime import timedelta
from typing import Any

from app.channels.slack_incoming import keep_command
from app.channels.slack_mrkdwn import markdown_from
from app.channels.slack_people import channel_of, link_for, person_at
from app.channels.slack_place import Who
from app.database import loaded, sql, transaction
from app.domain.channel import ChannelType
from app.domain.continuing import continue_at
from app.domain.errors import NotFound
from app.domain.inbox import waiting_for
from app.domain.session import ChatSession
from app.domain.spent import spend
from app.domain.user import User
from app.settings import settings

HELP = (
    "Write to me here, or name me in a channel: we go on in the thread.\n"
    "`/parley ask …` asks me; the answer comes in our direct messages.\n"
    "`/parley here` lets your last conversation on the page go on in our direct messages.\n"
    "`/parley status` says what waits for you."
)
REPEATED = timedelta(hours=1)


async def answer_command(form: dict[str, Any]) -> dict[str, Any]:
    """What its writer alone reads."""
    who, (word, words) = _who(form), _words(form)
    person = await person_at(who)
    if person is None:
        return _said(f"I don't know you yet. <{await link_for(who)}|Connect your account> first.")
    match word:
        case "ask" if words:
            await keep_command(form)
            return _said("The answer comes in our direct messages.")
        case "here":
            last = await _last(person)
            if last is None:
                return _said("There is no conversation yet. Write to me, or `/parley ask …`.")
            if last.channel == ChannelType.SLACK:
                return _said(f"{_title(last)} goes on in Slack already, in its thread.")
            await keep_command(form)
            return _said(f"{_title(last)} goes on in our direct messages.")
        case "status":
            return _said(await _status(person))
    return _said(HELP)


async def take_command(form: dict[str, Any]) -> None:
    """Do it, once."""
    who, (word, words) = _who(form), _words(form)
    person = await person_at(who)
    channel = await channel_of(person.id, who) if person else None
    if person is None or channel is None:
        raise NotFound("nobody whom we know")
    async with transaction():
        if not await spend(f"command {form.get('trigger_id', '')}", REPEATED):
            return
        if word == "here":
            if last := await _last(person):
                await last.switch(ChannelType.SLACK)
            return
        session = await ChatSession.open(person, channel=ChannelType.SLACK)
        await session.say(markdown_from(words, {}), by=person, via=ChannelType.SLACK)
        found = await ChatSession.objects().get(ChatSession.id == session.id)
        assert found is not None
        await continue_at(found, channel)


async def _status(person: User) -> str:
    waiting = await waiting_for(person.id)
    if not waiting:
        return "Nothing waits for you."
    lines = [f"• <{settings().base_url}/feedback/{one.id}|{one.code}> {_plain(one.question)[:200]}" for one in waiting[:20]]
    return "\n".join([f"{len(waiting)} waiting for you:", *lines])


async def _last(person: User) -> ChatSession | None:
    """The conversation that somebody had last."""
    rows = await sql(
        "SELECT * FROM chat_sessions WHERE owner = $1 AND deleted_at IS NULL ORDER BY updated_at DESC LIMIT 1", person.id
    )
    return loaded(ChatSession, rows[0]) if rows else None


def _title(session: ChatSession) -> str:
    return f"“{_plain(session.title)}”" if session.title else "Your last conversation"


def _who(form: dict[str, Any]) -> Who:
    return Who(str(form.get("team_id", "")), str(form.get("user_id", "")))


def _words(form: dict[str, Any]) -> tuple[str, str]:
    """The first word, in small letters, and what follows it."""
    word, _, words = str(form.get("text", "")).strip().partition(" ")
    return word.lower(), words.strip()


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _said(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": text}
