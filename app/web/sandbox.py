"""The way to the sandbox, which is a server of its own on this machine."""

from urllib.parse import urljoin, urlsplit

from litestar import Response, get

from app.domain.errors import NotFound
from app.settings import is_loopback, settings
from app.web.visitors import Me


@get("/sandbox/slack")
async def go_to_sandbox(me: Me) -> Response[bytes]:
    """There is one where the settings name a Slack on this machine."""
    api = settings().slack_api_url
    if not (settings().sandbox and settings().loopback and is_loopback(urlsplit(api).hostname or "")):
        raise NotFound
    return Response(b"", status_code=303, headers={"Location": urljoin(api, "/sandbox/slack")})
