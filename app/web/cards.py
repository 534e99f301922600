"""A request as pages show it, the same for every reader: who asks what, how to answer, or how it ended."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeVar
from uuid import UUID

from markupsafe import Markup

from app.domain.feedback import FeedbackRequest
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.feedback_response import FeedbackResponse, said
from app.domain.people import names_of
from app.markdown import render as render_markdown
from app.web.pages import render

Row = TypeVar("Row", FeedbackRecipient, FeedbackResponse)


@dataclass(frozen=True)
class Card:
    """What templates/feedback/_card.html shows. `otherwise`: what happens if nobody answers; `turn`: the reader is to
    answer; `several`: others are asked, too, so that the reader may hand it on; `ends_soon`: they were reminded;
    `outcome`: how it ended, or stands."""

    request: FeedbackRequest
    context: Markup
    otherwise: str
    outcome: str
    given: int
    turn: bool
    several: bool
    ends_soon: bool
    settled_at: datetime | None

    @classmethod
    async def of(cls, request: FeedbackRequest, reader_id: UUID) -> "Card":
        """A request as `reader_id` sees it."""
        return (await cards([request], reader_id))[0]

    @classmethod
    async def _of(
        cls, request: FeedbackRequest, given: list[FeedbackResponse], asked: list[FeedbackRecipient], reader_id: UUID
    ) -> "Card":
        mine = next((response for response in given if response.user == reader_id), None)
        place = next((one for one in asked if one.user == reader_id), None)
        waits = [one for one in asked if not one.delegated_to]
        turn = request.open and place in waits and mine is None
        at = mine.created_at if mine else place.delegated_at if place else None
        return cls(
            request, _markdown(request.context), _otherwise(request),
            "" if turn else await _standing(request, given, mine, place, waits), len(given), turn, len(waits) > 1,
            bool(turn and place and place.reminded), request.settled_at or at,
        )  # fmt: skip

    def render(self, **reader: Any) -> str:
        return render("feedback/_card.html", card=self, **reader)


async def cards(requests: list[FeedbackRequest], reader_id: UUID) -> list[Card]:
    """Requests as `reader_id` sees them."""
    ids = [request.id for request in requests]
    given, asked = _by_request(await FeedbackResponse.of(*ids)), _by_request(await FeedbackRecipient.of(*ids))
    return [await Card._of(request, given[request.id], asked[request.id], reader_id) for request in requests]


def _by_request(rows: list[Row]) -> dict[UUID, list[Row]]:
    grouped: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row.request].append(row)
    return grouped


def together(cards: list[Card]) -> list[list[Card]]:
    """Cards in their order, those that were asked together in one group."""
    return [list(group) for _, group in groupby(cards, key=lambda card: card.request.batch or card.request.id)]


async def _standing(
    request: FeedbackRequest, given: list[FeedbackResponse], mine: FeedbackResponse | None,
    place: FeedbackRecipient | None, waits: list[FeedbackRecipient],
) -> str:  # fmt: skip
    """How it ended; while it is open, what the reader has done, or for whom it waits."""
    if not request.open:
        return request.outcome_of(given)
    if mine:
        return f"{mine.words()}."
    if place:
        return await place.handed_on()
    answered = {response.user for response in given}
    return f"Waits for {', '.join(await names_of([one.user for one in waits if one.user not in answered]))}."


@lru_cache(maxsize=200)
def _markdown(text: str) -> Markup:
    return Markup(render_markdown(text) if text else "")  # noqa: S704 - cleaned


def _otherwise(request: FeedbackRequest) -> str:
    default = request.as_dict()["default"]
    if default is not None:
        return f"if nobody answers: {said(default)}"
    return "if nobody answers, it expires" if request.deadline else "It waits until somebody answers"
