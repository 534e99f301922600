"""What is asked of people, and whether it can be."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.clock import now
from app.domain.channel import ChannelType
from app.domain.errors import Unfit
from app.domain.feedback_value import FeedbackType, fit_options, fit_value
from app.domain.message import fit_text
from app.domain.webhook_address import fit_url

LONGEST_CONTEXT_BYTES = 20 * 1024
LONGEST_QUESTION = 2_000


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"


@dataclass(frozen=True)
class Question:
    """What is asked. `default`: the answer that stands at the deadline if nobody gave one; without it the request
    expires, which is never a "no". `needed`: how many of those asked must answer. `channels`: only by these. `sensitive`:
    an answer by mail alone does not count; who answers is signed in."""

    type: FeedbackType
    question: str
    options: list[str] | None = None
    context: str = ""
    urgency: Urgency = Urgency.NORMAL
    deadline: datetime | None = None
    default: Any = None
    needed: int = 1
    channels: list[ChannelType] = field(default_factory=list)
    webhook: str = ""
    sensitive: bool = False

    def fit(self, people: int) -> dict[str, Any]:
        """The columns of the row that it makes, asked of so many people. Unfit says what is wrong with it."""
        question = fit_text(self.question).strip()
        if len(question) > LONGEST_QUESTION:
            raise Unfit(f"A question has at most {LONGEST_QUESTION:,} characters; the rest belongs to its context.")
        if len(self.context.encode(errors="replace")) > LONGEST_CONTEXT_BYTES:
            raise Unfit("The context has at most 20 KB.")
        if not 1 <= self.needed <= people:
            raise Unfit(f"needed is between 1 and the number of people asked, {people}.")
        if self.deadline is not None and self.deadline <= now():
            raise Unfit("The deadline is over already.")
        if self.default is not None and self.deadline is None:
            raise Unfit("A default stands at the deadline: give one.")
        options = fit_options(self.type, self.options)
        default = None if self.default is None else fit_value(self.type, options, self.default)
        return {
            "type": self.type, "question": question, "options": options, "urgency": self.urgency, "needed": self.needed,
            "context": fit_text(self.context) if self.context.strip() else "", "deadline": self.deadline,
            "default": default, "channels": list(self.channels), "webhook": fit_url(self.webhook) if self.webhook else "",
            "sensitive": self.sensitive,
        }  # fmt: skip
