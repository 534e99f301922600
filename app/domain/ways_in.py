"""By what a person can sign in: a password, an account elsewhere, a passkey. One is always left."""

from uuid import UUID

from app.database import sql
from app.domain.errors import Conflict


async def leave_one(user_id: UUID, *, but: UUID) -> None:
    """Conflict if the identity or passkey `but` is the only way in. Within a transaction, two that are to go at once are
    asked one after the other."""
    await sql("SELECT FROM users WHERE id = $1 FOR UPDATE", user_id)
    rows = await sql(
        """SELECT FROM users u WHERE id = $1 AND (password_hash IS NOT NULL
             OR EXISTS (SELECT FROM identities WHERE "user" = u.id AND id <> $2)
             OR EXISTS (SELECT FROM passkeys WHERE "user" = u.id AND id <> $2))""",
        user_id,
        but,
    )
    if not rows:
        raise Conflict("You could not sign in without it. Set a password first, or add another way to sign in.")
