"""What the model is sent. BAML writes the request, once: address, headers, instructions and the shape of an entry of a log.

The entries of each conversation are put in here, in that shape: BAML takes 0.4 ms for the request and 40 us for each entry,
in which the worker does nothing else, and a hundred of them stand before most answers."""

from functools import cache
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
    sample, body = _sample(clients, may_ask)
    *before, newest = body["messages"]
    messages = [*before, *(_like(newest, said) for said in log)]
    return Request(sample.url, sample.headers, msgspec.json.encode({**body, "messages": messages}))


@cache
def _sample(clients: ClientRegistry, may_ask: bool) -> tuple[Request, dict[str, Any]]:
    """What BAML writes for a log of one entry, and what its body holds."""
    log = [Said(role="user", text="x")]
    written = b.stream_request.Respond(log, may_ask, baml_options={"client_registry": clients, "env": {}})
    headers = {name: value for name, value in written.headers.items() if not name.startswith("baml-")}
    sample = Request(written.url, headers, written.body.raw())
    return sample, msgspec.json.decode(sample.body)


def _like(entry: dict[str, Any], said: Said) -> dict[str, Any]:
    """An entry as this provider takes it: its text stands alone, or as a part."""
    text = said.text.strip()  # as BAML does
    content = text if isinstance(entry["content"], str) else [{**entry["content"][0], "text": text}]
    return {"role": said.role, "content": content}
