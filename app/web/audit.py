"""The audit trail, for admins."""

from litestar import Response, get
from litestar.params import FromQuery

from app.domain.audit import Action, trail
from app.domain.people import PAGE
from app.web.admin import Admin, paged
from app.web.pages import AnyRequest, page


@get("/admin/audit")
async def show_audit(
    request: AnyRequest, admin: Admin, q: FromQuery[str] = "", action: FromQuery[str] = "", p: FromQuery[int] = 1
) -> Response[bytes]:
    """Everything that was done, the latest first; or what a person did, or what was done of one kind."""
    number = max(1, min(p, 10_000))
    chosen = action if action in [*Action] else ""
    entries = await trail(q.replace("\0", ""), chosen, limit=PAGE + 1, offset=(number - 1) * PAGE)
    return page(request, "audit/index.html", q=q, action=chosen, entries=paged(entries, number))
