"""Slack's own markup: what people type becomes it, and it becomes HTML (docs.slack.dev, "Formatting message text")."""

import re
from html import unescape

from markupsafe import Markup

from app.sandbox.slack.world import Json, World

ADDRESS = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)]")
NAME = re.compile(r"(?<![\w<@])@([\w.-]+\w)")
ANGLED = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")
EMOJI = {
    "white_check_mark": "✅", "heavy_check_mark": "✔️", "x": "❌", "eyes": "👀", "thumbsup": "👍", "+1": "👍",
    "thumbsdown": "👎", "-1": "👎", "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "warning": "⚠️", "wave": "👋",
    "bell": "🔔", "lock": "🔒", "star": "⭐",
    "memo": "📝", "speech_balloon": "💬", "tada": "🎉", "rocket": "🚀", "robot_face": "🤖",
    "no_entry": "⛔", "question": "❓", "red_circle": "🔴", "large_green_circle": "🟢", "information_source": "ℹ️",
    "arrows_counterclockwise": "🔄", "calendar": "📅", "alarm_clock": "⏰", "zap": "⚡", "bulb": "💡",
}  # fmt: skip
STYLES = (
    (re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)"), r"<b>\1</b>"),
    (re.compile(r"(?<!\w)_([^_\n]+)_(?!\w)"), r"<i>\1</i>"),
    (re.compile(r"(?<!\w)~([^~\n]+)~(?!\w)"), r"<s>\1</s>"),
)
CODE = re.compile(r"```(.+?)```|`([^`\n]+)`", re.S)


def typed(world: World, text: str) -> str:
    """What somebody typed, as Slack keeps it: &, < and > escaped, people mentioned by id, addresses in angles."""
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    ids = {one.name.lower(): one.id for one in world.people.values()}
    safe = ADDRESS.sub(lambda found: f"<{found[0]}>", safe)
    return NAME.sub(lambda found: f"<@{ids[found[1].lower()]}>" if found[1].lower() in ids else found[0], safe)


def untyped(world: World, text: str) -> str:
    """The same the other way round, for a person to change."""
    names = {one.id: one.name for one in world.people.values()}
    plain = re.sub(r"<@(\w+)>", lambda found: f"@{names.get(found[1], found[1])}", text)
    return unescape(re.sub(r"<(https?://[^>|]+)(?:\|[^>]*)?>", r"\1", plain))


def as_rich_text(text: str) -> Json:
    """Words as the rich_text block that Slack makes of a person's message."""
    elements: list[Json] = []
    for piece in re.split(r"(<[^>]+>)", text):
        if piece.startswith("<@"):
            elements.append({"type": "user", "user_id": piece[2:-1]})
        elif piece.startswith("<"):
            elements.append({"type": "link", "url": unescape(piece[1:-1])})
        elif piece:
            elements.append({"type": "text", "text": unescape(piece)})
    return {"type": "rich_text", "block_id": "said", "elements": [{"type": "rich_text_section", "elements": elements}]}


def html(world: World, text: str) -> Markup:
    """Markup as HTML; nothing of it can be a tag of its own."""
    aside: list[str] = []

    def put(made: str) -> str:
        aside.append(made)
        return f"\0{len(aside) - 1}\0"

    words = CODE.sub(lambda found: put(_code(found[1], found[2])), text.replace("\0", ""))
    words = ANGLED.sub(lambda found: put(_angled(world, found[1], found[2])), words)
    words = emojis(_plain(words))
    for pattern, by in STYLES:
        words = pattern.sub(by, words)
    words = re.sub(r"(?m)^&gt; ?(.*)$\n?", r"<q>\1</q>", words).replace("\n", "<br>")
    return Markup(re.sub(r"\0(\d+)\0", lambda found: aside[int(found[1])], words))  # noqa: S704 - all of it is escaped


def emojis(text: str) -> str:
    return re.sub(r":([\w+-]+):", lambda found: EMOJI.get(found[1], found[0]), text)


def _plain(text: str) -> str:
    """Words in which Slack has escaped &, < and >, so that they are HTML even where it has not."""
    return re.sub(r"&(?!(?:amp|lt|gt);)", "&amp;", text).replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _code(block: str | None, inline: str | None) -> str:
    return f"<pre>{_plain(block.strip(chr(10)))}</pre>" if block else f"<code>{_plain(inline or '')}</code>"


def _angled(world: World, what: str, label: str | None) -> str:
    """A link or a mention."""
    if what.startswith("@") and (one := world.people.get(what[1:])):
        return f'<span class="mention">@{_plain(one.real_name)}</span>'
    if what.startswith("#") and (place := world.places.get(what[1:])):
        return f'<span class="mention">#{_plain(place.name)}</span>'
    if what.startswith("!date^"):
        return _plain(label or what)
    if what.startswith("!"):
        return f'<span class="mention">@{_plain(what[1:])}</span>'
    if re.match(r"https?://|mailto:", what):
        return f'<a href="{_plain(what)}" target="_blank" rel="noreferrer">{_plain(label or what)}</a>'
    return _plain(f"<{what}>")
