"""A person's passkeys, on their account page."""

from typing import Any

from litestar import Response, get, post

from app.auth import passkeys
from app.auth.certainty import doubt, fresh
from app.database import transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.device import device_words
from app.domain.errors import Conflict, Unfit
from app.domain.passkey import LONGEST_NAME, Passkey
from app.domain.user import User
from app.web.account import done, section
from app.web.forms import field
from app.web.pages import AnyRequest, browser_of, json_answer, page, visitor_of
from app.web.passkey_sign_in import brought_passkey
from app.web.removal import Removal, not_them
from app.web.visitors import Id, Me


@section("passkeys")
async def shown(request: AnyRequest, me: User) -> list[Passkey]:
    return await Passkey.of(me.id)


@get("/account/passkeys/new")
async def show_new_passkey(request: AnyRequest, me: Me) -> Response[bytes]:
    return await _form(request, device_words(request.headers.get("user-agent", "")))


@post("/account/passkeys/challenge", status_code=201)
async def challenge_new_passkey(request: AnyRequest, me: Me) -> Response[bytes]:
    """What the page asks the browser to make a passkey with, once it is sure that it is them."""
    if error := await doubt(me, visitor_of(request).sign_in_id, await field(request, "passkey_password")):
        return json_answer({"error": error}, status=422)
    return json_answer(passkeys.to_register(me, await Passkey.of(me.id), browser_of(request)))


@post("/account/passkeys", status_code=303)
async def add_passkey(request: AnyRequest, me: Me) -> Response[bytes]:
    """From now on it signs them in. That it is them was asked for the challenge."""
    called = " ".join((await field(request, "name")).split())
    try:
        key = await passkeys.registered(me, browser_of(request), *await brought_passkey(request))
        async with transaction():
            await Passkey.add(me, name=called, **vars(key))
            await audit.note(Action.PASSKEY_ADDED, by=me, detail=called)
    except (passkeys.NotGood, Conflict, Unfit) as why:
        return await _form(request, called, str(why))
    return done(request, "passkey-added", "passkeys")


@get("/account/passkeys/{passkey_id:uuid}")
async def show_passkey(request: AnyRequest, me: Me, passkey_id: Id) -> Response[bytes]:
    return await _removal(await Passkey.one(me, passkey_id)).page(request)


@post("/account/passkeys/{passkey_id:uuid}/delete", status_code=303)
async def remove_passkey(request: AnyRequest, me: Me, passkey_id: Id) -> Response[bytes]:
    """From now on it signs nobody in."""
    passkey = await Passkey.one(me, passkey_id)
    if error := await not_them(request, me):
        return await _removal(passkey).page(request, field_error=error)
    try:
        async with transaction():
            await passkey.drop()
            await audit.note(Action.PASSKEY_REMOVED, by=me, detail=passkey.name)
    except Conflict as conflict:
        return await _removal(passkey).page(request, error=str(conflict))
    return done(request, "passkey-removed", "passkeys")


async def _form(request: AnyRequest, called: str, error: str = "") -> Response[bytes]:
    shown: dict[str, Any] = {"called": called, "longest": LONGEST_NAME, "error": error}
    is_fresh = await fresh(visitor_of(request).sign_in_id)
    return page(request, "account/passkey.html", status=422 if error else 200, fresh=is_fresh, **shown)


def _removal(passkey: Passkey) -> Removal:
    return Removal(
        f"Passkey “{passkey.name}”",
        "It will no longer sign you in here. Delete it on your device or in your password manager as well.",
        f"/account/passkeys/{passkey.id}/delete",
        "/account#passkeys",
    )
