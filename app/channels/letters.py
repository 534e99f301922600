"""What a delivery says when it is sent: made from the rows as they stand now, not as they stood when it was written."""

import json
from typing import Any

from app.channels.protocol import Letter, Rejected
from app.domain.channel import CommunicationChannel
from app.domain.confirmation import confirm_url
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.feedback import FeedbackRequest


async def letter_of(delivery: Delivery) -> Letter:
    """The letter of a delivery. Rejected if it was to go to an address that is no longer there. A letter that asks to
    confirm an address holds the link as `payload["url"]`."""
    channel = await CommunicationChannel.objects().get(CommunicationChannel.id == delivery.channel)
    if channel is None and delivery.endpoint is None:
        raise Rejected("The address was removed.")
    request = await FeedbackRequest.objects().get(FeedbackRequest.id == delivery.request) if delivery.request else None
    original = await Delivery.objects().get(Delivery.id == delivery.copy_of) if delivery.copy_of else None
    return Letter(
        id=delivery.id,
        kind=DeliveryKind(delivery.kind),
        address=channel.address if channel else "",
        request=request.as_dict() if request else {},
        outcome=await request.outcome() if request and not request.open else "",
        copy=original.external_id if original else "",
        payload=_payload(delivery) | ({"url": confirm_url(channel)} if channel and delivery.kind == "confirm" else {}),
    )


def _payload(delivery: Delivery) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(delivery.payload) if isinstance(delivery.payload, str) else delivery.payload
    return payload
