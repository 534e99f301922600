"""What a delivery says when it is sent: made from the rows as they stand now, not as they stood when it was written."""

from app.channels.protocol import Letter, Rejected
from app.clock import iso
from app.domain.channel import CommunicationChannel
from app.domain.confirmation import confirm_url
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.feedback_told import told


async def letter_of(delivery: Delivery) -> Letter:
    """The letter of a delivery. Rejected if it was to go to an address that is no longer there. A letter that asks to
    confirm an address holds the link as `payload["url"]`."""
    if delivery.kind == DeliveryKind.WEBHOOK:
        return await _webhook_letter(delivery)
    channel = await CommunicationChannel.objects().get(CommunicationChannel.id == delivery.channel)
    if channel is None:
        raise Rejected("The address was removed.")
    request = await _request(delivery)
    original = await Delivery.objects().get(Delivery.id == delivery.copy_of) if delivery.copy_of else None
    return Letter(
        id=delivery.id,
        kind=DeliveryKind(delivery.kind),
        address=channel.address,
        request=request.as_dict() if request else {},
        outcome=await _outcome(request, delivery) if request else "",
        copy=original.external_id if original else "",
        payload=delivery.told | ({"url": confirm_url(channel)} if delivery.kind == DeliveryKind.CONFIRM else {}),
    )


async def _outcome(request: FeedbackRequest, delivery: Delivery) -> str:
    """How it ended, or how it did for this person: others may still be asked."""
    if not request.open:
        return await request.outcome()
    recipient = await FeedbackRecipient.objects().get(
        (FeedbackRecipient.request == request.id) & (FeedbackRecipient.user == delivery.user)
    )
    return await recipient.handed_on() if recipient and recipient.delegated_to else ""


async def _webhook_letter(delivery: Delivery) -> Letter:
    """What a program is told: of a request as it stands now, also when it is told late."""
    request = await _request(delivery)
    if delivery.request and request is None:
        raise Rejected("The request is gone.")
    data = (await told([request]))[0] if request else {"message": "A test of this endpoint."}
    body = {"type": delivery.told["event"], "timestamp": iso(delivery.created_at), "data": data}
    return Letter(
        delivery.id, DeliveryKind.WEBHOOK, delivery.told.get("url", ""), payload=body, endpoint=delivery.endpoint
    )  # fmt: skip


async def _request(delivery: Delivery) -> FeedbackRequest | None:
    if delivery.request is None:
        return None
    return await FeedbackRequest.objects().get(FeedbackRequest.id == delivery.request)
