"""What may stand in blocks, and how much of it (docs.slack.dev/reference/block-kit/block-elements)."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.sandbox.slack.world import Json

Complaints = Iterator[tuple[str, str]]
"""What is wrong, and where: a JSON pointer below what was asked about."""


@dataclass(frozen=True)
class Element:
    """`texts` are text objects and their most characters, `strings` the same for bare ones; those of `needed` must be there.
    `options` says how many there may be,
    `places` where it may stand."""

    texts: dict[str, int] = field(default_factory=dict)
    strings: dict[str, int] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    options: int = 0
    places: str = "input actions section"


SELECT = {"placeholder": 150}
ELEMENTS = {
    "button": Element(
        {"text": 75}, {"value": 2000, "url": 3000, "accessibility_label": 75}, ("text",), places="actions section"
    ),
    "static_select": Element(SELECT, options=100),
    "multi_static_select": Element(SELECT, options=100, places="input section"),
    "users_select": Element(SELECT),
    "multi_users_select": Element(SELECT, places="input section"),
    "conversations_select": Element(SELECT),
    "multi_conversations_select": Element(SELECT, places="input section"),
    "channels_select": Element(SELECT),
    "multi_channels_select": Element(SELECT, places="input section"),
    "external_select": Element(SELECT),
    "overflow": Element(options=5, places="actions section"),
    "checkboxes": Element(options=10),
    "radio_buttons": Element(options=10),
    "datepicker": Element(SELECT),
    "timepicker": Element(SELECT),
    "datetimepicker": Element(),
    "plain_text_input": Element(SELECT, {"initial_value": 3000}, places="input"),
    "number_input": Element(SELECT, needed=("is_decimal_allowed",), places="input"),
    "email_text_input": Element(SELECT, places="input"),
    "url_text_input": Element(SELECT, places="input"),
    "rich_text_input": Element(SELECT, places="input"),
    "image": Element(strings={"alt_text": 2000, "image_url": 3000}, needed=("alt_text",), places="section"),
    "feedback_buttons": Element(needed=("positive_button", "negative_button"), places="actions"),
    "icon_button": Element({"text": 75}, needed=("icon", "text"), places="actions"),
    "workflow_button": Element({"text": 75}, needed=("text",), places="actions section"),
}
STYLES = ("primary", "danger")
OPTION_TEXT, OPTION_VALUE, MOST_ID = 75, 150, 255


def wrong_element(one: object, where: str) -> Complaints:
    """What is wrong with an element that stands in a block's `where`: "input", "actions" or "section"."""
    if not isinstance(one, dict):
        yield "must be an object", ""
        return
    known = ELEMENTS.get(str(one.get("type")))
    if known is None or where not in known.places.split():
        yield f"unsupported type: {one.get('type')}", "/type"
        return
    for name in known.needed:
        if one.get(name) is None:
            yield f"missing required field: {name}", ""
    for name, most in known.texts.items():
        yield from wrong_text(one.get(name), most, f"/{name}", plain=True)
    for name, most in ({"action_id": MOST_ID} | known.strings).items():
        yield from wrong_string(one.get(name), most, f"/{name}")
    if one.get("style") not in (None, *STYLES):
        yield "must be a valid enum value", "/style"
    if known.options:
        yield from _wrong_options(one, known.options)


def wrong_text(text: object, most: int, at: str, *, plain: bool = False, needed: bool = False) -> Complaints:
    """What is wrong with a text object of at most so many characters."""
    if text is None:
        if needed:
            yield f"missing required field: {at.rpartition('/')[2]}", at.rpartition("/")[0]
        return
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if not isinstance(text, dict) or text.get("type") not in kinds:
        yield f"must be a {' or '.join(kinds)} object", at
    elif not isinstance(text.get("text"), str) or not text["text"]:
        yield "must be more than 0 characters", f"{at}/text"
    elif len(text["text"]) > most:
        yield f"must be less than {most + 1} characters", f"{at}/text"


def wrong_string(value: object, most: int, at: str) -> Complaints:
    if value is not None and not isinstance(value, str):
        yield "must be a string", at
    elif value is not None and len(value) > most:
        yield f"must be less than {most + 1} characters", at


def _wrong_options(one: Json, most: int) -> Complaints:
    groups = one.get("option_groups")
    options = [option for group in groups for option in group.get("options", [])] if groups else one.get("options")
    if not isinstance(options, list) or not options:
        yield "missing required field: options", ""
        return
    if len(options) > most:
        yield f"no more than {most} items allowed", "/options"
    for number, option in enumerate(options):
        at = f"/options/{number}"
        if not isinstance(option, dict):
            yield "must be an object", at
            continue
        yield from wrong_text(option.get("text"), OPTION_TEXT, f"{at}/text", needed=True)
        yield from wrong_string(option.get("value"), OPTION_VALUE, f"{at}/value")
        if "value" not in option:
            yield "missing required field: value", at
