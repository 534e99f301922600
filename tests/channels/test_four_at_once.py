"""promises.md, 16: answers that come at once from the page, Slack, mail and a program, by the real clients."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from app.database import sql
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.user import User
from app.sandbox.mail.office import Office
from tests.browsing import Browser
from tests.channels.mail_side import Correspondent, mail_beside, taken_in
from tests.channels.slack_side import SlackSide, reach, slack_beside
from tests.conftest import person
from tests.programs import Program
from tests.waiting import until

ADDRESS = "carla.c@example.com"
ROUNDS = 5


@pytest.fixture
async def slack(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackSide]:
    async with slack_beside(monkeypatch) as side:
        yield side


@pytest.fixture
async def mail(ana: User, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    async with mail_beside(monkeypatch) as office:
        yield office


async def test_one_wins_and_the_others_are_told_who_when_and_where(
    server: str, ana: User, ben: User, slack: SlackSide, mail: Office, worker: object
) -> None:
    carla: User = await person("Carla")
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(Browser(server))
        program = await stack.enter_async_context(Program(server, ben))
        await reach(ana, slack, "ana")
        channel = await CommunicationChannel.add(carla.id, ChannelType.EMAIL, ADDRESS)
        others = [one.id for one in await CommunicationChannel.of(carla.id) if one.id != channel.id]
        await CommunicationChannel.reorder(carla.id, [channel.id, *others])
        writer = Correspondent(mail, ADDRESS, "Carla")
        await browser.enter(ana)
        csrf, winners, late = await browser.csrf(), [], 0
        for number in range(ROUNDS):
            words = f"Shall we ship {number}?"
            body = {"to": [str(one.id) for one in (ana, ben, carla)], "type": "approval", "question": words}
            asked = (await program.post("/api/feedback", body)).json()
            in_slack = (await slack.hears("ana", words)).model_copy()
            by_mail = await writer.gets(words)
            path = f"feedback/{asked['id']}/response"
            if number == 0:  # over a mailbox and a worker mail would hardly ever be first
                writer.replies(by_mail, "yes")
                await slack.hears("ana", "Approved by Carla by e-mail")
            else:
                writer.replies(by_mail, "yes")
            _, page, by_program = await asyncio.gather(
                slack.clicks("ana", in_slack, f"parley:answer:{asked['id']} answer:1"),
                browser.post(f"/{path}", {"value": "true"}, csrf=csrf, HX_Request="true"),
                program.post(f"/api/{path}", {"value": True}),
            )
            settled = (await program.get(f"/api/feedback/{asked['id']}?wait=10")).json()
            (winner,), outcome = settled["responses"], settled["outcome"]
            winners.append(winner["channel"])
            assert "actions" not in str((await slack.hears("ana", outcome)).blocks)
            if winner["channel"] != "api":
                assert by_program.status_code == 409
                assert outcome in by_program.json()["detail"]
            if winner["channel"] != "web":
                assert outcome in page.text
            await taken_in(number + 1)
            late += winner["channel"] != "email"
        assert "email" in winners

        async def all_told() -> bool:
            there = [one for one in writer.box.mails.values() if "settled before your answer came" in str(one.message)]
            return len(there) == late

        await until(all_told)
    assert (await sql("SELECT count(*) FROM feedback_responses"))[0][0] == ROUNDS
