"""Asking for a link to another password, where there is a mailbox to send it from."""

from litestar import Response, get, post
from litestar.background_tasks import BackgroundTask

from app.auth.reset import reset_url
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import NotFound
from app.domain.gate_try import Gate, GateTry
from app.domain.mailed_link import LinkKind, mail_link
from app.domain.user import User
from app.limits import TooMany
from app.settings import settings
from app.web.forms import field
from app.web.pages import AnyRequest, page, refused


@get("/forgotten-password", opt={"open": True})
async def show_forgotten_password(request: AnyRequest) -> Response[bytes]:
    _needs_mail()
    return page(request, "forgotten_passwords/show.html", sent=False, error="")


@post("/forgotten-password", opt={"open": True, "uncounted": True}, status_code=200)
async def ask_for_link(request: AnyRequest) -> Response[bytes]:
    """Whoever has no account is told the same, and no later: what is done is done after the answer."""
    _needs_mail()
    email = (await field(request, "email")).strip()
    try:
        await GateTry.pass_by(Gate.NEW_PASSWORD)
    except TooMany as many:
        error = f"That was done often from here. Try again {many.verdict.soon}."
        return refused(page(request, "forgotten_passwords/show.html", sent=False, error=error), many.verdict)
    answer = page(request, "forgotten_passwords/show.html", sent=True, error="")
    answer.background = BackgroundTask(_send_link, email)
    return answer


def _needs_mail() -> None:
    if not settings().has_mail:
        raise NotFound


async def _send_link(email: str) -> None:
    user = await User.by_email(email)
    if user is not None and user.left_at is None:
        await audit.note(Action.RESET_LINK_MADE, by=user, about=user)
        await mail_link(LinkKind.RESET, user.email, reset_url(user))
