"""What programs hear: every event once, however often the stream or the socket is cut (promises.md, 11)."""

import asyncio
import json
import os
import random
from contextlib import aclosing, suppress
from uuid import UUID

import httpx
import pytest
import websockets

from app import frames
from app.agent.turn import Answers
from app.domain.session import ChatSession
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.valkey import valkey
from tests.api.hearing import Heard, socket, socketed, streaming
from tests.browsing import Browser
from tests.programs import Program
from tests.stub_llm import StubLLM
from tests.waiting import until

BEGINNING = ["message.created", "session.changed", "agent.status"]


def words(tokens: int) -> str:
    """What the model says."""
    return "".join(f"tok{n} " for n in range(tokens))


async def test_an_answer_is_heard_from_its_beginning_to_its_end(program: Program, worker: Answers) -> None:
    path, heard = await program.open(), Heard()
    async with asyncio.timeout(20), streaming(program, path, heard) as kinds:
        assert [await anext(kinds) for _ in range(2)] == ["session.changed", "agent.status"]
        said = await program.say(path, "[[tokens=30 rate=60]]")
        async for _ in kinds:
            if heard.done:
                break
    assert heard.text == words(30)
    assert heard.title == "[[tokens=30 rate=60]]"
    told = [kind for kind in heard.kinds if kind.startswith("message")]
    assert told[:3] == ["message.created", "message.changed", "message.created"]
    assert (told[-1], set(told[3:-1])) == ("message.completed", {"message.delta"})
    assert len(told) > 10, "word by word"
    assert heard.messages[said["id"]] == {**said, "status": "complete"}
    log = (await program.get(f"{path}/messages")).json()["items"]
    assert list(heard.messages.values()) == log


async def test_a_socket_says_stops_and_hears_the_same(program: Program, worker: Answers) -> None:
    path, heard = await program.open(), Heard()
    async with asyncio.timeout(20), socket(program, path) as connection:
        await connection.send(json.dumps({"type": "message", "text": "[[tokens=30 rate=60]]", "client_id": "s1"}))
        while not heard.done:
            await socketed(connection, heard)
        assert heard.text == words(30)
        await connection.send(json.dumps({"type": "message", "text": "[[tokens=1000 rate=50]]"}))
        while heard.kinds[-1] != "message.delta":
            await socketed(connection, heard)
        await connection.send(json.dumps({"type": "stop"}))
        while "stopped" not in [one["status"] for one in heard.messages.values()]:
            await socketed(connection, heard)
    assert heard.text.startswith("tok0")


async def test_who_comes_midway_gets_all_the_text_so_far_in_one_piece(
    program: Program, worker: Answers, llm: StubLLM
) -> None:
    path, heard = await program.open(), Heard()
    await program.say(path, "[[tokens=60 rate=60]]")
    await until(lambda: any(len(sent) > 30 for sent in llm.sent.values()))
    async with asyncio.timeout(20), streaming(program, path, heard) as kinds:
        first = [await anext(kinds) for _ in range(5)]
        assert first == ["message.created", "message.created", "message.delta", "session.changed", "agent.status"]
        assert heard.text.startswith("tok0 tok1 ")
        assert len(heard.text.split()) > 20
        async for _ in kinds:
            if heard.done:
                break
    assert heard.text == words(60)


async def test_who_comes_later_hears_what_is_complete_as_if_it_had_been_there(program: Program, worker: Answers) -> None:
    path, heard = await program.open(), Heard()
    await program.say(path, "[[say=one]]")
    await until_idle(program, path)
    async with streaming(program, path, heard) as kinds:
        assert [await anext(kinds) for _ in range(4)] == [
            "message.created",
            "message.created",
            "message.completed",
            *BEGINNING[1:2],
        ]
    assert heard.text == "one"
    log, later = (await program.get(f"{path}/messages")).json()["items"], Heard()
    assert list(heard.messages.values()) == log
    async with streaming(program, path, later, after="2") as kinds:
        assert [await anext(kinds) for _ in range(2)] == BEGINNING[1:]


async def until_idle(program: Program, path: str) -> None:
    async def idle() -> bool:
        found = (await program.get(path)).json()
        return bool(found["agent"]["status"] == "idle" and found["last_seq"])

    await until(idle)


