"""Who is signed in, remembered for a few seconds while this process hears of every sign-in that ends."""

import time
from uuid import UUID

from app.domain.sign_in import SignIn
from app.domain.user import User

REMEMBERED_SECONDS = 10.0

_people: dict[UUID, tuple[float, User]] = {}
_hearing = False
_ended = 0  # how many have: what was asked before the last one is not remembered


async def person(sign_in_id: UUID) -> User | None:
    """Who is signed in by this sign-in; None when it has ended. Asked of PostgreSQL each 10 s, and each time while
    Valkey, which would tell that it has ended, is away."""
    known = _people.get(sign_in_id)
    if known and time.monotonic() - known[0] < REMEMBERED_SECONDS:
        return known[1]
    ended_before = _ended
    user = await SignIn.person(sign_in_id)
    if user and _hearing and ended_before == _ended:
        if len(_people) > 10_000:
            _people.clear()
        _people[sign_in_id] = (time.monotonic(), user)
    return user


def forget(sign_in_id: UUID) -> None:
    """It has ended."""
    global _ended
    _ended += 1
    _people.pop(sign_in_id, None)


def forget_person(user_id: UUID) -> None:
    """Something about them has changed."""
    global _ended
    _ended += 1
    for sign_in_id in [sign_in_id for sign_in_id, (_, user) in _people.items() if user.id == user_id]:
        del _people[sign_in_id]


def set_hearing(hearing: bool) -> None:
    """Whether this process hears of what ends. Nothing is remembered over a silence."""
    global _hearing, _ended
    _hearing = hearing
    _ended += 1
    _people.clear()
