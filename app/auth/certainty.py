"""Whether it is really them, before something changes that would let somebody else in, or lock them out."""

from datetime import timedelta
from uuid import UUID

from app.auth import first_factor
from app.clock import now
from app.domain.sign_in import SignIn
from app.domain.user import User

FRESH = timedelta(minutes=10)


async def fresh(sign_in_id: UUID | None) -> bool:
    """Whether they have signed in just now, so that they need not show who they are again."""
    return await SignIn.exists().where((SignIn.id == sign_in_id) & (SignIn.created_at > now() - FRESH))


async def doubt(me: User, sign_in_id: UUID | None, password: str) -> str | None:
    """Why this may not be them, or None: who hasn't signed in just now has to bring the password."""
    if await fresh(sign_in_id):
        return None
    if me.password_hash is None:
        return "Sign out and in again first: you have no password that could show it is you."
    return None if await first_factor.is_theirs(password, me) else "That is not your password."
