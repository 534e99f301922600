"""Blocks as Slack takes them: types, required fields, limits (docs.slack.dev/reference/block-kit/blocks)."""

import json
import secrets
from collections.abc import Callable, Iterable
from typing import Literal

from app.sandbox.slack.call import Refused, invalid
from app.sandbox.slack.elements import MOST_ID, Complaints, wrong_element, wrong_string, wrong_text
from app.sandbox.slack.world import Json

Surface = Literal["message", "modal", "home"]
MOST_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MOST_MARKDOWN = 12_000
MOST_BYTES = 100_000
MOST_ROWS, MOST_COLUMNS = 100, 20
MODAL_TITLE = 24


def checked(blocks: object, surface: Surface = "message") -> list[Json]:
    """The blocks with ids where they had none. Refused if Slack would not take them."""
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    if complaints := [f"{words} [json-pointer:/blocks{at}]" for words, at in _wrong(blocks, surface)]:
        told = {"messages": [f"[ERROR] {one}" for one in complaints]}
        raise Refused("invalid_blocks", errors=complaints, response_metadata=told)
    words = sum(len(one["text"]) for one in blocks if one["type"] == "markdown")
    if words > MOST_MARKDOWN or len(json.dumps(blocks)) > MOST_BYTES:
        raise Refused("msg_blocks_too_long")
    return [_named(block) for block in blocks]


def checked_view(view: object) -> Json:
    """A modal or Home tab with ids in its blocks. Refused if Slack would not take it."""
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        raise invalid("must be a valid view [json-pointer:/view/type]")
    complaints = [f"{words} [json-pointer:/view{at}]" for words, at in _wrong_view(view)]
    if not isinstance(view.get("blocks"), list):
        complaints.append("missing required field: blocks [json-pointer:/view]")
    else:
        complaints += [f"{words} [json-pointer:/view/blocks{at}]" for words, at in _wrong(view["blocks"], view["type"])]
    if complaints:
        raise invalid(*complaints)
    return view | {"blocks": [_named(block) for block in view["blocks"]]}


def _wrong_view(view: Json) -> Complaints:
    if view["type"] == "modal":
        yield from wrong_text(view.get("title"), MODAL_TITLE, "/title", plain=True, needed=True)
        yield from wrong_text(view.get("submit"), MODAL_TITLE, "/submit", plain=True)
        yield from wrong_text(view.get("close"), MODAL_TITLE, "/close", plain=True)
        inputs = [one for one in view.get("blocks") or [] if isinstance(one, dict) and one.get("type") == "input"]
        if inputs and not view.get("submit"):
            yield "missing required field: submit", ""
    for name, most in (("private_metadata", 3000), ("callback_id", MOST_ID), ("external_id", MOST_ID)):
        yield from wrong_string(view.get(name), most, f"/{name}")


def _wrong(blocks: list[object], surface: Surface) -> Complaints:
    if len(blocks) > MOST_BLOCKS[surface]:
        yield f"no more than {MOST_BLOCKS[surface]} items allowed", ""
    seen: set[str] = set()
    tables = 0
    for number, block in enumerate(blocks):
        at = f"/{number}"
        if not isinstance(block, dict) or block.get("type") not in BLOCKS:
            yield f"unsupported type: {block.get('type') if isinstance(block, dict) else block}", f"{at}/type"
            continue
        tables += block["type"] == "table"
        yield from wrong_string(block.get("block_id"), MOST_ID, f"{at}/block_id")
        if (name := block.get("block_id")) and name in seen:
            yield f"block_id {name} already exists", f"{at}/block_id"
        seen.add(str(name))
        yield from ((words, at + below) for words, below in BLOCKS[block["type"]](block))
    if tables > 1:
        yield "only_one_table_allowed", ""


def _section(block: Json) -> Complaints:
    fields = block.get("fields")
    if not block.get("text") and not fields:
        yield "missing required field: text", ""
    yield from wrong_text(block.get("text"), 3000, "/text")
    if isinstance(fields, list):
        yield from _count(fields, 10, "/fields")
        for number, one in enumerate(fields):
            yield from wrong_text(one, 2000, f"/fields/{number}", needed=True)
    if accessory := block.get("accessory"):
        yield from _below(wrong_element(accessory, "section"), "/accessory")


