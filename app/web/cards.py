"""A request as pages show it, the same for every reader: who asks what, how to answer, or how it ended."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from app.domain.feedback import FeedbackRequest
from app.domain.feedback_response import FeedbackResponse, said
from app.markdown import render as render_markdown
from app.web.pages import render


@dataclass(frozen=True)
class Card:
    """What templates/feedback/_card.html shows. `otherwise`: what happens if nobody answers."""

    request: FeedbackRequest
    context: Markup
    otherwise: str
    outcome: str
    given: int
    answered: bool
    settled_at: datetime | None

    @classmethod
    async def of(cls, request: FeedbackRequest, reader_id: Any = None) -> "Card":
        """`reader_id`: who looks, and may have answered already."""
        given = await FeedbackResponse.of(request.id)
        mine = next((response for response in given if response.user == reader_id), None)
        outcome = "" if request.open else await request.outcome()
        return cls(
            request, _markdown(request.context), _otherwise(request), outcome or (f"{mine.words()}." if mine else ""),
            len(given), mine is not None, request.settled_at or (mine.created_at if mine else None),
        )  # fmt: skip

    def render(self, **reader: Any) -> str:
        return render("feedback/_card.html", card=self, **reader)


async def cards(requests: list[FeedbackRequest], reader_id: Any) -> list[Card]:
    return [await Card.of(request, reader_id) for request in requests]


@lru_cache(maxsize=200)
def _markdown(text: str) -> Markup:
    return Markup(render_markdown(text) if text else "")  # noqa: S704 - cleaned


def _otherwise(request: FeedbackRequest) -> str:
    default = request.as_dict()["default"]
    if default is not None:
        return f"if nobody answers: {said(default)}"
    return "if nobody answers, it expires" if request.deadline else "It waits until somebody answers"
