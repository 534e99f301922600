"""Parley in Slack, with the real client and a stand-in that speaks Slack's protocol."""

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID

import pytest

from app.channels.slack_workspace import leave
from app.database import sql
from app.domain.binding import ChannelBinding
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.feedback import FeedbackRequest, FeedbackStatus
from app.domain.feedback_question import Question
from app.domain.feedback_response import FeedbackResponse
from app.domain.feedback_value import FeedbackType
from app.domain.notice import notices_for
from app.domain.session import ChatSession
from app.domain.user import User
from app.sandbox.slack import speaking
from tests.channels.engine import Shall, ask
from tests.channels.slack_side import SlackSide, reach, slack_beside
from tests.conftest import person
from tests.stub_llm import StubLLM
from tests.waiting import until

WORDS = Question(FeedbackType.TEXT, "What shall it be called?")


@pytest.fixture
async def slack(db: None, server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSide]:
    async with slack_beside(monkeypatch) as side:
        yield side


@pytest.fixture(autouse=True)
async def working(slack: SlackSide, worker: object) -> None:
    """A worker that knows of this Slack."""


async def settled(request: FeedbackRequest) -> FeedbackRequest:
    async def found() -> FeedbackRequest | None:
        now = await FeedbackRequest.objects().get(FeedbackRequest.id == request.id)
        return now if now and not now.open else None

    done: FeedbackRequest = await until(found)
    return done


