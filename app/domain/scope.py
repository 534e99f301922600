"""What somebody who comes by a token or a key may do."""

from enum import StrEnum


class Scope(StrEnum):
    """`admin` works only for a person whose role is admin."""

    CHAT = "chat"
    FEEDBACK = "feedback"
    ADMIN = "admin"


ALL = frozenset(Scope)
