"""What happened in Slack: words in a thread of a conversation, or new ones; our removal; a Home tab that is looked at."""

from typing import Any

from app.channels.protocol import Unavailable
from app.channels.slack_client import PROVIDER, Refused, Said, heard, team
from app.channels.slack_home import home_view
from app.channels.slack_mrkdwn import markdown_from
from app.channels.slack_people import LASTS, channel_of, link_for, person_at
from app.channels.slack_place import Place, Who
from app.channels.slack_workspace import leave
from app.database import transaction
from app.domain.agent_state import AgentState
from app.domain.binding import ChannelBinding
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.grant import Grant
from app.domain.inbox import waiting_for
from app.domain.message import Message
from app.domain.session import ChatSession
from app.domain.spent import spend
from app.domain.user import User
from app.limits import Kind, allow
from app.settings import settings

REMOVED = "Parley was removed from this Slack workspace"
LEFT_OUT = {"channel_join", "channel_leave", "channel_topic", "channel_purpose", "channel_name", "bot_message"}


async def take_event(told: Said) -> str:
    """Do what an `event_callback` tells of; why it has no effect, if it has none. Done twice is done once."""
    event, team_id = told["event"], str(told["team_id"])
    match event.get("type"):
        case "app_uninstalled":
            await leave(team_id, REMOVED)
        case "tokens_revoked" if not (event.get("tokens") or {}).get("bot"):
            return "tokens of people, by which they signed in"
        case "tokens_revoked":
            await leave(team_id, REMOVED)
        case "app_home_opened" if event.get("tab") == "home":
            await show_home(Who(team_id, event["user"]))
        case "agent_session_stopped":
            await _stop(Place(team_id, event["channel"], event["thread_ts"]))
        case "message" | "app_mention":
            return await _take_message(team_id, event)
        case kind:
            return f"{kind} is not for us"
    return ""


async def _take_message(team_id: str, event: Said) -> str:
    """Words of a person, new or changed. In a channel only those of a thread that goes on here, and those that name us."""
    subtype = event.get("subtype", "")
    said = (
        event.get("message")
        if subtype == "message_changed"
        else event.get("previous_message")
        if subtype == "message_deleted"
        else event
    )
    if not isinstance(said, dict) or said.get("bot_id") or subtype in LEFT_OUT or "user" not in said:
        return "not said by a person"
    place = Place(team_id, event["channel"], str(said.get("thread_ts") or said["ts"]))
    binding = await ChannelBinding.at(ChannelType.SLACK, str(place))
    direct = event.get("channel_type") == "im"
    if binding is None and not direct and event["type"] != "app_mention":
        return "a channel where we were not asked"
    if subtype in ("message_changed", "message_deleted"):
        return await _change(binding, place, said, gone=subtype == "message_deleted")
    who = Who(team_id, said["user"])
    if binding is None and place.thread != said["ts"] and await ChannelBinding.begins(ChannelType.SLACK, str(who)):
        raise Unavailable("What begins this thread was sent just now.")
    person = await person_at(who)
    if person is None:
        await _say_hello(who, place, direct)
        return "nobody whom we know"
    return await _say(binding, place, said, person, who)


async def _say(binding: ChannelBinding | None, place: Place, said: Said, person: User, who: Who) -> str:
    """The words go into the conversation of the thread; one begins with them where there is none."""
    text = await _text(place, said)
    if not text.strip():
        return "no words"
    channel = await channel_of(person.id, who)
    verdict = await allow(Kind.WRITE, person.id)
    async with transaction():
        session = await _session(binding, place, person, channel)
        await session.say(
            text, by=person, via=ChannelType.SLACK, client_id=client_id(place, said["ts"]), owner=session.owner
        )  # what is said here is always kept: over the limit it is the answer that waits
        if not verdict.allowed:
            await AgentState.delay(session.id, verdict.retry_after_seconds)
    return ""


async def _session(
    binding: ChannelBinding | None, place: Place, person: User, channel: CommunicationChannel | None
) -> ChatSession:
    if binding is not None:
        found: ChatSession | None = await ChatSession.objects().get(ChatSession.id == binding.session)
        if found is not None and found.deleted_at is None:
            return found
        raise NotFound("This conversation was deleted.")
    assert channel is not None
    session = await ChatSession.open(person, channel=ChannelType.SLACK)
    if await ChannelBinding.bind(session, channel, str(place)) is None:
        raise Unavailable("What begins this thread was noted just now.")
    return session


async def _text(place: Place, said: Said) -> str:
    """What was written, as Markdown, without our own name at its beginning."""
    grant = await Grant.find(PROVIDER, place.team)
    bot = grant.tokens.get("bot_user_id", "") if grant else ""
    text = str(said.get("text", "")).strip().removeprefix(f"<@{bot}>").strip()
    return markdown_from(text, {bot: "Parley"})


async def _change(binding: ChannelBinding | None, place: Place, said: Said, *, gone: bool) -> str:
    """Words that the agent has not read yet change, or go."""
    if binding is None:
        return "not of a conversation"
    session = ChatSession.named(binding.session)
    entry = await Message.objects().get(
        (Message.session == session.id) & (Message.client_id == client_id(place, said["ts"]))
    )
    if entry is None:
        return "not of a conversation"
    text = "" if gone else await _text(place, said)
    if text == entry.text:
        return "nothing has changed"
    try:
        await (session.edit(entry.id, text) if text else session.take_back(entry.id))
    except (Conflict, Unfit) as why:
        return str(why)
    return ""


async def _say_hello(who: Who, place: Place, direct: bool) -> None:
    """One friendly message to somebody whom we don't know; not again while its link is good."""
    if not await spend(f"hello {who}", LASTS):
        return
    client = await team(who.team)
    link = f"<{await link_for(who)}|Connect your account>"
    words = f"Hello! I'm Parley. {link} so that I know who you are; the link is good for an hour, and for you only."
    if direct:
        await heard(client.chat_postMessage(channel=place.channel, text=words, unfurl_links=False))
    else:
        await heard(client.chat_postEphemeral(channel=place.channel, user=who.user, thread_ts=place.thread, text=words))


async def _stop(place: Place) -> None:
    """The stop button under an answer."""
    if binding := await ChannelBinding.at(ChannelType.SLACK, str(place)):
        await AgentState.stop(binding.session)


async def show_home(who: Who) -> None:
    """What waits for somebody, on the Home tab; a link to connect for whom we don't know."""
    client, person = await team(who.team), await person_at(who)
    if person is None:
        words = {"type": "mrkdwn", "text": f"<{await link_for(who)}|Connect your account> to see here what waits for you."}
        view: Any = {"type": "home", "blocks": [{"type": "section", "text": words}]}
    else:
        requests = [request.as_dict() for request in await waiting_for(person.id)]
        channels = [str(one.type) for one in await CommunicationChannel.of(person.id) if one.usable]
        quiet = f"{person.quiet_from} to {person.quiet_to}" if person.quiet_from else ""
        view = home_view(requests, channels, quiet, settings().base_url)
    try:
        await heard(client.views_publish(user_id=who.user, view=view))
    except Refused as refused:
        if refused.error != "not_enabled":
            raise


def client_id(place: Place, stamp: str) -> str:
    """By which words said in Slack are said once."""
    return f"slack-{place.channel}-{stamp.replace('.', '-')}"
