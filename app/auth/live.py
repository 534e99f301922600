"""Who listens: to a stream or a socket one comes with a token, or from one of our own pages with its cookies."""

from typing import Any

from litestar.connection import ASGIConnection

from app.auth.bearer import Caller, Stranger, caller, in_person
from app.auth.cookies import name, read_cookies, visitor
from app.auth.origin import Foreign, is_own

AnyConnection = ASGIConnection[Any, Any, Any, Any]


async def listener(connection: AnyConnection) -> Caller:
    """Whom a token or, from our own pages only, a cookie names. Stranger or Foreign otherwise. A sign-in that was renewed
    on the way is in the connection's state, as its visitor."""
    if authorization := connection.headers.get("authorization", ""):
        return await caller(authorization)
    cookies = read_cookies(connection.headers.get("cookie", "").encode("latin-1", "replace"))
    if not {name("access"), name("refresh")} & cookies.keys():
        raise Stranger
    if not is_own(connection.headers.get("origin", "")):
        raise Foreign
    who = connection.scope["state"]["visitor"] = await visitor(cookies)
    return in_person(who)
