"""Gmail's search, as far as programs use it: from:, to:, subject:, in:, label:, after:, before:, rfc822msgid:, words; a
minus before any of them turns it round (support.google.com/mail/answer/7190)."""

import shlex
from datetime import UTC, datetime
from functools import lru_cache

from app.sandbox.mail.world import DRAFT, INBOX, Mail

HEADERS = {"from": "From", "to": "To", "subject": "Subject"}
PLACES = {"inbox": INBOX, "sent": "SENT", "draft": DRAFT, "drafts": DRAFT, "trash": "TRASH", "spam": "SPAM"}


def found(mail: Mail, query: str) -> bool:
    """Whether all terms of a query are true of a mail."""
    return all(_is_true(mail, term) for term in _terms(query))


@lru_cache(maxsize=100)
def _terms(query: str) -> list[str]:
    try:
        return shlex.split(query)
    except ValueError:
        return query.split()


def _is_true(mail: Mail, term: str) -> bool:
    if term.startswith("-"):
        return not _is_true(mail, term[1:])
    name, colon, value = term.partition(":")
    name, wanted = name.lower(), value.lower()
    if not colon:
        return term.lower() in mail.bytes.decode(errors="replace").lower()
    if name in HEADERS:
        return wanted in mail.header(HEADERS[name]).lower()
    if name == "rfc822msgid":
        return wanted.strip("<>") == mail.header("Message-ID").strip().strip("<>").lower()
    if name in ("in", "label", "is"):
        return wanted == "anywhere" or PLACES.get(wanted, value.upper()) in mail.labels
    if name in ("after", "newer"):
        return mail.at >= _time(value)
    if name in ("before", "older"):
        return mail.at < _time(value)
    return term.lower() in mail.bytes.decode(errors="replace").lower()


def _time(value: str) -> float:
    """Seconds since 1970, given so or as a date."""
    if value.isdigit():
        return float(value)
    return datetime.strptime(value.replace("/", "-"), "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
