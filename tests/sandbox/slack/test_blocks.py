"""Blocks that Slack takes, and those that it does not."""

from typing import Any

import pytest

from app.sandbox.slack.blocks import checked, checked_view
from app.sandbox.slack.call import Refused

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Yes")} | more


def choice(count: int, kind: str = "static_select") -> Json:
    return {"type": kind, "options": [{"text": plain(str(n)), "value": str(n)} for n in range(count)]}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements)} | more


def test_blocks_get_ids_where_they_have_none() -> None:
    taken = checked([actions(button(), button(action_id="mine"))])
    assert taken[0]["block_id"]
    assert taken[0]["elements"][0]["action_id"]
    assert taken[0]["elements"][1]["action_id"] == "mine"


SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
CELL = {"type": "raw_text", "text": "x"}


@pytest.mark.parametrize(
    "block",
    [
        SECTION, SECTION | {"accessory": choice(100)}, {"type": "header", "text": plain("x" * 150)}, {"type": "divider"},
        actions(*[button(action_id=str(n)) for n in range(25)]), actions(choice(10, "checkboxes")),
        {"type": "context", "elements": [plain("x")]}, {"type": "markdown", "text": "x" * 12_000},
        {"type": "table", "rows": [[CELL] * 20] * 100}, {"type": "image", "image_url": "https://x.example", "alt_text": "x"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
        {"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}},
    ],
)  # fmt: skip
def test_what_is_within_the_limits_is_taken(block: Json) -> None:
    assert checked([block])


@pytest.mark.parametrize(
    "blocks",
    [
        [{"type": "divider"}] * 51, [{"type": "banner"}], ["divider"], [{"type": "section"}],
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}], [{"type": "section", "text": plain("")}],
        [{"type": "header", "text": plain("x" * 151)}], [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [actions(*[button()] * 26)], [actions()], [actions(button(text=plain("x" * 76)))], [actions({"type": "button"})],
        [actions(button(action_id="x" * 256))], [actions(button(action_id="x"), button(action_id="x"))],
        [actions(button(style="loud"))], [actions({"type": "plain_text_input"})], [actions(choice(101))],
        [actions(choice(11, "checkboxes"))], [actions({"type": "static_select"})],
        [{"type": "divider", "block_id": "x" * 256}], [{"type": "divider", "block_id": "x"}] * 2,
        [{"type": "table", "rows": [[CELL]] * 101}], [{"type": "table", "rows": [[CELL] * 21]}],
        [{"type": "table", "rows": [[CELL]]}] * 2, [{"type": "input", "label": plain("x")}], [{"type": "context"}],
        [{"type": "input", "label": plain("x"), "element": button()}], [{"type": "markdown"}], [{"type": "image"}],
    ],
)  # fmt: skip
def test_what_is_not_is_refused(blocks: list[Any]) -> None:
    with pytest.raises(Refused, match="invalid_blocks"):
        checked(blocks)


def test_markdown_is_counted_over_all_blocks() -> None:
    with pytest.raises(Refused, match="msg_blocks_too_long"):
        checked([{"type": "markdown", "text": "x" * 6001}] * 2)


MODAL = {"type": "modal", "title": plain("Yes or no"), "blocks": [{"type": "divider"}]}
INPUT = {"type": "input", "label": plain("x"), "element": {"type": "plain_text_input"}}


def test_a_view_is_taken_whole() -> None:
    assert checked_view(MODAL | {"submit": plain("Send"), "blocks": [INPUT] * 100})["blocks"][0]["block_id"]


@pytest.mark.parametrize(
    "view",
    [
        None, {"type": "window"}, {"type": "modal", "blocks": []}, MODAL | {"title": plain("x" * 25)},
        MODAL | {"blocks": None},
        MODAL | {"submit": plain("x" * 25)}, MODAL | {"blocks": [INPUT]}, MODAL | {"blocks": [{"type": "divider"}] * 101},
        MODAL | {"private_metadata": "x" * 3001}, MODAL | {"callback_id": "x" * 256},
    ],
)  # fmt: skip
def test_a_view_that_slack_would_not_take_is_refused(view: Any) -> None:
    with pytest.raises(Refused, match="invalid_arguments"):
        checked_view(view)
