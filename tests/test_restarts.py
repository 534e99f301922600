"""promises.md 15: the database is restarted under idle and busy loops, and every loop works again within 10 s."""

import asyncio
import os
import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.agent.turn import Answers
from app.clock import now
from app.database import sql
from app.domain.feedback import FeedbackRequest
from app.domain.user import User
from tests.browsing import Browser
from tests.channels.engine import Shall, ask, reached_by
from tests.channels.fickle import Fickle
from tests.outages import restart_postgres
from tests.stub_llm import StubLLM
from tests.waiting import until

DUE_SOON = timedelta(seconds=1)
RESTARTS = 20 if os.environ.get("WHOLE_RUNS") else 2


@pytest.mark.sized
@pytest.mark.timeout(600)
async def test_every_loop_works_again_after_a_restart(
    server: str, ana: User, worker: Answers, llm: StubLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    for nudging in ("words.wake_agent", "delivery.nudge"):  # so that the worker's own looks must find it
        monkeypatch.setattr(f"app.domain.{nudging}", lambda *_: None)
    await reached_by(ana, slack=(slack := Fickle()))
    async with Browser(server) as browser:
        await browser.enter(ana)
        for restart in range(RESTARTS):
            busy = await browser.open_chat("[[tokens=100 rate=50]]") if restart % 2 else None
            await asyncio.sleep(0.5)
            await restart_postgres()
            began = time.monotonic()
            await until(lambda: ready(browser), 10)
            request, due = await ask(ana), await ask(ana, question=replace(Shall, deadline=now() + DUE_SOON))
            assert await answer(ana, await browser.open_chat("[[say=here again]]"), 10) == "here again"
            await until(lambda: slack.of(request.id), 10)  # noqa: B023
            await until(lambda: expired(due), 10)  # noqa: B023 - whose deadline may come before it is sent
            assert time.monotonic() - began < 10
            if busy:
                assert await answer(ana, busy, 20) == " ".join(f"tok{n}" for n in range(100))


async def expired(request: FeedbackRequest) -> bool:
    return (await sql("SELECT status FROM feedback_requests WHERE id = $1", request.id))[0][0] == "expired"


async def ready(browser: Browser) -> bool:
    return (await browser.get("/chat")).status_code == 200


async def answer(ana: User, session_id: str, seconds: float) -> str | None:
    return await until(lambda: answered(ana, session_id), seconds)


async def answered(ana: User, session_id: str) -> str | None:
    last = (await (await ana.session(UUID(session_id))).entries())[-1]
    return last.text.strip() if last.author == "agent" and last.status == "complete" else None
