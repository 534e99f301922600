"""The way to the sandbox, which is a server of its own on this machine."""

from urllib.parse import urlencode, urljoin

from litestar import Response, get

from app.domain.errors import NotFound
from app.settings import settings
from app.web.pages import AnyRequest
from app.web.visitors import Me


@get(["/sandbox/slack", "/sandbox/mail"])
async def go_to_sandbox(request: AnyRequest, me: Me) -> Response[bytes]:
    """There is one where the settings name a Slack on this machine."""
    ours = settings()
    if not (ours.sandbox and ours.loopback and ours.slack_is_sandbox):
        raise NotFound
    path = request.scope["path"]
    box = f"?{urlencode({'box': me.email})}" if path.endswith("/mail") else ""
    return Response(b"", status_code=303, headers={"Location": urljoin(ours.slack_api_url, path) + box})
