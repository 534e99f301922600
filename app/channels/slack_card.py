"""A request as Slack shows it: in the words and the order of the card on the page."""

from typing import Any

from app.channels.slack_blocks import context, link, literal, moment, mrkdwn, title
from app.channels.slack_elements import text_element
from app.channels.slack_limits import LONGEST_LABEL, Block, shortened, size, weight_of
from app.channels.slack_pieces import Piece, pieces_of
from app.channels.slack_text import blocks_within
from app.domain.feedback_response import said
from app.markdown import normal

LONGEST_LISTED = 1_000
CONTEXT_WEIGHT = 3_500
CONTEXT_BLOCKS = 10


def asked_by(request: dict[str, Any]) -> Block:
    """Who asks, what is special about it, and the code by which it can be answered elsewhere."""
    urgent = [mrkdwn("*Urgent*")] if request["urgency"] == "urgent" else []
    needed = [f"{request['needed']} answers"] if request["needed"] > 1 else []
    code = mrkdwn(f"`{literal(request['code'])}`")
    return context(mrkdwn(f"*{literal(request['asked_by'])}* asks"), *urgent, *needed, code)


def body_of(
    request: dict[str, Any], most_weight: int, url: str = "", *, context_weight: int = CONTEXT_WEIGHT, tables: bool = False
) -> list[Block]:
    """The question, its context, and those options that no button can show whole; with a link, if there is a `url`, to
    what does not fit. Only messages can have `tables`."""
    question, whole = blocks_within(title(request["question"]), most_weight * 3 // 4, 3)
    room = most_weight - weight_of(question)
    options, all_options = blocks_within(_listed(request), room * 2 // 3, 3)
    room = min(room - weight_of(options), context_weight)
    shown, all_context = blocks_within(pieces_of(request["context"], tables=tables), room, CONTEXT_BLOCKS)
    if whole and all_options and all_context:
        return question + shown + options
    more = mrkdwn(link(url, "Read all of it in Parley")) if url else "There is more of it in Parley."
    return [*question, *shown, *options, context(more)]


def _listed(request: dict[str, Any]) -> list[Piece]:
    texts: list[str] = request["options"]
    if all(size(text) <= LONGEST_LABEL for text in texts):
        return []
    listed = (text_element(shortened(normal(text), LONGEST_LISTED)) for text in texts)
    return [Piece("item", [text], style="ordered", number=at + 1) for at, text in enumerate(listed)]


def until(request: dict[str, Any]) -> Block:
    """By when an answer is wanted, and what happens without one."""
    if not request["deadline"]:
        return context("It waits until somebody answers")
    default = request["default"]
    otherwise = "if nobody answers, it expires" if default is None else f"if nobody answers: {literal(said(default), 300)}"
    return context(mrkdwn(f"Until {moment(request['deadline'])}; {otherwise}"))
