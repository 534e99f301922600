"""Signing in by an account elsewhere: off to Google or Slack, and back from there."""

from datetime import timedelta

import structlog
from litestar import Response, get
from litestar.params import FromPath, FromQuery

from app.auth.cookies import kept_for, name
from app.auth.providers import LASTS, Detour, NotProven, Provider, ProviderAway, keep_told, provider
from app.database import transaction
from app.domain import audit
from app.domain.audit import Action
from app.domain.email_address import is_address
from app.domain.errors import Conflict
from app.domain.gate_try import Gate, GateTry
from app.domain.identity import Identity, Told
from app.domain.user import LONGEST_NAME, User
from app.limits import TooMany
from app.web.entering import let_in
from app.web.identities import CONFIRM, LINKING
from app.web.pages import AnyRequest, browser_of, cookies_of, local, page, refused, see, visitor_of
from app.web.sign_in import too_often
from app.web.sign_up import Entrance

ELSEWHERE = "elsewhere"
log = structlog.get_logger(__name__)


@get("/sign-in/{provider_name:str}", opt={"open": True})
async def go_elsewhere(
    request: AnyRequest, provider_name: FromPath[str], next: FromQuery[str] = "", key: FromQuery[str] = ""
) -> Response[bytes]:
    """Off to the provider; what has to come back from there is kept in this browser. A later one replaces it."""
    url, kept = provider(provider_name).begin(browser_of(request), back=local(next, "/chat"), key=key)
    visitor_of(request).cookies.append(kept_for(LASTS, ELSEWHERE, kept))
    return see(request, url)


@get("/sign-in/{provider_name:str}/callback", opt={"open": True})
async def come_back(request: AnyRequest, provider_name: FromPath[str]) -> Response[bytes]:
    """Back from the provider, which may have been told not to sign them in."""
    chosen = provider(provider_name)
    kept = cookies_of(request).get(name(ELSEWHERE), "")
    state, code = (request.query_params.get(key, "") for key in ("state", "code"))
    try:
        detour = await chosen.come_back(kept, browser_of(request), state)
    except NotProven as refusal:
        return _refused(request, chosen, refusal)
    answer = await _received(request, chosen, detour, code)
    visitor_of(request).cookies.append(kept_for(timedelta(), ELSEWHERE, ""))
    return answer


async def _received(request: AnyRequest, chosen: Provider, detour: Detour, code: str) -> Response[bytes]:
    try:
        if not code:
            raise NotProven(f"{chosen.label} was not allowed to tell who you are, so nobody was signed in.")
        told = await _told(chosen, code, detour)
        if known := await Identity.known(told):
            return await _let_in(request, chosen, known, detour)
        if not told.verified or not is_address(told.email):
            raise NotProven(f"{chosen.label} has not confirmed your e-mail address yet. Confirm it there, then try again.")
        if visitor_of(request).user or await User.by_email(told.email):
            return _to_confirm(request, told)
        return await _join(request, told, detour)
    except (NotProven, Conflict) as refusal:
        return _refused(request, chosen, refusal)
    except TooMany as many:
        return refused(_refused(request, chosen, NotProven(too_often(many))), many.verdict)


async def _told(chosen: Provider, code: str, detour: Detour) -> Told:
    """What the provider says, asked as one try to sign in; that the provider is away is nobody's failure."""
    tried = await GateTry.sign_in(None)
    try:
        told = await chosen.ask(code, detour)
    except ProviderAway:
        await tried.remove()
        raise
    except NotProven:
        await audit.note(Action.SIGN_IN_FAILED, detail=f"not proven by {chosen.label}")
        raise
    await tried.remove()
    return told


async def _let_in(request: AnyRequest, chosen: Provider, known: Identity, detour: Detour) -> Response[bytes]:
    user = await known.whose()
    if user.disabled_at:
        await audit.note(Action.SIGN_IN_FAILED, about=user, detail="closed account")
        raise NotProven("This account was closed. Ask an admin if that is a mistake.")
    if (me := visitor_of(request).user) and me.id != user.id:
        raise NotProven(f"That {chosen.label} account signs somebody else in here. Sign out first to come in by it.")
    return await let_in(request, user, detour.back, how=chosen.label)


def _to_confirm(request: AnyRequest, told: Told) -> Response[bytes]:
    """There is an account that it may belong to: its person says so, signed in."""
    visitor_of(request).cookies.append(kept_for(LASTS, LINKING, keep_told(told, browser_of(request))))
    return see(request, CONFIRM if visitor_of(request).user else f"/sign-in?next={CONFIRM}")


async def _join(request: AnyRequest, told: Told, detour: Detour) -> Response[bytes]:
    """Make an account for somebody new, if they may have one."""
    entrance = await Entrance.of_address(detour.key, told.email)
    if entrance.closed:
        raise NotProven(f"{told.email} has no account here. {entrance.closed}")
    await GateTry.pass_by(Gate.SIGN_UP)
    async with transaction():
        user = await entrance.join(_name(told), told.email, password_hash=None)
        await Identity.link(user, told)
        await audit.note(Action.IDENTITY_LINKED, by=user, detail=told.provider)
    return await let_in(request, user, detour.back, how=told.provider.capitalize())


def _name(told: Told) -> str:
    name = " ".join(told.name.split())[:LONGEST_NAME]
    return name if name and name.isprintable() else told.email.partition("@")[0]


def _refused(request: AnyRequest, chosen: Provider, refusal: Exception) -> Response[bytes]:
    away = isinstance(refusal, ProviderAway)
    if away:
        log.warning("provider away", provider=chosen.name, error=type(refusal.__cause__).__name__)
    return page(request, "sign_in/refused.html", status=502 if away else 422, provider=chosen, why=str(refusal))