@pytest.mark.sized
@pytest.mark.parametrize("emptied", [False, True], ids=["valkey kept", "valkey emptied"])
@pytest.mark.parametrize("way", ["stream", "socket"])
async def test_cut_at_every_frame_the_text_is_byte_identical_and_nothing_comes_twice(
    program: Program, worker: Answers, llm: StubLLM, monkeypatch: pytest.MonkeyPatch, way: str, emptied: bool
) -> None:
    monkeypatch.setattr(frames, "INTERVAL_SECONDS", 0)
    tokens = 1500 if os.environ.get("WHOLE_RUNS") else 150
    expected = words(tokens)
    path, heard, cuts, chance = await program.open(), Heard(), 0, random.Random(11)
    await program.say(path, f"[[tokens={tokens} rate=40]]")
    client = valkey()
    async with asyncio.timeout(110):
        while not heard.done:
            await (one_frame_of_a_stream if way == "stream" else one_frame_of_a_socket)(program, path, heard)
            assert heard.done or not heard.messages or expected.startswith(text_of(heard)), cuts
            cuts += 1
            if emptied and chance.random() < 0.1:
                await client.flushall()
    await client.aclose()
    assert cuts >= tokens / 12.5
    assert heard.text == expected
    grown = [kind for kind in heard.kinds if kind in ("message.delta", "message.replaced")]
    assert ("message.replaced" in grown[1:]) <= emptied, "only an emptied Valkey makes it begin anew"


def text_of(heard: Heard) -> str:
    return "".join(one["text"] for one in heard.messages.values() if one["author"] == "agent")


async def one_frame_of_a_stream(program: Program, path: str, heard: Heard) -> None:
    """Hear until one piece of text has come, then break off."""
    with suppress(httpx.HTTPError):
        async with streaming(program, path, heard) as kinds, aclosing(kinds):
            async for kind in kinds:
                if kind in ("message.delta", "message.replaced") or heard.done:
                    return


async def one_frame_of_a_socket(program: Program, path: str, heard: Heard) -> None:
    async with socket(program, path, after=heard.cursor or "0") as connection:
        while not heard.done:
            if await socketed(connection, heard) in ("message.delta", "message.replaced"):
                connection.transport.abort()
                return


async def test_a_takeover_replaces_the_text_and_adds_no_entry(program: Program, llm: StubLLM, worker: Answers) -> None:
    path, heard, answering = await program.open(), Heard(), []
    async with asyncio.timeout(20), streaming(program, path, heard) as kinds:
        assert [await anext(kinds) for _ in range(2)] == BEGINNING[1:]
        await program.say(path, "[[tokens=60 rate=60]]")
        async for kind in kinds:
            if kind == "message.delta" and len(heard.text) > 50 and not answering:
                answering = list(worker.under_way.values())
                answering[0].hand_back()
            if heard.done:
                break
    assert len(llm.requests) == 2
    assert heard.text == words(60)
    assert heard.kinds.count("message.created") == 2
    assert heard.kinds.count("message.replaced") == 1


async def test_what_some_take_for_line_ends_is_no_end_of_an_event(program: Program) -> None:
    path, heard, words = await program.open(), Heard(), "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg\rh"
    await program.say(path, words)
    async with streaming(program, path, heard) as kinds:
        await anext(kinds)
    assert [one["text"] for one in heard.messages.values()] == [words.replace("\r", "\n")]


async def test_a_new_title_and_an_edit_are_told(program: Program, ana: User) -> None:
    path, heard = await program.open(), Heard()
    said = await program.say(path, "a word that waits")
    async with asyncio.timeout(5), streaming(program, path, heard) as kinds:
        assert [await anext(kinds) for _ in range(3)] == BEGINNING
        await program.client.patch(path, json={"title": "Other"})
        assert (await anext(kinds), heard.title) == ("session.changed", "Other")
        session = await ana.session(UUID(path.rpartition("/")[2]))
        await session.edit(said["id"], "changed")
        assert (await anext(kinds), heard.messages[said["id"]]["text"]) == ("message.changed", "changed")
        await program.client.put(f"{path}/channel", json={"type": "web"})
        assert "channel.changed" in [await anext(kinds) for _ in range(2)]


