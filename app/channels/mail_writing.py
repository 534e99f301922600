"""What a letter says as a mail: a subject, a text and the same as HTML, from templates/mail."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from app.channels.mail_address import reply_address
from app.channels.mail_cutting import MARKER
from app.channels.protocol import Letter
from app.domain.answer_link import answer_url
from app.domain.delivery import DeliveryKind
from app.domain.feedback_response import said
from app.domain.mail_muting import muting_url
from app.markdown import render as render_markdown
from app.settings import settings

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "mail"
DELIVERY = "X-Parley-Delivery"
LONGEST_SUBJECT = 150
HINTS = {
    "approval": "yes or no", "choice": "an option, or its number", "multiple_choice": "options, or their numbers",
    "rating": "a number from 1 to 5", "text": "what you want to say",
}  # fmt: skip
NAMED = {
    DeliveryKind.REQUEST: "request", DeliveryKind.REMINDER: "request", DeliveryKind.NOTICE: "notice",
    DeliveryKind.CONFIRM: "confirm", DeliveryKind.MESSAGE: "conversation", DeliveryKind.LINK: "link",
}  # fmt: skip


@dataclass(frozen=True)
class Thread:
    """The mails that one of ours follows: their ids, the oldest first, and what they are about."""

    ids: tuple[str, ...] = ()
    subject: str = ""


def mail_of(letter: Letter, *, sender: str, thread: Thread | None = None) -> EmailMessage:
    """The mail that a letter becomes. Whoever answers it answers this letter."""
    thread = thread or Thread()
    template = "request" if letter.request else NAMED.get(letter.kind, "test")
    words = _words(letter)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = f"Parley <{sender}>", letter.address, _subject(letter, thread)
    mail["Reply-To"] = f"Parley <{reply_address(sender, letter.id)}>"
    mail["Auto-Submitted"], mail[DELIVERY] = "auto-generated", str(letter.id)
    if letter.answers:
        mail["List-Unsubscribe"] = f"<{muting_url(letter.answers[0]['session'], letter.user)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if thread.ids:
        mail["In-Reply-To"], mail["References"] = thread.ids[-1], " ".join((*thread.ids[:1], *thread.ids[1:][-20:]))
    mail.set_content(environment(html=False).get_template(f"{template}.txt").render(words).strip() + "\n")
    html = environment(html=True).get_template(f"{template}.html").render(words)
    mail.add_alternative(_inlined(html), subtype="html")
    return mail


@cache
def environment(*, html: bool) -> Environment:
    """Jinja2 with the templates of mails; those of a text escape nothing."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=html, auto_reload=False, trim_blocks=True)  # noqa: S701
    made.globals["said"], made.globals["markdown"] = said, _rendered
    return made


def _words(letter: Letter) -> dict[str, Any]:
    asked = letter.request
    words: dict[str, Any] = {
        "payload": letter.payload, "base_url": settings().base_url, "outcome": letter.outcome, "marker": MARKER,
        "answers": letter.answers, "asked": letter.asked, "kind": letter.kind,
    }  # fmt: skip
    if letter.kind == DeliveryKind.MESSAGE:
        session = (letter.answers or [{}])[0].get("session", "")
        return words | {"url": f"{settings().base_url}/chat/{session}" if session else ""}
    if not asked:
        return words
    buttons = {
        "approval": [("Approve", True), ("Reject", False)],
        "choice": [(option, option) for option in asked["options"]],
        "rating": [(f"{stars}", stars) for stars in range(1, 6)],
    }.get(asked["type"], [])
    url = answer_url(letter.request["id"], letter.user)
    return words | {
        "request": asked, "reminds": letter.kind == DeliveryKind.REMINDER, "url": url, "buttons": buttons,
        "hint": HINTS[asked["type"]],
    }  # fmt: skip


def _rendered(text: str) -> Markup:
    """Markdown as HTML, which lets no script and no picture through."""
    return Markup(render_markdown(text))  # noqa: S704


def _subject(letter: Letter, thread: Thread) -> str:
    """One line, whatever the words hold."""
    asked = letter.request
    if asked:
        first = "Still waiting: " if letter.kind == DeliveryKind.REMINDER else ""
        first += "Urgent: " if asked["urgency"] == "urgent" else ""
        return _line(f"{first}{asked['question']}", LONGEST_SUBJECT - 7) + f" [{asked['code']}]"
    match letter.kind:
        case DeliveryKind.NOTICE:
            return _line(f"{letter.payload.get('from', 'Parley')}: {letter.payload.get('text', '')}", LONGEST_SUBJECT)
        case DeliveryKind.CONFIRM:
            return "Is this your address?"
        case DeliveryKind.LINK if letter.payload["about"] == "invitation":
            return _line(f"{letter.payload['by']} invites you to Parley", LONGEST_SUBJECT)
        case DeliveryKind.LINK:
            return "Choose a new password"
        case DeliveryKind.MESSAGE if thread.subject:
            answers = thread.subject.lower().startswith("re:")
            return _line(thread.subject if answers else f"Re: {thread.subject}", LONGEST_SUBJECT)
        case DeliveryKind.MESSAGE:
            return _line(letter.payload.get("title") or "Our conversation", LONGEST_SUBJECT)
    return "A test from Parley"


def _line(text: str, longest: int) -> str:
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def _inlined(html: str) -> str:
    """With the styles at each element, since many mail programs drop a style sheet; what depends on the theme stays one."""
    css = (TEMPLATES / "mail.css").read_text()
    return _inliner().inline(html.replace("</head>", f"<style>{css}</style></head>", 1))
