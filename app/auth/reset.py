"""A link by which somebody who forgot their password chooses another: for an hour, once, and nothing of it is stored."""

from datetime import timedelta
from uuid import UUID

from app.auth.tokens import proof, proves
from app.clock import now
from app.domain.user import User
from app.settings import settings

PURPOSE = "new password"
LASTS = timedelta(hours=1)


def reset_url(user: User) -> str:
    """It proves whose it is, until when, and which password it replaces: another password makes it worthless."""
    until = int((now() + LASTS).timestamp())
    return f"{settings().base_url}/new-password?token={user.id}.{until}.{proof(PURPOSE, *_words(user, until))}"


async def who_resets(token: str) -> User | None:
    """Whose link it is; None if it is no longer good, or never was."""
    user_id, _, rest = token.partition(".")
    until, _, given = rest.partition(".")
    try:
        user, at = await User.objects().get((User.id == UUID(user_id)) & User.disabled_at.is_null()), int(until)
    except ValueError:
        return None
    good = user is not None and proves(given, PURPOSE, *_words(user, at)) and at > now().timestamp()
    return user if good else None


def _words(user: User, until: int) -> tuple[object, ...]:
    return user.id, until, user.password_hash or ""
