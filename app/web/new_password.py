"""Choosing another password by a link, when the old one is forgotten."""

from litestar import Response, get, post
from litestar.params import FromQuery

from app.auth import passwords, present
from app.auth.reset import who_resets
from app.web.forms import field
from app.web.pages import AnyRequest, page, see


@get("/new-password", opt={"open": True})
async def show_new_password(request: AnyRequest, token: FromQuery[str] = "") -> Response[bytes]:
    """The form, while the link is good. Looking at it spends nothing."""
    return page(request, "new_password/show.html", user=await who_resets(token), token=token, error="")


@post("/new-password", opt={"open": True, "uncounted": True}, status_code=303)
async def choose_new_password(request: AnyRequest) -> Response[bytes]:
    """Signs them out everywhere; they sign in with the new one."""
    token, chosen = await field(request, "token"), await field(request, "password")
    user = await who_resets(token)
    error = passwords.complaint(chosen) if user else ""
    if user is None or error:
        return page(request, "new_password/show.html", status=422, user=user, token=token, error=error)
    await user.choose_password(await passwords.hash_password(chosen), on=None)
    present.forget_person(user.id)
    return see(request, "/sign-in")