def _header(block: Json) -> Complaints:
    return wrong_text(block.get("text"), 150, "/text", plain=True, needed=True)


def _actions(block: Json) -> Complaints:
    yield from _elements(block, 25)
    for number, one in enumerate(block.get("elements") or []):
        yield from _below(wrong_element(one, "actions"), f"/elements/{number}")


def _context(block: Json) -> Complaints:
    yield from _elements(block, 10)
    for number, one in enumerate(block.get("elements") or []):
        if isinstance(one, dict) and one.get("type") == "image":
            yield from _below(wrong_element(one, "section"), f"/elements/{number}")
        else:
            yield from wrong_text(one, 3000, f"/elements/{number}", needed=True)


def _input(block: Json) -> Complaints:
    yield from wrong_text(block.get("label"), 2000, "/label", plain=True, needed=True)
    yield from wrong_text(block.get("hint"), 2000, "/hint", plain=True)
    if not block.get("element"):
        yield "missing required field: element", ""
    else:
        yield from _below(wrong_element(block["element"], "input"), "/element")


def _image(block: Json) -> Complaints:
    yield from _needs(block, "alt_text")
    if not block.get("image_url") and not block.get("slack_file"):
        yield "missing required field: image_url", ""


def _rich_text(block: Json) -> Complaints:
    known = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
    yield from _needs(block, "elements")
    for number, one in enumerate(block.get("elements") or []):
        if not isinstance(one, dict) or one.get("type") not in known:
            yield "unsupported type", f"/elements/{number}/type"


def _markdown(block: Json) -> Complaints:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield "missing required field: text", ""


def _table(block: Json) -> Complaints:
    rows = block.get("rows")
    if not isinstance(rows, list) or not rows:
        yield "missing required field: rows", ""
        return
    yield from _count(rows, MOST_ROWS, "/rows")
    for number, row in enumerate(rows):
        if not isinstance(row, list):
            yield "must be an array", f"/rows/{number}"
            continue
        yield from _count(row, MOST_COLUMNS, f"/rows/{number}")
        if any(not isinstance(cell, dict) or cell.get("type") not in ("raw_text", "rich_text") for cell in row):
            yield "unsupported type", f"/rows/{number}"


def _anything(block: Json) -> Complaints:
    return iter(())


def _elements(block: Json, most: int) -> Complaints:
    yield from _needs(block, "elements")
    elements = block.get("elements") or []
    yield from _count(elements, most, "/elements")
    names = [one["action_id"] for one in elements if isinstance(one, dict) and one.get("action_id")]
    for name in {one for one in names if names.count(one) > 1}:
        yield f"action_id {name} already exists", "/elements"


def _needs(block: Json, name: str) -> Complaints:
    if not block.get(name):
        yield f"missing required field: {name}", ""


def _count(many: list[object], most: int, at: str) -> Complaints:
    if len(many) > most:
        yield f"no more than {most} items allowed", at


def _below(complaints: Iterable[tuple[str, str]], at: str) -> Complaints:
    return ((words, at + below) for words, below in complaints)


BLOCKS: dict[str, Callable[[Json], Complaints]] = {
    "section": _section, "header": _header, "actions": _actions, "context": _context, "input": _input, "image": _image,
    "rich_text": _rich_text, "markdown": _markdown, "table": _table, "divider": _anything, "context_actions": _actions,
    "plan": _anything, "task_card": _anything, "video": _anything, "file": _anything, "alert": _anything,
}  # fmt: skip


def _named(block: Json) -> Json:
    """Slack gives an id to each block and element that has none."""
    named: Json = {"block_id": secrets.token_urlsafe(4)} | block
    if "elements" in block and block["type"] in ("actions", "context_actions"):
        named["elements"] = [{"action_id": secrets.token_urlsafe(4)} | one for one in block["elements"]]
    for name in ("accessory", "element"):
        if one := block.get(name):
            named[name] = one if one["type"] == "image" else {"action_id": secrets.token_urlsafe(4)} | one
    return named
