"""Where a person is signed in."""

from typing import Any

from litestar import Response, post

from app.auth import present
from app.auth.cookies import signed_out
from app.database import transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.web.account import done, section
from app.web.pages import AnyRequest, see, visitor_of
from app.web.visitors import Id, Me


@section("devices")
async def shown(request: AnyRequest, me: User) -> dict[str, Any]:
    return {"mine": await SignIn.of(me), "this": visitor_of(request).sign_in_id}


@post("/account/devices/{sign_in_id:uuid}/end", status_code=303)
async def end_device(request: AnyRequest, me: Me, sign_in_id: Id) -> Response[bytes]:
    """Sign one device out; its open pages say so at once."""
    sign_in = await me.sign_in(sign_in_id)
    await sign_in.end()
    present.forget(sign_in.id)
    if sign_in.id == visitor_of(request).sign_in_id:
        visitor_of(request).cookies[:] = signed_out()
        return see(request, "/sign-in")
    return done(request, "device", "devices")


@post("/account/devices/end", status_code=303)
async def end_other_devices(request: AnyRequest, me: Me) -> Response[bytes]:
    """Sign out everywhere else."""
    async with transaction():
        await SignIn.end_all(me.id, but=visitor_of(request).sign_in_id)
        await audit.note(Action.SIGNED_OUT, by=me, detail="everywhere else")
    present.forget_person(me.id)
    return done(request, "devices", "devices")
