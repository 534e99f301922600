"""Text, rich text and Markdown of messages as HTML."""

from html import escape

from markupsafe import Markup

from app.markdown import render as render_markdown
from app.sandbox.slack import mrkdwn
from app.sandbox.slack.world import Json, World

LIST_TAGS = {"ordered": "ol", "bullet": "ul"}
STYLE_TAGS = {"bold": "b", "italic": "i", "strike": "s", "code": "code"}


def text_html(world: World, text: Json | None) -> Markup:
    """A text object."""
    if not text:
        return Markup("")
    if text["type"] == "mrkdwn":
        return mrkdwn.html(world, text["text"])
    return Markup(escape(mrkdwn.emojis(text["text"])).replace("\n", "<br>"))  # noqa: S704 - it is escaped


def words_html(world: World, text: str) -> Markup:
    """A message's own text."""
    return mrkdwn.html(world, text)


def markdown_html(text: str) -> Markup:
    return Markup(render_markdown(text))  # noqa: S704 - app/markdown.py makes it safe


def rich_html(world: World, block: Json) -> Markup:
    """A rich_text block, or a table's cell."""
    if block.get("type") == "raw_text":
        return Markup(escape(block.get("text", "")))  # noqa: S704 - it is escaped
    return Markup("".join(_part(world, one) for one in block.get("elements", [])))  # noqa: S704 - its parts are escaped


def _part(world: World, one: Json) -> str:
    inside = "".join(_piece(world, piece) for piece in one.get("elements", []))
    match one["type"]:
        case "rich_text_section":
            return f"<p>{inside}</p>"
        case "rich_text_preformatted":
            return f"<pre>{inside}</pre>"
        case "rich_text_quote":
            return f"<blockquote>{inside}</blockquote>"
        case "rich_text_list":
            tag = LIST_TAGS.get(one.get("style", ""), "ul")
            items = "".join(f"<li>{_part(world, item)}</li>" for item in one.get("elements", []))
            return f"<{tag}>{items}</{tag}>"
    return ""


def _piece(world: World, one: Json) -> str:
    """A piece of a line."""
    people, places = world.people, world.places
    match one:
        case {"type": "text", "text": str(text)}:
            html = escape(text).replace("\n", "<br>")
        case {"type": "link", "url": str(url)} if url.startswith(("http://", "https://", "mailto:")):
            words = escape(str(one.get("text") or url))
            html = f'<a href="{escape(url)}" target="_blank" rel="noreferrer">{words}</a>'
        case {"type": "user", "user_id": str(user)}:
            html = f'<span class="mention">@{escape(people[user].real_name if user in people else user)}</span>'
        case {"type": "channel", "channel_id": str(place)}:
            html = f'<span class="mention">#{escape(places[place].name if place in places else place)}</span>'
        case {"type": "emoji", "name": str(name)}:
            html = escape(mrkdwn.emojis(f":{name}:"))
        case _:
            return ""
    for style, tag in STYLE_TAGS.items():
        if one.get("style", {}).get(style):
            html = f"<{tag}>{html}</{tag}>"
    return html
