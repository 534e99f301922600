"""Templates of the sandbox's pages as answers."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from litestar import Response
from litestar.enums import MediaType

from app.sandbox.slack import rendering
from app.sandbox.slack.filling import field_name, options_of
from app.sandbox.slack.mrkdwn import untyped
from app.sandbox.slack.workspace import Workspace
from app.web.assets import asset

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"


@cache
def environment() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, auto_reload=False)
    made.globals.update(
        asset=asset, field_name=field_name, options_of=options_of, text_html=rendering.text_html, untyped=untyped,
        words_html=rendering.words_html, rich_html=rendering.rich_html, markdown_html=rendering.markdown_html,
    )  # fmt: skip
    return made


def render(template: str, workspace: Workspace, **context: Any) -> str:
    return environment().get_template(template).render(world=workspace.world, faults=workspace.faults, **context)


def page(template: str, workspace: Workspace, **context: Any) -> Response[bytes]:
    return Response(render(template, workspace, **context).encode(), media_type=MediaType.HTML)
