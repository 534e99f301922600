"""One person's answer to a request."""

import json
from typing import Any, Self
from uuid import UUID

from piccolo.columns import JSONB, ForeignKey, LazyTableReference, Text, Timestamptz, Varchar
from piccolo.columns import UUID as UUIDColumn
from piccolo.constraints import Unique
from piccolo.table import Table

from app.clock import now
from app.database import DB, new_id
from app.domain.channel import ChannelType
from app.domain.user import User

CHANNEL_NAMES = {ChannelType.WEB: "on the page", ChannelType.SLACK: "via Slack", ChannelType.EMAIL: "by e-mail"}


class FeedbackResponse(Table, tablename="feedback_responses", db=DB):
    """Who answered what, when and where."""

    id = UUIDColumn(primary_key=True, default=new_id)
    request: ForeignKey[Any] = ForeignKey(
        LazyTableReference("FeedbackRequest", module_path="app.domain.feedback"), null=False
    )
    user = ForeignKey(User, null=False)
    user_name = Text()
    channel = Varchar(choices=ChannelType)
    value = JSONB()
    comment = Text(default="")
    created_at = Timestamptz(default=now)

    answered_once = Unique([request, user])

    @classmethod
    async def of(cls, request_id: UUID) -> list[Self]:
        """All answers to a request, the first one first."""
        return list(await cls.objects().where(cls.request == request_id).order_by(cls.created_at))

    def words(self) -> str:
        """Such as "Approved by Ann via Slack: looks good"."""
        value = json.loads(self.value)
        how = {True: "Approved", False: "Rejected"}[value] if isinstance(value, bool) else f"\u201c{said(value)}\u201d"
        comment = f": {self.comment}" if self.comment else ""
        return f"{how} by {self.user_name} {CHANNEL_NAMES[ChannelType(self.channel)]}{comment}"


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
