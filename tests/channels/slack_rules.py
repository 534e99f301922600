"""Slack's rules for blocks and views, written down a second time: what breaks one is refused as a whole.

Source: https://docs.slack.dev/reference/block-kit, and what slack_sdk checks.
"""

import json
import re
from typing import Any

from app.channels.slack_text import Said

Part = dict[str, Any]

FIELDS = {
    "header": {"text"},
    "section": {"text"},
    "divider": set[str](),
    "context": {"elements"},
    "actions": {"block_id", "elements"},
    "input": {"block_id", "label", "element", "optional"},
    "rich_text": {"elements"},
    "table": {"rows", "column_settings"},
}
STYLES = {"bold", "italic", "strike", "code"}
CHOOSERS = {"radio_buttons": 10, "checkboxes": 10, "static_select": 100, "multi_static_select": 100}
SURE = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def check_message(said: Said) -> None:
    assert said.text.strip()
    assert size(said.text) <= 3_000
    check_escaped(said.text)
    assert 1 <= len(said.blocks) <= 50
    tables = [block for block in said.blocks if block["type"] == "table"]
    assert len(tables) <= 1
    text = json.dumps(
        [block for block in said.blocks if block["type"] != "table"], ensure_ascii=False, separators=(",", ":")
    )
    assert size(re.sub("[&<>]", "12345", text)) + sum(_cells_size(table) for table in tables) <= 13_000
    _check_blocks(said.blocks)


def check_view(view: Part) -> None:
    assert view["type"] in ("modal", "home")
    assert 1 <= len(view["blocks"]) <= 100
    assert len(json.dumps(view)) < 250_000
    assert not [block for block in view["blocks"] if block["type"] == "table"]
    if view["type"] == "modal":
        for name in ("title", "submit", "close"):
            check_plain(view[name], 24)
        assert len(view["callback_id"]) <= 255
        assert len(view["private_metadata"]) <= 3_000
    _check_blocks(view["blocks"])


def check_escaped(text: str) -> None:
    assert not re.search(r"[<>]|&(?!(?:amp|lt|gt);)", text), text


def check_plain(text: Part, most: int) -> None:
    assert set(text) == {"type", "text"}
    assert text["type"] == "plain_text"
    assert text["text"].strip()
    assert size(text["text"]) <= most


def _check_blocks(blocks: list[Part]) -> None:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    assert len(ids) == len(set(ids))
    for block in blocks:
        assert set(block) - {"type"} <= FIELDS[block["type"]], block
        assert len(block.get("block_id", "")) <= 255
        CHECKS[block["type"]](block)


def _check_table(block: Part) -> None:
    assert 1 <= len(block["rows"]) <= 100
    assert 1 <= len(block["column_settings"]) <= 20
    assert _cells_size(block) <= 10_000
    for row in block["rows"]:
        assert len(row) == len(block["column_settings"])
        for cell in row:
            assert cell["type"] == "rich_text"
            _check_rich(cell)


def _cells_size(block: Part) -> int:
    return sum(size(words([cell])) for row in block["rows"] for cell in row)


def _check_rich(block: Part) -> None:
    assert block["elements"]
    for element in block["elements"]:
        match element["type"]:
            case "rich_text_list":
                assert element["style"] in ("bullet", "ordered")
                assert 0 <= element["indent"] <= 8
                assert element.get("offset", 1) >= 1
                assert set(element) <= {"type", "style", "indent", "offset", "border", "elements"}
                assert all(item["type"] == "rich_text_section" for item in element["elements"])
                _check_rich({"elements": element["elements"]})
            case "rich_text_section" | "rich_text_quote" | "rich_text_preformatted":
                assert element["elements"]
                for part in element["elements"]:
                    _check_inline(part)
            case other:
                raise AssertionError(other)


def _check_inline(part: Part) -> None:
    assert part["type"] in ("text", "link"), "nothing else, least of all a user, a channel or a broadcast"
    assert 1 <= size(part["text"]) <= 3_000
    assert set(part.get("style", {})) <= STYLES
    assert all(value is True for value in part.get("style", {}).values())
    if part["type"] == "link":
        assert re.match("(https?://|mailto:)", part["url"], re.IGNORECASE)
        assert size(part["url"]) <= 3_000


def _check_context(block: Part) -> None:
    assert 1 <= len(block["elements"]) <= 10
    for element in block["elements"]:
        if element["type"] == "plain_text":
            check_plain(element, 3_000)
        else:
            assert element["verbatim"] is True
            assert 1 <= size(element["text"]) <= 3_000
            check_escaped(re.sub(r"<(?:https?://[^<>|]+\|[\w ]+|!date\^\d+\^[^<>|]+\|[\w :-]+)>", "", element["text"]))


def _check_actions(block: Part) -> None:
    assert 1 <= len(block["elements"]) <= 25
    names = [element["action_id"] for element in block["elements"]]
    assert len(set(names)) == len(names)
    for element in block["elements"]:
        _check_control(element)


def _check_control(element: Part) -> None:
    assert 1 <= len(element["action_id"]) <= 255
    match element["type"]:
        case "button":
            check_plain(element["text"], 75)
            assert element.get("style", "primary") in ("primary", "danger")
            assert 1 <= len(element.get("value", "x")) <= 2_000
            assert len(element.get("url", "")) <= 3_000
            assert len(element.get("accessibility_label", "")) <= 75
        case "plain_text_input":
            assert element["max_length"] <= 3_000
        case kind:
            assert 1 <= len(element["options"]) <= CHOOSERS[kind]
            for option in element["options"]:
                check_plain(option["text"], 75)
                assert 1 <= len(option["value"]) <= 150
            assert len({option["value"] for option in element["options"]}) == len(element["options"])
            for name, text in element.get("confirm", {}).items():
                check_plain(text, SURE[name])


def _check_input(block: Part) -> None:
    check_plain(block["label"], 2_000)
    _check_control(block["element"])


CHECKS: dict[str, Any] = {
    "header": lambda block: check_plain(block["text"], 150),
    "divider": lambda block: None,
    "context": _check_context,
    "actions": _check_actions,
    "input": _check_input,
    "rich_text": _check_rich,
    "table": _check_table,
}


def words(parts: list[Part]) -> str:
    """All that the parts show, in order, addresses included."""
    return " ".join(text for part in parts for text in _words(part))


def _words(part: Part) -> list[str]:
    match part["type"]:
        case "header":
            return [part["text"]["text"]]
        case "table":
            return [words([cell]) for row in part["rows"] for cell in row]
        case "text" | "plain_text" | "mrkdwn":
            return [part["text"]]
        case "link":
            return [part["text"], part["url"]] if part["text"] != part["url"] else [part["url"]]
        case "button" | "input" | "checkboxes" | "static_select" | "divider":
            return []
    return [text for inner in part["elements"] for text in _words(inner)]
