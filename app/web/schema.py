"""The API for people who write programs: its OpenAPI document as a page."""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from litestar import Request, Response
from litestar.openapi.plugins import OpenAPIRenderPlugin

from app.domain.errors import NotFound
from app.web.pages import page

AnyRequest = Request[Any, Any, Any]
Told = dict[str, Any]
ORDER = ("get", "post", "put", "patch", "delete")


class Readable(OpenAPIRenderPlugin):
    """The page at /schema. It loads what every page loads, from here."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: AnyRequest, openapi_schema: Told) -> bytes:
        return page(request, "schema/show.html", api=Api(openapi_schema)).content


async def described(request: AnyRequest) -> None:
    """Have the document made, at the first request, while others are served: it takes most of a second."""
    await asyncio.to_thread(lambda: request.app.openapi_schema)


async def found(response: Response[Any]) -> Response[Any]:
    """Litestar has a page of its own for what is not there; ours looks like the others."""
    if response.status_code == 404:
        raise NotFound
    return response


@dataclass(frozen=True)
class Field:
    """Something that is sent or answered. `place`: body, path, query or header."""

    name: str
    kind: str
    required: bool
    says: str
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """Something that a program may do."""

    method: str
    path: str
    told: Told
    schemas: Told

    @property
    def anchor(self) -> str:
        return str(self.told["operationId"])

    @property
    def takes(self) -> list[Field]:
        """What stands in the address, in headers and in the body."""
        told = self.told.get("parameters", [])
        asked = [
            Field(one["name"], kind(one["schema"]), one["required"], one.get("description", ""), one["in"]) for one in told
        ]
        contents = self.told.get("requestBody", {}).get("content", {}).values()
        shapes = [self.schemas.get(named(content["schema"]), content["schema"]) for content in contents]
        return asked + [field for shape in shapes for field in fields_of(shape, "body")]

    @property
    def answers(self) -> list[tuple[str, str, str]]:
        """Status, what it means, and what is answered."""
        return [(status, one["description"], answered(one)) for status, one in sorted(self.told["responses"].items())]


class Api:
    """An OpenAPI document, as its page shows it."""

    def __init__(self, told: Told) -> None:
        self.about: str = told["info"]["description"]
        self.schemas: Told = told["components"]["schemas"]
        self.paths: Told = told["paths"]

    @cached_property
    def resources(self) -> dict[str, list[Operation]]:
        """What may be done, by what it is done to."""
        found: dict[str, list[Operation]] = {}
        for path, item in self.paths.items():
            for method in sorted(item, key=ORDER.index):
                found.setdefault(item[method]["tags"][0], []).append(
                    Operation(method.upper(), path, item[method], self.schemas)
                )
        return found

    @property
    def shapes(self) -> dict[str, list[Field]]:
        """What is sent and answered, by its name."""
        return {title(name): fields_of(shape) for name, shape in self.schemas.items() if "properties" in shape}


def fields_of(shape: Told, place: str = "") -> list[Field]:
    """The parts of an object."""
    required = shape.get("required", [])
    parts: Told = shape.get("properties", {})
    return [Field(name, kind(one), name in required, one.get("description", ""), place) for name, one in parts.items()]


def kind(schema: Told) -> str:
    """What fits, in few words."""
    if name := named(schema):
        return title(name)
    match schema:
        case {"oneOf": kinds} | {"anyOf": kinds}:
            return " or ".join(kind(one) for one in kinds)
        case {"enum": values}:
            return " or ".join(str(value) for value in values)
        case {"type": "array", "items": items}:
            return f"list of {kind(items)}"
        case {"type": of, "format": form}:
            return f"{of} ({form})"
        case {"type": list(kinds)}:
            return " or ".join(kinds)
    return str(schema.get("type", "anything"))


def answered(response: Told) -> str:
    """What an answer holds."""
    return " or ".join(
        kind(content["schema"]) if media_type.endswith("json") else media_type
        for media_type, content in response.get("content", {}).items()
    )


def named(schema: Told) -> str:
    """The name of the shape that is referred to, also by what may be null; "" if it stands there itself."""
    for one in (schema, *schema.get("oneOf", [])):
        if "$ref" in one:
            return str(one["$ref"]).rpartition("/")[2]
    return ""


def title(name: str) -> str:
    """`Listed_Session_` is a list of Session."""
    outer, _, inner = name.removesuffix("_").partition("_")
    return f"{outer} {inner}" if inner else outer
