"""Row 28: a token of Markdown costs the same at the end of a long answer as in a short one."""

import time
from functools import partial

from tests.bench.ground import Ground
from tests.bench.rounds import OURS, Bound, Line, interleave
from tests.stub_orders import prose

SHORT, LONG = 1_000, 8_000
REPEATS = 3


async def per_token(ground: Ground) -> list[Line]:
    try:
        from app.markdown import Growing  # noqa: F401
    except ImportError as missing:
        ground.without_parley = ground.without_parley or str(missing)
        return [Line(28, "Markdown per token", "us", {}, (Bound(1.3, 1.1),))]
    values = await interleave(ground.rounds, {"short": partial(cost, SHORT), "long": partial(cost, LONG)})
    named = {OURS: values["long"], f"{SHORT} tokens": values["short"]}
    return [Line(28, f"Markdown per token at {LONG} tokens", "us", named, (Bound(1.3, 1.1, f"{SHORT} tokens"),))]


async def cost(tokens: int) -> float:
    """Microseconds per token of an answer that grows by two tokens a frame, the quickest of some tries."""
    return min(once(tokens) for _ in range(REPEATS))


def once(tokens: int) -> float:
    from app.markdown import Growing

    growing = Growing()
    began = time.process_time()
    for number in range(0, tokens, 2):
        growing.feed(prose(number) + prose(number + 1))
    return (time.process_time() - began) / tokens * 1e6
