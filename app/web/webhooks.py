"""Webhooks on the account page, and the page of each."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromQuery

from app.clock import now
from app.domain.errors import Conflict, Unfit
from app.domain.user import User
from app.domain.webhook_address import fit_url
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookEvent, WebhookStatus
from app.domain.webhook_event import TEST, deliveries_of, put, replay
from app.web.account import account_page, done, section
from app.web.forms import complaints, field, fields
from app.web.pages import AnyRequest, page, see
from app.web.visitors import Id, Me

SHOWN = 50
HOURS = {"1", "24", "168"}


@section("webhooks")
async def shown(request: AnyRequest, me: User) -> dict[str, Any]:
    return {"mine": await WebhookEndpoint.of(me.id), "events": list(WebhookEvent)}


@post("/account/webhooks", status_code=200)
async def add_endpoint(request: AnyRequest, me: Me) -> Response[bytes]:
    """An endpoint, with its secret, shown this once."""
    url, chosen = (await field(request, "hook_url")).strip(), await fields(request, "hook_events")
    events = [event for event in WebhookEvent if event in chosen]
    errors = {} if events else {"hook_events": "Choose at least one."}
    errors |= complaints(hook_url=lambda: fit_url(url))
    try:
        if not errors:
            _, secret = await WebhookEndpoint.add(me, url, events)
            return await account_page(request, me, new_secret=secret, new_secret_for=url)
    except Conflict as conflict:
        errors["hook_url"] = str(conflict)
    return await account_page(request, me, status=422, errors=errors, values={"hook_url": url, "hook_events": events})


@get("/account/webhooks/{endpoint_id:uuid}")
async def show_endpoint(request: AnyRequest, me: Me, endpoint_id: Id, replayed: FromQuery[int] = -1) -> Response[bytes]:
    """How an endpoint stands, and what went there."""
    return await _page(request, await WebhookEndpoint.one(me.id, endpoint_id), replayed=replayed)


async def _page(request: AnyRequest, endpoint: WebhookEndpoint, **told: Any) -> Response[bytes]:
    sent = await deliveries_of(endpoint, after=None, limit=SHOWN)
    return page(request, "webhooks/show.html", **{"endpoint": endpoint, "sent": sent, "replayed": -1, "now": now(), **told})


@post("/account/webhooks/{endpoint_id:uuid}/secret", status_code=200)
async def renew_secret(request: AnyRequest, me: Me, endpoint_id: Id) -> Response[bytes]:
    """Another secret, shown this once."""
    endpoint = await WebhookEndpoint.one(me.id, endpoint_id)
    return await _page(request, endpoint, new_secret=await endpoint.renew_secret(by=me))


@post("/account/webhooks/{endpoint_id:uuid}/replays", status_code=303)
async def replay_deliveries(request: AnyRequest, me: Me, endpoint_id: Id) -> Response[bytes]:
    """Send one event again, or all since some hours."""
    endpoint = await WebhookEndpoint.active(me.id, endpoint_id)
    count = await replay(endpoint, **await _which(request))
    return see(request, f"/account/webhooks/{endpoint_id}?replayed={count}")


async def _which(request: AnyRequest) -> dict[str, Any]:
    one, hours = await field(request, "delivery"), await field(request, "hours")
    if hours in HOURS:
        return {"since": now() - timedelta(hours=int(hours))}
    try:
        return {"delivery_id": UUID(one)}
    except ValueError as error:
        raise Unfit("There is no such delivery.") from error


@post("/account/webhooks/{endpoint_id:uuid}/test", status_code=303)
async def test_endpoint(request: AnyRequest, me: Me, endpoint_id: Id) -> Response[bytes]:
    """Post a test there."""
    await put(await WebhookEndpoint.active(me.id, endpoint_id), TEST)
    return done(request, "hook-tested", "webhooks")


@post("/account/webhooks/{endpoint_id:uuid}/state", status_code=303)
async def enable_endpoint(request: AnyRequest, me: Me, endpoint_id: Id) -> Response[bytes]:
    """Post there again."""
    endpoint = await WebhookEndpoint.one(me.id, endpoint_id)
    await endpoint.change(by=me, status=WebhookStatus.ACTIVE)
    return done(request, "hook-enabled", "webhooks")


@post("/account/webhooks/{endpoint_id:uuid}/delete", status_code=303)
async def remove_endpoint(request: AnyRequest, me: Me, endpoint_id: Id) -> Response[bytes]:
    """Nothing goes there any more."""
    endpoint = await WebhookEndpoint.one(me.id, endpoint_id)
    await endpoint.drop(by=me)
    return done(request, "hook-removed", "webhooks")
