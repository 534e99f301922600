"""Signing in by a passkey alone: it stands for both factors."""

from datetime import timedelta

from litestar import Response, post

from app.auth import passkeys
from app.auth.cookies import kept_for
from app.domain.gate_try import GateTry
from app.limits import TooMany
from app.web.entering import HALF_WAY, enter
from app.web.forms import field
from app.web.pages import AnyRequest, browser_of, json_answer, local, refused, see, visitor_of
from app.web.sign_in import sign_in_page, too_often

LONGEST = 20_000


async def brought_passkey(request: AnyRequest) -> tuple[str, str]:
    """What `static/js/passkey-form.js` sends: the sealed challenge, and what the passkey says to it."""
    return await field(request, "challenge", longest=LONGEST), await field(request, "credential", longest=LONGEST)


@post("/sign-in/passkey/challenge", opt={"open": True, "uncounted": True}, status_code=201)
async def challenge_passkey(request: AnyRequest) -> Response[bytes]:
    """What the sign-in page asks anybody's passkey for."""
    try:
        await GateTry.foresee_sign_in(None)
    except TooMany as many:
        return refused(json_answer({"error": too_often(many)}), many.verdict)
    return json_answer(passkeys.to_sign_in(browser_of(request)))


@post("/sign-in/passkey", opt={"open": True, "uncounted": True}, status_code=303)
async def sign_in_by_passkey(request: AnyRequest) -> Response[bytes]:
    """In, without a password and without a second step."""
    back = await field(request, "next")
    try:
        user = await passkeys.shown(browser_of(request), *await brought_passkey(request))
    except passkeys.NotGood as why:
        return sign_in_page(request, error=str(why), next=local(back, ""))
    except TooMany as many:
        return refused(sign_in_page(request, error=too_often(many), next=local(back, "")), many.verdict)
    await enter(request, user, "passkey")
    visitor_of(request).cookies.append(kept_for(timedelta(), HALF_WAY, ""))
    return see(request, local(back, "/chat"))
