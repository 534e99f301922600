"""What a delivery says when it is sent: made from the rows as they stand now, not as they stood when it was written."""

import json

from app.channels.protocol import Letter
from app.database import loaded, sql
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.feedback import FeedbackRequest

ABOUT = """
SELECT r.*, c.address, o.external_id AS copy FROM (VALUES ($1::uuid, $2::uuid, $3::uuid)) d(channel, request, copy_of)
LEFT JOIN communication_channels c ON c.id = d.channel LEFT JOIN feedback_requests r ON r.id = d.request
LEFT JOIN deliveries o ON o.id = d.copy_of
"""


async def letter_of(delivery: Delivery) -> Letter:
    """The letter of a delivery."""
    (row,) = await sql(ABOUT, delivery.channel, delivery.request, delivery.copy_of)
    request = loaded(FeedbackRequest, row) if row["id"] else None
    return Letter(
        id=delivery.id,
        kind=DeliveryKind(delivery.kind),
        address=row["address"] or "",
        request=request.as_dict() if request else {},
        outcome=await request.outcome() if request and not request.open else "",
        copy=row["copy"] or "",
        payload=json.loads(delivery.payload) if isinstance(delivery.payload, str) else delivery.payload,
    )
