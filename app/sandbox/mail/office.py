"""The post office: what is sent lies in the mailbox of each to whom it goes, as their mail server would leave it there."""

import asyncio
import secrets
import time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from pathlib import Path
from typing import Any

from app.sandbox.faults import Faults
from app.sandbox.mail.keeping import keeper_of, read_or_begin
from app.sandbox.mail.pubsub import push
from app.sandbox.mail.world import INBOX, SENT, UNREAD, Mail, Mailbox, read, recipients
from app.sandbox.slack.record import Record
from app.sandbox.watching import Watchers

SERVER = "mx.sandbox.example"
BOUNCE = """\
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@{server}>
To: {sender}
Subject: Delivery Status Notification (Failure)
Date: {date}
Message-ID: {id}
In-Reply-To: {answered}
References: {answered}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="of-a-bounce"

--of-a-bounce
Content-Type: text/plain; charset=utf-8

Your message could not be delivered: there is nobody at {address}.

--of-a-bounce
Content-Type: message/delivery-status

Reporting-MTA: dns; {server}

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1

--of-a-bounce
Content-Type: text/rfc822-headers

{headers}

--of-a-bounce--
"""


class Office:
    """The world of mail, and what is only true while it runs."""

    def __init__(self, folder: Path | None = None, base_url: str = "") -> None:
        self.base_url = base_url
        self.world = read_or_begin(folder)
        self.keeper = keeper_of(self.world, folder)
        self.faults, self.record, self.watchers = Faults(), Record(), Watchers()
        self.late_seconds = 10.0
        self.push_url, self.push_audience = "", "parley"
        self.codes: dict[str, dict[str, Any]] = {}
        self.shift_seconds = 0.0
        self.tasks: set[asyncio.Task[Any]] = set()

    def now(self) -> float:
        return time.time() + self.shift_seconds

    def changed(self) -> None:
        self.keeper.changed()
        self.watchers.tell()

    @property
    def ours(self) -> Mailbox:
        """Parley's."""
        return self.world.mailbox(self.world.ours)

    def send(self, box: Mailbox, raw: bytes, thread_id: str = "") -> Mail:
        """Send from a mailbox. As Gmail does, it writes its own Message-ID, and keeps the one that was given beside it."""
        message = read(raw)
        if given := message.get("Message-ID"):
            del message["Message-ID"]
            message["X-Google-Original-Message-ID"] = given
        message["Message-ID"] = make_msgid(secrets.token_hex(4), domain="mail.sandbox.example")
        if not message.get("Date"):
            message["Date"] = formatdate(self.now())
        sender = message.get("From") or box.address
        del message["From"]
        message["From"] = sender
        hidden = recipients(message)
        del message["Bcc"]
        sent = box.add(message.as_bytes(policy=SMTP), [SENT], self.now(), thread_id)
        for name, address in hidden:
            self.deliver(message, address, name)
        self.changed()
        return sent

    def deliver(self, message: EmailMessage, address: str, name: str = "", *, passes: bool = True) -> Mail | None:
        """Leave a mail in a mailbox, with what its server found out about who sent it; a tag behind a plus sign is its
        owner's affair. None where nobody is."""
        local, _, domain = address.partition("@")
        box = self.world.mailbox(f"{local.partition('+')[0]}@{domain}", name)
        if box.bounces:
            self._bounce(message, address)
            return None
        domain = parseaddr(str(message["From"]))[1].partition("@")[2]
        verdict = "pass" if passes else "fail"
        found = f"{SERVER}; dkim={verdict} header.d={domain}; spf={verdict} smtp.mailfrom={domain}; dmarc={verdict}"
        raw = f"Authentication-Results: {found}\r\n".encode() + message.as_bytes(policy=SMTP)
        mail = box.add(raw, [INBOX, UNREAD], self.now())
        if box is self.ours and self.world.watched_until > self.now() and self.push_url:
            push(self)
        if box.away and message.get("Auto-Submitted") != "auto-replied":  # as many servers do, whatever RFC 3834 says
            self._answer_for(box, message)
        return mail

    def _bounce(self, message: EmailMessage, address: str) -> None:
        """Tell the sender that nobody is there (RFC 3464)."""
        headers = "\r\n".join(f"{name}: {value}" for name, value in message.items())
        report = BOUNCE.format(
            server=SERVER, sender=message["From"], date=formatdate(self.now()), id=make_msgid(), address=address,
            answered=message["Message-ID"], headers=headers,
        )  # fmt: skip
        self.deliver(read(report.replace("\r\n", "\n").replace("\n", "\r\n").encode()), parseaddr(str(message["From"]))[1])

    def _answer_for(self, box: Mailbox, message: EmailMessage) -> None:
        """What a mailbox answers while its person is away."""
        told = EmailMessage(policy=SMTP)
        told["From"], told["To"] = f"{box.name or box.address} <{box.address}>", str(message["From"])
        told["Subject"], told["Auto-Submitted"] = f"Out of office: {message['Subject']}", "auto-replied"
        told["In-Reply-To"] = told["References"] = str(message["Message-ID"])
        told.set_content(box.away)
        self.send(box, told.as_bytes())

    async def close(self) -> None:
        """Let go of everything, and keep the world as it is."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.watchers.close()
        self.keeper.keep()
