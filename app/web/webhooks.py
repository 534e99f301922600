"""Webhooks on the account page."""

from typing import Any

from litestar import Response, post

from app.domain.errors import Conflict
from app.domain.user import User
from app.domain.webhook_address import fit_url
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookEvent, WebhookStatus
from app.domain.webhook_event import TEST, put
from app.web.account import account_page, done, section
from app.web.forms import complaints, field, fields
from app.web.pages import AnyRequest
from app.web.visitors import Id, Me


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
