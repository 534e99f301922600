"""Who comes with `Authorization: Bearer` (RFC 6750), or with a browser's cookies."""

from dataclasses import dataclass
from uuid import UUID

from app.auth.cookies import Visitor
from app.auth.present import person
from app.auth.tokens import read_access
from app.domain.api_key import PREFIX, ApiKey
from app.domain.scope import ALL, Scope
from app.domain.user import Role, User


class Stranger(Exception):
    """No token came, or (`error`) one that is none, has ended or was revoked."""

    def __init__(self, error: str = "") -> None:
        super().__init__(error)
        self.error = error


class ScopeMissing(Exception):
    """Their token is not for this."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.scope = scope


@dataclass(frozen=True)
class Caller:
    """A program that speaks for a person, or the person's own browser. It came by a sign-in or by an API key."""

    user: User
    scopes: frozenset[Scope]
    sign_in_id: UUID | None = None
    key_id: UUID | None = None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes and (scope != Scope.ADMIN or self.user.role == Role.ADMIN)


async def caller(authorization: str) -> Caller:
    """Whom the header `Authorization` names. Stranger when that is nobody."""
    kind, _, rest = authorization.partition(" ")
    if kind.lower() != "bearer":
        raise Stranger
    token = rest.strip()
    found = await (_by_key if token.startswith(PREFIX) else _by_access_token)(token)
    if found is None or found.user.left_at:  # who has left says first, on a page, that they stay
        raise Stranger("invalid_token")
    return found


async def _by_access_token(token: str) -> Caller | None:
    access = read_access(token)
    user = await person(access.sign_in_id) if access else None
    return Caller(user, access.scopes, sign_in_id=access.sign_in_id) if access and user else None


async def _by_key(token: str) -> Caller | None:
    held = await ApiKey.holder(token)
    return Caller(held[0], held[2], key_id=held[1]) if held else None


def in_person(visitor: Visitor) -> Caller:
    """Somebody who comes by their browser. Stranger when nobody is signed in there."""
    if visitor.user is None or visitor.user.left_at:
        raise Stranger
    return Caller(visitor.user, ALL, sign_in_id=visitor.sign_in_id)
