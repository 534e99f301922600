"""Programs wait for answers without asking again and again, and of many answers one counts."""

import asyncio
import time
from uuid import UUID

import pytest

from app.database import DB
from app.domain.channel import ChannelType
from app.domain.delivery import DeliveryKind
from app.domain.feedback import FeedbackRequest, Settled
from app.domain.user import User
from app.rooms.settlements import Settlements
from app.settings import settings
from app.valkey import valkey
from tests.api.asking import answer_to, ask
from tests.browsing import Browser
from tests.channels.engine import at_rest, reached_by, work_until
from tests.channels.fickle import Fickle
from tests.conftest import free_port, person
from tests.programs import Program
from tests.timing import timed, within
from tests.waiting import until


@timed
async def test_a_long_poll_answers_within_half_a_second_of_the_answer_or_when_its_time_is_over(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = Waiting(monkeypatch)
    asked = await ask(program)
    path = f"/api/feedback/{asked['id']}"
    began = time.monotonic()
    with within(2):
        assert (await program.get(path, wait=0.2)).json()["status"] == "open"
    assert time.monotonic() - began >= 0.2
    polls = [asyncio.create_task(program.get(path, wait=30)) for _ in range(5)]
    await until(lambda: len(waiting.polls) == 6 and waiting.hold_nothing)
    request = await FeedbackRequest.objects().get(FeedbackRequest.id == asked["id"])
    assert request
    with within(0.5):
        await request.respond(program.user, True, ChannelType.WEB)
        answers = [await poll for poll in polls]
    assert {answer.json()["status"] for answer in answers} == {"answered"}
    assert (await program.get(path, wait=30)).json()["status"] == "answered", "what is settled is not waited for"
    assert (await program.get(path, wait=61)).status_code == 422


class Waiting:
    """Sees the long polls of this process's server."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.polls: list[UUID] = []
        wait = Settlements.wait

        async def seen(settlements: Settlements, request_id: UUID, seconds: float) -> None:
            self.polls.append(request_id)
            await wait(settlements, request_id, seconds)

        monkeypatch.setattr(Settlements, "wait", seen)

    @property
    def hold_nothing(self) -> bool:
        """Whether no connection to the database is in use."""
        return DB.pool is not None and DB.pool.get_idle_size() == DB.pool.get_size()


async def test_a_long_poll_asks_the_database_while_valkey_is_away(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting(monkeypatch)
    asked = await ask(program)
    poll = asyncio.create_task(program.get(f"/api/feedback/{asked['id']}", wait=30))
    await until(lambda: len(waiting.polls) == 1 and waiting.hold_nothing)
    client = valkey()
    with monkeypatch.context() as away:
        away.setattr(settings(), "valkey_url", f"redis://127.0.0.1:{free_port()}/0")
        for kind in ("pubsub", "normal"):  # cut every connection that there is
            await client.client_kill_filter(_type=kind, skipme=True)
        request = await FeedbackRequest.objects().get(FeedbackRequest.id == asked["id"])
        assert request
        answered_at = time.monotonic()
        await request.respond(program.user, True, ChannelType.WEB)
        assert (await poll).json()["status"] == "answered"
    assert time.monotonic() - answered_at < 3
    await client.aclose()


async def test_a_long_poll_whose_token_has_ended_is_told_nothing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, asked = Waiting(monkeypatch), await ask(program)
    poll = asyncio.create_task(program.get(f"/api/feedback/{asked['id']}", wait=30))
    await until(lambda: len(waiting.polls) == 1 and waiting.hold_nothing)
    await program.sign_in.end()
    request = await FeedbackRequest.objects().get(FeedbackRequest.id == asked["id"])
    assert request
    await request.respond(program.user, True, ChannelType.WEB)
    assert (await poll).status_code == 401


async def test_a_process_that_ends_lets_long_polls_go_at_once(program: Program) -> None:
    """They come back to the next one: tests/test_readme.py has a program that does."""
    asked, ending = await ask(program), Settlements()
    polls = [asyncio.create_task(ending.wait(UUID(asked["id"]), 30)) for _ in range(2)]
    await until(lambda: len(ending.waiting[UUID(asked["id"])]) == 2 if ending.waiting else False)
    ending.close()
    async with asyncio.timeout(1):
        await asyncio.gather(*polls)
        await ending.wait(UUID(asked["id"]), 30)
    assert not ending.waiting


async def test_of_answers_at_once_one_wins_and_all_others_and_every_copy_are_told(server: str, ana: User, ben: User) -> None:
    """promises.md, row 16, for the doors that there are: the page, a program, and a channel."""
    slack, mail, cleo = Fickle(), Fickle(), await person("Cleo")
    await reached_by(ana, slack=slack)
    await reached_by(ben, slack=slack)
    await reached_by(cleo, email=mail)
    for _ in range(5):
        async with Browser(server) as browser, Program(server, ben) as program:
            await browser.enter(ana)
            csrf = await browser.csrf()
            asked = await ask(program, to=[str(one.id) for one in (ana, ben, cleo)], urgency="urgent")
            request = await FeedbackRequest.objects().get(FeedbackRequest.id == asked["id"])
            assert request
            await work_until(at_rest)
            posted = len(slack.of(asked["id"])) + len(mail.of(asked["id"]))
            page, by_program, by_mail = await asyncio.gather(
                browser.post(f"/feedback/{asked['id']}/response", {"value": "true"}, csrf=csrf, HX_Request="true"),
                answer_to(program, asked, False),
                request.respond(cleo, True, ChannelType.EMAIL),
                return_exceptions=True,
            )
            settled = (await program.get(f"/api/feedback/{asked['id']}")).json()
            (winner,) = settled["responses"]
            told = {
                "web": page.text,
                "api": by_program.json().get("detail", "won"),
                "email": str(by_mail) if isinstance(by_mail, Settled) else "won",
            }
            lost = {way: words for way, words in told.items() if way != winner["channel"]}
            assert len(lost) == 2
            assert all(settled["outcome"] in words for words in lost.values()), told
            assert by_program.status_code == (201 if winner["channel"] == "api" else 409)
            if winner["channel"] != "api":
                assert by_program.json()["responses"] == [winner], "who, when and where"
            await work_until(at_rest)
            copies = [*slack.of(asked["id"], DeliveryKind.SETTLE), *mail.of(asked["id"], DeliveryKind.SETTLE)]
            assert [copy.outcome for copy in copies] == [settled["outcome"]] * posted
