"""What a letter says as a mail: a subject, a text and the same as HTML, from templates/mail."""

from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from app.channels.protocol import Letter
from app.domain.answer_link import answer_url
from app.domain.delivery import DeliveryKind
from app.domain.feedback_response import said
from app.markdown import render as render_markdown
from app.settings import settings

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "mail"
DELIVERY = "X-Parley-Delivery"
LONGEST_SUBJECT = 150
NAMED = {
    DeliveryKind.REQUEST: "request", DeliveryKind.REMINDER: "request", DeliveryKind.NOTICE: "notice",
    DeliveryKind.CONFIRM: "confirm",
}  # fmt: skip


def mail_of(letter: Letter, *, sender: str) -> EmailMessage:
    """The mail that a letter becomes."""
    template = NAMED.get(letter.kind, "test")
    words = _words(letter)
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = f"Parley <{sender}>", letter.address, _subject(letter)
    mail["Auto-Submitted"], mail[DELIVERY] = "auto-generated", str(letter.id)
    mail.set_content(environment(html=False).get_template(f"{template}.txt").render(words).strip() + "\n")
    html = environment(html=True).get_template(f"{template}.html").render(words)
    mail.add_alternative(_inlined(html), subtype="html")
    return mail


@cache
def environment(*, html: bool) -> Environment:
    """Jinja2 with the templates of mails; those of a text escape nothing."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=html, auto_reload=False, trim_blocks=True)  # noqa: S701
    made.globals["said"] = said
    return made


def _words(letter: Letter) -> dict[str, Any]:
    asked = letter.request
    words: dict[str, Any] = {"payload": letter.payload, "base_url": settings().base_url, "outcome": letter.outcome}
    if not asked:
        return words
    answers = {
        "approval": [("Approve", True), ("Reject", False)],
        "choice": [(option, option) for option in asked["options"]],
        "rating": [(f"{stars}", stars) for stars in range(1, 6)],
    }.get(asked["type"], [])
    url = answer_url(letter.request["id"], letter.user)
    return words | {
        "request": asked, "reminds": letter.kind == DeliveryKind.REMINDER, "url": url, "answers": answers,
        "context": Markup(render_markdown(asked["context"])),  # noqa: S704 - which lets no script and no image through
    }  # fmt: skip


def _subject(letter: Letter) -> str:
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
