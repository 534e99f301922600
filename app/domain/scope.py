"""What somebody who comes by a token or a key may do."""

from collections.abc import Iterable
from enum import StrEnum

from app.domain.errors import Unfit
from app.domain.user import Role, User


class Scope(StrEnum):
    """`admin` works only for a person whose role is admin."""

    CHAT = "chat"
    FEEDBACK = "feedback"
    ADMIN = "admin"


ALL = frozenset(Scope)


def open_to(user: User) -> frozenset[Scope]:
    """What a person can let somebody else do in their name."""
    return ALL if user.role == Role.ADMIN else ALL - {Scope.ADMIN}


def fit_scopes(asked: Iterable[str], user: User) -> list[Scope]:
    """What `user` chose of it, as it is kept: each once, in one order. Unfit for none, and for what they can't give."""
    chosen = set(asked)
    if not chosen:
        raise Unfit("Choose at least one thing that it may do.")
    if not chosen <= open_to(user):
        raise Unfit("You can't give that.")
    return in_order(chosen)


def in_order(scopes: Iterable[str]) -> list[Scope]:
    """Each once, as the list above has them."""
    return [scope for scope in Scope if scope in set(scopes)]
