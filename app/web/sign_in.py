"""Signing in and out."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from app.auth import first_factor
from app.auth.cookies import signed_out
from app.domain.user import User
from app.limits import TooMany
from app.web.entering import leave, let_in
from app.web.forms import field
from app.web.identities import CONFIRM, brought
from app.web.pages import AnyRequest, local, page, refused, see, visitor_of


@get("/", opt={"open": True})
async def home(request: AnyRequest) -> Response[bytes]:
    """To the chat, to the sign-in, or to the sign-up while nobody is there yet."""
    if visitor_of(request).user:
        return see(request, "/chat")
    return see(request, "/sign-up" if await User.nobody_yet() else "/sign-in")


def sign_in_page(request: AnyRequest, *, error: str = "", email: str = "", next: str = "") -> Response[bytes]:
    """The form; with what brought them here, if they are to confirm that an account elsewhere is theirs."""
    told = brought(request) if next == CONFIRM else None
    shown = {"error": error, "email": email or (told.email if told else ""), "next": next, "told": told}
    return page(request, "sign_in/show.html", status=422 if error else 200, **shown)


def too_often(many: TooMany) -> str:
    return f"That was tried too often. Try again {many.verdict.soon}."


@get("/sign-in", opt={"open": True})
async def show_sign_in(request: AnyRequest, next: FromQuery[str] = "") -> Response[bytes]:
    return sign_in_page(request, next=local(next, ""))


@post("/sign-in", opt={"open": True, "uncounted": True}, status_code=303)
async def sign_in(request: AnyRequest) -> Response[bytes]:
    email, back = (await field(request, "email")).strip(), await field(request, "next")
    told: dict[str, Any] = {"email": email, "next": local(back, "")}
    try:
        user = await first_factor.by_password(email, await field(request, "password"))
    except TooMany as many:
        return refused(sign_in_page(request, error=too_often(many), **told), many.verdict)
    if user is None:
        error = "That e-mail address and password don't belong together."
        return sign_in_page(request, error=error, **told)
    return await let_in(request, user, local(back, "/chat"))


@post("/sign-out", opt={"open": True, "uncounted": True}, status_code=303)
async def sign_out(request: AnyRequest) -> Response[bytes]:
    """End this device's sign-in."""
    await leave(request)
    visitor_of(request).cookies[:] = signed_out()
    return see(request, "/sign-in")
