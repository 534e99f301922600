"""Whoever guesses has to wait: for a name, for a network, and longer each time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import pytest

from app import clock
from app.database import sql, transaction
from app.domain.gate_try import Gate, GateTry
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.limits import TooMany
from app.peer import Peer, _present
from app.settings import settings

Move = Callable[[str], None]


@pytest.fixture
def move(db: None) -> Iterator[Move]:
    """Ask from another address from now on."""
    token = _present.set(Peer("192.0.2.7"))
    yield lambda address: _present.set(Peer(address)) and None
    _present.reset(token)


async def waits(name: str = "ana@example.com") -> int:
    """Seconds to wait before the next try of a name; 0 when this one got on (and failed)."""
    try:
        await GateTry.sign_in(name)
    except TooMany as many:
        return many.verdict.retry_after_seconds
    return 0


def later(seconds: float) -> None:
    clock.shift(clock.shifted() + timedelta(seconds=seconds))


async def test_five_failures_are_free_and_then_each_wait_is_twice_as_long(move: Move) -> None:
    assert [await waits() for _ in range(6)] == [0, 0, 0, 0, 0, 30]
    grown = []
    for _ in range(7):
        grown.append(await waits())
        later(grown[-1] - 2)
        assert 0 < await waits() <= 2, "not a moment sooner; asking too early costs nothing"
        later(2.1)
        assert await waits() == 0
    assert grown == [30, 60, 120, 240, 480, 900, 900]


async def test_other_names_and_other_places(move: Move) -> None:
    for _ in range(5):
        await waits()
    assert await waits("ben@example.com") == 0
    move("198.51.100.1")
    assert await waits() == 30, "the name waits wherever it is tried"
    assert await waits(" ANA@Example.com ") == 30, "however it is written"


async def test_a_network_that_tries_many_names_waits_and_others_do_not(move: Move) -> None:
    assert [await waits(f"{number}@example.com") for number in range(21)] == [0] * 20 + [30]
    move("198.51.100.1")
    assert await waits("21@example.com") == 0


async def test_of_an_ipv6_customer_all_addresses_are_one_place(move: Move) -> None:
    for number in range(20):
        move(f"2001:db8:1:2::{number:x}")
        assert await waits(f"{number}@example.com") == 0
    move("2001:db8:1:2:ffff::1")
    assert await waits("more@example.com") == 30
    move("2001:db8:1:3::1")
    assert await waits("more@example.com") == 0


@pytest.mark.parametrize("tries", [5, 30, 200])
async def test_of_many_at_once_no_more_get_on_than_may(move: Move, tries: int) -> None:
    assert (await asyncio.gather(*(waits() for _ in range(tries)))).count(0) == min(tries, 5)


async def test_of_many_names_at_once_from_one_place_no_more_get_on_than_may(move: Move) -> None:
    assert (await asyncio.gather(*(waits(f"{number}@example.com") for number in range(100)))).count(0) == 20


async def test_the_longer_of_two_waits_is_told(move: Move) -> None:
    for number in range(20):
        await waits(f"{number}@example.com")
    later(31)
    assert await waits("0@example.com") == 0  # the network waits a minute now
    move("198.51.100.1")
    for _ in range(5):
        await waits()
    move("192.0.2.7")
    assert await waits() > 55


async def test_a_success_forgets_the_failures_of_its_name_alone(move: Move, ana: User) -> None:
    for _ in range(5):
        await waits()
        await waits("ben@example.com")
    await SignIn.begin(ana, "test")
    assert await waits() == 0
    assert await waits("ben@example.com") == 30


async def test_what_was_right_does_not_count(move: Move) -> None:
    for number in range(50):
        await (await GateTry.sign_in(f"{number}@example.com")).remove()
        await (await GateTry.sign_in("ana@example.com")).remove()
    assert await waits() == 0


async def test_nothing_is_counted_that_could_be_undone(move: Move) -> None:
    for gate in (lambda: GateTry.sign_in("ana@example.com"), lambda: GateTry.pass_by(Gate.SIGN_UP)):
        with pytest.raises(AssertionError, match="before a transaction begins"):
            await within_another(gate)


async def within_another(call: Callable[[], Awaitable[object]]) -> None:
    async with transaction():
        await call()


async def test_a_quiet_day_forgets_all(move: Move) -> None:
    for _ in range(5):
        await waits()
    later(24 * 3600 + 1)
    assert [await waits() for _ in range(6)] == [0, 0, 0, 0, 0, 30]
    later(24 * 3600 + 1)
    await GateTry.forget_old()
    assert await sql("SELECT FROM gate_tries") == []


async def test_ten_sign_ups_in_any_hour_from_one_network(move: Move, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "sign_ups_per_hour", 10)

    async def passes(gate: Gate = Gate.SIGN_UP) -> int:
        try:
            await GateTry.pass_by(gate)
        except TooMany as many:
            return many.verdict.retry_after_seconds
        return 0

    await passes()
    later(1800)
    assert sorted(await asyncio.gather(*(passes() for _ in range(30))))[:10] == [0] * 9 + [1800]
    assert await passes(Gate.NEW_PASSWORD) == 0, "each gate counts for itself"
    later(1801)
    assert [await passes(), await passes()] == [0, 1799]
    move("198.51.100.1")
    assert await passes() == 0


async def test_what_names_nobody_makes_the_network_wait_and_no_name(move: Move) -> None:
    for _ in range(20):
        await GateTry.foresee_sign_in(None)
        await GateTry.sign_in(None)
    for ask in (GateTry.sign_in, GateTry.foresee_sign_in):
        for email in (None, "ana@example.com"):
            with pytest.raises(TooMany) as many:
                await ask(email)
            assert (many.value.verdict.limit, many.value.verdict.retry_after_seconds) == (20, 30)
    move("198.51.100.1")
    assert await waits() == 0
    for _ in range(6):
        await (await GateTry.sign_in(None)).remove()
