"""The stub model keeps its own promises, so that tests which stand on it fail for their own reasons."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from tests.stub_llm import StubLLM
from tests.stub_orders import order_of, word

pytestmark = pytest.mark.asyncio


def asking(words: str, **more: Any) -> dict[str, Any]:
    return {"model": "stub", "messages": [{"role": "user", "content": words}], **more}


async def events(llm: StubLLM, words: str, **more: Any) -> AsyncGenerator[dict[str, Any]]:
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", f"{llm.base_url}/chat/completions", json=asking(words, stream=True, **more)) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                yield json.loads(line[6:])
            elif line.startswith("data: "):
                assert line == "data: [DONE]"


async def answer(llm: StubLLM, words: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{llm.base_url}/chat/completions", json=asking(words))


async def test_tokens_keep_to_the_timetable() -> None:
    async with StubLLM() as llm:
        began = time.monotonic()
        got = [event async for event in events(llm, "[[tokens=10 rate=100 first=0.1]]")]
        sent = llm.sent[got[0]["id"]]
    texts = [event["choices"][0]["delta"].get("content") for event in got]
    assert texts == ["", *map(word, range(10)), None]
    assert got[-1]["choices"][0]["finish_reason"] == "stop"
    assert 0.1 <= sent[0] - began < 5  # the upper ends are wide for a busy machine
    assert 0.08 <= sent[-1] - sent[0] < 5


async def test_usage_comes_when_asked_for() -> None:
    async with StubLLM() as llm:
        got = [event async for event in events(llm, "[[tokens=3 rate=0]]", stream_options={"include_usage": True})]
    assert got[-1]["usage"]["completion_tokens"] == 3
    assert got[-1]["choices"] == []


async def test_it_says_what_it_is_told_or_what_it_heard() -> None:
    async with StubLLM() as llm:
        said = (await answer(llm, "[[say=Hello, ana.\n\nBye.]][[rate=0]]")).json()
        heard = (await answer(llm, "[[echo rate=0]] good morning")).json()
        assert llm.requests[1]["messages"][0]["content"] == "[[echo rate=0]] good morning"
    assert said["choices"][0]["message"]["content"] == "Hello, ana.\n\nBye."
    assert heard["choices"][0]["message"]["content"] == "good morning"


async def test_it_fails_when_told_or_away() -> None:
    async with StubLLM() as llm:
        busy = await answer(llm, "[[status=429 retry_after=2]]")
        llm.away = True
        away = await answer(llm, "hello")
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "2")
    assert away.status_code == 503


async def test_a_cut_drops_the_connection_midway() -> None:
    async with StubLLM() as llm:
        with pytest.raises(httpx.HTTPError):
            _ = [event async for event in events(llm, "[[cut=4 rate=200]]")]
    assert llm.ended == {"chatcmpl-0": "cut"}
    assert len(llm.sent["chatcmpl-0"]) == 4


async def test_it_notices_a_client_that_hangs_up() -> None:
    async with StubLLM() as llm:
        stream = events(llm, "[[tokens=50 hang=2 rate=0]]")
        await anext(stream)
        await stream.aclose()
        await asyncio.sleep(0.05)
        assert llm.ended == {"chatcmpl-0": "left"}


async def test_a_paused_model_says_nothing_until_it_goes_on() -> None:
    async with StubLLM() as llm:
        llm.pause()
        with pytest.raises(httpx.ReadTimeout):
            async with httpx.AsyncClient(timeout=0.2) as client:
                await client.post(f"{llm.base_url}/chat/completions", json=asking("[[first=0]]"))
        llm.resume()
        assert (await answer(llm, "[[tokens=1]]")).json()["choices"][0]["message"]["content"] == word(0)


async def test_the_models_are_listed() -> None:
    async with StubLLM() as llm, httpx.AsyncClient() as client:
        assert (await client.get(f"{llm.base_url}/models")).json()["data"][0]["id"] == "stub"


async def test_only_the_last_user_message_steers() -> None:
    messages = [
        {"role": "user", "content": "[[tokens=3]]"},
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
    ]
    assert order_of({"messages": messages}).tokens == 200
