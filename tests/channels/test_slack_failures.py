"""Calls of Slack's that go wrong: what was to arrive stands there once, or goes another way."""

from collections.abc import AsyncIterator

import pytest

from app.database import sql
from app.domain.channel import ChannelType
from app.domain.feedback import FeedbackRequest
from app.domain.user import User
from app.sandbox.faults import Faults, Kind
from tests.channels.engine import ask, reached_by
from tests.channels.fickle import Fickle
from tests.channels.slack_side import SlackSide, reach, slack_beside
from tests.waiting import until


@pytest.fixture
async def slack(db: None, server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSide]:
    async with slack_beside(monkeypatch) as side:
        yield side


@pytest.fixture(autouse=True)
async def working(slack: SlackSide, worker: object) -> None:
    """A worker that knows of this Slack."""


@pytest.mark.parametrize("kind", ["busy", "down", "silent", "lost"])
async def test_whatever_goes_wrong_with_a_call_the_request_stands_there_once(slack: SlackSide, ana: User, kind: str) -> None:
    await reach(ana, slack, "ana")
    workspace = slack.sandbox.workspace
    workspace.faults = Faults(rate=1, kinds=[Kind(kind)], methods=["chat.postMessage"])
    request = await ask(ana)
    await until(lambda: _tried(request))
    workspace.faults = Faults()
    said = await slack.hears("ana", "Shall we ship?")
    await until(lambda: _accepted(request))
    assert [one.ts for one in slack.heard_by("ana")] == [said.ts]


@pytest.mark.parametrize("kind", ["busy", "down", "silent", "lost"])
async def test_long_words_of_which_a_part_arrived_stand_there_once(slack: SlackSide, ana: User, kind: str) -> None:
    await reach(ana, slack, "ana")
    said = await slack.writes("ana", "Hello [[say=Hi]]")
    await slack.hears("ana", "Hi")
    await until(lambda: _at_rest(ana))

    class SecondPart(Faults):
        posts: int = 0

        def draw(self, method: str) -> Kind | None:
            self.posts += method == "chat.postMessage"
            return Kind(kind) if method == "chat.postMessage" and self.posts == 2 else None

    slack.sandbox.workspace.faults = faults = SecondPart()
    session = await ana.session((await sql("SELECT id FROM chat_sessions"))[0]["id"])
    lines = "\n\n".join(f"line{number} {'x' * 60}" for number in range(400))
    await session.say(f"{lines}\n\n[[say=Heard]]", by=ana, via=ChannelType.WEB)
    await slack.hears("ana", "Heard")
    assert faults.posts > 3
    there = " ".join(str(one.blocks) for one in slack.heard_by("ana") if one.thread_ts == said.ts)
    assert [there.count(f"line{number} ") for number in range(400)] == [1] * 400


async def _at_rest(person: User) -> bool:
    return not await sql(
        "SELECT FROM agent_states a JOIN chat_sessions s ON s.id = a.session WHERE s.owner = $1 AND a.status <> 'idle'",
        person.id,
    ) and not await sql("SELECT FROM deliveries WHERE status IN ('due', 'sending', 'uncertain')")


@pytest.mark.parametrize("kind", ["down", "silent", "lost"])
async def test_what_fails_before_anything_was_posted_goes_another_way(slack: SlackSide, ana: User, kind: str) -> None:
    await reached_by(ana, email=Fickle())
    await reach(ana, slack, "ana")
    slack.sandbox.workspace.faults = Faults(rate=1, kinds=[Kind(kind)], methods=["conversations.open"])
    request = await ask(ana)

    async def by_mail() -> bool:
        return bool(
            await sql("SELECT FROM deliveries WHERE request = $1 AND via = 'email' AND status = 'accepted'", request.id)
        )

    await until(by_mail)
    assert not slack.heard_by("ana")


async def _tried(request: FeedbackRequest) -> bool:
    rows = await sql(
        "SELECT FROM delivery_attempts a JOIN deliveries d ON d.id = a.delivery WHERE d.request = $1 AND d.via = 'slack'",
        request.id,
    )
    return bool(rows)


async def _accepted(request: FeedbackRequest) -> bool:
    return bool(await sql("SELECT FROM deliveries WHERE request = $1 AND via = 'slack' AND status = 'accepted'", request.id))
