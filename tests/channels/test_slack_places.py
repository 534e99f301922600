"""Where people meet Parley in Slack besides their direct messages: a channel in which it is named, its Home tab."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.channels.slack_events import take_event
from app.database import sql
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.errors import NotFound
from app.domain.user import User
from app.sandbox.slack import people
from app.sandbox.slack.world import Place
from tests.browsing import Browser
from tests.channels.engine import ask
from tests.channels.slack_side import SlackSide, reach, slack_beside
from tests.programs import Program
from tests.waiting import until


@pytest.fixture
async def slack(db: None, server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSide]:
    async with slack_beside(monkeypatch) as side:
        yield side


@pytest.fixture(autouse=True)
async def working(slack: SlackSide, worker: object) -> None:
    """A worker that knows of this Slack."""


def general(slack: SlackSide) -> Place:
    return next(place for place in slack.sandbox.workspace.world.places.values() if place.name == "general")


async def read_all() -> bool:
    return not await sql("SELECT FROM inbound_events WHERE processed_at IS NULL")


async def test_named_in_a_channel_it_answers_in_the_thread_and_hears_who_speaks_there(
    slack: SlackSide, ana: User, ben: User
) -> None:
    await reach(ana, slack, "ana")
    await reach(ben, slack, "ben")
    place, bot = general(slack), slack.sandbox.secrets.bot_user
    await slack.writes("ana", "Nobody asked it", place=place)
    said = await slack.writes("ana", f"<@{bot}> good morning [[say=Good morning, all]]", place=place)
    answer = await slack.hears("ana", "Good morning, all", place)
    assert answer.thread_ts == said.ts
    await slack.writes("ben", "And to me? [[say=And to you]]", place=place, thread=said.ts)
    assert (await slack.hears("ben", "And to you", place)).thread_ts == said.ts
    await until(read_all)
    rows = await sql(
        "SELECT m.author_name, m.text, s.owner FROM messages m JOIN chat_sessions s ON s.id = m.session ORDER BY seq"
    )
    assert {row["owner"] for row in rows} == {ana.id}
    assert [row["author_name"] for row in rows] == ["Ana", "Parley", "Ben", "Parley"]
    assert rows[0]["text"].startswith("good morning")
    with pytest.raises(NotFound):
        await ben.session((await sql("SELECT id FROM chat_sessions"))[0]["id"])


async def test_a_stranger_in_a_channel_is_told_alone_how_to_connect_and_once(slack: SlackSide, ana: User) -> None:
    place, bot = general(slack), slack.sandbox.secrets.bot_user
    for words in ("hello", "hello?"):
        await slack.writes("carla", f"<@{bot}> {words}", place=place)
    said = await slack.hears("carla", "Connect your account", place)
    assert said.only_for == slack.who("carla").user
    await until(read_all)
    assert len(slack.heard_by("carla", place)) == 1
    assert not slack.heard_by("ana", place)
    assert not await sql("SELECT FROM messages")


async def test_the_home_tab_shows_what_waits_and_is_for_its_reader_alone(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    request = await ask(ana)
    workspace = slack.sandbox.workspace

    async def home(name: str, words: str) -> str | None:
        view = workspace.world.homes.get(slack.who(name).user)
        return str(view.content) if view and words in str(view.content) else None

    for name in ("ana", "carla"):
        people.open_app(workspace, slack.who(name).user, "home")
    assert request.code in str(await until(lambda: home("ana", "Shall we ship?")))
    assert "Shall we ship?" not in str(await until(lambda: home("carla", "Connect your account")))


async def test_what_comes_from_a_workspace_where_it_is_not_changes_nothing(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    event = {"type": "app_uninstalled"}
    await take_event({"team_id": "T0ELSEWHERE", "event": event})
    (channel,) = [one for one in await CommunicationChannel.of(ana.id) if one.type == ChannelType.SLACK]
    assert channel.status == ChannelStatus.ACTIVE


async def test_who_takes_their_own_sign_in_back_takes_parley_from_nobody(slack: SlackSide, ana: User) -> None:
    await reach(ana, slack, "ana")
    revoked: dict[str, Any] = {"type": "tokens_revoked", "tokens": {"oauth": [slack.who("ana").user], "bot": []}}
    await take_event({"team_id": slack.who("ana").team, "event": revoked})
    await ask(ana)
    await slack.hears("ana", "Shall we ship?")
    await take_event({"team_id": slack.who("ana").team, "event": revoked | {"tokens": {"bot": ["U1"]}}})
    (channel,) = [one for one in await CommunicationChannel.of(ana.id) if one.type == ChannelType.SLACK]
    assert channel.status == ChannelStatus.DISCONNECTED


async def test_of_answers_at_once_one_wins_and_slack_says_which(slack: SlackSide, server: str, ana: User, ben: User) -> None:
    """promises.md, 16, with the real client: the page, a program and Slack."""
    await reach(ana, slack, "ana")
    await reach(ben, slack, "ben")
    winners = []
    async with Browser(server) as browser, Program(server, ben) as program:
        await browser.enter(ana)
        csrf = await browser.csrf()
        for number in range(6):
            to = [str(ana.id), str(ben.id)]
            words = f"Shall we ship {number}?"
            body = {"to": to, "type": "approval", "question": words, "urgency": "urgent"}
            asked = (await program.post("/api/feedback", body)).json()
            mine = (await slack.hears("ana", words)).model_copy()  # as a device that has not heard of more still shows it
            await slack.hears("ben", words)
            if number == 0:  # Slack alone is first: over its event and a worker it would hardly ever be
                await slack.clicks("ana", mine, f"parley:answer:{asked['id']} answer:1")
                await slack.hears("ben", "Approved by Ana via Slack")
            _, page, by_program = await asyncio.gather(
                slack.clicks("ana", mine, f"parley:answer:{asked['id']} answer:1"),
                browser.post(f"/feedback/{asked['id']}/response", {"value": "true"}, csrf=csrf, HX_Request="true"),
                program.post(f"/api/feedback/{asked['id']}/response", {"value": True}),
            )
            settled = (await program.get(f"/api/feedback/{asked['id']}?wait=10")).json()
            (winner,), outcome = settled["responses"], settled["outcome"]
            winners.append(winner["channel"])
            for name in ("ana", "ben"):
                assert "actions" not in str((await slack.hears(name, outcome)).blocks)
            if winner["channel"] != "api":
                assert by_program.status_code == 409
                assert outcome in by_program.json()["detail"]
            if winner["channel"] != "web":
                assert outcome in page.text
    assert "slack" in winners
    await until(read_all)
    told = [one.text for one in slack.heard_by("ana") if one.only_for]
    assert len(told) == len([one for one in winners if one != "slack"]), "a late click is told so"
    assert all("Approved by" in words for words in told)
