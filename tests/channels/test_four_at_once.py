"""promises.md, 16: answers that come at once from the page, Slack, mail and a program, by the real clients."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

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


@dataclass
class Four:
    """Ana has the page and Slack before her, Carla her mail, and Ben's program speaks for him."""

    slack: SlackSide
    writer: Correspondent
    browser: Browser
    program: Program
    to: list[str]

    async def ask(self, words: str) -> str:
        body = {"to": self.to, "type": "approval", "question": words}
        return str((await self.program.post("/api/feedback", body)).json()["id"])

    async def answer(self, request_id: str, words: str, *, mail_first: bool) -> tuple[Any, Any]:
        """All four; what the page and the program are told."""
        in_slack = (await self.slack.hears("ana", words)).model_copy()
        self.writer.replies(await self.writer.gets(words), "yes")
        if mail_first:  # over a mailbox and a worker it would hardly ever be
            await self.slack.hears("ana", "Approved by Carla by e-mail")
        path, csrf = f"feedback/{request_id}/response", await self.browser.csrf()
        _, page, by_program = await asyncio.gather(
            self.slack.clicks("ana", in_slack, f"parley:answer:{request_id} answer:1"),
            self.browser.post(f"/{path}", {"value": "true"}, csrf=csrf, HX_Request="true"),
            self.program.post(f"/api/{path}", {"value": True}),
        )
        return page, by_program


@pytest.fixture
async def four(ana: User, ben: User, server: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Four]:
    carla: User = await person("Carla")
    channel = await CommunicationChannel.add(carla.id, ChannelType.EMAIL, ADDRESS)
    others = [one.id for one in await CommunicationChannel.of(carla.id) if one.id != channel.id]
    await CommunicationChannel.reorder(carla.id, [channel.id, *others])
    async with (
        slack_beside(monkeypatch) as slack, mail_beside(monkeypatch) as mail, Browser(server) as browser,
        Program(server, ben) as program,
    ):  # fmt: skip
        await browser.enter(ana)
        to = [str(one.id) for one in (ana, ben, carla)]
        yield Four(slack, _carla(mail), browser, program, to)


def _carla(mail: Office) -> Correspondent:
    return Correspondent(mail, ADDRESS, "Carla")


async def test_one_wins_and_the_others_are_told_who_when_and_where(four: Four, ana: User, worker: object) -> None:
    await reach(ana, four.slack, "ana")
    winners = []
    for number in range(ROUNDS):
        words = f"Shall we ship {number}?"
        request_id = await four.ask(words)
        page, by_program = await four.answer(request_id, words, mail_first=number == 0)
        settled = (await four.program.get(f"/api/feedback/{request_id}?wait=10")).json()
        (winner,), outcome = settled["responses"], settled["outcome"]
        winners.append(winner["channel"])
        assert "actions" not in str((await four.slack.hears("ana", outcome)).blocks)
        if winner["channel"] != "api":
            assert by_program.status_code == 409
            assert outcome in by_program.json()["detail"]
        if winner["channel"] != "web":
            assert outcome in page.text
        await taken_in(number + 1)
    assert "email" in winners
    late = len([one for one in winners if one != "email"])

    async def all_told() -> bool:
        there = [one for one in four.writer.box.mails.values() if "settled before your answer came" in str(one.message)]
        return len(there) == late

    await until(all_told)
    assert (await sql("SELECT count(*) FROM feedback_responses"))[0][0] == ROUNDS
