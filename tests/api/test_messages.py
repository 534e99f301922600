"""What programs say and read."""

import pytest

from app.agent.turn import Answers
from tests.programs import Program
from tests.waiting import until

SHAPE = ["id", "seq", "type", "status", "author", "channel", "text", "created_at"]


async def test_words_are_acknowledged_and_answered_in_the_log(program: Program, worker: Answers) -> None:
    path = await program.open()
    said = await program.say(path, "[[say=Here you are.]]")
    assert list(said) == SHAPE
    assert (said["seq"], said["type"], said["author"], said["channel"]) == (1, "text", "person", "web")

    async def log() -> list[dict[str, object]]:
        found: list[dict[str, object]] = (await program.get(f"{path}/messages")).json()["items"]
        return found

    async def answered() -> bool:
        return [one["status"] for one in await log()] == ["complete", "complete"]

    await until(answered)
    assert [(one["author"], one["text"]) for one in await log()] == [
        ("person", "[[say=Here you are.]]"), ("agent", "Here you are.")
    ]  # fmt: skip


async def test_the_same_client_id_is_said_once(program: Program) -> None:
    path = await program.open()
    first, second = [await program.say(path, "once", client_id="c1") for _ in range(2)]
    assert first["id"] == second["id"]
    assert len((await program.get(f"{path}/messages")).json()["items"]) == 1


async def test_the_log_comes_in_parts_oldest_first(program: Program) -> None:
    path = await program.open()
    for n in range(1, 6):
        await program.say(path, str(n))
    first = (await program.get(f"{path}/messages", limit=3)).json()
    rest = (await program.get(f"{path}/messages", limit=3, after=first["next"])).json()
    assert [one["text"] for one in first["items"] + rest["items"]] == ["1", "2", "3", "4", "5"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("text", "status"),
    [("", 422), (" \n\u3000", 422), ("x", 202), ("x" * 100_000, 202), ("x" * 100_001, 422), ("a\0b", 422),
     ("😀" * 100_000, 202)],
    ids=["empty", "blank", "one", "longest", "too long", "NUL", "astral"],
)  # fmt: skip
async def test_what_may_be_said(program: Program, text: str, status: int) -> None:
    path = await program.open()
    answer = await program.client.post(f"{path}/messages", json={"text": text})
    assert answer.status_code == status
    if status == 202:
        assert answer.json()["text"] == text
    else:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


async def test_numbers_that_are_none_are_refused(program: Program) -> None:
    path = await program.open()
    for query in ("limit=0", "limit=201", "limit=x", "after=-1", "after=x", f"after={2**31}", "limit=" + "9" * 5000):
        answer = await program.client.get(f"{path}/messages?{query}")
        assert answer.status_code == 422, query
        assert [one["field"] for one in answer.json()["errors"]] == [query.partition("=")[0]]
