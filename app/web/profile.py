"""What a person is called, and how they see times."""

from typing import Any

from litestar import Response, post

from app.auth import present
from app.domain.errors import Unfit
from app.domain.user import User, zones
from app.web.account import account_page, done, section
from app.web.forms import field
from app.web.pages import AnyRequest
from app.web.visitors import Me


@section("profile")
async def shown(request: AnyRequest, me: User) -> dict[str, Any]:
    return {"zones": zones()}


@post("/account/profile", status_code=303)
async def change_profile(request: AnyRequest, me: Me) -> Response[bytes]:
    values = {name: (await field(request, name)).strip() for name in ("name", "time_zone")}
    try:
        await me.describe(**values)
    except Unfit as unfit:
        wrong = "time_zone" if "zone" in str(unfit) else "name"
        return await account_page(request, me, status=422, errors={wrong: str(unfit)}, values=values)
    present.forget_person(me.id)  # this process is told too, but maybe after the next page
    return done(request, "profile", "profile")
