"""promises.md 15: the database is restarted under idle and busy loops, and every loop works again within 10 s."""

import asyncio
import os
import time
from uuid import UUID

import pytest

from app.agent.turn import Answers
from app.domain.user import User
from tests.browsing import Browser
from tests.outages import restart_postgres
from tests.stub_llm import StubLLM
from tests.waiting import until

RESTARTS = 20 if os.environ.get("WHOLE_RUNS") else 2


@pytest.mark.sized
@pytest.mark.timeout(600)
async def test_every_loop_works_again_after_a_restart(
    server: str, ana: User, worker: Answers, llm: StubLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.domain.session.wake_agent", lambda *_: None)  # so that the worker's own look must find it
    async with Browser(server) as browser:
        await browser.enter(ana)
        for restart in range(RESTARTS):
            busy = await browser.open_chat("[[tokens=100 rate=50]]") if restart % 2 else None
            await asyncio.sleep(0.5)
            await restart_postgres()
            began = time.monotonic()
            await until(lambda: ready(browser), 10)
            assert await answer(ana, await browser.open_chat("[[say=here again]]"), 10) == "here again"
            assert time.monotonic() - began < 10
            if busy:
                assert await answer(ana, busy, 20) == " ".join(f"tok{n}" for n in range(100))


async def ready(browser: Browser) -> bool:
    return (await browser.get("/chat")).status_code == 200


async def answer(ana: User, session_id: str, seconds: float) -> str | None:
    return await until(lambda: answered(ana, session_id), seconds)


async def answered(ana: User, session_id: str) -> str | None:
    last = (await (await ana.session(UUID(session_id))).entries())[-1]
    return last.text.strip() if last.author == "agent" and last.status == "complete" else None
