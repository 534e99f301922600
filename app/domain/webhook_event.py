"""What happens with requests, on its way to the programs that want to know."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from app.database import after_commit, loaded, new_id, sql
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.errors import Unfit
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookEvent
from app.live import encode
from app.queue import nudge

TEST = "test"
# The endpoints of those who may see a request: who asked, whose conversation it is, and who was asked.
WANTED = """
SELECT e.* FROM webhook_endpoints e JOIN users u ON u.id = e."user" AND u.disabled_at IS NULL AND u.left_at IS NULL
WHERE $2 = ANY(e.events) AND e.status = 'active' AND e."user" IN (
  SELECT asked_by FROM feedback_requests WHERE id = $1
  UNION SELECT s.owner FROM feedback_requests r JOIN chat_sessions s ON s.id = r.session WHERE r.id = $1
  UNION SELECT "user" FROM feedback_recipients WHERE request = $1)
ORDER BY e.id
"""


async def tell_webhooks(event: WebhookEvent, request_id: UUID) -> None:
    """Within the transaction of what happened: tell every endpoint that wants it; and the address that the request itself
    names, when it is settled."""
    told = [loaded(WebhookEndpoint, row) for row in await sql(WANTED, request_id, event)]
    for endpoint in told:
        await put(endpoint, event, request_id)
    if event == WebhookEvent.SETTLED:
        rows = await sql("SELECT asked_by, webhook FROM feedback_requests WHERE id = $1", request_id)
        asked_by, url = rows[0]
        if url and asked_by and url not in [endpoint.url for endpoint in told if endpoint.user == asked_by]:
            await put(await WebhookEndpoint.for_url(asked_by, url), event, request_id, url)


async def put(endpoint: WebhookEndpoint, event: str, request_id: UUID | None = None, url: str = "") -> Delivery:
    """Put an event on its way to an endpoint, or by it to another `url`. What one address is told arrives in order."""
    elsewhere = url if url != endpoint.url else ""
    via = f"{endpoint.way}:{urlsplit(elsewhere).hostname}" if elsewhere else endpoint.way
    payload: dict[str, Any] = {"event": event} | ({"url": elsewhere} if elsewhere else {})
    rows = await sql(
        """INSERT INTO deliveries (id, kind, via, line, endpoint, "user", request, payload, status, due_at, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'due', now(), now()) RETURNING *""",
        new_id(), DeliveryKind.WEBHOOK, via, f"{endpoint.way}:{elsewhere}", endpoint.id, endpoint.user, request_id,
        encode(payload).decode(),
    )  # fmt: skip
    after_commit(nudge, "deliver", rows[0]["id"])
    return loaded(Delivery, rows[0])


async def replay(endpoint: WebhookEndpoint, **which: Any) -> int:
    """Send again what was sent or given up: one `delivery_id`, or all `since` a time; how many. The same id says that it is
    the same. Unfit unless it is said which."""
    if len(which) != 1:
        raise Unfit("Name one delivery, or the time since when all are sent again.")
    rows = await sql(
        """UPDATE deliveries SET status = 'due', due_at = now(), replayed_at = now(), doubtful = FALSE, error = '',
             accepted_at = NULL
           WHERE endpoint = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::timestamptz IS NULL OR created_at >= $3)
             AND status IN ('accepted', 'rejected', 'dead') RETURNING id""",
        endpoint.id, which.get("delivery_id"), which.get("since"),
    )  # fmt: skip
    if rows:
        after_commit(nudge, "deliver", rows[0]["id"])
    return len(rows)


async def deliveries_of(endpoint: WebhookEndpoint, *, after: UUID | None, limit: int) -> list[Delivery]:
    """What has gone to an endpoint, the newest first, from before `after`."""
    rows = await sql(
        "SELECT * FROM deliveries WHERE endpoint = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        endpoint.id, after, limit,
    )  # fmt: skip
    return [loaded(Delivery, row) for row in rows]
