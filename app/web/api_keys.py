"""API keys on the account page."""

from typing import Any

from litestar import Response, post

from app.auth.certainty import doubt, fresh
from app.domain.api_key import ApiKey
from app.domain.oauth_client import fit_name
from app.domain.scope import fit_scopes, in_order, open_to
from app.domain.user import User
from app.web.account import account_page, done, section
from app.web.forms import complaints, field, fields
from app.web.pages import AnyRequest, visitor_of
from app.web.visitors import Id, Me


@section("api_keys")
async def shown(request: AnyRequest, me: User) -> dict[str, Any]:
    return {
        "mine": await ApiKey.of(me),
        "scopes": in_order(open_to(me)),
        "fresh": await fresh(visitor_of(request).sign_in_id),
    }


@post("/account/api-keys", status_code=200)
async def make_key(request: AnyRequest, me: Me) -> Response[bytes]:
    """A key, shown this once."""
    name, scopes = await field(request, "key_name"), await fields(request, "key_scopes")
    errors = complaints(key_name=lambda: fit_name(name), key_scopes=lambda: fit_scopes(scopes, me))
    if error := await doubt(me, visitor_of(request).sign_in_id, await field(request, "api_keys_password")):
        errors["api_keys_password"] = error
    if errors:
        return await account_page(request, me, status=422, errors=errors, values={"key_name": name, "key_scopes": scopes})
    return await account_page(request, me, new_key=await ApiKey.make(me, name=name, scopes=scopes), new_key_name=name)


@post("/account/api-keys/{key_id:uuid}/delete", status_code=303)
async def remove_key(request: AnyRequest, me: Me, key_id: Id) -> Response[bytes]:
    """It opens nothing any more; what it has open ends at once."""
    await ApiKey.take_back(me, key_id)
    return done(request, "key-removed", "api_keys")
