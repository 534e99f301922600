"""Light, dark, or as the device."""

from litestar import Response, post

from app.auth import cookies
from app.domain.errors import Unfit
from app.web.forms import field
from app.web.pages import THEMES, AnyRequest, local, path_of, see, visitor_of


@post("/theme", opt={"open": True}, status_code=303)
async def choose_theme(request: AnyRequest) -> Response[bytes]:
    """Remember the choice in this browser and show the same page again."""
    chosen = await field(request, "theme")
    if chosen not in THEMES:
        raise Unfit("There is no such theme.")
    visitor_of(request).cookies.append(cookies.theme(chosen))
    return see(request, local(path_of(request.headers.get("referer", ""))))
