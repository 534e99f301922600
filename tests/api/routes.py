"""Every route of the API, found by walking them."""

import re
from functools import cache
from typing import Any

from litestar.routes import HTTPRoute

from app.main import create_app

BODIES: dict[str, dict[str, Any]] = {
    "messages": {"text": "x"}, "channel": {"type": "web"}, "{session_id:uuid}": {"title": "x"},
    "feedback": {"type": "approval", "question": "x"}, "batch": {"requests": [{"type": "approval", "question": "x"}]},
    "response": {"value": True}, "delegation": {"to": "ben@example.com"},
    "channels": {"type": "email", "address": "x@example.com"}, "webhooks": {"url": "https://example.com/hook"},
}  # fmt: skip


@cache
def api_routes() -> list[tuple[str, str]]:
    """Method and path of each, but for what Litestar itself answers to OPTIONS."""
    found = [route for route in create_app().routes if isinstance(route, HTTPRoute) and route.path.startswith("/api")]
    return [(method, route.path) for route in found for method in sorted(set(route.methods) - {"OPTIONS"})]


def filled(path: str, id: object) -> str:
    return re.sub(r"{\w+:uuid}", str(id), path)


def body_of(path: str) -> dict[str, Any]:
    """What a route takes."""
    return BODIES.get(path.rpartition("/")[2], {})
