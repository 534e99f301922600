"""Passwords are hard to try and easy to live with (promises.md, security 8)."""

import asyncio
import time

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from app.auth import passwords

pytestmark = pytest.mark.usefixtures("costly")


async def test_a_password_is_kept_as_rfc_9106_says() -> None:
    kept = await passwords.hash_password("a few words in a row")
    parameters = extract_parameters(kept)
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost) >= (64 * 1024, 3), "its second recommended option"
    assert (parameters.salt_len, parameters.hash_len) >= (16, 32)
    assert await passwords.matches("a few words in a row", kept)
    assert not await passwords.matches("a few words in a ro", kept)
    assert kept != await passwords.hash_password("a few words in a row"), "each has its own salt"


@pytest.mark.parametrize("kept", [None, "", "not a hash", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA"])
async def test_nothing_matches_an_account_without_a_password(kept: str | None) -> None:
    assert not await passwords.matches("nobody signs in with this one", kept)


async def test_an_account_that_does_not_exist_costs_as_much_as_one_that_does() -> None:
    assert extract_parameters(passwords._NOBODYS) == extract_parameters(
        await passwords.hash_password("a few words in a row")
    )


async def test_hashing_lets_everybody_else_go_on() -> None:
    longest = 0.0
    done = asyncio.Event()

    async def feel() -> int:
        nonlocal longest
        times, last = 0, time.perf_counter()
        while not done.is_set():
            await asyncio.sleep(0.001)
            times, longest, last = times + 1, max(longest, time.perf_counter() - last), time.perf_counter()
        return times

    feeling = asyncio.create_task(feel())
    began = time.perf_counter()
    await asyncio.gather(*(passwords.hash_password(f"a few words in a row {n}") for n in range(10)))
    took = time.perf_counter() - began
    done.set()
    times = await feeling
    assert times > 30, f"on the event loop itself it could come round 10 times at most; it came {times} times"
    assert longest < took / 3, f"the loop stood still for {longest:.3f} of {took:.3f} s"


@pytest.mark.parametrize(
    ("password", "fits"),
    [("", False), ("elevenchars", False), ("twelve chars", True), ("a" * 30, False), ("ab" * 10, False),
     ("пароль из слов", True), ("x y z a b c d" * 77, False), ("correct horse battery staple", True)],
)  # fmt: skip
def test_a_new_password_is_long_and_varied(password: str, fits: bool) -> None:
    assert (passwords.complaint(password) is None) is fits
