"""Answers are read in Slack while they are written, and stand there once, whole, at the end."""

from collections.abc import AsyncIterator

import pytest

from app.agent.turn import Answers
from app.channels import slack_growing
from app.channels.slack_place import Copy
from app.channels.slack_writing import EVENT
from app.database import sql
from app.domain.user import User
from app.sandbox.slack import people, web_api
from app.sandbox.slack.world import Said
from tests.channels.slack_side import SlackSide, reach, slack_beside
from tests.waiting import until

SLOWLY = "[[tokens=80 rate=20]]"
WHOLE = " ".join(f"tok{number}" for number in range(80))


@pytest.fixture
async def slack(db: None, server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSide]:
    async with slack_beside(monkeypatch) as side:
        await reach(ana, side, "ana")
        yield side


@pytest.fixture
async def answers(slack: SlackSide, worker: Answers) -> Answers:
    """Of a worker that knows of this Slack."""
    return worker


async def asked(slack: SlackSide) -> Said:
    """What was said, and its answer has begun to be read."""
    said = await slack.writes("ana", f"Tell me {SLOWLY}")
    await until(lambda: begun(slack, said))
    return said


async def begun(slack: SlackSide, said: Said) -> bool:
    return any("tok3" in one.text for one in answer_to(slack, said))


def answer_to(slack: SlackSide, said: Said) -> list[Said]:
    return [one for one in slack.heard_by("ana") if one.thread_ts == said.ts]


async def whole(slack: SlackSide, said: Said) -> Said:
    """The one message of the answer, once its delivery has been accepted."""

    async def accepted() -> bool:
        rows = await sql("SELECT status, external_id FROM deliveries WHERE kind = 'message'")
        return bool(rows) and all(row["status"] == "accepted" for row in rows)

    await until(accepted, 15)
    (one,) = answer_to(slack, said)
    assert one.metadata["event_type"] == EVENT
    assert one.streaming != "in_progress"
    (row,) = await sql("SELECT external_id FROM deliveries WHERE kind = 'message'")
    assert Copy.read(row["external_id"]).stamps == (one.ts,)
    return one


async def test_it_is_streamed_and_becomes_the_whole_in_its_place(slack: SlackSide, answers: Answers) -> None:
    said = await asked(slack)
    (streamed,) = answer_to(slack, said)
    assert streamed.streaming == "in_progress"
    assert "tok79" not in streamed.text
    stood = await whole(slack, said)
    assert stood.ts == streamed.ts
    assert WHOLE in str(stood.blocks)


async def test_until_the_first_word_it_says_that_it_thinks(slack: SlackSide, answers: Answers) -> None:
    said = await slack.writes("ana", "Tell me [[silence=1.5 say=well]]")

    async def thinks() -> bool:
        return slack.direct("ana").statuses.get(said.ts) == "is thinking…"

    await until(thinks)
    await whole(slack, said)
    assert said.ts not in slack.direct("ana").statuses


async def test_stopped_there_the_turn_stops(slack: SlackSide, answers: Answers) -> None:
    said = await asked(slack)
    people.stop_stream(slack.sandbox.workspace, slack.direct("ana"), answer_to(slack, said)[0])
    stood = await whole(slack, said)
    assert "Stopped." in stood.text
    assert "tok79" not in stood.text
    assert (await sql("SELECT status FROM messages WHERE author = 'agent'"))[0]["status"] == "stopped"


async def test_where_streams_cannot_be_had_one_message_changes(
    slack: SlackSide, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(web_api.METHODS, "chat.startStream")
    monkeypatch.setattr(slack_growing, "CHANGE_EACH_SECONDS", 0.5)
    said = await asked(slack)
    (changing,) = answer_to(slack, said)
    stood = await whole(slack, said)
    assert stood.ts == changing.ts
    assert WHOLE in str(stood.blocks)


async def test_handed_to_another_worker_it_goes_on_in_its_place(
    slack: SlackSide, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_growing, "CHANGE_EACH_SECONDS", 0.5)
    said = await asked(slack)
    (answering,) = answers.under_way.values()
    answering.hand_back()
    stood = await whole(slack, said)
    assert WHOLE in str(stood.blocks)


async def test_what_a_dead_worker_began_and_did_not_note_is_found(slack: SlackSide, answers: Answers) -> None:
    said = await asked(slack)
    channel = slack.direct("ana").id
    await sql("UPDATE live_copies SET external_id = $1", str(Copy(channel, ("",))))
    stood = await whole(slack, said)
    assert WHOLE in str(stood.blocks)


async def test_one_that_is_longer_than_a_stream_may_be_rolls_on(
    slack: SlackSide, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_growing, "LONGEST", 100)
    said = await asked(slack)
    await until(lambda: several(slack, said))
    stood = await whole(slack, said)
    assert WHOLE in str(stood.blocks)


async def several(slack: SlackSide, said: Said) -> bool:
    return len(answer_to(slack, said)) > 1
