"""What a delivery says when it is sent: made from the rows as they stand now, not as they stood when it was written."""

import json

from app.channels.protocol import Letter
from app.domain.channel import CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.feedback import FeedbackRequest


async def letter_of(delivery: Delivery) -> Letter:
    """The letter of a delivery."""
    channel = await CommunicationChannel.objects().get(CommunicationChannel.id == delivery.channel)
    request = await FeedbackRequest.objects().get(FeedbackRequest.id == delivery.request) if delivery.request else None
    original = await Delivery.objects().get(Delivery.id == delivery.copy_of) if delivery.copy_of else None
    return Letter(
        id=delivery.id,
        kind=DeliveryKind(delivery.kind),
        address=channel.address if channel else "",
        request=request.as_dict() if request else {},
        outcome=await request.outcome() if request and not request.open else "",
        copy=original.external_id if original else "",
        payload=json.loads(delivery.payload) if isinstance(delivery.payload, str) else delivery.payload,
    )
