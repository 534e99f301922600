"""Choosing another password by a link, when the old one is forgotten."""

from litestar import Response, get, post
from litestar.params import FromQuery

from app.auth import passwords, present
from app.auth.reset import who_resets
from app.domain.gate_try import Gate, GateTry
from app.limits import TooMany
from app.web.forms import field
from app.web.pages import AnyRequest, page, refused, see


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
    try:
        await GateTry.pass_by(Gate.NEW_PASSWORD)
    except TooMany as many:
        error = f"That was done often from here. Try again {many.verdict.soon}."
        return refused(page(request, "new_password/show.html", user=user, token=token, error=error), many.verdict)
    await user.choose_password(await passwords.hash_password(chosen), on=None)
    present.forget_person(user.id)
    return see(request, "/sign-in")
