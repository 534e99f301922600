"""Mails that nobody has acted on, since it is not certain from whom they are: an admin lets one through, or blocks its
sender."""

from litestar import Response, get, post
from litestar.params import FromQuery

from app.channels.email_held import let_through
from app.channels.email_place import MailPlace
from app.channels.mail_reading import read_mail, shortened
from app.domain import audit
from app.domain.audit import Action
from app.domain.held_mail import HeldMail, HeldStatus
from app.web.admin import Admin
from app.web.pages import AnyRequest, page, see
from app.web.visitors import Id


@get("/admin/mails")
async def show_held_mails(request: AnyRequest, admin: Admin, done: FromQuery[str] = "") -> Response[bytes]:
    mails = [(one, _beginning(one)) for one in await HeldMail.listed()]
    return page(request, "held_mails/index.html", mails=mails, done=done)


def _beginning(held: HeldMail) -> str:
    """What it says first, so that an admin can tell what it is."""
    return shortened(read_mail(MailPlace.decoded(held.body)).text)


@post("/admin/mails/{mail_id:uuid}/release", status_code=303)
async def release_held_mail(request: AnyRequest, admin: Admin, mail_id: Id) -> Response[bytes]:
    """It is from whom it says, and does what it says. Unfit when that is nobody here."""
    sender = await let_through(mail_id)
    await audit.note(Action.MAIL_LET_THROUGH, by=admin, detail=sender)
    return see(request, "/admin/mails?done=released")


@post("/admin/mails/{mail_id:uuid}/block", status_code=303)
async def block_sender(request: AnyRequest, admin: Admin, mail_id: Id) -> Response[bytes]:
    """Nothing that says it is from this address is looked at any more."""
    held = await HeldMail.decide(mail_id, HeldStatus.BLOCKED)
    await audit.note(Action.SENDER_BLOCKED, by=admin, detail=held.sender)
    return see(request, "/admin/mails?done=blocked")


@post("/admin/mails/{mail_id:uuid}/unblock", status_code=303)
async def unblock_sender(request: AnyRequest, admin: Admin, mail_id: Id) -> Response[bytes]:
    """What comes from this address is looked at again."""
    held = await HeldMail.unblock(mail_id)
    await audit.note(Action.SENDER_UNBLOCKED, by=admin, detail=held.sender)
    return see(request, "/admin/mails?done=unblocked")
