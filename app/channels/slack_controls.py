"""With what a request is answered in Slack, and the window for answers that are more than a click.

A block's id names the request, an action's id what was done; answers are numbers: 1 or 0 for an approval, the place of an
option, or a rating.
"""

from typing import Any

from app.channels.slack_blocks import actions, button, link_button, options, plain
from app.channels.slack_card import body_of
from app.channels.slack_limits import LONGEST_TEXT, Block, Element, weight_of

MOST_BUTTONS = 5
MOST_BOXES = 10
HEAVIEST_CONTROLS = 5_000
RATINGS = ["1", "2", "3", "4", "5"]
WINDOW_WEIGHT = 9_000


def block_id(part: str, request_id: str) -> str:
    return f"parley:{part}:{request_id}"


def controls_of(request: dict[str, Any], url: str) -> list[Block]:
    """What answers a request with a click, or opens the window that does."""
    answers = actions(block_id("answer", request["id"]), *_answers(request))
    if weight_of(answers) > HEAVIEST_CONTROLS:
        answers["elements"] = [_opens("Choose…", "choose", "primary")]
    comment = _opens("Answer with a comment", "comment")
    return [answers, actions(block_id("more", request["id"]), comment, link_button("Open in Parley", url))]


def _answers(request: dict[str, Any]) -> list[Element]:
    choices: list[str] = request["options"]
    match request["type"]:
        case "approval":
            return [_answer("Approve", 1, style="primary"), _answer("Reject", 0, style="danger")]
        case "choice" if len(choices) <= MOST_BUTTONS:
            return [_answer(text, at) for at, text in enumerate(choices)]
        case "choice":
            return [_select(choices)]
        case "multiple_choice" if len(choices) <= MOST_BOXES:
            boxes = {"type": "checkboxes", "action_id": "choices", "options": options(choices)}
            return [boxes, button("Send", "send", style="primary")]
        case "multiple_choice":
            return [_opens("Choose…", "choose", "primary")]
        case "rating":
            return [_answer("★" * stars, stars, label=f"{stars} of 5") for stars in range(1, 6)]
    return [_opens("Write an answer", "write", "primary")]


def _answer(text: str, number: int, *, style: str = "", label: str = "") -> Element:
    return button(text, f"answer:{number}", value=str(number), style=style, label=label)


def _opens(text: str, action: str, style: str = "") -> Element:
    return button(text, f"open:{action}", style=style)


def _select(choices: list[str]) -> Element:
    """A menu; an answer can't be taken back, so that a slip of the finger must not be one."""
    sure = {
        "title": plain("Your answer"),
        "text": plain("Is what you chose your answer?"),
        "confirm": plain("Answer"),
        "deny": plain("Not yet"),
    }
    return {
        "type": "static_select", "action_id": "answer:select", "options": options(choices),
        "placeholder": plain("Choose an answer"), "confirm": sure,
    }  # fmt: skip


def answer_view(request: dict[str, Any], private: str) -> dict[str, Any]:
    """The window in which a request is answered, with a comment or without. `private`, at most 3,000 characters, comes back
    with the answer."""
    comment = {"type": "plain_text_input", "action_id": "comment", "multiline": True, "max_length": LONGEST_TEXT}
    optional = _input("comment", "Comment", comment) | {"optional": True}
    return {
        "type": "modal", "callback_id": block_id("answer", request["id"]), "private_metadata": private,
        "title": plain(f"Answer {request['code']}", 24), "submit": plain("Answer", 24), "close": plain("Cancel", 24),
        "blocks": [*body_of(request, WINDOW_WEIGHT), _input("answer", "Your answer", _field(request)), optional],
    }  # fmt: skip


def _input(name: str, label: str, element: Element) -> Block:
    return {"type": "input", "block_id": name, "label": plain(label), "element": element}


def _field(request: dict[str, Any]) -> Element:
    match request["type"]:
        case "approval":
            yes, no = options(["Reject", "Approve"])[::-1]
            return {"type": "radio_buttons", "action_id": "answer", "options": [yes, no]}
        case "choice":
            return _choice("radio_buttons", "static_select", request["options"])
        case "multiple_choice":
            return _choice("checkboxes", "multi_static_select", request["options"])
        case "rating":
            stars = [{"text": plain(f"{'★' * int(rating)} {rating} of 5"), "value": rating} for rating in RATINGS]
            return {"type": "radio_buttons", "action_id": "answer", "options": stars}
    return {"type": "plain_text_input", "action_id": "answer", "multiline": True, "max_length": LONGEST_TEXT}


def _choice(few: str, many: str, choices: list[str]) -> Element:
    kind = few if len(choices) <= MOST_BOXES else many
    return {"type": kind, "action_id": "answer", "options": options(choices)}
