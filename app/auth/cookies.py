"""The cookies of a signed-in browser: an access token and a refresh token, renewed without the reader noticing."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.auth.present import person
from app.auth.tokens import Access, access_token, proof, proves, read_access, read_refresh, refresh_token
from app.domain.sign_in import LASTS, SignIn
from app.domain.user import User
from app.settings import settings


def name(which: str) -> str:
    """`__Host-` binds a cookie to https and this host; over http, on loopback only, it has a plain name."""
    return f"__Host-{which}" if settings().secure else which


@dataclass
class Visitor:
    """Who a request comes from. `cookies` are Set-Cookie values to answer with."""

    user: User | None
    sign_in_id: UUID | None
    browser: str
    cookies: list[str]

    @property
    def csrf(self) -> str:
        """The token of this visitor's forms: bound to the sign-in (or the browser), so rotation doesn't change it."""
        return proof(*self._form_words)

    def sent(self, csrf: str) -> bool:
        """Whether a form came from a page that we gave this visitor."""
        return bool(self.sign_in_id or self.browser) and proves(csrf, *self._form_words)

    @property
    def _form_words(self) -> tuple[str, str]:
        """A browser names itself, a sign-in doesn't: no browser's name is to make the tokens of a sign-in."""
        return ("csrf of a sign-in", str(self.sign_in_id)) if self.sign_in_id else ("csrf of a browser", self.browser)


def read_cookies(header: bytes) -> dict[str, str]:
    """The cookies of a request. Other programs on this host may have set odd ones, which must not hide ours."""
    pairs = (pair.partition("=") for pair in header.decode("latin-1").split(";"))
    return {key.strip(): value.strip() for key, _, value in pairs}


async def visitor(cookies: dict[str, str]) -> Visitor:
    """Who sends these cookies. An access token that has ended is renewed by the refresh token."""
    browser = cookies.get(name("browser"), "")
    access = _read(cookies)
    if access and (user := await person(access.sign_in_id)):
        return Visitor(user, access.sign_in_id, browser, [])
    refresh = read_refresh(cookies.get(name("refresh"), ""))
    if refresh and (sign_in := await SignIn.rotate(*refresh)) and (user := await SignIn.person(sign_in.id)):
        return Visitor(user, sign_in.id, browser, signed_in(user, sign_in))
    return Visitor(None, None, browser, signed_out() if access or refresh else [])


def glimpse(cookies: dict[str, str]) -> Visitor:
    """Who sends these cookies, by their word alone: for the forms of a page that shows nobody's data."""
    access = _read(cookies)
    return Visitor(None, access.sign_in_id if access else None, cookies.get(name("browser"), ""), [])


def _read(cookies: dict[str, str]) -> Access | None:
    """What the access cookie says. A token that a program got is not taken for its person's browser."""
    access = read_access(cookies.get(name("access"), ""))
    return None if access is None or access.client_id else access


def signed_in(user: User, sign_in: SignIn) -> list[str]:
    """The cookies of a fresh or renewed sign-in."""
    return [
        _cookie("access", access_token(user.id, sign_in.id)),
        _cookie("refresh", refresh_token(sign_in.id, sign_in.generation)),
    ]


def signed_out() -> list[str]:
    """Cookies that remove a sign-in."""
    return [_cookie("access", "", 0), _cookie("refresh", "", 0)]


def new_browser() -> tuple[str, str]:
    """A mark for a browser that nobody has signed in from, and its cookie: its forms are bound to it."""
    mark = secrets.token_urlsafe(18)
    return mark, _cookie("browser", mark)


def kept_for(lasts: timedelta, which: str, value: str) -> str:
    """The cookie that keeps something else for a while; without a value it goes."""
    return _cookie(which, value, int(lasts.total_seconds()) if value else 0)


def theme(value: str) -> str:
    """The cookie that keeps light or dark."""
    return _cookie("theme", value)


def _cookie(which: str, value: str, lasts_seconds: int = int(LASTS.total_seconds())) -> str:
    secure = "; Secure" if settings().secure else ""
    return f"{name(which)}={value}; Max-Age={lasts_seconds}; Path=/; HttpOnly; SameSite=Lax{secure}"
