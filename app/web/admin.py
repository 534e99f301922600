"""What the admin's pages have in common: who may see them, and how their lists are paged."""

from collections.abc import Sequence
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency

from app.domain.channel_health import all_failing_on_purpose
from app.domain.errors import NotFound
from app.domain.people import PAGE
from app.domain.user import Role, User
from app.web.pages import AnyRequest, see
from app.web.visitors import Me

Admin = NamedDependency[User]
"""The signed-in admin, as a handler asks for them; for anybody else its page does not exist."""


async def admin(request: AnyRequest, me: Me) -> User:
    """A route that asks for `admin` has one. Their pages say what fails on purpose."""
    if me.role != Role.ADMIN:
        raise NotFound
    request.scope["state"]["failing"] = await all_failing_on_purpose()
    return me


@get("/admin")
async def show_admin(request: AnyRequest, admin: Admin) -> Response[bytes]:
    return see(request, "/admin/users")


def paged(rows: Sequence[Any], page: int) -> dict[str, Any]:
    """A page of rows, of which there may be one too many, and the numbers of the pages beside it."""
    return {
        "rows": rows[:PAGE],
        "earlier": page - 1 if page > 1 else None,
        "later": page + 1 if len(rows) > PAGE else None,
    }
