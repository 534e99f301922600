"""The page that asks, before a way in is taken away, whether it is to be and whether it is really them."""

from dataclasses import dataclass

from litestar import Response

from app.auth.certainty import doubt, fresh
from app.domain.user import User
from app.web.forms import field
from app.web.pages import AnyRequest, page, visitor_of


@dataclass(frozen=True)
class Removal:
    """What is to go: what it is called, what that means, where the form goes, and where one comes from."""

    what: str
    text: str
    action: str
    back: str

    async def page(self, request: AnyRequest, error: str = "", field_error: str = "") -> Response[bytes]:
        """`error` says why it can't go, `field_error` why this may not be them."""
        shown = {"removal": self, "error": error, "field_error": field_error}
        is_fresh = await fresh(visitor_of(request).sign_in_id)
        status = 422 if error or field_error else 200
        return page(request, "account/removal.html", status=status, fresh=is_fresh, **shown)


async def not_them(request: AnyRequest, me: User) -> str | None:
    """Why whoever posted a removal's form may not be `me`, or None."""
    return await doubt(me, visitor_of(request).sign_in_id, await field(request, "removal_password"))
