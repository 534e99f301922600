"""/parley: a question, the last conversation, what waits."""

from collections.abc import AsyncIterator

import pytest

from app.database import sql
from app.domain.channel import ChannelType
from app.domain.session import ChatSession
from app.domain.user import User
from app.sandbox.slack.interactions import command
from tests.channels.engine import ask
from tests.channels.slack_side import SlackSide, reach, slack_beside
from tests.conftest import person


@pytest.fixture
async def slack(db: None, server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSide]:
    async with slack_beside(monkeypatch) as side:
        yield side


@pytest.fixture(autouse=True)
async def working(slack: SlackSide, worker: object) -> None:
    """A worker that knows of this Slack."""


async def types(slack: SlackSide, name: str, words: str) -> None:
    """/parley and these words, in #general."""
    place = slack.sandbox.place("general")
    await command(slack.sandbox.workspace, slack.who(name).user, place, "/parley", words)


async def answered(slack: SlackSide, name: str, words: str) -> None:
    """What its writer alone reads."""
    said = await slack.hears(name, words, slack.sandbox.place("general"))
    assert said.only_for == slack.who(name).user


async def test_a_question_begins_a_conversation_whose_answer_comes_in_its_thread(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    await types(slack, "ana", "ask What is it? [[tokens=3 rate=0]]")
    await answered(slack, "ana", "The answer comes in our direct messages.")
    head = await slack.hears("ana", "What is it?")
    answer = await slack.hears("ana", "tok2")
    assert answer.thread_ts == head.ts
    rows = await sql("SELECT owner, channel FROM chat_sessions")
    assert [tuple(row.values()) for row in rows] == [(ana.id, "slack")]


async def test_the_last_conversation_goes_on_there(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    await types(slack, "ana", "here")
    await answered(slack, "ana", "There is no conversation yet.")
    session = await ChatSession.open(ana)
    await session.say("On the page [[say=There it was]]", by=ana, via=ChannelType.WEB)
    await types(slack, "ana", "here")
    await answered(slack, "ana", "goes on in our direct messages")
    head = await slack.hears("ana", "On the page")
    await slack.writes("ana", "And now [[say=Here it is]]", thread=head.ts)
    assert (await slack.hears("ana", "Here it is")).thread_ts == head.ts
    await types(slack, "ana", "here")
    await answered(slack, "ana", "goes on in Slack already")


async def test_what_waits_is_said_and_to_strangers_who_they_are(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    await types(slack, "ana", "status")
    await answered(slack, "ana", "Nothing waits for you.")
    request = await ask(ana)
    await types(slack, "ana", "status")
    await answered(slack, "ana", request.code)
    await types(slack, "ana", "")
    await answered(slack, "ana", "/parley ask")
    ben = await person("Ben")
    await types(slack, "ben", "ask Who am I?")
    await answered(slack, "ben", "Connect your account")
    assert not await sql("SELECT FROM chat_sessions WHERE owner = $1", ben.id)
