"""Inviting people, for admins."""

from litestar import Response, post

from app.domain.email_address import is_address
from app.domain.errors import Conflict
from app.domain.invitation import Invitation
from app.domain.mailed_link import LinkKind, mail_link
from app.settings import Signup, settings
from app.web.admin import Admin
from app.web.forms import field
from app.web.pages import AnyRequest, see
from app.web.users import users_page
from app.web.visitors import Id


@post("/admin/invitations", status_code=200)
async def invite(request: AnyRequest, admin: Admin) -> Response[bytes]:
    """A link for somebody new, shown this once, and mailed to them if there is a mailbox."""
    email = (await field(request, "email")).strip()
    if settings().signup == Signup.CLOSED:
        raise Conflict("PARLEY_SIGNUP is closed: nobody can join. Set it to invite first.")
    if not is_address(email):
        return await users_page(request, status=422, errors={"email": "That is no e-mail address."}, values={"email": email})
    try:
        token = await Invitation.make(email, admin)
        link = f"{settings().base_url}/sign-up?invitation={token}"
        if settings().has_mail:
            await mail_link(LinkKind.INVITATION, email, link, by=admin.name)
    except Conflict as conflict:
        return await users_page(request, status=422, errors={"email": str(conflict)}, values={"email": email})
    return await users_page(request, link=link, invited=email)


@post("/admin/invitations/{invitation_id:uuid}/end", status_code=303)
async def take_back(request: AnyRequest, admin: Admin, invitation_id: Id) -> Response[bytes]:
    """The link is worth nothing any more."""
    await Invitation.take_back(invitation_id, admin)
    return see(request, "/admin/users#invitations")
