"""Pages to read mail in and to answer it, as anybody whose mailbox is here."""

import re
from email.message import EmailMessage
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response, get, post

from app.sandbox.doors import is_loopback
from app.sandbox.mail.office import Office
from app.sandbox.mail.showing import page
from app.sandbox.mail.world import INBOX, Mail, Mailbox

AnyRequest = Request[Any, Any, Any]
LINK = re.compile(r"https?://[^\s\"'<>]+")
AWAY = "I am out of the office and read this when I am back."
ALONE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@get("/sandbox/mail")
async def show_mailbox(request: AnyRequest) -> Response[bytes]:
    """A mailbox, and one of its mails."""
    office, box = _box(request, str(request.query_params.get("box", "")))
    there = sorted(box.mails.values(), key=lambda one: -one.at)
    opened = box.mails.get(str(request.query_params.get("mail", "")))
    html, text = _bodies(opened) if opened else ("", "")
    thread = [one for one in there[::-1] if opened and one.thread_id == opened.thread_id]
    return page(
        "sandbox/mail/show.html", office, box=box, mails=[one for one in there if INBOX in one.labels], opened=opened,
        has_html=bool(html), text=text, thread=thread, scanned=str(request.query_params.get("scanned", "")),
    )  # fmt: skip


@get("/sandbox/mail/html")
async def show_html(request: AnyRequest) -> Response[bytes]:
    """The HTML of a mail, where it can do nothing and load nothing."""
    _, box = _box(request, str(request.query_params.get("box", "")))
    opened = box.mails.get(str(request.query_params.get("mail", "")))
    html = _bodies(opened)[0] if opened else ""
    headers = {"Content-Security-Policy": ALONE}
    return Response(f'<base target="_blank">{html}'.encode(), media_type="text/html; charset=utf-8", headers=headers)


@post("/sandbox/mail/reply", status_code=303)
async def reply(request: AnyRequest) -> Response[bytes]:
    """Answer a mail, quoting it as mail programs do."""
    form = await request.form()
    office, box = _box(request, str(form.get("box", "")))
    answered = box.mails.get(str(form.get("mail", "")))
    if answered is not None:
        office.send(box, answer_to(box, answered, str(form.get("text", ""))).as_bytes(), answered.thread_id)
    return _back(box, answered)


@post("/sandbox/mail/write", status_code=303)
async def write(request: AnyRequest) -> Response[bytes]:
    """Begin a new mail to Parley, or hand on one that came."""
    form = await request.form()
    office, box = _box(request, str(form.get("box", "")))
    box = office.world.mailbox(box.address)
    handed_on = box.mails.get(str(form.get("mail", "")))
    mail = EmailMessage()
    mail["From"] = f"{box.name} <{box.address}>"
    mail["To"] = " ".join(str(form.get("to", "") or office.world.ours).split())
    mail["Subject"] = " ".join(str(form.get("subject", "")).split())
    text = str(form.get("text", ""))
    if handed_on is not None:
        del mail["Subject"]
        mail["Subject"] = f"Fwd: {handed_on.header('Subject')}"
        text += f"\n\n---------- Forwarded message ----------\nFrom: {handed_on.header('From')}\n\n{_bodies(handed_on)[1]}"
    mail.set_content(text)
    office.send(box, mail.as_bytes())
    return _back(box, handed_on)


@post("/sandbox/mail/scan", status_code=303)
async def scan(request: AnyRequest) -> Response[bytes]:
    """Open every link of a mail, as the scanners of some companies do before anybody reads it."""
    import httpx2

    form = await request.form()
    _, box = _box(request, str(form.get("box", "")))
    scanned = box.mails.get(str(form.get("mail", "")))
    links = set(LINK.findall(unescape("\n".join(_bodies(scanned))))) if scanned else set()
    async with httpx2.AsyncClient(trust_env=False, timeout=10) as client:
        for link in sorted(one for one in links if is_loopback(urlsplit(one).netloc)):
            await client.get(link)
    return _back(box, scanned, scanned=str(len(links)))


@post("/sandbox/mail/answers", status_code=303)
async def choose_answers(request: AnyRequest) -> Response[bytes]:
    """What a mailbox does by itself."""
    form = await request.form()
    office, box = _box(request, str(form.get("box", "")))
    box.away, box.bounces = AWAY if form.get("away") else "", bool(form.get("bounces"))
    office.changed()
    return _back(box)


def answer_to(box: Mailbox, answered: Mail, text: str) -> EmailMessage:
    """A reply to a mail, in its thread, with what it answers below."""
    reply = EmailMessage()
    subject = answered.header("Subject")
    reply["From"], reply["To"] = f"{box.name} <{box.address}>", answered.header("Reply-To") or answered.header("From")
    reply["Subject"] = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    reply["In-Reply-To"] = answered.header("Message-ID")
    reply["References"] = f"{answered.header('References')} {answered.header('Message-ID')}".strip()
    quoted = "\n".join(f"> {line}" for line in _bodies(answered)[1].splitlines())
    reply.set_content(f"{text}\n\nOn {answered.header('Date')}, {answered.header('From')} wrote:\n{quoted}\n")
    return reply


def _bodies(mail: Mail) -> tuple[str, str]:
    """Its HTML and its text, "" for what it does not have."""
    found = []
    for kind in ("html", "plain"):
        body = mail.message.get_body((kind,))
        found.append(str(body.get_content()) if body else "")
    return found[0], found[1]


def _box(request: AnyRequest, address: str) -> tuple[Office, Mailbox]:
    office: Office = request.app.state.mail
    known = office.world.mailboxes.get(address.lower())
    return office, known or (Mailbox(address=address.lower()) if "@" in address else office.ours)


def _back(box: Mailbox, mail: Mail | None = None, **told: str) -> Response[bytes]:
    where = urlencode({"box": box.address} | ({"mail": mail.id} if mail else {}) | told)
    return Response(b"", status_code=303, headers={"Location": f"/sandbox/mail?{where}"})
