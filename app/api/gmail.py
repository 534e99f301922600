"""Google tells us that there is new mail (Pub/Sub, which signs each call)."""

from typing import Any

from litestar import Request, Response, post

from app.auth.bearer import Stranger
from app.channels.gmail_push import is_from_google
from app.database import new_id
from app.queue import nudge

AnyRequest = Request[Any, Any, Any]


@post("/gmail/push", status_code=204, opt={"open": True, "stateless": True}, include_in_schema=False)
async def hear_of_mail(request: AnyRequest) -> Response[None]:
    """What it says is not believed, only that there is something: the mailbox is read."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not await is_from_google(token.strip()):
        raise Stranger
    nudge("read_mail", new_id())
    return Response(None, status_code=204)
