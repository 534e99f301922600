"""Becoming a member; the very first visitor becomes admin."""

import re

from litestar import Response, get, post
from litestar.params import FromQuery

from app.auth import passwords
from app.auth.first_visitor import may_be_first
from app.domain.errors import Conflict
from app.domain.user import User
from app.settings import Signup, settings
from app.web.entering import enter
from app.web.forms import field
from app.web.pages import AnyRequest, page, see

ADDRESS = re.compile(r"[^@\s\x00-\x1f<>,;:\"()\[\]\\]{1,64}@[^@\s\x00-\x1f<>,;:\"()\[\]\\]{1,253}")


@get("/sign-up", opt={"open": True})
async def show_sign_up(request: AnyRequest, key: FromQuery[str] = "") -> Response[bytes]:
    first = await User.nobody_yet()
    closed = await _refusal(first, key)
    return _form(request, first, {"form": closed} if closed else {}, {}, key)


@post("/sign-up", opt={"open": True, "uncounted": True}, status_code=303)
async def sign_up(request: AnyRequest) -> Response[bytes]:
    """Make the account and sign in at once."""
    values = {name: (await field(request, name)).strip() for name in ("name", "email")}
    password, key = await field(request, "password"), await field(request, "key")
    first = await User.nobody_yet()
    errors = await _errors(values, password, first, key)
    if not errors:
        try:
            hashed = await passwords.hash_password(password)
            user = await User.sign_up(**values, password_hash=hashed, only_first=settings().signup != Signup.OPEN)
        except Conflict as conflict:
            errors = {"email": str(conflict)}
    if errors:
        return _form(request, first, errors, values, key)
    await enter(request, user)
    return see(request, "/chat")


async def _refusal(first: bool, key: str) -> str | None:
    """Why this visitor can't sign up at all, or None."""
    if first and not may_be_first(key):
        return "Open the sign-up link that Parley printed when it started; it makes the first account."
    if first or settings().signup == Signup.OPEN:
        return None
    return "Parley is closed to new members here. Ask an admin to invite you."


async def _errors(values: dict[str, str], password: str, first: bool, key: str) -> dict[str, str]:
    email = values["email"]
    found = {
        "form": await _refusal(first, key),
        "name": None if 0 < len(values["name"]) <= 200 and values["name"].isprintable() else "Tell us what to call you.",
        "email": None if ADDRESS.fullmatch(email) and email.isprintable() else "That is no e-mail address.",
        "password": passwords.complaint(password),
    }
    return {name: error for name, error in found.items() if error}


def _form(request: AnyRequest, first: bool, errors: dict[str, str], values: dict[str, str], key: str) -> Response[bytes]:
    status = 422 if errors and request.method == "POST" else 200
    return page(request, "sign_up/show.html", status=status, first=first, errors=errors, values=values, key=key)
