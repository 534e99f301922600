"""A POST that is repeated with the same Idempotency-Key is done once."""

import asyncio
from datetime import timedelta

import pytest

from app import clock
from app.agent.turn import Answers
from app.api import messages
from app.database import sql
from app.domain.idempotency import KeptAnswer
from app.domain.session import ChatSession
from app.settings import settings
from tests.programs import Program
from tests.waiting import until


async def count(table: str) -> int:
    return int((await sql(f"SELECT count(*) FROM {table}"))[0][0])


async def test_fifty_at_once_give_one_row_and_one_answer(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "rate_per_minute", 1000)
    path = await program.open()
    say = {"text": "once"}
    answers = await asyncio.gather(
        *(program.post(f"{path}/messages", say, Idempotency_Key="k") for _ in range(50)),
        *(program.post("/api/sessions", {"title": "one"}, Idempotency_Key="k") for _ in range(50)),
    )
    for some, status in ((answers[:50], 202), (answers[50:], 201)):
        assert {answer.status_code for answer in some} == {status}
        assert len({answer.content for answer in some}) == 1
        assert {answer.headers["content-type"] for answer in some} == {"application/json"}
    assert (await count("messages"), await count("chat_sessions")) == (1, 2)


async def test_a_repeat_gets_the_answer_of_the_first_and_another_body_is_refused(program: Program) -> None:
    first = await program.post("/api/sessions", {"title": "one"}, Idempotency_Key="k" * 255)
    again = await program.post("/api/sessions", {"title": "one"}, Idempotency_Key="k" * 255)
    assert (again.status_code, again.content) == (201, first.content)
    other = await program.post("/api/sessions", {"title": "two"}, Idempotency_Key="k" * 255)
    assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")
    assert await count("chat_sessions") == 1


async def test_keys_are_a_persons_own_and_for_one_path(program: Program, bens: Program) -> None:
    one, two = await program.open(), await program.open()
    for who, path in ((program, one), (program, two), (bens, await bens.open())):
        assert (await who.post(f"{path}/messages", {"text": "x"}, Idempotency_Key="k")).status_code == 202
    assert await count("messages") == 3


@pytest.mark.parametrize("key", ["", "k" * 256, "é", "a\tb"])
async def test_keys_that_are_none_are_refused(program: Program, key: str) -> None:
    answer = await program.client.post("/api/sessions", headers=[(b"Idempotency-Key", key.encode("latin-1"))])
    assert answer.status_code == 422
    assert await count("chat_sessions") == 0


async def test_what_failed_is_done_anew(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await program.open()
    refused = await program.post(f"{path}/messages", {"text": " "}, Idempotency_Key="k")
    assert refused.status_code == 422
    with monkeypatch.context() as patch:
        patch.setattr(messages.Entry, "of", lambda _: 1 / 0)  # after the words were written
        broken = await program.post(f"{path}/messages", {"text": "x"}, Idempotency_Key="k")
        assert (broken.status_code, await count("messages")) == (500, 0), "the effect goes with the answer"
    said = await program.post(f"{path}/messages", {"text": "x"}, Idempotency_Key="k")
    assert (said.status_code, said.json()["seq"]) == (202, 1)


async def test_words_said_with_a_key_are_announced_and_answered(program: Program, worker: Answers) -> None:
    path = await program.open()
    await program.post(f"{path}/messages", {"text": "[[say=yes]]", "client_id": "c"}, Idempotency_Key="k")
    by_another_key = await program.post(f"{path}/messages", {"text": "[[say=yes]]", "client_id": "c"}, Idempotency_Key="l")
    assert by_another_key.json()["seq"] == 1, "the same client_id is the same message, within a transaction too"

    async def answered() -> bool:
        items = (await program.get(f"{path}/messages")).json()["items"]
        return [one["text"] for one in items] == ["[[say=yes]]", "yes"]

    await until(answered)


async def test_a_key_is_forgotten_after_a_day(program: Program) -> None:
    await program.post("/api/sessions", {"title": "one"}, Idempotency_Key="k")
    clock.shift(timedelta(hours=25))
    async with Program(str(program.client.base_url), program.user) as later:
        assert (await later.post("/api/sessions", {"title": "two"}, Idempotency_Key="k")).status_code == 201
        assert await ChatSession.count() == 2
        await KeptAnswer.forget_old()
        assert await count("kept_answers") == 1
        clock.shift(timedelta(hours=50))
        await KeptAnswer.forget_old()
        assert await count("kept_answers") == 0


async def test_a_large_body_leaves_nothing_behind_on_its_connection(program: Program) -> None:
    path = await program.open()
    long = "x" * 99_000 + "ü" * 1000  # more than is read at once, so that the connection stops and goes on
    for key in ("k", "l", "m"):
        said = await program.post(f"{path}/messages", {"text": long, "client_id": key}, Idempotency_Key=key)
        assert said.status_code == 202, said.text
