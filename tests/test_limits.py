"""How much anyone may do, whatever the process, the minute or the state of Valkey (promises.md, 17)."""

import asyncio
import os
import random
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app import clock, limits
from app.limits import Kind, allow
from app.settings import settings
from app.valkey import valkey
from tests.timing import timed, within
from tests.waiting import until

RUNS = 20 if os.environ.get("WHOLE_RUNS") else 2


@pytest.fixture(autouse=True)
async def thirty(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "rate_per_minute", 30)
    monkeypatch.setattr(limits, "_away_until", 0.0)
    monkeypatch.setattr(limits, "_own", limits.OwnLog())


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Valkey was found away just now."""
    monkeypatch.setattr(limits, "_away_until", float("inf"))


async def let_through(times: int, kind: Kind = Kind.WRITE, who: UUID | None = None) -> int:
    person = who or uuid4()
    return sum(verdict.allowed for verdict in await asyncio.gather(*(allow(kind, person) for _ in range(times))))


async def test_thirty_of_two_hundred_at_once_and_ten_times_as_many_reads() -> None:
    assert await let_through(200) == 30
    assert await let_through(400, Kind.READ) == 300


async def test_everybody_has_their_own_and_reads_take_nothing_from_writes() -> None:
    ana = uuid4()
    assert await let_through(40, Kind.READ, ana) == 40
    assert await let_through(40, Kind.WRITE, ana) == 30
    assert await let_through(40) == 30


async def test_what_is_refused_does_not_count() -> None:
    ana = uuid4()
    await let_through(100, who=ana)
    clock.shift(timedelta(seconds=30))
    assert await let_through(100, who=ana) == 0
    clock.shift(timedelta(seconds=60.5))
    assert await let_through(100, who=ana) == 30


async def test_a_verdict_says_how_it_stands() -> None:
    ana = uuid4()
    first = await allow(Kind.WRITE, ana)
    assert first.headers == {"RateLimit-Limit": "30", "RateLimit-Remaining": "29", "RateLimit-Reset": "60"}
    clock.shift(timedelta(seconds=20))
    await let_through(29, who=ana)
    refused = await allow(Kind.WRITE, ana)
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"] == "40"
    assert refused.remaining == 0


@pytest.mark.sized
@pytest.mark.parametrize("valkey_is", ["there", "away"])
async def test_never_more_in_any_minute_and_never_fewer_than_could(valkey_is: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if valkey_is == "away":
        monkeypatch.setattr(limits, "_away_until", float("inf"))
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    for run in range(RUNS):
        await random_minutes(random.Random(f"{seed}-{run}"))


async def random_minutes(dice: random.Random) -> None:
    """Tries in rushes and pauses. Each was judged at some moment between two that are known."""
    ana, at, passed = uuid4(), 0.0, list[tuple[float, float]]()
    for _ in range(300):
        at += dice.choice([0.0, 0.0, 0.1, 1.0, 1.9, 2.1, dice.uniform(0, 30), 59.999])
        clock.shift(timedelta(seconds=at))
        began = clock.now().timestamp()
        allowed = (await allow(Kind.WRITE, ana)).allowed
        ended = clock.now().timestamp()
        surely_within = sum(before >= ended - 60 for before, _ in passed)
        maybe_within = sum(after >= began - 60 for _, after in passed)
        assert surely_within < 30 if allowed else maybe_within >= 30
        if allowed:
            passed.append((began, ended))
    assert len(passed) > 60


async def test_while_valkey_is_away_a_process_counts_its_share(away: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "web_processes", 4)
    assert await let_through(100) == 7
    monkeypatch.setattr(settings(), "web_processes", 64)
    assert await let_through(100) == 1


async def test_what_was_let_through_before_valkey_went_away_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    ana = uuid4()
    assert await let_through(20, who=ana) == 20
    monkeypatch.setattr(limits, "_away_until", float("inf"))
    assert await let_through(30, who=ana) == 10


@timed
async def test_a_valkey_that_hangs_holds_one_request_up_and_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    client = valkey()
    await client.execute_command("CLIENT", "PAUSE", 1500, "ALL")
    with within(1.2):
        assert await let_through(100) == 30
    with within(0.3, "that it is away is remembered"):
        assert await let_through(100) == 30
    await client.ping()
    monkeypatch.setattr(limits, "_away_until", 0.001)
    assert await let_through(100) == 30
    await until(lambda: limits._away_until == 0)  # it is noticed that it is back
    await client.aclose()


async def test_forgotten_people_take_no_memory(away: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_REMEMBERED", 100)
    for _ in range(150):
        await allow(Kind.WRITE, uuid4())
    clock.shift(timedelta(seconds=61))
    await allow(Kind.WRITE, uuid4())
    assert len(limits._own.times) == 1
