"""The second factor on the account page: an authenticator app, and codes on paper for when it is lost."""

from typing import Any

import segno
from litestar import Response, get, post

from app.auth.certainty import doubt, fresh
from app.database import transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.recovery_code import RecoveryCode
from app.domain.totp import Totp
from app.domain.user import User
from app.web.account import account_page, done, section
from app.web.forms import field
from app.web.pages import AnyRequest, page, see, visitor_of
from app.web.visitors import Me


@section("second_factor")
async def shown(request: AnyRequest, me: User) -> dict[str, Any]:
    return {
        "app": await Totp.of(me.id),
        "codes_left": await RecoveryCode.left(me),
        "fresh": await fresh(visitor_of(request).sign_in_id),
    }


@post("/account/authenticator", status_code=303)
async def begin_authenticator(request: AnyRequest, me: Me) -> Response[bytes]:
    """Make a secret; it counts once a first code has come back."""
    if refusal := await _refusal(request, me):
        return refusal
    await Totp.begin(me)
    return see(request, "/account/authenticator")


@get("/account/authenticator")
async def show_authenticator(request: AnyRequest, me: Me) -> Response[bytes]:
    """The secret to scan, until it is confirmed."""
    totp = await Totp.to_confirm(me)
    return _to_scan(request, me, totp) if totp else see(request, "/account#second_factor")


@post("/account/authenticator/confirmation", status_code=303)
async def confirm_authenticator(request: AnyRequest, me: Me) -> Response[bytes]:
    """The first code: from now on it is asked for. The codes for the day it is lost are shown, this once."""
    totp = await Totp.to_confirm(me)
    if not totp:
        return see(request, "/account#second_factor")
    async with transaction():
        if not await totp.confirm("".join((await field(request, "code", longest=100)).split())):
            return _to_scan(request, me, totp, "That is not the code that it shows now. Does your phone know the time?")
        codes = await RecoveryCode.make_new(me)
        await audit.note(Action.SECOND_FACTOR_ADDED, by=me, detail="authenticator app")
    return _shown_once(request, codes)


@post("/account/authenticator/delete", status_code=303)
async def remove_authenticator(request: AnyRequest, me: Me) -> Response[bytes]:
    """From now on the password will do."""
    if refusal := await _refusal(request, me):
        return refusal
    async with transaction():
        await Totp.delete().where(Totp.user == me.id)
        await RecoveryCode.delete().where(RecoveryCode.user == me.id)
        await audit.note(Action.SECOND_FACTOR_REMOVED, by=me, detail="authenticator app")
    return done(request, "authenticator-removed", "second_factor")


@post("/account/recovery-codes", status_code=303)
async def make_recovery_codes(request: AnyRequest, me: Me) -> Response[bytes]:
    """New ones in place of the old."""
    if refusal := await _refusal(request, me):
        return refusal
    if not await Totp.of(me.id):
        return see(request, "/account#second_factor")
    async with transaction():
        codes = await RecoveryCode.make_new(me)
        await audit.note(Action.RECOVERY_CODES_MADE, by=me)
    return _shown_once(request, codes)


async def _refusal(request: AnyRequest, me: User) -> Response[bytes] | None:
    error = await doubt(me, visitor_of(request).sign_in_id, await field(request, "second_factor_password"))
    return await account_page(request, me, status=422, errors={"second_factor_password": error}) if error else None


def _to_scan(request: AnyRequest, me: User, totp: Totp, error: str = "") -> Response[bytes]:
    picture = segno.make(totp.address(me.email), error="m").svg_data_uri(scale=5, border=3, light="#fff")
    secret = " ".join(totp.plain_secret[start : start + 4] for start in range(0, len(totp.plain_secret), 4))
    status = 422 if error else 200
    return page(request, "account/authenticator.html", status=status, picture=picture, secret=secret, error=error)


def _shown_once(request: AnyRequest, codes: list[str]) -> Response[bytes]:
    return page(request, "account/recovery_codes.html", codes=codes)
