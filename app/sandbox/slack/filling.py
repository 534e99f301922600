"""What people choose and write in blocks, as Slack tells it: `state.values`, and the `actions` of a click."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from app.sandbox.slack.world import Json

Form = dict[str, list[str]]
"""What a page's form brings: all values of each field."""

ONE_OF = {
    "users_select": "selected_user", "channels_select": "selected_channel", "conversations_select": "selected_conversation",
    "datepicker": "selected_date", "timepicker": "selected_time",
}  # fmt: skip
MANY_OF = {
    "multi_users_select": "selected_users", "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}  # fmt: skip
WORDS = ("plain_text_input", "number_input", "email_text_input", "url_text_input")
ONE_OPTION = ("static_select", "radio_buttons", "external_select")
MANY_OPTIONS = ("multi_static_select", "checkboxes")


def field_name(block: Json, element: Json) -> str:
    """What a form calls an element."""
    return f"{block['block_id']} {element['action_id']}"


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element that may be used, with its block."""
    for block in blocks:
        inside = [*(block.get("elements") or []), block.get("accessory"), block.get("element")]
        yield from ((block, one) for one in inside if isinstance(one, dict) and "action_id" in one)


def values_of(blocks: list[Json], form: Form) -> dict[str, Json]:
    """What stands in the fields, by block and action."""
    values: dict[str, Json] = {}
    for block, element in elements_of(blocks):
        if told := _value(element, form.get(field_name(block, element), [])):
            values.setdefault(block["block_id"], {})[element["action_id"]] = {"type": element["type"]} | told
    return values


def _value(element: Json, given: list[str]) -> Json:
    """What one field says; {} for what has no value, such as a button."""
    kind, first = element["type"], given[0] if given and given[0] else None
    chosen: list[Json] = [one for one in options_of(element) if one.get("value") in given]
    if kind in WORDS:
        return {"value": first}
    if kind in ONE_OPTION:
        return {"selected_option": chosen[0] if chosen else None}
    if kind in MANY_OPTIONS:
        return {"selected_options": chosen}
    if kind in ONE_OF:
        return {ONE_OF[kind]: first}
    if kind in MANY_OF:
        return {MANY_OF[kind]: [one for one in given if one]}
    if kind == "datetimepicker":
        return {"selected_date_time": int(datetime.fromisoformat(first).replace(tzinfo=UTC).timestamp()) if first else None}
    return {"rich_text_value": rich_text(first)} if kind == "rich_text_input" else {}


def rich_text(text: str | None) -> Json | None:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]} if text else None


def options_of(element: Json) -> list[Json]:
    """The options that an element offers, those of its groups included."""
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group["options"])]


def is_empty(value: Json) -> bool:
    """Whether a field says nothing."""
    return not any(one for name, one in value.items() if name != "type")


def action_of(block: Json, element: Json, values: dict[str, Json], choice: str, ts: str) -> Json:
    """The action of using an element; `choice` is what was taken in a menu without a field."""
    told: Json = {"action_id": element["action_id"], "block_id": block["block_id"], "type": element["type"], "action_ts": ts}
    told |= values.get(block["block_id"], {}).get(element["action_id"], {})
    if element["type"] == "overflow":
        told["selected_option"] = next((one for one in options_of(element) if one.get("value") == choice), None)
    if element["type"] == "feedback_buttons":
        both: list[Any] = [element["positive_button"], element["negative_button"]]
        told |= next((one for one in both if one.get("value") == choice), both[0])
    kept = ("text", "value", "style", "url") if "button" in element["type"] else ("placeholder",)
    return told | {name: element[name] for name in kept if name in element}
