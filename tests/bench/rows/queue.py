"""Row 27: from the nudge until the job runs, in another process."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from redis.asyncio import Redis

from tests.bench.clocks import middle
from tests.bench.ground import PEERS, ROOT, Ground, interpreter
from tests.bench.processes import end, python
from tests.bench.rounds import OURS, Bound, Line, Measure, interleave

HOP = "Valkey list hop"
PAUSE_S = 0.01
READY_S = 30
Send = Callable[[Redis], Awaitable[float]]


async def enqueue_to_start(ground: Ground) -> list[Line]:
    jobs = 50 if ground.quick else 200
    valkey = Redis.from_url(ground.valkey_url)
    with ExitStack() as stack:
        await started(stack, valkey, [interpreter("peers"), PEERS / "list_hop.py", ground.valkey_url])
        subjects = {HOP: measured(valkey, hop, jobs)}
        if not ground.without_parley:
            await started(stack, valkey, [python(), "-m", "tests.bench.peers.queue_worker"])
            subjects[OURS] = measured(valkey, nudged, jobs)
        values = await interleave(ground.rounds, subjects)
    await valkey.aclose()
    return [Line(27, "enqueue to start", "ms", values, (Bound(3.5, 2, HOP),))]


async def started(stack: ExitStack, valkey: Redis, argv: list[str | Path]) -> None:
    """Start a process of workers and wait until it says that it listens."""
    process = await asyncio.to_thread(subprocess.Popen, [str(part) for part in argv], cwd=ROOT)
    stack.callback(end, process)
    if not await valkey.brpop(["bench:ready"], timeout=READY_S):
        raise TimeoutError(f"{argv[-1]} did not start")


def measured(valkey: Redis, send: Send, jobs: int) -> Measure:
    async def measure() -> float:
        times = []
        for _ in range(jobs):
            times.append(await send(valkey))
            await asyncio.sleep(PAUSE_S)
        return middle(times)

    return measure


async def hop(valkey: Redis) -> float:
    await valkey.lpush("bench:jobs", time.monotonic_ns())
    _, took = await valkey.brpop(["bench:started"], timeout=READY_S)
    return int(took) / 1e6


async def nudged(valkey: Redis) -> float:
    from app.queue import nudge

    row, sent = uuid4(), time.monotonic_ns()
    nudge("bench_started", row)
    _, told = await valkey.brpop(["bench:started"], timeout=READY_S)
    row_id, at = told.decode().split()
    assert row_id == str(row)
    return (int(at) - sent) / 1e6
