"""Where programs find what."""

from litestar import Router, route
from litestar.di import Provide

from app.api import callers, events, messages, oauth, sessions, stops
from app.api.idempotency import Idempotent
from app.domain.errors import NotFound


@route(["/", "/{path:path}"], http_method=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
async def nothing() -> None:
    """Any other address."""
    raise NotFound("There is no such address.")


API = Router(
    "/api",
    route_handlers=[
        sessions.open_session,
        sessions.list_sessions,
        sessions.show_session,
        sessions.rename_session,
        sessions.delete_session,
        sessions.switch_channel,
        messages.say,
        messages.list_messages,
        stops.stop,
        events.stream,
        events.open_to_programs,
        nothing,
    ],
    middleware=[callers.Callers(), Idempotent()],
    dependencies={"me": Provide(callers.me)},
    opt={"stateless": True},
    include_in_schema=True,
)
OAUTH = Router(
    "/",
    route_handlers=[oauth.give_tokens, oauth.revoke_token, oauth.describe_server, oauth.show_keys],
    opt={"open": True, "stateless": True},
    include_in_schema=True,
)