@pytest.mark.parametrize("how", ["deleted", "signed out"])
async def test_streams_and_sockets_end_within_a_second_and_say_why(program: Program, how: str) -> None:
    path, heard = await program.open(), Heard()
    async with streaming(program, path, heard) as kinds, socket(program, path) as connection:
        await anext(kinds)
        await socketed(connection, Heard())
        await socketed(connection, Heard())
        if how == "deleted":
            await program.client.delete(path)
        else:
            sign_in = await SignIn.objects().get(SignIn.id == program.sign_in.id)
            assert sign_in
            await sign_in.end()
        async with asyncio.timeout(1):
            assert [kind async for kind in kinds][-1] == "closed"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await to_its_end(connection)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == (4404 if how == "deleted" else 4401)


async def to_its_end(connection: websockets.ClientConnection) -> None:
    """What else there was to say comes before it."""
    while True:
        await connection.recv()


async def test_a_cookie_opens_them_from_our_own_pages_only(server: str, program: Program, ana: User) -> None:
    path = await program.open()
    async with Browser(server) as browser:
        await browser.enter(ana)
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        for origin, status in [(server, 200), (None, 403), ("null", 403), ("https://evil.example", 403), ("", 403)]:
            headers = {"Cookie": cookie} | ({"Origin": origin} if origin is not None else {})
            async with program.client.stream("GET", f"{path}/events", headers={**headers, "Authorization": ""}) as answer:
                assert answer.status_code == status, origin
            if status == 200:
                async with socket(program, path, Authorization="", **headers) as connection:
                    await connection.recv()
            else:
                assert await refusal(program, path, Authorization="", **headers) == 403, origin


async def refusal(program: Program, path: str, after: str = "0", **headers: str) -> int:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with socket(program, path, after, **headers):
            pass
    assert json.loads(refused.value.response.body)["status"] == refused.value.response.status_code
    return refused.value.response.status_code


async def test_who_may_not_is_refused_at_the_door(program: Program, bens: Program) -> None:
    path = await program.open()
    assert (await bens.get(f"{path}/events")).status_code == 404
    assert await refusal(bens, path) == 404
    assert await refusal(program, path, Authorization="") == 401
    assert await refusal(program, path, Authorization="Bearer x") == 401
    for after in ("x", "-1", "1-", "1-2-3", str(2**31), "9" * 5000, "1-" + "9" * 10, "%00"):
        assert (await program.client.get(f"{path}/events?after={after}")).status_code == 422, after
        assert await refusal(program, path, after) == 422, after


@pytest.mark.parametrize(
    ("frame", "status"),
    [("", 422), ("x", 422), ("[]", 422), ("{}", 422), ('{"type": "dance"}', 422), ('{"type": "message"}', 422),
     ('{"type": "message", "text": 5}', 422), ('{"type": "message", "text": " "}', 422), (b"\xff", 422),
     ("[" * 50_000, 422), ('{"type": "message", "text": "a\\u0000"}', 422)],
)  # fmt: skip
async def test_a_frame_that_does_not_fit_is_told_so_and_the_socket_lives(
    program: Program, frame: str | bytes, status: int
) -> None:
    path = await program.open()
    async with asyncio.timeout(10), socket(program, path) as connection:
        await connection.send(frame)
        while (told := json.loads(await connection.recv()))["type"] != "error":
            pass
        assert told["data"]["status"] == status
        await connection.send(json.dumps({"type": "message", "text": "and now?"}))
        while json.loads(await connection.recv())["type"] != "message.created":
            pass


async def test_a_sockets_words_count_against_the_limit(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.settings import settings

    path = await program.open()
    monkeypatch.setattr(settings(), "rate_per_minute", 2)
    async with asyncio.timeout(10), socket(program, path) as connection:
        for _ in range(3):
            await connection.send(json.dumps({"type": "message", "text": "x", "client_id": ""}))
        while (told := json.loads(await connection.recv()))["type"] != "error":
            pass
    assert told["data"]["status"] == 429
    assert int(told["data"]["Retry-After"]) > 0
    assert (await ChatSession.objects().first()).last_seq == 1  # type: ignore[union-attr]
