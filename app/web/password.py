"""Choosing another password."""

from litestar import Response, post

from app.auth import first_factor, passwords, present
from app.auth.certainty import doubt
from app.domain.user import User
from app.web.account import account_page, done
from app.web.forms import field
from app.web.pages import AnyRequest, visitor_of
from app.web.visitors import Me


@post("/account/password", status_code=303)
async def change_password(request: AnyRequest, me: Me) -> Response[bytes]:
    """Needs the present one; signs every other device out."""
    chosen = await field(request, "password")
    if error := await not_their_password(request, me, await field(request, "present")):
        return await account_page(request, me, status=422, errors={"present": error})
    if complaint := passwords.complaint(chosen):
        return await account_page(request, me, status=422, errors={"password": complaint})
    await me.choose_password(await passwords.hash_password(chosen), on=visitor_of(request).sign_in_id)
    present.forget_person(me.id)
    return done(request, "password", "password")


async def not_their_password(request: AnyRequest, me: User, given: str) -> str | None:
    """Why what was given does not show that it is them, or None. Who has no password must have signed in just now."""
    if me.password_hash is None:
        return await doubt(me, visitor_of(request).sign_in_id, "")
    return None if await first_factor.is_theirs(given, me) else "That is not your present password."
