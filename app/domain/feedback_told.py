"""Requests as programs are told of them: what was asked of whom, how it stands, and, once settled, every answer."""

from typing import Any

from app.database import sql
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_response import FeedbackResponse

ASKED = """
SELECT p.request, p."user", u.name, p.delegated_to FROM feedback_recipients p JOIN users u ON u.id = p."user"
WHERE p.request = ANY($1) ORDER BY p.created_at, p.id
"""


async def told(requests: list[FeedbackRequest]) -> list[dict[str, Any]]:
    """Each as JSON can hold it. While one is open its answers are kept back, so that the first sways nobody."""
    ids = [request.id for request in requests]
    to: dict[Any, list[dict[str, Any]]] = {id: [] for id in ids}
    for row in await sql(ASKED, ids):
        delegated_to = str(row["delegated_to"]) if row["delegated_to"] else None
        to[row["request"]].append({"user": str(row["user"]), "name": row["name"], "delegated_to": delegated_to})
    given: dict[Any, list[FeedbackResponse]] = {id: [] for id in ids}
    for response in await FeedbackResponse.of(*[request.id for request in requests if not request.open]):
        given[response.request].append(response)
    return [
        request.as_dict()
        | {
            "to": to[request.id],
            "outcome": "" if request.open else request.outcome_of(given[request.id]),
            "responses": [response.as_dict() for response in given[request.id]],
        }
        for request in requests
    ]
