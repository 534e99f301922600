"""Every route of the API, found by walking them."""

from functools import cache
from typing import Any

from litestar.routes import HTTPRoute

from app.main import create_app

BODIES = {"messages": {"text": "x"}, "channel": {"type": "web"}, "{session_id:uuid}": {"title": "x"}}


@cache
def api_routes() -> list[tuple[str, str]]:
    """Method and path of each, but for what Litestar itself answers to OPTIONS."""
    found = [route for route in create_app().routes if isinstance(route, HTTPRoute) and route.path.startswith("/api")]
    return [(method, route.path) for route in found for method in sorted(set(route.methods) - {"OPTIONS"})]


def filled(path: str, session_id: object) -> str:
    return path.replace("{session_id:uuid}", str(session_id))


def body_of(path: str) -> dict[str, Any]:
    """What a route takes."""
    return BODIES.get(path.rpartition("/")[2], {})
