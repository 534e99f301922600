"""Rendering: a template becomes a page, a reply or a piece of a stream."""

import json
from collections.abc import MutableMapping
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader
from litestar import Request, Response
from litestar.enums import MediaType

from app.auth.cookies import Visitor, glimpse, name, new_browser, read_cookies
from app.auth.passkeys import origin, site
from app.auth.providers import configured
from app.limits import Verdict
from app.settings import Signup, settings
from app.web.assets import asset

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
THEMES = ("auto", "light", "dark")
AnyRequest = Request[Any, Any, Any]


class Templates(Environment):
    """Jinja2, whose templates share one dictionary: each import within one looks at all of it, and in the chain of two
    that Jinja2 makes by itself this took a third of the time of a bubble."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return self.globals if d is None else super().make_globals(d)


@cache
def environment() -> Environment:
    """Jinja2 with our templates, everything escaped."""
    made = Templates(loader=FileSystemLoader(TEMPLATES), autoescape=True, auto_reload=False)
    made.globals.update(
        asset=asset, has_mail=lambda: settings().has_mail, open_to_all=lambda: settings().signup == Signup.OPEN,
        providers=configured, passkey_site=site,
        passkey_origin=origin,
    )  # fmt: skip
    return made


def render(template: str, **context: Any) -> str:
    """A template as text; the same for every reader unless `context` says otherwise."""
    return environment().get_template(template).render(**context)


def visitor_of(request: AnyRequest) -> Visitor:
    """Who asks."""
    visitor: Visitor = request.scope["state"]["visitor"]
    return visitor


def browser_of(request: AnyRequest) -> str:
    """The mark of the browser that asks; it gets one if it has none."""
    visitor = visitor_of(request)
    if not visitor.browser:
        visitor.browser, cookie = new_browser()
        visitor.cookies.append(cookie)
    return visitor.browser


def by_htmx(request: AnyRequest) -> bool:
    """Whether htmx asks for a piece, rather than a browser for a page."""
    return request.headers.get("HX-Request") == "true"


def page(request: AnyRequest, template: str, *, status: int = 200, **context: Any) -> Response[bytes]:
    """A whole page for this reader, with forms that are bound to them."""
    visitor: Visitor = request.scope["state"].setdefault("visitor", glimpse(cookies_of(request)))
    if not visitor.sign_in_id:
        browser_of(request)
    zone = visitor.user.zone if visitor.user else UTC
    html = render(
        template, me=visitor.user, csrf=visitor.csrf, theme=theme_of(request), zone=zone, status=status,
        failing=request.scope["state"].get("failing", []), **context,
    )  # fmt: skip
    return Response(html.encode(), status_code=status, media_type=MediaType.HTML)


def refused(answer: Response[bytes], verdict: Verdict) -> Response[bytes]:
    """This page, as the answer to one try too many: it says when to come back."""
    answer.status_code = 429
    answer.headers.update(verdict.headers)
    return answer


def piece(html: str, *, status: int = 200, **headers: str) -> Response[bytes]:
    """A part of a page, for htmx to put in its place."""
    return Response(html.encode(), status_code=status, media_type=MediaType.HTML, headers=headers)


def json_answer(what: dict[str, Any], *, status: int = 201) -> Response[bytes]:
    """An answer for one of our own elements, as JSON."""
    return Response(json.dumps(what).encode(), status_code=status, media_type=MediaType.JSON)


def see(request: AnyRequest, path: str) -> Response[bytes]:
    """Go and see `path`: a redirect after a form, an instruction to htmx."""
    path = quote(path, safe="/?#&=%:@!$'()*+,;~")
    if by_htmx(request):
        return Response(b"", status_code=204, headers={"HX-Redirect": path})
    return Response(b"", status_code=303, headers={"Location": path})


def theme_of(request: AnyRequest) -> str:
    """Light, dark or as the device, as this browser chose."""
    chosen = cookies_of(request).get(name("theme"), "auto")
    return chosen if chosen in THEMES else "auto"


def cookies_of(request: AnyRequest) -> dict[str, str]:
    """The cookies that came with a request."""
    return read_cookies(request.headers.get("Cookie", "").encode("latin-1", "replace"))


def path_of(address: str) -> str:
    """The path of an address that a browser told; "" if it is none."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def local(path: str | None, otherwise: str = "/") -> str:
    """`path` if it is one of this site, never an address elsewhere."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return otherwise
