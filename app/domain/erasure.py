"""What becomes of a person's data when they have left: the places in the logs stay, what stood in them goes."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from app.clock import now
from app.database import sql, transaction
from app.domain import audit
from app.domain.errors import NotFound
from app.domain.export import tables, whose
from app.domain.user import LEAVING_LASTS

NAME = "Somebody who left"
EMPTIED = {
    "chat_sessions": "title = ''",
    "messages": "text = '', error = '', author_name = CASE author WHEN 'person' THEN '' ELSE author_name END",
    "agent_states": "summary = '', error = ''",
    "sign_ins": "device = '', address = '', ended_at = coalesce(ended_at, now())",
}
"""Tables whose rows stay, since others count on them, and what they lose. Of any other that is theirs the rows go."""


async def due() -> list[UUID]:
    """Who has left and not come back within the grace."""
    rows = await sql("SELECT id FROM users WHERE left_at <= $1 AND erased_at IS NULL", now() - LEAVING_LASTS)
    return [row["id"] for row in rows]


async def erase(user_id: UUID) -> None:
    """Erase a person who has left, if they still want it."""
    with suppress(NotFound):
        async with transaction():
            email = await _anonymise(user_id)
            await audit.empty(user_id, email)
            for table in reversed(tables()):
                name, theirs = table._meta.tablename, whose(table)
                emptied = EMPTIED.get(name)
                await sql(f"UPDATE {name} SET {emptied} {theirs}" if emptied else f"DELETE FROM {name} {theirs}", user_id)  # noqa: S608


async def _anonymise(user_id: UUID) -> str:
    """Take the row, unless they were faster and stayed; the address that stood there."""
    rows: list[Any] = await sql(
        """UPDATE users u SET name = $2, email = u.id || '@erased.invalid', password_hash = NULL, time_zone = '',
             role = 'member', disabled_at = coalesce(u.disabled_at, $3), erased_at = $3
           FROM (SELECT id, email FROM users WHERE id = $1 FOR UPDATE) before
           WHERE u.id = before.id AND left_at <= $4 AND erased_at IS NULL RETURNING before.email""",
        user_id, NAME, now(), now() - LEAVING_LASTS,
    )  # fmt: skip
    if not rows:
        raise NotFound
    return str(rows[0]["email"])
