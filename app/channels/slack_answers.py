"""What a person did with a request in Slack, read from what Slack posts; anything else is nothing."""

import re
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

Data = tuple[int, ...] | str
"""An answer as controls give it: numbers, or words that were written."""

_BLOCK = re.compile(r"parley:(?:answer|more):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_NUMBER = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True)
class Clicked:
    """A click on a request: an answer with its `data`, or the wish to `open` the window for one."""

    request_id: UUID
    what: Literal["answer", "open"]
    data: Data = ()


@dataclass(frozen=True)
class Submitted:
    """What was written or chosen in the window; `private` is what it was opened with."""

    request_id: UUID
    private: str
    data: Data
    comment: str


def read_action(payload: Any) -> Clicked | None:
    """What a `block_actions` payload says; None for what is not ours, or only a box that was ticked, or a link."""
    match payload:
        case {"type": "block_actions", "actions": [{"block_id": str(block), "action_id": str(action)} as done, *_]}:
            request_id = _request(block)
            if request_id is None:
                return None
            if action.startswith("open:"):
                return Clicked(request_id, "open")
            data = _ticked(payload, block) if action == "send" else _chosen(done) if action.startswith("answer:") else None
            return None if data is None else Clicked(request_id, "answer", data)
    return None


def read_view(payload: Any) -> Submitted | None:
    """What a `view_submission` payload says; None for what is not ours."""
    match payload:
        case {
            "type": "view_submission",
            "view": {
                "callback_id": str(name),
                "private_metadata": str(private),
                "state": {"values": {"answer": {"answer": dict(field)}, **others}},
            },
        }:
            request_id, data = _request(name), _chosen(field)
            if request_id is not None and data is not None:
                return Submitted(request_id, private, data, _comment(others))
    return None


def value_of(request: dict[str, Any], data: Data) -> Any:
    """An answer as `fit_value` takes it; None, which never fits, for one that this request does not have."""
    options: list[str] = request["options"]
    match request["type"], data:
        case "approval", (0 | 1 as yes,):
            return bool(yes)
        case "choice", (int(at),) if at < len(options):
            return options[at]
        case "multiple_choice", tuple() if all(at < len(options) for at in data):
            return [options[at] for at in data]
        case "rating", (int(stars),):
            return stars
        case "text", str():
            return data
    return None


def _request(name: str) -> UUID | None:
    found = _BLOCK.fullmatch(name)
    return UUID(found[1]) if found else None


def _chosen(field: dict[str, Any]) -> Data | None:
    """What one control holds: a button, a menu, boxes, or a text."""
    match field:
        case {"type": "plain_text_input", "value": str(text)}:
            return text
        case {"type": "button", "value": value} | {"selected_option": {"value": value}}:
            return _numbers([{"value": value}])
        case {"selected_options": list(chosen)}:
            return _numbers(chosen)
    return None


def _ticked(payload: dict[str, Any], block: str) -> Data | None:
    """The boxes beside the button, in a message or in the home; none of them is an answer that does not fit."""
    match payload:
        case {"state": {"values": dict(values)}} | {"view": {"state": {"values": dict(values)}}}:
            match values.get(block):
                case {"choices": dict(field)}:
                    return _chosen(field)
    return ()


def _numbers(chosen: list[Any]) -> Data | None:
    values = [one.get("value") if isinstance(one, dict) else None for one in chosen]
    if not all(isinstance(value, str) and _NUMBER.fullmatch(value) for value in values):
        return None
    return tuple(int(value) for value in values if value)


def _comment(values: dict[Any, Any]) -> str:
    match values:
        case {"comment": {"comment": {"value": str(text)}}}:
            return text
    return ""
