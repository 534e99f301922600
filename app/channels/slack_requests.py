"""What Slack's users are sent besides conversations: requests, open or settled, reminders and notes."""

from typing import Any

from app.channels.slack_blocks import actions, button, context, link, link_button, literal, moment, mrkdwn, paragraph, title
from app.channels.slack_card import CONTEXT_WEIGHT, asked_by, body_of, until
from app.channels.slack_controls import block_id, controls_of
from app.channels.slack_limits import LONGEST_FALLBACK, MOST_WEIGHT, Block, escaped, shortened, weight_of
from app.channels.slack_text import Said, blocks_within
from app.markdown import normal

AROUND_WEIGHT = 1_500  # who asks, until when, and what Slack adds
LONGEST_OUTCOME = 1_000


def request_message(request: dict[str, Any], outcome: str, url: str) -> Said:
    """A request, with what answers it; or, if there is an `outcome`, with that. `request`: `FeedbackRequest.as_dict()`;
    `url`: its page."""
    if outcome:
        return _settled(request, outcome, url)
    return Said(_fallback(f"{request['asked_by']} asks:", request), open_request(request, url))


def open_request(
    request: dict[str, Any], url: str, context_weight: int = CONTEXT_WEIGHT, *, tables: bool = True
) -> list[Block]:
    """A request that waits for its reader. Only messages can have `tables`."""
    controls = controls_of(request, url)
    room = MOST_WEIGHT - weight_of(controls) - AROUND_WEIGHT
    body = body_of(request, room, url, context_weight=context_weight, tables=tables)
    return [asked_by(request), *body, *controls, until(request)]


def _settled(request: dict[str, Any], outcome: str, url: str) -> Said:
    mark = "⏳" if request["status"] == "open" else "✓"
    shown = paragraph(f"{mark} {shortened(outcome, LONGEST_OUTCOME)}")
    at = [mrkdwn(moment(request["settled_at"]))] if request["settled_at"] else []
    below = context(*at, mrkdwn(link(url, "Open in Parley")))
    body = body_of(request | {"options": []}, MOST_WEIGHT - AROUND_WEIGHT - weight_of(shown), url, tables=True)
    return Said(_fallback(f"{outcome}\n", request), [asked_by(request), *body, shown, below])


def _fallback(first: str, request: dict[str, Any]) -> str:
    code = f" [{request['code']}]"
    return escaped(normal(f"{shortened(first, 1_000)}{code} {request['question']}"), LONGEST_FALLBACK)


def reminder_message(request: dict[str, Any], url: str) -> Said:
    """That a request still waits; it goes under the copy that was sent before."""
    question, _ = blocks_within(title(shortened(request["question"], 500)), 5_000, 2)
    answer = button("Answer", "open:remind", style="primary")
    buttons = actions(block_id("more", request["id"]), answer, link_button("Open in Parley", url))
    blocks = [paragraph("Still waiting for your answer:"), *question, asked_by(request), until(request), buttons]
    return Said(_fallback("Still waiting for your answer:", request), blocks)


def notice_message(payload: dict[str, Any]) -> Said:
    """A note that somebody, `from`, wants a person to have: its `text`, which is plain."""
    text, by = str(payload.get("text", "")), str(payload.get("from", "Parley"))
    return Said(escaped(normal(f"{by}: {text}")), [paragraph(text or "—"), context(mrkdwn(literal(by).strip() or "Parley"))])


def test_message() -> Said:
    """What shows somebody that Parley reaches them here."""
    text = "This is a test: what waits for you in Parley will reach you here."
    return Said(text, [paragraph(text)])


def confirm_message(url: str) -> Said:
    """Asks whether an account may be written to. `url`: where that is confirmed."""
    text = "Somebody wants to be reached here by Parley. If it is you, confirm it; else do nothing."
    return Said(text, [paragraph(text), actions("parley:confirm", link_button("Confirm", url))])
