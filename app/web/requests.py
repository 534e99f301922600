"""Requests that wait for people, for admins: those first that may have reached nobody."""

from litestar import Response, get
from litestar.params import FromQuery

from app.clock import now
from app.domain.open_request import alarms, open_requests
from app.web.admin import Admin, paged
from app.web.pages import AnyRequest, page


@get("/admin/requests")
async def show_requests(request: AnyRequest, admin: Admin, p: FromQuery[int] = 1) -> Response[bytes]:
    """Who is asked and waited for, and how it gets to them; what is asked stays between them."""
    number = max(1, min(p, 10_000))
    found = paged(await open_requests(number), number)
    return page(request, "requests/index.html", requests=found, alarms=await alarms(), now=now())
