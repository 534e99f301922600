"""What somebody shows besides a password or another site's word: a code of their app, or one from paper."""

import hashlib
from datetime import timedelta

from app.domain import audit
from app.domain.audit import Action
from app.domain.gate_try import GateTry
from app.domain.recovery_code import RecoveryCode
from app.domain.totp import Totp
from app.domain.user import User
from app.sealed import seal, unseal

LASTS = timedelta(minutes=5)
PURPOSE = "second factor"


async def needed(user: User) -> bool:
    """Whether the first factor alone does not let this person in."""
    return await Totp.of(user.id) is not None


async def passes(user: User, code: str) -> bool:
    """Whether this is a code that lets them in now. It never will again. TooMany while failures before it make them wait,
    as those with a password do."""
    tried = await GateTry.sign_in(user.email)
    if await _take(user, code):
        await tried.remove()
        return True
    await audit.note(Action.SIGN_IN_FAILED, about=user, detail="wrong code")
    return False


async def _take(user: User, code: str) -> bool:
    digits = "".join(code.split())
    totp = await Totp.of(user.id)
    if totp and len(digits) == 6 and digits.isdecimal():
        return await totp.take(digits)
    return await RecoveryCode.take(user.id, code)


def half_way(user: User, browser: str, back: str) -> str:
    """What a browser keeps of a person who has shown the first factor: it is no sign-in, and is worth nothing in another
    browser, or after the password has changed."""
    return seal({"user": str(user.id), "mark": _mark(user, browser), "back": back}, PURPOSE, lasts=LASTS)


async def who_is_half_way(brought: str, browser: str) -> tuple[User, str] | None:
    """The person whom this was given to, and where they wanted to be; None for anything else."""
    words = unseal(brought, PURPOSE)
    user = await User.objects().get((User.id == words["user"]) & User.disabled_at.is_null()) if words else None
    if not words or not user or words["mark"] != _mark(user, browser):
        return None
    return user, words["back"]


def _mark(user: User, browser: str) -> str:
    return hashlib.sha256(f"{browser} {user.password_hash}".encode()).hexdigest()
