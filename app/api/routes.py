"""Where programs find what."""

from litestar import Router, route
from litestar.di import Provide

from app.api import callers, channels, events, feedback, mcp_door, messages, oauth, sessions, stops, webhooks
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
        messages.ask_first,
        stops.stop,
        events.stream,
        events.open_to_programs,
        feedback.ask,
        feedback.ask_batch,
        feedback.list_requests,
        feedback.show_request,
        feedback.respond,
        feedback.hand_on,
        feedback.withdraw,
        feedback.list_timeline,
        channels.list_channels,
        channels.add_channel,
        channels.change_reach,
        channels.remove_channel,
        channels.test_channel,
        webhooks.add_endpoint,
        webhooks.list_endpoints,
        webhooks.show_endpoint,
        webhooks.change_endpoint,
        webhooks.remove_endpoint,
        webhooks.renew_secret,
        webhooks.test_endpoint,
        webhooks.list_deliveries,
        webhooks.replay_deliveries,
        nothing,
    ],
    middleware=[callers.Callers(), Idempotent()],
    dependencies={"me": Provide(callers.me)},
    opt={"stateless": True},
    include_in_schema=True,
)
OAUTH = Router(
    "/",
    route_handlers=[oauth.give_tokens, oauth.revoke_token, oauth.describe_server, oauth.show_keys, mcp_door.describe_mcp],
    opt={"open": True, "stateless": True},
    include_in_schema=True,
)
