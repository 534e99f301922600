"""Where a mail lies: whose mailbox, which thread in it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple, Self


class MailPlace(NamedTuple):
    """A thread in a mailbox of ours. Gmail's ids hold no slash; what stands behind another one says whose of its
    conversations it is, where several people write there."""

    account: str
    thread: str

    def __str__(self) -> str:
        return f"{self.account}/{self.thread}"

    @classmethod
    def read(cls, place: str) -> Self:
        account, thread = place.split("/")[:2]
        return cls(account, thread)

    @staticmethod
    def encoded(raw: bytes) -> str:
        """As Gmail wants a mail."""
        return urlsafe_b64encode(raw).decode()

    @staticmethod
    def decoded(raw: str) -> bytes:
        """A mail as Gmail gives it."""
        return urlsafe_b64decode(raw + "=" * (-len(raw) % 4))


class MailCopy(NamedTuple):
    """A mail that was sent."""

    place: MailPlace
    id: str

    def __str__(self) -> str:
        return f"{self.place}/{self.id}"

    @classmethod
    def read(cls, copy: str) -> Self:
        place, _, mail_id = copy.rpartition("/")
        return cls(MailPlace.read(place), mail_id)
