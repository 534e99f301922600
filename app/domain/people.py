"""Everybody who has an account, and where they are signed in, as an admin looks through them."""

import re
from typing import Any
from uuid import UUID

from app.clock import now
from app.database import loaded, sql
from app.domain.errors import NotFound, Unfit
from app.domain.message import storable
from app.domain.sign_in import SignIn
from app.domain.user import User

PAGE = 50
MOST_ASKED = 100
ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


async def people(words: str = "", page: int = 1) -> list[Any]:
    """Rows of users whose name or address holds `words`, by name, with `last_used_at`; one more than a page if there is
    another."""
    return await sql(
        """SELECT u.*, (SELECT max(last_used_at) FROM sign_ins s WHERE s."user" = u.id) AS last_used_at
           FROM users u WHERE u.erased_at IS NULL AND strpos(lower(u.name || ' ' || u.email), lower($1)) > 0
           ORDER BY lower(u.name), u.id LIMIT $2 OFFSET $3""",
        words, PAGE + 1, (page - 1) * PAGE,
    )  # fmt: skip


async def sign_ins(words: str = "", page: int = 1) -> list[tuple[SignIn, Any]]:
    """Where people are signed in, the last used first, each with whose it is and, if it is one, which `program`; paged like
    `people`."""
    rows = await sql(
        """SELECT s.*, u.name AS who, u.email, c.name AS program
           FROM sign_ins s JOIN users u ON u.id = s."user" LEFT JOIN oauth_clients c ON c.id = s.client
           WHERE s.ended_at IS NULL AND s.expires_at > $4 AND u.disabled_at IS NULL
             AND strpos(lower(concat_ws(' ', u.name, u.email, s.device, s.address, c.name)), lower($1)) > 0
           ORDER BY s.last_used_at DESC, s.id LIMIT $2 OFFSET $3""",
        words, PAGE + 1, (page - 1) * PAGE, now(),
    )  # fmt: skip
    return [(loaded(SignIn, row), row) for row in rows]


async def those_asked(names: list[str]) -> list[User]:
    """Who is meant by ids and e-mail addresses, each once, in that order. Unfit for nobody, too many, or one who is not
    here."""
    if not 1 <= len(names) <= MOST_ASKED:
        raise Unfit(f"Ask 1 to {MOST_ASKED} people.")
    found = [await _here(name.strip()) for name in names]
    return list({user.id: user for user in found}.values())


async def names_of(user_ids: list[UUID]) -> list[str]:
    """What people are called, in that order."""
    query = "SELECT name FROM unnest($1::uuid[]) WITH ORDINALITY asked(id, place) JOIN users USING (id) ORDER BY place"
    return [row["name"] for row in await sql(query, user_ids)]


async def _here(name: str) -> User:
    by = User.id == UUID(name) if ID.fullmatch(name) else User.email == storable(name).lower()
    user = await User.objects().get(by & User.disabled_at.is_null() & User.left_at.is_null())
    if user is None:
        raise Unfit(f"Nobody here is called {name[:200]!r}: give a user's id or e-mail address.")
    return user


async def person(user_id: UUID) -> User:
    """Anybody who has an account, also a disabled one. NotFound for others."""
    found = await User.objects().get((User.id == user_id) & User.erased_at.is_null())
    if found is None:
        raise NotFound("There is no such person.")
    return found


async def sign_in(sign_in_id: UUID) -> SignIn:
    """Anybody's sign-in that has not ended. NotFound otherwise."""
    found = await SignIn.objects().get((SignIn.id == sign_in_id) & SignIn.ended_at.is_null())
    if found is None:
        raise NotFound("There is no such sign-in.")
    return found
