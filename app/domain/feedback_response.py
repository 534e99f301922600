"""One person's answer to a request."""

import json
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from piccolo.columns import JSONB, ForeignKey, LazyTableReference, Text, Timestamptz, Varchar
from piccolo.columns import UUID as UUIDColumn
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import iso, now
from app.database import DB, loaded, new_id, sql
from app.domain.user import User


class Way(StrEnum):
    """By what an answer came: one of the person's channels, or a program that speaks for them."""

    WEB = "web"
    SLACK = "slack"
    EMAIL = "email"
    API = "api"


WAYS = {Way.WEB: "on the page", Way.SLACK: "via Slack", Way.EMAIL: "by e-mail", Way.API: "via the API"}


class FeedbackResponse(Table, tablename="feedback_responses", db=DB):
    """Who answered what, when and where."""

    id = UUIDColumn(primary_key=True, default=new_id)
    request: ForeignKey[Any] = ForeignKey(
        LazyTableReference("FeedbackRequest", module_path="app.domain.feedback"), null=False
    )
    user = ForeignKey(User, null=False)
    user_name = Text()
    channel = Varchar(choices=Way)
    value = JSONB()
    comment = Text(default="")
    created_at = Timestamptz(default=now)

    answered_once = Unique([request, user])

    @classmethod
    async def of(cls, *request_ids: UUID) -> list[Self]:
        """All answers to requests, the first one first."""
        query = "SELECT * FROM feedback_responses WHERE request = ANY($1) ORDER BY created_at, id"
        return [loaded(cls, row) for row in await sql(query, request_ids)]

    def as_dict(self) -> dict[str, Any]:
        """What programs are told of it."""
        return {
            "user": str(self.user), "name": self.user_name, "channel": self.channel, "value": json.loads(self.value),
            "comment": self.comment, "at": iso(self.created_at),
        }  # fmt: skip

    def words(self) -> str:
        """Such as "Approved by Ann via Slack: looks good"."""
        value = json.loads(self.value)
        how = {True: "Approved", False: "Rejected"}[value] if isinstance(value, bool) else f"\u201c{said(value)}\u201d"
        comment = f": {self.comment}" if self.comment else ""
        return f"{how} by {self.user_name} {WAYS[Way(self.channel)]}{comment}"


def said(value: Any) -> str:
    """An answer in words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(value)
        case int():
            return f"{value} of 5"
    return str(value)
