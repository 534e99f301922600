"""Requests as programs send and get them, as OpenAPI tells it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from app.domain.channel import ChannelType
from app.domain.feedback import FeedbackStatus
from app.domain.feedback_batch import MOST as MOST_TOGETHER
from app.domain.feedback_question import LONGEST_QUESTION, Question, Urgency
from app.domain.feedback_response import Way
from app.domain.feedback_value import LONGEST_ANSWER, MOST_OPTIONS, FeedbackType
from app.domain.people import MOST_ASKED
from app.domain.webhook_address import LONGEST_URL

Person = Annotated[str, Field(description="A user's id or e-mail address.")]
VALUE = (
    "approval: a boolean; choice: one of the options; multiple_choice: a list of them; text: a string that is not blank; "
    "rating: an integer from 1 to 5."
)


class NewRequest(BaseModel):
    """What to ask. Without `to` the caller is asked; of a list, `needed` must answer. Without a `session_id` it opens a
    conversation of its own. At the `deadline` the `default` stands if nobody has answered. `webhook` is posted to when it is
    settled."""

    to: Person | list[Person] | None = Field(None, json_schema_extra={"maxItems": MOST_ASKED})
    needed: int = Field(1, json_schema_extra={"minimum": 1})
    session_id: UUID | None = None
    type: FeedbackType
    question: str = Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST_QUESTION})
    options: list[str] | None = Field(None, json_schema_extra={"maxItems": MOST_OPTIONS})
    context: str = Field("", description="Markdown, at most 20 KB.")
    urgency: Urgency = Urgency.NORMAL
    deadline: AwareDatetime | None = None
    default: Any = Field(None, description=VALUE)
    channels: list[ChannelType] = Field([], description="Only by these; by all when empty.")
    webhook: str = Field("", json_schema_extra={"maxLength": LONGEST_URL})
    sensitive: bool = Field(False, description="A reply by mail does not answer it: who answers is signed in.")

    @property
    def people(self) -> list[str]:
        """Who is to be asked, as it was given."""
        return [self.to] if isinstance(self.to, str) else self.to or []

    @property
    def asked(self) -> Question:
        return Question(
            self.type, self.question, self.options, self.context, self.urgency, self.deadline, self.default, self.needed,
            self.channels, self.webhook, self.sensitive,
        )  # fmt: skip


class NewBatch(BaseModel):
    """Several that are asked as one: all or none."""

    requests: list[NewRequest] = Field(json_schema_extra={"minItems": 1, "maxItems": MOST_TOGETHER})


class Recipient(BaseModel):
    """Somebody who is asked; `delegated_to` is who is asked in their place."""

    user: UUID
    name: str
    delegated_to: UUID | None


class Response(BaseModel):
    """Who answered what, when and where."""

    user: UUID
    name: str
    channel: Way
    value: Any = Field(description=VALUE)
    comment: str
    at: datetime


class Request(BaseModel):
    """Something that people are asked. `responses` and `outcome` are told once it is settled."""

    id: UUID
    code: str
    status: FeedbackStatus
    batch: UUID | None
    session_id: UUID
    asked_by: str
    to: list[Recipient]
    needed: int
    type: FeedbackType
    question: str
    options: list[str]
    context: str
    urgency: Urgency
    sensitive: bool
    deadline: datetime | None
    default: Any = Field(description=VALUE)
    created_at: datetime
    settled_at: datetime | None
    outcome: str
    responses: list[Response]


class Batch(BaseModel):
    """Requests that were asked together, in the order given."""

    batch: UUID
    requests: list[Request]


class Answer(BaseModel):
    """An answer to a request."""

    value: Any = Field(description=VALUE)
    comment: str = Field("", json_schema_extra={"maxLength": LONGEST_ANSWER})


class Delegation(BaseModel):
    """Who is to be asked instead."""

    to: Person


class Told(BaseModel):
    """One thing that became of a request: when, with whom, by which channel, what, and why."""

    at: datetime
    person: str
    channel: str
    what: str
    detail: str
