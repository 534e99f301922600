"""Pages to read mail in and to answer it, as anybody whose mailbox is here."""

from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

from litestar import Request, Response, get, post

from app.sandbox.mail.office import Office
from app.sandbox.mail.showing import page
from app.sandbox.mail.world import INBOX, Mail, Mailbox

AnyRequest = Request[Any, Any, Any]
AWAY = "I am out of the office and read this when I am back."
ALONE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@get("/sandbox/mail")
async def show_mailbox(request: AnyRequest) -> Response[bytes]:
    """A mailbox, and one of its mails."""
    office, box = _box(request, str(request.query_params.get("box", "")))
    mails = sorted((one for one in box.mails.values() if INBOX in one.labels), key=lambda one: -one.at)
    opened = box.mails.get(str(request.query_params.get("mail", "")))
    html, text = _bodies(opened) if opened else ("", "")
    return page("sandbox/mail/show.html", office, box=box, mails=mails, opened=opened, has_html=bool(html), text=text)


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
    return office, office.world.mailboxes.get(address.lower()) or office.ours


def _back(box: Mailbox, mail: Mail | None = None) -> Response[bytes]:
    where = urlencode({"box": box.address} | ({"mail": mail.id} if mail else {}))
    return Response(b"", status_code=303, headers={"Location": f"/sandbox/mail?{where}"})
