"""Row 34: what it takes to check an access token, seen for the first time and again."""

import time
from collections.abc import Callable
from functools import partial
from uuid import uuid4

from tests.bench.clocks import middle
from tests.bench.ground import Ground
from tests.bench.rounds import OURS, Bound, Line, interleave


async def checked(ground: Ground) -> list[Line]:
    calls = 200 if ground.quick else 1000
    lines = []
    for words, different in (("token check, not seen before", True), ("the same, seen before", False)):
        values = await interleave(ground.rounds, {OURS: partial(p50, calls, different)})
        lines.append(Line(34, words, "ms", values, (Bound(0.3),)))
    return lines


async def p50(calls: int, different: bool) -> float:
    """Milliseconds of the middle one: tokens as a program brings them, each once, or one of them each time."""
    from app.auth.tokens import _signed, access_token, read_access
    from app.domain.scope import Scope

    made = [access_token(uuid4(), uuid4(), client_id=str(uuid4()), scopes=[Scope.CHAT]) for _ in range(calls)]
    if not different:
        made = made[:1] * calls
        read_access(made[0])
    times = [timed(partial(read_access, token)) for token in made]
    assert _signed.cache_info().currsize >= len(set(made)), "all of them were good"
    _signed.cache_clear()
    return middle(times)


def timed(check: Callable[[], object]) -> float:
    began = time.perf_counter()
    assert check()
    return (time.perf_counter() - began) * 1e3
