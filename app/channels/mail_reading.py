"""What a mail says, and by what kind of sender it was sent."""

from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any

import nh3

LONGEST, LONGEST_GLANCE = 100_000, 300
LISTS = {"bulk", "list", "junk", "auto_reply"}
MACHINES = ("mailer-daemon@", "postmaster@", "no-reply@", "noreply@", "donotreply@", "do-not-reply@", "bounce")
TOLD = {"img", "picture", "video", "audio", "svg", "form", "button", "input", "select", "textarea"}


@dataclass(frozen=True)
class Mail:
    """`sender`: the one address that it says it is from, lower case, "" if there is none or several. `to`: all addresses
    that it went to. `text`: its words, also those that it quotes; `html` is what it holds instead where it has no text."""

    message: EmailMessage
    name: str
    sender: str
    to: list[str]
    subject: str

    @property
    def attachments(self) -> list[str]:
        """What is attached to it, by name."""
        parts: Any = self.message.iter_attachments() if self.message.is_multipart() else []
        return [" ".join(str(one.get_filename() or one.get_content_type()).split())[:200] for one in parts]

    @property
    def text(self) -> str:
        """As Markdown where it came as HTML alone. What can't be read is left out."""
        if plain := _content(self.message, "plain"):
            return plain
        return _markdown(_content(self.message, "html"))

    def header(self, name: str) -> str:
        return _header(self.message, name)


def read_mail(raw: bytes) -> Mail:
    """A mail as it came over the wire (RFC 5322). One that is broken is read as far as that can be done."""
    message = BytesParser(policy=SMTP).parsebytes(raw)
    assert isinstance(message, EmailMessage)
    senders = _addresses(message, "From")
    name, sender = senders[0] if len(senders) == 1 else ("", "")
    to = [address for field in ("To", "Cc", "Delivered-To", "X-Original-To") for _, address in _addresses(message, field)]
    return Mail(message, name, sender.lower(), to, _header(message, "Subject"))


def automatic(mail: Mail) -> str:
    """Why no person has written it just now, in words; "" for one that a person wrote (RFC 3834, RFC 2919)."""
    told = mail.header
    by_itself = told("Auto-Submitted").partition(";")[0].strip().lower()
    if by_itself not in ("", "no"):
        return f"It was sent by itself ({by_itself})."
    if told("Return-Path").strip() == "<>" or not mail.sender:
        return "Nobody waits for an answer to it."
    if told("Precedence").lower() in LISTS or told("List-Id") or told("List-Unsubscribe"):
        return "It went to many."
    if any(told(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response", "X-Vacation")):
        return "It was sent by itself."
    if mail.sender.startswith(MACHINES):
        return "A machine sent it."
    return ""


def shortened(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text[:2_000].split())
    return line if len(line) <= LONGEST_GLANCE else f"{line[:LONGEST_GLANCE].rstrip()}…"


def _header(message: EmailMessage, name: str) -> str:
    try:
        words = " ".join(str(message.get(name, "")).split())
        return words.encode(errors="replace").decode().replace("\x00", "")
    except (MessageError, LookupError, ValueError, IndexError, AttributeError):  # what the standard library can't parse
        return ""


def _addresses(message: EmailMessage, field: str) -> list[tuple[str, str]]:
    try:
        values = [" ".join(str(value).split()) for value in message.get_all(field, [])]
    except (MessageError, LookupError, ValueError, IndexError, AttributeError):
        return []
    return [(name, address) for name, address in getaddresses(values) if "@" in address]


def _content(message: EmailMessage, kind: str) -> str:
    try:
        body: Any = message.get_body((kind,))
        text = str(body.get_content()) if body else ""
    except LookupError:  # an alphabet that nobody knows
        text = bytes(body.get_payload(decode=True) or b"").decode(errors="replace")
    except (MessageError, ValueError, AttributeError):
        return ""
    text = text.encode(errors="replace").decode().replace("\x00", "")[:LONGEST]
    flowed = body is not None and str(body.get_param("format", "")).lower() == "flowed"
    return _unflowed(text, joined=str(body.get_param("delsp", "")).lower() == "yes") if flowed else text


def _unflowed(text: str, *, joined: bool) -> str:
    """Lines that end in a space go on in the next one (RFC 3676). What is quoted stays as it is."""
    lines: list[str] = []
    goes_on = False
    for line in text.replace("\r\n", "\n").split("\n"):
        quoted = line.startswith(">")
        words = line if quoted else line.removeprefix(" ")
        if goes_on and not quoted:
            lines[-1] = (lines[-1][:-1] if joined else lines[-1]) + words
        else:
            lines.append(words)
        goes_on = line.endswith(" ") and line != "-- " and not quoted
    return "\n".join(lines)


def _markdown(html: str) -> str:
    """The words of a page, with what it quotes marked as quoted."""
    from markdownify import markdownify

    clean = nh3.clean(html, tags=nh3.ALLOWED_TAGS - TOLD, clean_content_tags={"script", "style", "title", "head"})
    try:
        return str(
            markdownify(clean, escape_asterisks=False, escape_underscores=False, escape_misc=False, heading_style="atx")
        )
    except RecursionError:
        return nh3.clean_text(clean)
