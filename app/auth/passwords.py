"""Passwords: Argon2id (RFC 9106), hashed off the event loop, two at a time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 1000

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")  # each takes 64 MiB and a core
# Of random bytes. Hashed once and for all, or each process would take a fifth of a second longer to start.
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$pb7GmV0WntfH/hZel/rfGw$bbJNjQNbdD6cYGVuXdf50QMO/mxZwiKxxes0aOxM3Q0"


def complaint(password: str) -> str | None:
    """Why a new password won't do, or None."""
    if len(password) < SHORTEST:
        return f"Use {SHORTEST} characters or more; a few words in a row are easy to remember."
    if len(password) > LONGEST:
        return f"Use {LONGEST} characters or fewer."
    if len(set(password)) < 5:
        return "That repeats a few characters only; use more different ones."
    return None


async def hash_password(password: str) -> str:
    """The password as it is kept."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def matches(password: str, hashed: str | None) -> bool:
    """Whether a password is the one kept. An account that doesn't exist takes as long to refuse as one that does."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, password, hashed)


def _verify(password: str, hashed: str | None) -> bool:
    try:
        _hasher.verify(hashed or _NOBODYS, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return bool(hashed)
