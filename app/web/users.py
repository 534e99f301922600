"""People, for admins: who there is, what each may do, and new passwords for those who forgot."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromQuery

from app.auth import present
from app.auth.reset import reset_url
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import Conflict, Unfit
from app.domain.invitation import Invitation
from app.domain.people import people, person
from app.domain.sign_in import SignIn
from app.domain.user import Role, User
from app.settings import Signup, settings
from app.web.admin import Admin, paged
from app.web.forms import field
from app.web.pages import AnyRequest, page, see
from app.web.visitors import Id


@get("/admin/users")
async def show_users(request: AnyRequest, admin: Admin, q: FromQuery[str] = "", p: FromQuery[int] = 1) -> Response[bytes]:
    return await users_page(request, q=q, p=p)


async def users_page(request: AnyRequest, *, status: int = 200, q: str = "", p: int = 1, **told: Any) -> Response[bytes]:
    """The list of people with the invitations that wait."""
    number = max(1, min(p, 10_000))
    context = {
        "q": q, "people": paged(await people(q.replace("\0", ""), number), number), "errors": {}, "values": {}, "link": "",
        "invitations": await Invitation.waiting(), "closed": settings().signup == Signup.CLOSED,
    }  # fmt: skip
    return page(request, "users/index.html", status=status, **context | told)


@get("/admin/users/{user_id:uuid}")
async def show_user(request: AnyRequest, admin: Admin, user_id: Id, done: FromQuery[str] = "") -> Response[bytes]:
    return await _user_page(request, await person(user_id), done=done)


@post("/admin/users/{user_id:uuid}/role", status_code=303)
async def change_role(request: AnyRequest, admin: Admin, user_id: Id) -> Response[bytes]:
    user, chosen = await person(user_id), await field(request, "role")
    if chosen not in [*Role]:
        raise Unfit("There is no such role.")
    await user.become(Role(chosen), by=admin)
    return _done(request, user, "role")


@post("/admin/users/{user_id:uuid}/disable", status_code=303)
async def disable_user(request: AnyRequest, admin: Admin, user_id: Id) -> Response[bytes]:
    """Their pages end at once, and they can't sign in."""
    user = await person(user_id)
    if user.id == admin.id:
        raise Conflict("You can't disable yourself. Ask another admin.")
    await user.disable(by=admin)
    return _done(request, user, "disabled")


@post("/admin/users/{user_id:uuid}/enable", status_code=303)
async def enable_user(request: AnyRequest, admin: Admin, user_id: Id) -> Response[bytes]:
    user = await person(user_id)
    await user.enable(by=admin)
    return _done(request, user, "enabled")


@post("/admin/users/{user_id:uuid}/new-password", status_code=200)
async def reset_password(request: AnyRequest, admin: Admin, user_id: Id) -> Response[bytes]:
    """A link for them, shown this once."""
    user = await person(user_id)
    await audit.note(Action.RESET_LINK_MADE, by=admin, about=user)
    return await _user_page(request, user, link=reset_url(user))


def _done(request: AnyRequest, user: User, what: str) -> Response[bytes]:
    present.forget_person(user.id)
    return see(request, f"/admin/users/{user.id}?done={what}")


async def _user_page(request: AnyRequest, user: User, **told: Any) -> Response[bytes]:
    context = {"user": user, "sign_ins": await SignIn.of(user), "link": "", "done": "", **told}
    return page(request, "users/show.html", **context)
