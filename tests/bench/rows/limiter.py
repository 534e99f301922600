"""Row 33: what counting a person's writes adds to a request."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

from tests.bench.clocks import middle
from tests.bench.ground import Ground
from tests.bench.rounds import OURS, Bound, Line, interleave

AT_ONCE = 20


async def added(ground: Ground) -> list[Line]:
    calls = 200 if ground.quick else 1000
    lines = []
    for words, at_once in (("limiter, added to a request", 1), (f"the same, {AT_ONCE} at once", AT_ONCE)):
        values = await interleave(ground.rounds, {OURS: partial(p50, calls, at_once)})
        lines.append(Line(33, words, "ms", values, (Bound(1, 0.3),)))
    return lines


async def p50(calls: int, at_once: int) -> float:
    """Milliseconds of the middle one. A person who is over the limit is asked about as anybody else."""
    from app import limits
    from app.limits import Kind, allow

    person, times = uuid4(), []
    ask: Callable[[], Awaitable[object]] = partial(allow, Kind.WRITE, person)
    for _ in range(calls // at_once):
        times += await asyncio.gather(*(timed(ask) for _ in range(at_once)))
    assert not limits._away_until, "it was Valkey that answered"
    return middle(times)


async def timed(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1e3