async def test_a_request_is_answered_by_a_click_and_its_message_says_so(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    request = await ask(ana)
    said = await slack.hears("ana", "Shall we ship?")
    assert request.code in said.text
    await slack.clicks("ana", said, f"parley:answer:{request.id} answer:1")
    assert (await settled(request)).status == FeedbackStatus.ANSWERED
    (given,) = await FeedbackResponse.of(request.id)
    assert (given.user, given.channel) == (ana.id, "slack")
    changed = await slack.hears("ana", "Approved by Ana via Slack")
    assert changed.ts == said.ts
    assert "answer:1" not in str(changed.blocks), "its buttons are gone"


async def test_words_are_asked_for_in_a_window_that_says_what_is_wrong(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    request = await ask(ana, question=WORDS)
    said = await slack.hears("ana", "What shall it be called?")
    await slack.clicks("ana", said, f"parley:answer:{request.id} open:write")
    view = await slack.window("ana")
    await slack.sends("ana", view, {"answer answer": [" "]})
    assert view.errors
    await slack.sends("ana", view, {"answer answer": ["Parley"], "comment comment": ["of course"]})
    await settled(request)
    (given,) = await FeedbackResponse.of(request.id)
    assert (given.value, given.comment) == ('"Parley"', "of course")


async def test_what_is_answered_elsewhere_changes_there_and_a_late_click_is_told_kindly(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    request = await ask(ana)
    said = await slack.hears("ana", "Shall we ship?")
    blocks = list(said.blocks)
    await request.respond(ana, False, ChannelType.WEB)
    changed = await slack.hears("ana", "Rejected by Ana")
    assert changed.ts == said.ts
    said.blocks = blocks  # as a device that has not heard of it still shows it
    await slack.clicks("ana", said, f"parley:answer:{request.id} answer:1")
    told = await until(lambda: _whispered(slack, "ana"))
    assert "Rejected by Ana" in told
    assert len(await FeedbackResponse.of(request.id)) == 1


async def _whispered(slack: SlackSide, name: str) -> str:
    found = [one.text for one in slack.heard_by(name) if one.only_for]
    return found[-1] if found else ""


async def test_somebody_elses_click_changes_nothing(slack: SlackSide, ana: User) -> None:
    ben = await person("Ben")
    await reach(ana, slack, "ana")
    await reach(ben, slack, "ben")
    request = await ask(ana)
    said = await slack.hears("ana", "Shall we ship?")
    place = slack.direct("ana")
    place.members.append(slack.who("ben").user)
    await slack.clicks("ben", said, f"parley:answer:{request.id} answer:1", place=place)

    async def told() -> bool:
        return any(one.only_for == slack.who("ben").user and "somebody else" in one.text for one in place.said.values())

    assert await until(told)
    found = await FeedbackRequest.objects().get(FeedbackRequest.id == request.id)
    assert found is not None
    assert found.open


async def test_words_in_a_thread_are_a_conversation_and_the_answer_comes_there(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    said = await slack.writes("ana", "*Hello* [[say=Good morning]]")
    answer = await slack.hears("ana", "Good morning")
    assert answer.thread_ts == said.ts
    rows = await sql(
        "SELECT s.owner, s.channel, m.text, m.channel AS via FROM messages m JOIN chat_sessions s ON s.id = m.session"
        " ORDER BY seq"
    )
    assert (rows[0]["owner"], rows[0]["channel"], rows[0]["via"]) == (ana.id, "slack", "slack")
    assert rows[0]["text"].startswith("**Hello**")
    await slack.writes("ana", "Again [[say=And again]]", thread=said.ts)
    assert (await slack.hears("ana", "And again")).thread_ts == said.ts
    assert (await sql("SELECT count(*) FROM chat_sessions"))[0][0] == 1


async def test_what_is_said_on_the_page_is_quoted_in_the_thread(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    said = await slack.writes("ana", "Hello [[say=Hi]]")
    await slack.hears("ana", "Hi")
    session_id: UUID = (await sql("SELECT id FROM chat_sessions"))[0]["id"]
    session = await ana.session(session_id)
    await session.say("From the page [[say=Heard]]", by=ana, via=ChannelType.WEB)
    quoted = await slack.hears("ana", "From the page")
    assert "Ana, on the page" in str(quoted.blocks)
    assert (await slack.hears("ana", "Heard")).thread_ts == said.ts
    texts = [one.text for one in slack.heard_by("ana")]
    assert [texts.index(text) for text in texts] == sorted(range(len(texts))), "each once, in order"


async def test_who_answers_before_its_place_is_noted_is_in_the_same_conversation(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    session = await ChatSession.open(ana)
    await session.say("On the page [[say=There]]", by=ana, via=ChannelType.WEB)
    await session.switch(ChannelType.SLACK)
    head = await slack.hears("ana", "On the page")
    await sql("UPDATE channel_bindings SET place = NULL")  # as if its worker had died before it could
    await slack.writes("ana", "At once [[say=Heard at once]]", thread=head.ts)
    assert (await slack.hears("ana", "Heard at once")).thread_ts == head.ts
    assert (await sql("SELECT count(*) FROM chat_sessions"))[0][0] == 1


async def test_two_sides_that_have_verified_the_same_address_are_one_person(slack: SlackSide, ana: User) -> None:
    carla, ben = await person("Carla"), await person("Ben")
    for user in (ana, carla):
        await CommunicationChannel.confirm(user.id, user.email)
    await slack.writes("ana", "[[say=I know you]]")
    await slack.hears("ana", "I know you")
    assert [one.name for one in await CommunicationChannel.of(ana.id)][-1] == "Ana Lindqvist in Sandbox"
    await slack.writes("carla", "hello")  # who has not confirmed her address there
    assert "Connect your account" in (await slack.hears("carla", "Hello!")).text
    await slack.writes("ben", "hello")  # who has not confirmed his address here
    assert "Connect your account" in (await slack.hears("ben", "Hello!")).text
    await slack.writes("ben", "hello?")
    await until(lambda: _read(4))
    assert len(slack.heard_by("ben")) == 1, "told once"
    assert not [one for one in await CommunicationChannel.of(ben.id) if one.type == "slack"]


async def _read(count: int) -> bool:
    rows = await sql("SELECT count(*) FROM inbound_events WHERE processed_at IS NOT NULL")
    return bool(rows[0][0] >= count)


async def test_a_workspace_that_takes_parley_away_is_told_of_elsewhere(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    await leave(slack.who("ana").team, "Parley was removed from this Slack workspace")
    channel = (await CommunicationChannel.of(ana.id))[0]
    assert channel.status == ChannelStatus.DISCONNECTED
    assert any("ana in Sandbox" in notice.text for notice in await notices_for(ana.id))


async def test_a_quorum_is_shown_to_each_of_them(slack: SlackSide, ana: User) -> None:
    ben = await person("Ben")
    await reach(ana, slack, "ana")
    await reach(ben, slack, "ben")
    request = await ask(ana, ben, question=replace(Shall, needed=2))
    for name in ("ana", "ben"):
        said = await slack.hears(name, "Shall we ship?")
        await slack.clicks(name, said, f"parley:answer:{request.id} answer:1")
    await settled(request)
    for name in ("ana", "ben"):
        assert "Approved by Ana" in str((await slack.hears(name, "Approved by Ana")).blocks)


async def test_a_conversation_goes_on_in_slack_with_what_was_said_and_what_is_said_there_is_said_here(
    slack: SlackSide, ana: User
) -> None:
    await reach(ana, slack, "ana")
    session = await ChatSession.open(ana)
    await session.say("My cat is called Mo [[say=Mo it is]]", by=ana, via=ChannelType.WEB)
    await until(lambda: _answered(session, "Mo it is"))
    session = await ana.session(session.id)
    await session.switch(ChannelType.SLACK)
    begun = await slack.hears("ana", "goes on here")
    assert "My cat is called Mo" in str(begun.blocks)
    assert "Mo it is" in str(begun.blocks)
    await until(lambda: ChannelBinding.at(ChannelType.SLACK, f"{slack.who('ana').team}/{slack.direct('ana').id}/{begun.ts}"))
    await slack.writes("ana", "And there [[say=I am here]]", thread=begun.ts)
    assert (await slack.hears("ana", "I am here")).thread_ts == begun.ts
    said = [(one.channel, one.text) for one in await session.entries() if one.author == "person"]
    assert [via for via, _ in said] == ["web", "slack"]
    assert len([one for one in slack.heard_by("ana") if "Mo it is" in str(one.blocks)]) == 1, "not told again"


async def _answered(session: ChatSession, text: str) -> bool:
    return any(one.text == text and one.status == "complete" for one in await session.entries())


async def test_words_that_were_not_read_yet_change_and_go_with_their_message(
    slack: SlackSide, ana: User, llm: StubLLM
) -> None:
    await reach(ana, slack, "ana")
    first = await slack.writes("ana", "Hello [[tokens=200 rate=50]]")
    await until(lambda: _streaming())
    changed = await slack.writes("ana", "Read me", thread=first.ts)
    gone = await slack.writes("ana", "Never mind", thread=first.ts)
    await until(lambda: _read(3))
    workspace = slack.sandbox.workspace
    speaking.change(workspace, slack.direct("ana"), changed, text="Read this [[say=Read]]", edited_ts=workspace.new_ts())
    speaking.remove(workspace, slack.direct("ana"), gone)
    await until(lambda: _read(5))
    rows = await sql("SELECT text FROM messages WHERE author = 'person' ORDER BY seq")
    assert [row["text"] for row in rows][1:] == ["Read this [[say=Read]]", ""]


async def _streaming() -> bool:
    return bool(await sql("SELECT FROM messages WHERE status = 'streaming'"))


async def test_the_agent_asks_in_the_thread_and_goes_on_there_when_it_is_answered(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    channels = await CommunicationChannel.of(ana.id)
    await CommunicationChannel.reorder(ana.id, [one.id for one in sorted(channels, key=lambda one: one.type != "web")])
    said = await slack.writes("ana", "[[ask=approval Shall I ship it?]]")
    asked = await slack.hears("ana", "Shall I ship it?")
    assert asked.thread_ts == said.ts, "although the page comes first: she is here"
    (row,) = await sql("SELECT id FROM feedback_requests")
    await slack.clicks("ana", asked, f"parley:answer:{row['id']} answer:1")
    await slack.hears("ana", "Approved by Ana via Slack")
    rows = await until(
        lambda: sql("SELECT text FROM messages WHERE author = 'agent' AND type = 'text' AND status = 'complete'")
    )
    assert (await slack.hears("ana", rows[-1]["text"][:40])).thread_ts == said.ts
