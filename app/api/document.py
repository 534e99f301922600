"""The API as OpenAPI describes it: what Litestar finds in the routes, and what all of them have in common."""

from dataclasses import fields
from typing import Any

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI

from app.api.problems import MEDIA_TYPE, TITLES
from app.domain.idempotency import LONGEST_KEY

Told = dict[str, Any]
ABOUT = (
    "Programs use the same conversations as people, and ask them for decisions, in a person's name. Each request carries a "
    "token, as `Authorization: Bearer TOKEN`. Ids are UUIDs, times ISO 8601 in UTC. A list comes in parts of `limit`: send "
    "its `next` as `after` for the part that follows. What goes wrong is told as problem details (RFC 9457)."
)
PROBLEM: Told = {
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "message": {"type": "string"}}},
        },
        "reference": {"type": "string"},
        "outcome": {"type": "string", "description": "How a request for feedback had been settled before."},
        "responses": {"type": "array", "items": {"$ref": "#/components/schemas/Response"}},
    },
}
KEY: Told = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request sent again with the same key is done once, and answered the same, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"},
}
HEADERS = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}


class Document(OpenAPI):
    """Told completely."""

    def to_schema(self) -> Told:
        return completed(super().to_schema())


class Described(OpenAPIConfig):
    """Makes a Document of what is found."""

    def to_openapi_schema(self) -> OpenAPI:
        found = super().to_openapi_schema()
        return Document(**{field.name: getattr(found, field.name) for field in fields(found)})


def completed(found: Told) -> Told:
    """What Litestar found, with who may ask, and how it may be refused."""
    for path, item in found["paths"].items():
        for method, told in item.items():
            _complete(told, method, path)
            if path.startswith("/api/"):
                _may_refuse(told, method, path)
            elif "requestBody" in told:
                told["responses"] |= {str(status): _problem(status) for status in (413, 503)}
    found["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return found


def _complete(told: Told, method: str, path: str) -> None:
    told["summary"], _, more = told.pop("description", told["summary"]).partition(". ")
    told["summary"] = told["summary"].removesuffix(".")
    if more:
        told["description"] = more
    told["tags"] = [path.split("/")[2] if path.startswith("/api/") else "tokens"]


def _may_refuse(told: Told, method: str, path: str) -> None:
    """Who may ask in the API, how often, and what is said otherwise."""
    told["security"] = [{"token": []}]
    if method == "post":
        told["parameters"] = [*told.get("parameters", []), KEY]
    if body := told.get("requestBody"):
        _may_be_left_out(body)
    told["responses"].pop("400", None)
    told["responses"] |= {str(status): _problem(status) for status in _refusals(told, method, path)}


def _may_be_left_out(body: Told) -> None:
    """A body that may be null may be none, too."""
    for content in body["content"].values():
        kinds = content["schema"].get("oneOf", [])
        if {"type": "null"} in kinds:
            body["required"] = False


def _refusals(told: Told, method: str, path: str) -> list[int]:
    """How it may be refused, by what it takes."""
    statuses = [401, 403, 429, 503]
    if "{" in path or method in ("post", "put"):
        statuses += [404] if method == "get" else [404, 409]
    if "requestBody" in told or any(one["in"] != "path" for one in told.get("parameters", [])):
        statuses += [400, 422]
    if method in ("post", "put", "patch"):
        statuses += [413]
    return sorted(statuses)


def _problem(status: int) -> Told:
    headers = {name: {"schema": {"type": "string"}} for name in HEADERS.get(status, [])}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": TITLES[status], "content": content} | ({"headers": headers} if headers else {})
