"""Who listens: to a stream or a socket one comes with a token, or from one of our own pages with its cookies."""

from typing import Any

from litestar.connection import ASGIConnection

from app.auth.bearer import Caller, Stranger, caller, in_person
from app.auth.cookies import name, read_cookies, visitor
from app.auth.origin import Foreign, is_own

AnyConnection = ASGIConnection[Any, Any, Any, Any]


async def listener(connection: AnyConnection) -> Caller:
    """Whom a token or, from our own pages only, a cookie names. Stranger or Foreign otherwise."""
    if authorization := connection.headers.get("authorization", ""):
        return await caller(authorization)
    if not {name("access"), name("refresh")} & _cookies(connection).keys():
        raise Stranger
    return await in_browser(connection)


async def in_browser(connection: AnyConnection) -> Caller:
    """Whom the cookies name that one of our own pages came with; Foreign when it was none of them. A sign-in that was
    renewed on the way is in the connection's state, as its visitor."""
    if not is_own(connection.headers.get("origin", "")):
        raise Foreign
    who = connection.scope["state"]["visitor"] = await visitor(_cookies(connection))
    return in_person(who)


def _cookies(connection: AnyConnection) -> dict[str, str]:
    return read_cookies(connection.headers.get("cookie", "").encode("latin-1", "replace"))
