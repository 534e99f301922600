"""The link in a mail by which its reader answers one request, and nothing else: nothing of it is stored."""

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

from app.domain.errors import NotFound
from app.sealed import seal, unseal
from app.settings import settings

PURPOSE = "answer by mail"
LASTS = timedelta(days=60)


def answer_url(request_id: str, user_id: UUID | None) -> str:
    """Where this person sees the request and answers it. It is good as long as the request is open, and shows its outcome
    for a while after."""
    token = seal({"request": request_id, "user": str(user_id)}, PURPOSE, lasts=LASTS)
    return f"{settings().base_url}/r/{quote(token, safe='')}"


def answered_by(token: str) -> tuple[UUID, UUID]:
    """The request and the person that a link is for. NotFound when it is no longer good."""
    words = unseal(token, PURPOSE)
    if not words:
        raise NotFound("This link is no longer good. What waits for you stands under Requests, once you have signed in.")
    return UUID(words["request"]), UUID(words["user"])
