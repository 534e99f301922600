"""Everything that leaves, for admins: what has become of it, why, and sending it anew."""

from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromQuery

from app.clock import now
from app.database import transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.channel import ChannelType
from app.domain.dead_letters import replay
from app.domain.delivery_list import attempts, count_dead, deliveries, delivery
from app.domain.errors import Unfit
from app.domain.ladder import DeliveryStatus
from app.web.admin import Admin, paged
from app.web.forms import field, fields
from app.web.pages import AnyRequest, local, page, see
from app.web.visitors import Id

WAYS = (*[type for type in ChannelType if type != ChannelType.WEB], "webhook")


@get("/admin/deliveries")
async def show_deliveries(
    request: AnyRequest, admin: Admin, q: FromQuery[str] = "", status: FromQuery[str] = "", via: FromQuery[str] = "",
    p: FromQuery[int] = 1, replayed: FromQuery[int] = -1,
) -> Response[bytes]:  # fmt: skip
    """The newest first; of one status, by one channel, to one person."""
    number = max(1, min(p, 10_000))
    status, via = status if status in [*DeliveryStatus] else "", via if via in WAYS else ""
    return page(
        request, "deliveries/index.html", q=q, chosen={"status": status, "via": via}, p=number, replayed=replayed,
        deliveries=paged(await deliveries(q.replace("\0", ""), status, via, number), number),
        statuses=[*DeliveryStatus], ways=WAYS, dead=await count_dead(), now=now(),
    )  # fmt: skip


@get("/admin/deliveries/{delivery_id:uuid}")
async def show_delivery(request: AnyRequest, admin: Admin, delivery_id: Id) -> Response[bytes]:
    """One, with every attempt and what the other side said."""
    found = await delivery(delivery_id)
    return page(request, "deliveries/show.html", delivery=found, attempts=await attempts(delivery_id), now=now())


@post("/admin/deliveries/replay", status_code=303)
async def replay_deliveries(request: AnyRequest, admin: Admin) -> Response[bytes]:
    """Send the chosen ones anew. What has arrived, or is on its way, stays as it is."""
    try:
        chosen = [UUID(text) for text in await fields(request, "delivery")]
    except ValueError as error:
        raise Unfit("There is no such delivery.") from error
    async with transaction():
        count = await replay(chosen)
        if count:
            await audit.note(Action.REPLAYED, by=admin, detail=f"{count} of {len(chosen)}")
    back = local(await field(request, "back"), "")
    path = back if back.startswith("/admin/deliveries") else "/admin/deliveries"
    return see(request, f"{path}{'&' if '?' in path else '?'}replayed={count}")
