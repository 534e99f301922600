"""What there is: mailboxes, the mails in them, and who may use Gmail's API. All of it is kept in one file."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any

from pydantic import BaseModel, Field, PrivateAttr

INBOX, SENT, DRAFT, UNREAD = "INBOX", "SENT", "DRAFT", "UNREAD"


class Mail(BaseModel):
    """A mail as it lies in one mailbox. `raw` is base64url, as Gmail gives it out."""

    id: str
    thread_id: str
    raw: str
    labels: list[str]
    at: float
    history_id: int = 0
    _read: EmailMessage | None = PrivateAttr(default=None)
    _above: EmailMessage | None = PrivateAttr(default=None)
    _headers: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def bytes(self) -> bytes:
        return decoded(self.raw)

    @property
    def message(self) -> EmailMessage:
        """To be read only: it is parsed once."""
        self._read = self._read or read(self.bytes)
        return self._read

    def header(self, name: str) -> str:
        if name not in self._headers:
            self._above = self._above or headers(self.bytes)
            self._headers[name] = str(self._above.get(name, "")).strip()
        return self._headers[name]


class Change(BaseModel):
    """One line of a mailbox's history: `kind` is messageAdded, messageDeleted, labelAdded or labelRemoved."""

    id: int
    kind: str
    mail_id: str
    thread_id: str
    labels: list[str] = []


class Mailbox(BaseModel):
    """What belongs to one address. `forgotten`: history up to here is no longer known. `bounces`: nobody is there.
    `away`: what it answers by itself, "" for nothing."""

    address: str
    name: str = ""
    mails: dict[str, Mail] = {}
    drafts: dict[str, str] = Field(default_factory=dict, description="Mail ids by draft id.")
    history: list[Change] = []
    history_id: int = 1000
    forgotten: int = 0
    bounces: bool = False
    away: str = ""
    _threads: dict[str, str] = PrivateAttr(default_factory=dict)
    """Threads by the Message-IDs of their mails."""

    def add(self, raw: bytes, labels: list[str], at: float, thread_id: str = "") -> Mail:
        """A mail comes in, or is written; it joins the thread that it answers."""
        mail_id = new_id()
        mail = Mail(
            id=mail_id, thread_id=thread_id or self.thread_of(raw) or mail_id, raw=encoded(raw), labels=labels, at=at
        )
        self.mails[mail_id] = mail
        self._threads[mail.header("Message-ID")] = mail.thread_id
        self.note("messageAdded", mail)
        return mail

    def remove(self, mail: Mail) -> None:
        del self.mails[mail.id]
        self.note("messageDeleted", mail)

    def label(self, mail: Mail, add: list[str], remove: list[str]) -> None:
        for kind, changed in (("labelAdded", add), ("labelRemoved", remove)):
            if changed:
                kept = [one for one in mail.labels if one not in changed]
                mail.labels = kept + (changed if kind == "labelAdded" else [])
                self.note(kind, mail, changed)

    def note(self, kind: str, mail: Mail, labels: list[str] | None = None) -> None:
        self.history_id += 1
        mail.history_id = self.history_id
        told = labels if labels is not None else mail.labels
        self.history.append(
            Change(id=self.history_id, kind=kind, mail_id=mail.id, thread_id=mail.thread_id, labels=list(told))
        )

    def thread_of(self, raw: bytes) -> str:
        """The thread of the mail that this one answers; "" if it answers none here."""
        message = headers(raw)
        answered = f"{message.get('In-Reply-To', '')} {message.get('References', '')}".split()
        if not self._threads:
            self._threads |= {mail.header("Message-ID"): mail.thread_id for mail in self.mails.values()}
        return next((self._threads[one] for one in answered if one in self._threads), "")


class Token(BaseModel):
    """`kind` is "access" or "refresh"."""

    secret: str
    kind: str
    address: str
    scopes: list[str]
    expires_at: float = 0.0
    revoked: bool = False


class MailWorld(BaseModel):
    client_id: str
    client_secret: str
    ours: str
    """The mailbox that Parley writes from."""
    signing_key: dict[str, Any] | None = None
    watched_until: float = 0.0
    """How long Pub/Sub tells what is new in it."""
    mailboxes: dict[str, Mailbox] = {}
    tokens: dict[str, Token] = {}

    def mailbox(self, address: str, name: str = "") -> Mailbox:
        """The one of an address, which is there as soon as somebody writes to it."""
        key = address.lower()
        box = self.mailboxes.setdefault(key, Mailbox(address=key))
        box.name = box.name or name
        return box


def read(raw: bytes) -> EmailMessage:
    message = BytesParser(policy=SMTP).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    return message


def headers(raw: bytes) -> EmailMessage:
    """Only what stands above the text: the rest takes ten times as long to read."""
    message = BytesHeaderParser(policy=SMTP).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    return message


def recipients(message: EmailMessage) -> list[tuple[str, str]]:
    """Names and addresses of all to whom a mail goes."""
    headers = [str(value) for name in ("To", "Cc", "Bcc") for value in message.get_all(name, [])]
    return [(name, address) for name, address in getaddresses(headers) if "@" in address]


def new_id() -> str:
    return secrets.token_hex(8)


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
