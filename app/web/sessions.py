"""Where everybody is signed in, for admins."""

from litestar import Response, get, post
from litestar.params import FromQuery

from app.auth import present
from app.domain.people import sign_in, sign_ins
from app.web.admin import Admin, paged
from app.web.pages import AnyRequest, local, page, path_of, see
from app.web.visitors import Id


@get("/admin/sessions")
async def show_sessions(request: AnyRequest, admin: Admin, q: FromQuery[str] = "", p: FromQuery[int] = 1) -> Response[bytes]:
    number = max(1, min(p, 10_000))
    return page(request, "sessions/index.html", q=q, sign_ins=paged(await sign_ins(q.replace("\0", ""), number), number))


@post("/admin/sessions/{sign_in_id:uuid}/end", status_code=303)
async def end_session(request: AnyRequest, admin: Admin, sign_in_id: Id) -> Response[bytes]:
    """Sign somebody's device out; its open pages say so at once."""
    ending = await sign_in(sign_in_id)
    await ending.end(by=admin)
    present.forget(ending.id)
    back = local(path_of(request.headers.get("referer", "")), "")
    return see(request, back if back.startswith("/admin/") else "/admin/sessions")
