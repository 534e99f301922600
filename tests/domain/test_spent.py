"""Marks that count once."""

import asyncio
from datetime import timedelta

from app import clock
from app.database import sql
from app.domain.spent import spend

LASTS = timedelta(minutes=5)


async def test_a_mark_counts_once_and_is_forgotten_when_it_would_no_longer_be_good(db: None) -> None:
    await sql("DELETE FROM spent_marks")
    assert sorted(await asyncio.gather(*(spend("a mark", LASTS) for _ in range(5)))) == [False] * 4 + [True]
    clock.shift(timedelta(minutes=4))
    assert not await spend("a mark", LASTS)
    clock.shift(timedelta(minutes=6))
    assert await spend("another", LASTS)
    assert (await sql("SELECT count(*) FROM spent_marks"))[0][0] == 1
