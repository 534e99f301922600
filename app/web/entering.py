"""The one way in: whoever has shown a first factor is signed in here, or asked for the second."""

from litestar import Response

from app.auth import present, second_factor
from app.auth.cookies import kept_for, signed_in
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.web.pages import AnyRequest, browser_of, see, visitor_of

HALF_WAY = "half-way"


async def let_in(request: AnyRequest, user: User, back: str = "/chat", *, how: str = "password") -> Response[bytes]:
    """Sign `user` in and show `back`; who has a second factor is asked for it first. `how` they came is noted."""
    if await second_factor.needed(user):
        kept = second_factor.half_way(user, browser_of(request), back)
        visitor_of(request).cookies.append(kept_for(second_factor.LASTS, HALF_WAY, kept))
        return see(request, "/sign-in/second-step")
    await enter(request, user, how)
    return see(request, back)


async def enter(request: AnyRequest, user: User, how: str) -> None:
    """Sign `user` in with a new id. The sign-in that came along, theirs or one that somebody planted, ends."""
    await leave(request)
    begun = await SignIn.begin(user, request.headers.get("user-agent", ""), how)
    visitor_of(request).cookies[:] = signed_in(user, begun)


async def leave(request: AnyRequest) -> None:
    """End the sign-in that came along, if there is one."""
    sign_in_id = visitor_of(request).sign_in_id
    if sign_in_id and (ending := await SignIn.objects().get(SignIn.id == sign_in_id)):
        await ending.end()
        present.forget(sign_in_id)
