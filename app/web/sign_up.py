"""Becoming a member; the very first visitor becomes admin."""

from dataclasses import dataclass
from typing import Self

from litestar import Response, get, post
from litestar.params import FromQuery

from app.auth import passwords
from app.auth.first_visitor import may_be_first
from app.database import transaction
from app.domain.email_address import is_address
from app.domain.errors import Conflict
from app.domain.gate_try import Gate, GateTry
from app.domain.invitation import Invitation
from app.domain.user import User
from app.limits import TooMany
from app.settings import Signup, settings
from app.web.entering import enter
from app.web.forms import field
from app.web.pages import AnyRequest, page, refused, see


@dataclass(frozen=True)
class Entrance:
    """By what right a visitor signs up: as the first, by an invitation, or because all may. `closed` says why they can't."""

    first: bool
    key: str
    token: str
    invitation: Invitation | None

    @classmethod
    async def of(cls, key: str, token: str) -> Self:
        return cls(await User.nobody_yet(), key, token, await Invitation.find(token))

    @classmethod
    async def of_address(cls, key: str, email: str) -> Self:
        """That of somebody who has shown that `email` is theirs: an invitation for it needs no link."""
        return cls(await User.nobody_yet(), key, "", await Invitation.of(email))

    @property
    def closed(self) -> str | None:
        signup = settings().signup
        if self.first and not may_be_first(self.key):
            return "Open the sign-up link that Parley printed when it started; it makes the first account."
        if self.first or signup == Signup.OPEN or (self.invitation and signup == Signup.INVITE):
            return None
        if self.token and signup == Signup.INVITE:
            return "This invitation is no longer good. Ask an admin for another one."
        return "Parley is closed to new members here. Ask an admin to invite you."

    async def join(self, name: str, email: str, password_hash: str | None) -> User:
        """Make the account. An invitation is spent by it."""
        async with transaction():
            if self.invitation:
                await self.invitation.use()
            only_first = settings().signup != Signup.OPEN and not self.invitation
            return await User.sign_up(name=name, email=email, password_hash=password_hash, only_first=only_first)


@get("/sign-up", opt={"open": True})
async def show_sign_up(request: AnyRequest, key: FromQuery[str] = "", invitation: FromQuery[str] = "") -> Response[bytes]:
    entrance = await Entrance.of(key, invitation)
    return _form(request, entrance, {"form": entrance.closed} if entrance.closed else {}, {})


@post("/sign-up", opt={"open": True, "uncounted": True}, status_code=303)
async def sign_up(request: AnyRequest) -> Response[bytes]:
    """Make the account and sign in at once."""
    values = {name: (await field(request, name)).strip() for name in ("name", "email")}
    password = await field(request, "password")
    entrance = await Entrance.of(await field(request, "key"), await field(request, "invitation"))
    if entrance.invitation:
        values["email"] = entrance.invitation.email
    errors = _errors(values, password, entrance)
    if errors:
        return _form(request, entrance, errors, values)
    try:
        await GateTry.pass_by(Gate.SIGN_UP)
        user = await entrance.join(**values, password_hash=await passwords.hash_password(password))
    except Conflict as conflict:
        return _form(request, entrance, {"email": str(conflict)}, values)
    except TooMany as many:
        error = {"form": f"Many people have signed up from here just now. Try again {many.verdict.soon}."}
        return refused(_form(request, entrance, error, values), many.verdict)
    await enter(request, user, "sign-up")
    return see(request, "/chat")


def _errors(values: dict[str, str], password: str, entrance: Entrance) -> dict[str, str]:
    found = {
        "form": entrance.closed,
        "name": None if 0 < len(values["name"]) <= 200 and values["name"].isprintable() else "Tell us what to call you.",
        "email": None if is_address(values["email"]) else "That is no e-mail address.",
        "password": passwords.complaint(password),
    }
    return {name: error for name, error in found.items() if error}


def _form(request: AnyRequest, entrance: Entrance, errors: dict[str, str], values: dict[str, str]) -> Response[bytes]:
    status = 422 if errors and request.method == "POST" else 200
    return page(request, "sign_up/show.html", status=status, entrance=entrance, errors=errors, values=values)
