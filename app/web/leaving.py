"""Leaving Parley: asked for, thought over, and then done by a job."""

from litestar import Response, get, post

from app.auth import present
from app.auth.cookies import signed_out
from app.domain.errors import Conflict
from app.web.account import account_page
from app.web.forms import field
from app.web.pages import AnyRequest, page, see, visitor_of
from app.web.password import not_their_password
from app.web.visitors import Me


@post("/account/leaving", status_code=200)
async def leave(request: AnyRequest, me: Me) -> Response[bytes]:
    """Signs out everywhere; the account is erased in a week unless its owner comes back and keeps it."""
    if error := await not_their_password(request, me, await field(request, "password")):
        return await account_page(request, me, status=422, errors={"leaving": error})
    try:
        await me.leave()
    except Conflict as conflict:
        return await account_page(request, me, status=409, errors={"leaving": str(conflict)})
    present.forget_person(me.id)
    answer = page(request, "account/left.html", until=me.erased_from)
    visitor_of(request).cookies[:] = signed_out()
    return answer


@get("/account/leaving", opt={"leaving": True})
async def show_leaving(request: AnyRequest, me: Me) -> Response[bytes]:
    """All that somebody sees who has left and signs in again."""
    if not me.left_at:
        return see(request, "/account")
    return page(request, "account/leaving.html", until=me.erased_from)


@post("/account/leaving/end", opt={"leaving": True}, status_code=303)
async def stay(request: AnyRequest, me: Me) -> Response[bytes]:
    """Keep the account."""
    await me.stay()
    present.forget_person(me.id)
    return see(request, "/chat")
