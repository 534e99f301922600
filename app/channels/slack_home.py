"""Parley's home in Slack: what waits for its reader, and how they are reached."""

from typing import Any

from app.channels.slack_blocks import actions, context, link_button, paragraph, plain
from app.channels.slack_limits import Block, weight_of
from app.channels.slack_requests import open_request

MOST_VIEW_BLOCKS = 90  # of 100
MOST_VIEW_WEIGHT = 60_000
CONTEXT_WEIGHT = 1_000
WAYS = {"web": "on the page", "slack": "in Slack", "email": "by e-mail"}


def home_view(requests: list[dict[str, Any]], channels: list[str], quiet: str, url: str) -> dict[str, Any]:
    """The view for `views.publish`. `requests`: those that wait, as `FeedbackRequest.as_dict()`; `channels`: the types of
    the reader's, in their order; `quiet`: their quiet hours in words, "" for none; `url`: where Parley is."""
    return {"type": "home", "blocks": [*_waiting(requests, url), {"type": "divider"}, *_reached(channels, quiet, url)]}


def _waiting(requests: list[dict[str, Any]], url: str) -> list[Block]:
    blocks: list[Block] = [_header("Requests")]
    if not requests:
        return [*blocks, paragraph("Nothing waits for you."), context("What needs your decision stands here.")]
    for shown, request in enumerate(requests):
        card = open_request(request, f"{url}/feedback/{request['id']}", CONTEXT_WEIGHT, tables=False)
        if len(blocks) + len(card) >= MOST_VIEW_BLOCKS or weight_of(blocks) + weight_of(card) > MOST_VIEW_WEIGHT:
            more = link_button("Open Parley", f"{url}/feedback")
            return [*blocks, context(f"{len(requests) - shown} more wait in Parley."), actions("parley:rest", more)]
        blocks += [{"type": "divider"}] * (shown > 0) + card
    return blocks


def _reached(channels: list[str], quiet: str, url: str) -> list[Block]:
    order = ", then ".join(WAYS.get(channel, channel) for channel in channels)
    return [
        _header("How you are reached"),
        paragraph(f"First {order}." if order else "The page always shows what waits for you."),
        context(f"Quiet hours: {quiet}" if quiet else "You have no quiet hours."),
        actions(
            "parley:settings",
            link_button("Change the order", f"{url}/channels", "link:order"),
            link_button("Change quiet hours", f"{url}/channels#quiet", "link:quiet"),
            link_button("Open Parley", url, "link:parley"),
        ),
    ]


def _header(text: str) -> Block:
    return {"type": "header", "text": plain(text)}
