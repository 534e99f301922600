"""Templates of the mail pages as answers."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from litestar import Response
from litestar.enums import MediaType

from app.sandbox.mail.office import Office
from app.web.assets import asset

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"


@cache
def environment() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, auto_reload=False)
    made.globals.update(asset=asset)
    return made


def page(template: str, office: Office, **context: Any) -> Response[bytes]:
    html = environment().get_template(template).render(world=office.world, **context)
    return Response(html.encode(), media_type=MediaType.HTML)
