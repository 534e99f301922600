"""What a mail server says about a mail of ours that it could not deliver (RFC 3464, and what came before it)."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.channels.mail_reading import Mail
from app.channels.mail_writing import DELIVERY

OURS = re.compile(rf"^{DELIVERY}:\s*([0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})\s*$", re.IGNORECASE | re.MULTILINE)
NOBODY = re.compile(r"5\.(?:1\.[0-9]+|2\.1)\b")
"""No such address, or one that is closed (RFC 3463, 3.2 and 3.3)."""


@dataclass(frozen=True)
class Bounce:
    """`delivery`: which one of ours came back, as it says. `gone`: nothing will get there any more."""

    delivery: UUID
    addresses: frozenset[str]
    why: str
    gone: bool


def bounce_of(mail: Mail) -> Bounce | None:
    """What came back for good; None for anything else, and where a server only says that it goes on trying."""
    from flufl.bounce import all_failures

    if mail.message.get_content_type() != "multipart/report" and not _from_server(mail):
        return None
    raw = mail.message.as_bytes().decode(errors="replace").replace("\r\n", "\n")
    found = OURS.search(raw)
    if not found:
        return None
    _, permanent = all_failures(mail.message)
    if not permanent:
        return None
    status, words = _said(mail)
    addresses = frozenset(address.decode(errors="replace").lower() for address in permanent)
    return Bounce(
        UUID(found[1]), addresses, f"It came back: {words or status or 'nobody is there'}", bool(NOBODY.match(status))
    )


def _from_server(mail: Mail) -> bool:
    return mail.header("Return-Path").strip() == "<>" or mail.sender.startswith(("mailer-daemon@", "postmaster@"))


def _said(mail: Mail) -> tuple[str, str]:
    """The status that the server gave, and its words."""
    for part in mail.message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks: Any = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if status := str(block.get("Status", "")).strip():
                words = str(block.get("Diagnostic-Code", "")).partition(";")[2]
                return status, " ".join(words.split())[:300]
    return "", ""
