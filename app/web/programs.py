"""Programs on the account page: what a person lets them do, and those that they make known."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post

from app.domain.errors import NotFound
from app.domain.oauth_client import OAuthClient, fit_name, fit_uris
from app.domain.scope import fit_scopes, in_order, open_to
from app.domain.user import User
from app.web.account import account_page, done, section
from app.web.forms import complaints, field, fields
from app.web.pages import AnyRequest
from app.web.removal import Removal, not_them
from app.web.visitors import Id, Me

KNOWN = "known-programs"


@section("programs")
async def shown(request: AnyRequest, me: User) -> dict[str, Any]:
    return {
        "allowed": await OAuthClient.allowed_by(me),
        "known": await OAuthClient.looked_after_by(me),
        "scopes": in_order(open_to(me)),
    }


@post("/account/programs", status_code=303)
async def register_program(request: AnyRequest, me: Me) -> Response[bytes]:
    """Make a program known, so that it may ask people for their consent."""
    name, uris = await field(request, "program_name"), await field(request, "redirect_uris")
    scopes = await fields(request, "program_scopes")
    if errors := complaints(
        program_name=lambda: fit_name(name),
        redirect_uris=lambda: fit_uris(uris.splitlines()),
        program_scopes=lambda: fit_scopes(scopes, me),
    ):
        values = {"program_name": name, "redirect_uris": uris, "program_scopes": scopes}
        return await account_page(request, me, status=422, errors=errors, values=values)
    await OAuthClient.register(me, name=name, redirect_uris=uris.splitlines(), scopes=scopes)
    return done(request, "program", KNOWN)


@get("/account/programs/{program_id:uuid}")
async def show_program(request: AnyRequest, me: Me, program_id: Id) -> Response[bytes]:
    return await _removal(await _one(me, program_id)).page(request)


@post("/account/programs/{program_id:uuid}/delete", status_code=303)
async def remove_program(request: AnyRequest, me: Me, program_id: Id) -> Response[bytes]:
    """It can ask nobody any more, and what people let it do ends at once."""
    program = await _one(me, program_id)
    if error := await not_them(request, me):
        return await _removal(program).page(request, field_error=error)
    await program.discard(by=me)
    return done(request, "program-removed", KNOWN)


@post("/account/programs/{program_id:uuid}/take-back", status_code=303)
async def take_back_consent(request: AnyRequest, me: Me, program_id: Id) -> Response[bytes]:
    """What this person lets a program do ends at once."""
    program = await OAuthClient.find(str(program_id))
    if not program:
        raise NotFound("There is no such program.")
    await program.take_back(me)
    return done(request, "taken-back", "programs")


async def _one(me: User, program_id: UUID) -> OAuthClient:
    """One that this person looks after; NotFound for any other."""
    for program, _ in await OAuthClient.looked_after_by(me):
        if program.id == program_id:
            return program
    raise NotFound("There is no such program.")


def _removal(program: OAuthClient) -> Removal:
    return Removal(
        f"The program “{program.name}”",
        "It can ask nobody any more, and what people let it do ends at once.",
        f"/account/programs/{program.id}/delete",
        f"/account#{KNOWN}",
    )
