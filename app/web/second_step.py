"""The second step of signing in: a code, from whoever has shown the first factor in this browser."""

from datetime import timedelta

from litestar import Response, get, post

from app.auth import second_factor
from app.auth.cookies import kept_for, name
from app.domain.user import User
from app.limits import TooMany
from app.web.entering import HALF_WAY, enter
from app.web.forms import field
from app.web.pages import AnyRequest, browser_of, cookies_of, page, refused, see, visitor_of


@get("/sign-in/second-step", opt={"open": True})
async def show_second_step(request: AnyRequest) -> Response[bytes]:
    who = await _half_way(request)
    return _asked(request, who[0]) if who else see(request, "/sign-in")


@post("/sign-in/second-step", opt={"open": True, "uncounted": True}, status_code=303)
async def take_second_step(request: AnyRequest) -> Response[bytes]:
    who = await _half_way(request)
    if not who:
        return see(request, "/sign-in")
    user, back = who
    try:
        passes = await second_factor.passes(user, await field(request, "code", longest=100))
    except TooMany as many:
        return refused(_asked(request, user, f"That was tried too often. Try again {many.verdict.soon}."), many.verdict)
    if not passes:
        return _asked(request, user, "That code is not right, or it was used before. Try the one that shows now.")
    await enter(request, user, "two steps")
    visitor_of(request).cookies.append(kept_for(timedelta(), HALF_WAY, ""))
    return see(request, back)


async def _half_way(request: AnyRequest) -> tuple[User, str] | None:
    return await second_factor.who_is_half_way(cookies_of(request).get(name(HALF_WAY), ""), browser_of(request))


def _asked(request: AnyRequest, user: User, error: str = "") -> Response[bytes]:
    return page(request, "sign_in/second_step.html", status=422 if error else 200, email=user.email, error=error)
