"""Where programs are told what becomes of requests, without asking."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import FromQuery, JSONBody
from pydantic import AwareDatetime, BaseModel, Field

from app.api.callers import Id, Me
from app.api.sessions import Limit
from app.api.shapes import Listed
from app.domain.delivery import Delivery
from app.domain.ladder import DeliveryStatus
from app.domain.scope import Scope
from app.domain.webhook_address import LONGEST_URL
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookEvent, WebhookStatus
from app.domain.webhook_event import TEST, deliveries_of, put, replay

SCOPE = {"scope": Scope.FEEDBACK}
SECRET = {**SCOPE, "secret": True}


class NewEndpoint(BaseModel):
    """An address, and the events to post there. Without a `url` it is what signs the posts to the `webhook` of your
    requests."""

    url: str = Field("", json_schema_extra={"maxLength": LONGEST_URL})
    events: list[WebhookEvent] = []


class Changed(BaseModel):
    """What is to change. A disabled endpoint made active gets what happens from then on; replay what it missed."""

    url: str | None = Field(None, json_schema_extra={"maxLength": LONGEST_URL})
    events: list[WebhookEvent] | None = None
    status: WebhookStatus | None = None


class Endpoint(BaseModel):
    """Where events are posted. It is disabled by answering 410, or by failing for three days."""

    id: UUID
    url: str
    events: list[WebhookEvent]
    status: WebhookStatus
    failing_since: datetime | None
    last_error: str
    last_ok_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, endpoint: WebhookEndpoint, **more: Any) -> Self:
        return cls(**{name: getattr(endpoint, name) for name in Endpoint.model_fields}, **more)


class Secret(BaseModel):
    """By which a program knows that a post is ours (Standard Webhooks). It is not told again."""

    secret: str


class EndpointWithSecret(Endpoint, Secret):
    """A new endpoint."""


class Sent(BaseModel):
    """An event on its way. Its id is the post's `webhook-id`."""

    id: UUID
    event: str
    request_id: UUID | None
    status: DeliveryStatus
    attempts: int
    error: str
    created_at: datetime
    accepted_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        return cls(
            id=delivery.id, event=delivery.told["event"], request_id=delivery.request,
            status=DeliveryStatus(delivery.status), attempts=delivery.attempt, error=delivery.error,
            created_at=delivery.created_at, accepted_at=delivery.accepted_at,
        )  # fmt: skip


class Replay(BaseModel):
    """One event, or all since a time."""

    delivery: UUID | None = None
    since: AwareDatetime | None = None

    @property
    def which(self) -> dict[str, Any]:
        given = {"delivery_id": self.delivery, "since": self.since}
        return {name: value for name, value in given.items() if value is not None}


class Replayed(BaseModel):
    """How many are sent again."""

    count: int


@post("/webhooks", status_code=201, opt=SECRET)
async def add_endpoint(me: Me, data: JSONBody[NewEndpoint]) -> EndpointWithSecret:
    """Post events of your requests to an address. Those that you asked, were asked, or have in your conversations."""
    endpoint, secret = await WebhookEndpoint.add(me, data.url, data.events)
    return EndpointWithSecret.of(endpoint, secret=secret)


@get("/webhooks", opt=SCOPE)
async def list_endpoints(me: Me) -> Listed[Endpoint]:
    """Your endpoints, the oldest first."""
    return Listed[Endpoint](items=[Endpoint.of(one) for one in await WebhookEndpoint.of(me.id)], next=None)


@get("/webhooks/{endpoint_id:uuid}", opt=SCOPE)
async def show_endpoint(me: Me, endpoint_id: Id) -> Endpoint:
    """An endpoint, and its last error."""
    return Endpoint.of(await WebhookEndpoint.one(me.id, endpoint_id))


@patch("/webhooks/{endpoint_id:uuid}", opt=SCOPE)
async def change_endpoint(me: Me, endpoint_id: Id, data: JSONBody[Changed]) -> Endpoint:
    """Change an endpoint. What is left out stays."""
    endpoint = await WebhookEndpoint.one(me.id, endpoint_id)
    await endpoint.change(by=me, url=data.url, events=data.events, status=data.status)
    return Endpoint.of(endpoint)


@delete("/webhooks/{endpoint_id:uuid}", opt=SCOPE)
async def remove_endpoint(me: Me, endpoint_id: Id) -> None:
    """Post nothing there any more. What was on its way is dropped."""
    endpoint = await WebhookEndpoint.one(me.id, endpoint_id)
    await endpoint.drop(by=me)


@post("/webhooks/{endpoint_id:uuid}/secret", status_code=201, opt=SECRET)
async def renew_secret(me: Me, endpoint_id: Id) -> Secret:
    """Get another secret. For 24 hours posts are signed by the old one, too."""
    endpoint = await WebhookEndpoint.one(me.id, endpoint_id)
    return Secret(secret=await endpoint.renew_secret(by=me))


@post("/webhooks/{endpoint_id:uuid}/test", status_code=202, opt=SCOPE)
async def test_endpoint(me: Me, endpoint_id: Id) -> Sent:
    """Post an event of type `test`. What became of it stands in the deliveries."""
    endpoint = await WebhookEndpoint.active(me.id, endpoint_id)
    return Sent.of(await put(endpoint, TEST))


@get("/webhooks/{endpoint_id:uuid}/deliveries", opt=SCOPE)
async def list_deliveries(
    me: Me, endpoint_id: Id, after: FromQuery[UUID | None] = None, limit: Limit = 50
) -> Listed[Sent]:  # fmt: skip
    """What was posted to an endpoint and how that ended. The newest first."""
    endpoint = await WebhookEndpoint.one(me.id, endpoint_id)
    return Listed[Sent].of(await deliveries_of(endpoint, after=after, limit=limit + 1), limit, Sent.of, "id")


@post("/webhooks/{endpoint_id:uuid}/replays", status_code=202, opt=SCOPE)
async def replay_deliveries(me: Me, endpoint_id: Id, data: JSONBody[Replay]) -> Replayed:
    """Post again what was accepted or given up. The same `webhook-id` says that it is the same event."""
    endpoint = await WebhookEndpoint.active(me.id, endpoint_id)
    return Replayed(count=await replay(endpoint, **data.which))
