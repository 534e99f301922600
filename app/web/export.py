"""A person's own data, to take along."""

import msgspec
from litestar import Response, get

from app.domain import audit
from app.domain.audit import Action
from app.domain.export import export
from app.web.pages import AnyRequest
from app.web.visitors import Me


@get("/account/export")
async def export_account(request: AnyRequest, me: Me) -> Response[bytes]:
    """One JSON file with all that Parley keeps about them."""
    await audit.note(Action.EXPORTED, by=me)
    data = msgspec.json.format(msgspec.json.encode(await export(me), enc_hook=str), indent=2)
    name = f'attachment; filename="parley-{me.email.partition("@")[0].encode("ascii", "ignore").decode()}.json"'
    return Response(data, media_type="application/json", headers={"Content-Disposition": name})
