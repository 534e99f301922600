"""promises.md 12: without Valkey everything goes on, a little later."""

import asyncio
import os
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from app.domain.user import User
from tests.browsing import Browser
from tests.faults.asking import patiently, people
from tests.faults.running import Far, havoc, provider, workers
from tests.faults.table import note
from tests.outages import valkey_away
from tests.programs import Program
from tests.waiting import until
from tests.web_processes import web_processes

AWAY_SECONDS = float(os.environ.get("AWAY_SECONDS", "300"))
SEED = int(os.environ.get("SEED", "20261125"))


@pytest.mark.faults
@pytest.mark.timeout(540)
async def test_five_minutes_without_valkey(ana: User, tmp_path: Path) -> None:
    asked, statuses, sign_ins, delays = await people(10, "slack"), Counter[int](), Counter[int](), list[float]()
    async with (
        provider() as slack,
        workers(2, Random(SEED), tmp_path / "workers.log", slack=slack) as running,
        web_processes(1) as (url,),
        Program(url, ana) as program,
    ):
        path = f"{await program.open()}/messages"
        async with valkey_away():
            began, cpu = time.time(), running.cpu_seconds()
            async with havoc(posts(program, path, statuses), asks(asked, slack, delays)):
                await guess(url, sign_ins)
                await asyncio.sleep(began + AWAY_SECONDS - time.time())
            cores = (running.cpu_seconds() - cpu) / (time.time() - began) / 2
        await until(lambda: all_there(slack, len(delays)), 30)
    p95 = sorted(delays)[int(len(delays) * 0.95)]
    note(
        12, f"Valkey away for {AWAY_SECONDS:.0f} s, {statuses.total()} posts, {len(delays)} requests",
        "posts accepted; delivery p95 < 5 s; a worker < 0.5 core; limits hold",
        f"{statuses[202]} of {statuses.total()} accepted; p95 {p95:.2f} s; {cores:.2f} core; "
        f"{sign_ins[422]} wrong passwords heard, {sign_ins[429]} refused",
        held=statuses.total() == statuses[202] > 0 and p95 < 5 and cores < 0.5 and sign_ins == {422: 5, 429: 3}, seed=SEED,
    )  # fmt: skip


async def posts(program: Program, path: str, statuses: Counter[int]) -> None:
    while True:
        statuses[(await program.post(path, {"text": "[[say=ok]]"})).status_code] += 1
        await asyncio.sleep(0.5)


async def asks(people: list[User], slack: Far, delays: list[float]) -> None:
    """One request after the other, and how long each took to arrive."""
    number = 0
    while True:
        began, number = time.time(), number + 1
        request = str(await patiently(people[number % len(people)]))
        at = await until(lambda request=request: arrived(slack, request), 30, every=0.05)  # type: ignore[misc]
        delays.append(at - began)


async def arrived(slack: Far, request: str) -> float | None:
    return next((one["at"] for one in await slack.kept() if one["letter"]["request"] == request), None)


async def all_there(slack: Far, count: int) -> bool:
    return len(await slack.standing()) >= count


async def guess(url: str, statuses: Counter[int]) -> None:
    async with Browser(url) as browser:
        for _ in range(8):
            statuses[(await browser.sign_in("Ana", password="wrong")).status_code] += 1
