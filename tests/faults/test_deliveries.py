"""promises.md 1, 2, 4, 5: what was asked arrives, once, whatever dies."""

import asyncio
import os
import time
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from app.database import sql
from tests.faults.asking import ask_all, known, people, rest
from tests.faults.running import each, havoc, provider, workers
from tests.faults.table import note
from tests.outages import empty_valkey, restart_postgres

REQUESTS, PEOPLE = 1000, 100
SEED = int(os.environ.get("SEED", "20261125"))


async def restarts(dice: Random, times: int, within_seconds: float) -> None:
    for _ in range(times):
        await asyncio.sleep(within_seconds / times * (0.5 + dice.random() / 2))
        await restart_postgres()


@pytest.mark.faults
@pytest.mark.timeout(500)
async def test_a_thousand_requests_while_everything_dies(db: None, tmp_path: Path) -> None:
    dice, asked = Random(SEED), await people(PEOPLE, "slack")
    async with provider() as slack, workers(2, dice, tmp_path / "workers.log", slack=slack) as running:
        await slack.fail(seed=SEED, rate=1 / 3, kinds=["429", "500", "silent", "lost"])
        began = time.time()
        async with havoc(each(0.7, running.kill_one), each(1.0, empty_valkey), restarts(dice, 3, 20)):
            acknowledged = await ask_all(asked, REQUESTS)
            print("asked after", time.time() - began)
            await rest(300)
        kept, standing, stand = await slack.kept(), await slack.standing(), await known()
    took = max(one["at"] for one in kept) - began
    lost, doubles = set(stand) - set(standing), len(kept) - len({one["letter"]["request"] for one in kept})
    assert {str(one) for one in acknowledged} <= set(stand)
    note(
        1, f"{REQUESTS} requests to {PEOPLE} people; {running.deaths} workers killed, PostgreSQL restarted 3 times",
        "all accepted, 0 lost, 0 twice, <= 60 s", f"{len(standing)} accepted, {len(lost)} lost, {doubles} twice, {took:.1f} s",
        held=not lost and not doubles and took <= 60, seed=SEED,
    )  # fmt: skip
