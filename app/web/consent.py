"""A program asks a person whether it may speak for them (RFC 6749, 4.1)."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post

from app.auth.authorization import Asking, Misasked, Untrusted, read
from app.domain.oauth_code import OAuthCode
from app.domain.scope import Scope, in_order, open_to
from app.domain.user import User
from app.web.forms import field
from app.web.headers import leads_to
from app.web.pages import AnyRequest, page, visitor_of
from app.web.visitors import HasLeft, Me, to_sign_in


def show_untrusted(request: AnyRequest, error: Untrusted) -> Response[bytes]:
    """The person is told; whoever sent them here is not."""
    return page(request, "consent/untrusted.html", status=400, why=str(error))


def send_back(request: AnyRequest, error: Misasked) -> Response[bytes]:
    """To the program, which is told what was wrong; but not a stranger, to whoever has made a program known (RFC 9700,
    4.11.2). Who comes by our sign-in form follows a link, since from a form browsers let nobody go to another site."""
    if visitor_of(request).user is None:
        return to_sign_in(request, query=request.url.query)
    if request.headers.get("sec-fetch-site") == "same-origin":
        return page(request, "consent/misasked.html", status=400, client=error.client, address=error.address)
    return go(error.address)


REFUSALS: Any = {Untrusted: show_untrusted, Misasked: send_back}


@get("/oauth/authorize", opt={"open": True, "uncounted": True}, exception_handlers=REFUSALS)
async def ask_consent(request: AnyRequest) -> Response[bytes]:
    """Who asks, and for what."""
    asking = await read(request.query_params.multi_items())
    me = visitor_of(request).user
    if me is None:
        return to_sign_in(request, query=urlencode(asking.parameters))
    if me.left_at:
        raise HasLeft
    scopes = _open(asking, me)
    leads_to(request, asking.redirect_uri)
    owner = await User.objects().get(User.id == asking.client.owner)
    return page(request, "consent/show.html", asking=asking, scopes=scopes, owner=owner)


@post("/oauth/authorize", opt={"uncounted": True}, status_code=303, exception_handlers=REFUSALS)
async def consent(request: AnyRequest, me: Me) -> Response[bytes]:
    """Their answer; only "allow" allows."""
    asking = await read((await request.form()).multi_items())
    if await field(request, "decision") != "allow":
        return go(asking.back(error="access_denied", error_description="The person said no."))
    code = await OAuthCode.issue(
        me, asking.client, redirect_uri=asking.redirect_uri, challenge=asking.parameters["code_challenge"],
        scopes=_open(asking, me),
    )  # fmt: skip
    return go(asking.back(code=code))


def _open(asking: Asking, me: User) -> list[Scope]:
    """What of it they can let it do. Untrusted if that is nothing."""
    scopes = in_order(set(asking.scopes) & open_to(me))
    if not scopes:
        raise Untrusted(f"{asking.client.name} wants to do what only an admin may.")
    return scopes


def go(address: str) -> Response[bytes]:
    """To another site."""
    return Response(b"", status_code=303, headers={"Location": address})
