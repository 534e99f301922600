"""All that Parley keeps about a person, for themselves: every table that says whose a row is, without what is secret."""

from typing import Any

from piccolo.columns import ForeignKey
from piccolo.table import Table

from app.clock import now
from app.database import sql
from app.domain import audit
from app.domain.session import ChatSession
from app.domain.user import User

WHOSE = ("user", "owner")


async def export(user: User) -> dict[str, Any]:
    """The person's own data as JSON can hold it: themselves, their conversations with every entry, the rest by table, and
    what the audit trail tells of them."""
    exported: dict[str, Any] = {"exported_at": now(), "person": _shown(User, user.to_dict())}
    for table in tables():
        name = table._meta.tablename
        rows = await sql(f"SELECT * FROM {name} {whose(table)} ORDER BY {_order(table)}", user.id)  # noqa: S608
        exported[name] = [_shown(table, row) for row in rows]
    exported["audit_trail"] = [dict(row) for row in await audit.entries_of(user.id)]
    return exported


def tables() -> list[type[Table]]:
    """What holds rows of a person or of their conversations, in the order in which they were registered."""
    from app.domain.piccolo_app import APP_CONFIG

    return [table for table in APP_CONFIG.table_classes if table is not User and _tie(table)]


def _tie(table: type[Table]) -> ForeignKey[Any] | None:
    """What ties a row to a conversation, which says whose it is, or else to a person."""
    ties = {key._meta.name: key for key in table._meta.foreign_key_columns}
    found = [ties[name] for name in ("session", *WHOSE) if name in ties]
    return found[0] if found else None


def whose(table: type[Table]) -> str:
    """The condition under which a row is of the person $1."""
    tie = _tie(table)
    assert tie is not None
    own = "= $1"
    if tie._foreign_key_meta.resolved_references is ChatSession:
        own = "IN (SELECT id FROM chat_sessions WHERE owner = $1)"
    return f'WHERE "{tie._meta.db_column_name}" {own}'


def _order(table: type[Table]) -> str:
    return ", ".join(column for column in ("session", "seq", "created_at") if _has(table, column)) or "1"


def _has(table: type[Table], name: str) -> bool:
    return any(column._meta.name == name for column in table._meta.columns)


def _shown(table: type[Table], row: Any) -> dict[str, Any]:
    secret = {column._meta.name for column in table._meta.columns if column._meta.secret}
    return {name: value for name, value in dict(row).items() if name not in secret and not isinstance(value, bytes)}
