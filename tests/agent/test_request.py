"""What the model is sent: the same as BAML would write, and sooner."""

from typing import Any

import msgspec
import pytest
from baml_py import ClientRegistry

from app.agent.request import request
from app.baml_client.sync_client import b
from app.baml_client.types import Said

TEXTS = (
    "hello", "two\nlines", "  a  space at each end ", "\n\na line at each end\n", "{{ not }} a {% template %}",
    '"quoted" \\ back',
    "ünïcode 你好 \U0001f600", "<b>&amp;</b>", "tab\there", "x" * 5000, "```python\nprint('hi')\n```",
)  # fmt: skip


def clients(provider: str) -> ClientRegistry:
    registry = ClientRegistry()
    options: dict[str, Any] = {"base_url": "http://127.0.0.1:1/v1", "model": "m", "api_key": "k"}
    registry.add_llm_client("one", provider, options)
    registry.set_primary("one")
    return registry


@pytest.mark.parametrize("provider", ["openai-generic", "anthropic"])
@pytest.mark.parametrize("may_ask", [True, False])
@pytest.mark.parametrize("entries", [1, 2, len(TEXTS)])
def test_it_is_what_baml_would_have_written(provider: str, entries: int, may_ask: bool) -> None:
    log = [Said(role=("user", "assistant")[n % 2], text=TEXTS[n]) for n in range(entries)]
    ours = request(log, clients(provider), may_ask=may_ask)
    theirs = b.stream_request.Respond(log, may_ask, baml_options={"client_registry": clients(provider)})
    assert msgspec.json.decode(ours.body) == theirs.body.json()
    assert ours.url == theirs.url
    assert ours.headers == {name: value for name, value in theirs.headers.items() if not name.startswith("baml-")}
