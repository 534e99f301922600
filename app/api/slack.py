"""What Slack posts to us: events, clicks, commands. Each is signed, and kept before it is acknowledged."""

from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, Router, post

from app.channels.slack_commands import answer_command
from app.channels.slack_incoming import Unsigned, is_signed, keep_event, keep_interaction, read
from app.live import encode

AnyRequest = Request[Any, Any, Any]
Answer = Response[bytes]


@post("/events", status_code=200)
async def hear_event(request: AnyRequest) -> Answer:
    """The work is done later, by a worker."""
    told = read(await _signed(request))
    if told.get("type") == "url_verification":
        return _json({"challenge": str(told.get("challenge", ""))})
    await keep_event(told)
    return _json({})


@post("/interactions", status_code=200)
async def hear_interaction(request: AnyRequest) -> Answer:
    """A click or a form; an empty answer lets a window close."""
    answer = await keep_interaction(read(_form(await _signed(request)).get("payload", "")))
    return _json(answer) if answer else Response(b"", status_code=200)


@post("/commands", status_code=200)
async def hear_command(request: AnyRequest) -> Answer:
    """Answered at once, for its writer alone."""
    return _json(await answer_command(_form(await _signed(request))))


SLACK = Router(
    "/slack",
    route_handlers=[hear_event, hear_interaction, hear_command],
    opt={"open": True, "stateless": True},
    include_in_schema=False,
)


async def _signed(request: AnyRequest) -> str:
    """The body, if Slack has signed it. Unsigned otherwise."""
    body = await request.body()
    headers = {name: value for name, value in request.headers.items() if name.lower().startswith("x-slack-")}
    if not is_signed(body, headers):
        raise Unsigned
    return body.decode(errors="replace").replace("\0", "")


def _form(body: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body).items()}


def _json(answer: dict[str, Any]) -> Answer:
    return Response(encode(answer), status_code=200, media_type="application/json")
