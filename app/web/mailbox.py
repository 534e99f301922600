"""The mailbox that Parley writes from: an admin connects it at Google (developers.google.com/identity/protocols/oauth2)."""

from datetime import timedelta
from urllib.parse import urlencode

from litestar import Response, get

from app.channels.gmail import PROVIDER, SCOPES, address_of, exchange, keep_mailbox
from app.channels.protocol import Rejected, Unavailable, Uncertain
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import NotFound, Unfit
from app.domain.grant import Grant
from app.sealed import seal_for, unseal_from
from app.settings import settings
from app.web.admin import Admin
from app.web.pages import AnyRequest, browser_of, page, see

PURPOSE, LASTS = "connect a mailbox", timedelta(minutes=10)


@get("/admin/gmail")
async def show_gmail_guide(request: AnyRequest, admin: Admin) -> Response[bytes]:
    """How one's own mailbox is connected, and how far that is."""
    ours = settings()
    names = ("google_client_id", "google_client_secret")
    return page(
        request, "mailbox/guide.html", scopes=SCOPES, callback=callback_url(), push=f"{ours.base_url}/gmail/push",
        connects=ours.has_mail, is_sandbox=ours.mail_is_sandbox, poll_seconds=f"{ours.gmail_poll_seconds:g}",
        keys=[(f"PARLEY_{name.upper()}", bool(getattr(ours, name)) and not ours.mail_is_sandbox) for name in names],
        mailboxes=[one for one in await Grant.of(PROVIDER) if not one.ended_at],
    )  # fmt: skip


@get("/gmail/connect")
async def go_to_google(request: AnyRequest, admin: Admin) -> Response[bytes]:
    """Google asks the admin which mailbox, and whether."""
    ours = settings()
    if not ours.google_client_id:
        raise NotFound
    asked = {
        "client_id": ours.google_client_id, "redirect_uri": callback_url(), "response_type": "code",
        "scope": " ".join(SCOPES), "access_type": "offline", "prompt": "consent",
        "state": seal_for(browser_of(request), {"admin": str(admin.id)}, PURPOSE, lasts=LASTS),
    }  # fmt: skip
    if ours.gmail_address:
        asked["login_hint"] = ours.gmail_address
    return Response(b"", status_code=303, headers={"Location": f"{ours.google_auth_url}?{urlencode(asked)}"})


@get("/gmail/callback")
async def come_back_connected(request: AnyRequest, admin: Admin) -> Response[bytes]:
    """Back from Google, in the browser that was sent there."""
    told = {name: str(request.query_params.get(name, "")) for name in ("code", "state")}
    words = unseal_from(browser_of(request), told["state"], PURPOSE)
    if not words or words["admin"] != str(admin.id):
        raise Unfit("This was begun in another browser, or too long ago. Start again.")
    if not told["code"]:
        return see(request, "/admin/channels?mail=refused")
    try:
        tokens = await exchange(told["code"], callback_url())
        address = await address_of(tokens["access_token"])
    except (Rejected, Unavailable, Uncertain) as why:
        raise Unfit(f"{why} Start again.") from why
    await keep_mailbox(address, tokens, by=admin)
    await audit.note(Action.GRANT_GIVEN, by=admin, detail=f"Gmail, {address}")
    return see(request, "/admin/channels?mail=connected")


def callback_url() -> str:
    """Where Google sends the admin back to."""
    return f"{settings().base_url}/gmail/callback"
