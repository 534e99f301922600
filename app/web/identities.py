"""The accounts elsewhere by which a person signs in, on their account page: linked once they have confirmed it."""

from datetime import timedelta
from typing import Any

from litestar import Response, get, post

from app.auth.certainty import doubt, fresh
from app.auth.cookies import kept_for, name
from app.auth.providers import kept_told
from app.database import transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import Conflict
from app.domain.identity import Identity, Told
from app.domain.user import User
from app.web.account import done, section
from app.web.forms import field
from app.web.pages import AnyRequest, browser_of, cookies_of, page, see, visitor_of
from app.web.removal import Removal, not_them
from app.web.visitors import Id, Me

LINKING = "linking"
CONFIRM = "/account/identities/new"


@section("identities")
async def shown(request: AnyRequest, me: User) -> list[Identity]:
    return await Identity.of(me)


def brought(request: AnyRequest) -> Told | None:
    """The account elsewhere that this browser has shown to be its person's, and that is to be linked."""
    return kept_told(cookies_of(request).get(name(LINKING), ""), browser_of(request))


@get(CONFIRM)
async def show_new_identity(request: AnyRequest, me: Me) -> Response[bytes]:
    """What is to be linked to which account; looking at it links nothing."""
    told = brought(request)
    return await _asked(request, told) if told else see(request, "/account#identities")


@post("/account/identities", status_code=303)
async def link_identity(request: AnyRequest, me: Me) -> Response[bytes]:
    """From now on it signs them in."""
    told = brought(request)
    if not told:
        return see(request, "/account#identities")
    if error := await doubt(me, visitor_of(request).sign_in_id, await field(request, "identity_password")):
        return await _asked(request, told, field_error=error)
    try:
        async with transaction():
            await Identity.link(me, told)
            await audit.note(Action.IDENTITY_LINKED, by=me, detail=told.provider)
    except Conflict as conflict:
        return await _asked(request, told, error=str(conflict))
    visitor_of(request).cookies.append(kept_for(timedelta(), LINKING, ""))
    return done(request, "identity-linked", "identities")


@get("/account/identities/{identity_id:uuid}")
async def show_identity(request: AnyRequest, me: Me, identity_id: Id) -> Response[bytes]:
    return await _removal(await Identity.one(me, identity_id)).page(request)


@post("/account/identities/{identity_id:uuid}/delete", status_code=303)
async def unlink_identity(request: AnyRequest, me: Me, identity_id: Id) -> Response[bytes]:
    """From now on it signs nobody in."""
    identity = await Identity.one(me, identity_id)
    if error := await not_them(request, me):
        return await _removal(identity).page(request, field_error=error)
    try:
        async with transaction():
            await identity.unlink()
            await audit.note(Action.IDENTITY_UNLINKED, by=me, detail=identity.provider)
    except Conflict as conflict:
        return await _removal(identity).page(request, error=str(conflict))
    return done(request, "identity-unlinked", "identities")


async def _asked(request: AnyRequest, told: Told, **errors: Any) -> Response[bytes]:
    shown = {"told": told, "fresh": await fresh(visitor_of(request).sign_in_id), "error": "", "field_error": "", **errors}
    return page(request, "account/identity.html", status=422 if errors else 200, **shown)


def _removal(identity: Identity) -> Removal:
    return Removal(
        f"{identity.provider.capitalize()} account {identity.email}",
        "It will no longer sign you in here.",
        f"/account/identities/{identity.id}/delete",
        "/account#identities",
    )
