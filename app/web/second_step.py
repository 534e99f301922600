"""The second step of signing in: a code or a passkey, from whoever has shown the first factor in this browser."""

from datetime import timedelta

from litestar import Response, get, post

from app.auth import passkeys, second_factor
from app.auth.cookies import kept_for, name
from app.domain.gate_try import GateTry
from app.domain.passkey import Passkey
from app.domain.user import User
from app.limits import TooMany
from app.web.entering import HALF_WAY, enter
from app.web.forms import field
from app.web.pages import AnyRequest, browser_of, cookies_of, json_answer, page, refused, see, visitor_of
from app.web.passkey_sign_in import brought_passkey
from app.web.sign_in import too_often


@get("/sign-in/second-step", opt={"open": True})
async def show_second_step(request: AnyRequest) -> Response[bytes]:
    who = await _half_way(request)
    return await _asked(request, who[0]) if who else see(request, "/sign-in")


@post("/sign-in/second-step", opt={"open": True, "uncounted": True}, status_code=303)
async def take_second_step(request: AnyRequest) -> Response[bytes]:
    who = await _half_way(request)
    if not who:
        return see(request, "/sign-in")
    user, back = who
    try:
        passes = await second_factor.passes(user, await field(request, "code", longest=100))
    except TooMany as many:
        return refused(await _asked(request, user, too_often(many)), many.verdict)
    if not passes:
        return await _asked(request, user, "That code is not right, or it was used before. Try the one that shows now.")
    return await _come_in(request, user, back)


@post("/sign-in/second-step/passkey/challenge", opt={"open": True, "uncounted": True}, status_code=201)
async def challenge_second_step(request: AnyRequest) -> Response[bytes]:
    """What the page asks a passkey of this person's for."""
    who = await _half_way(request)
    if not who:
        return json_answer({"error": "That took too long. Sign in again."}, status=422)
    try:
        await GateTry.foresee_sign_in(who[0].email)
    except TooMany as many:
        return refused(json_answer({"error": too_often(many)}), many.verdict)
    return json_answer(passkeys.to_sign_in(browser_of(request), who[0], await Passkey.of(who[0].id)))


@post("/sign-in/second-step/passkey", opt={"open": True, "uncounted": True}, status_code=303)
async def take_passkey(request: AnyRequest) -> Response[bytes]:
    """A passkey of theirs, in place of a code."""
    who = await _half_way(request)
    if not who:
        return see(request, "/sign-in")
    user, back = who
    try:
        await passkeys.shown(browser_of(request), *await brought_passkey(request), user)
    except passkeys.NotGood as why:
        return await _asked(request, user, passkey_error=str(why))
    except TooMany as many:
        return refused(await _asked(request, user, passkey_error=too_often(many)), many.verdict)
    return await _come_in(request, user, back)


async def _come_in(request: AnyRequest, user: User, back: str) -> Response[bytes]:
    await enter(request, user, "two steps")
    visitor_of(request).cookies.append(kept_for(timedelta(), HALF_WAY, ""))
    return see(request, back)


async def _half_way(request: AnyRequest) -> tuple[User, str] | None:
    return await second_factor.who_is_half_way(cookies_of(request).get(name(HALF_WAY), ""), browser_of(request))


async def _asked(request: AnyRequest, user: User, error: str = "", passkey_error: str = "") -> Response[bytes]:
    shown = {"email": user.email, "error": error, "passkey_error": passkey_error, "passkeys": await Passkey.of(user.id)}
    return page(request, "sign_in/second_step.html", status=422 if error or passkey_error else 200, **shown)
