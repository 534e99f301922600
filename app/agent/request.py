"""What the model is sent. BAML writes the request: address, headers, instructions and the newest entry of the log.

The entries before that one are put in here, in the shape that BAML gave the newest: it takes 40 us for each itself, in
which the worker does nothing else, and a hundred of them stand before most answers."""

from typing import Any

import msgspec
from baml_py import ClientRegistry

from app.baml_client.sync_client import b  # at once: the asynchronous one adds a thread's wake-up
from app.baml_client.types import Said


class Request(msgspec.Struct):
    """An HTTP request, to be posted as it is."""

    url: str
    headers: dict[str, str]
    body: bytes


def request(log: list[Said], clients: ClientRegistry, *, may_ask: bool) -> Request:
    """The request for an answer to `log`, oldest first, of which there is at least one entry. `may_ask`: the model is told
    how to ask its person instead."""
    written = b.stream_request.Respond(log[-1:], may_ask, baml_options={"client_registry": clients, "env": {}})
    body: dict[str, Any] = msgspec.json.decode(written.body.raw())
    *_, newest = body["messages"]
    body["messages"][-1:-1] = [_like(newest, said) for said in log[:-1]]
    headers = {name: value for name, value in written.headers.items() if not name.startswith("baml-")}
    return Request(written.url, headers, msgspec.json.encode(body))


def _like(newest: dict[str, Any], said: Said) -> dict[str, Any]:
    """An entry as this provider takes it: its text stands alone, or as a part."""
    text = said.text.strip()  # as BAML does
    content = text if isinstance(newest["content"], str) else [{**newest["content"][0], "text": text}]
    return {"role": said.role, "content": content}
