"""A person's own account: one page of sections, each with a web file and a partial of its own.

A section registers what its partial `templates/account/_<name>.html` shows, under its name, and posts to `/account/...`:
after a change it leads back with `done(...)`, and a form that doesn't fit shows the page again with `account_page(...)`."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response, get
from litestar.params import FromQuery

from app.domain.user import User
from app.web.pages import AnyRequest, page, see
from app.web.visitors import Me

Shown = Callable[[AnyRequest, User], Awaitable[Any]]
_sections: dict[str, Shown] = {}


def section(name: str) -> Callable[[Shown], Shown]:
    """Say what the partial of this name is given, as a variable of its own name."""

    def register(shown: Shown) -> Shown:
        _sections[name] = shown
        return shown

    return register


@get("/account")
async def show_account(request: AnyRequest, me: Me, done: FromQuery[str] = "") -> Response[bytes]:
    return await account_page(request, me, done=done)


async def account_page(request: AnyRequest, me: User, *, status: int = 200, **told: Any) -> Response[bytes]:
    """The page with all sections. `errors` are texts by the name of their field; whatever else is `told` is there too."""
    shown = {name: await context(request, me) for name, context in _sections.items()}
    return page(request, "account/show.html", status=status, **{"errors": {}, "values": {}, "done": "", **shown, **told})


def done(request: AnyRequest, what: str, name: str) -> Response[bytes]:
    """Back to a section, which says that `what` is done."""
    return see(request, f"/account?done={what}#{name}")
