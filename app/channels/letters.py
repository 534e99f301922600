"""What a delivery says when it is sent: made from the rows as they stand now, not as they stood when it was written."""

from typing import Any
from uuid import UUID

from app.channels.protocol import Letter, Rejected
from app.clock import iso
from app.database import loaded, sql
from app.domain.channel import ChannelStatus, CommunicationChannel
from app.domain.confirmation import confirm_url
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.feedback_told import told
from app.domain.mail_digest import digest_of
from app.domain.mailed_link import link_in
from app.domain.message import Message

ABOUT = """
SELECT c.*, o.external_id AS copy, p.id AS handed_on, b.place, l.external_id AS live FROM communication_channels c
LEFT JOIN deliveries o ON o.id = $2
LEFT JOIN feedback_recipients p ON p.request = $3 AND p."user" = $4 AND p.delegated_to IS NOT NULL
LEFT JOIN channel_bindings b ON b.channel = c.id AND b.session = COALESCE(
  (SELECT session FROM feedback_requests WHERE id = $3), (SELECT session FROM messages WHERE id = $5))
LEFT JOIN live_copies l ON l.message = $5 AND l.binding = b.id
WHERE c.id = $1
"""


async def letter_of(delivery: Delivery) -> Letter:
    """The letter of a delivery. Rejected if it was to go to an address that is no longer there. A letter that asks to
    confirm an address holds the link as `payload["url"]`."""
    if delivery.kind == DeliveryKind.WEBHOOK:
        return await _webhook_letter(delivery)
    if delivery.kind == DeliveryKind.LINK:
        told = delivery.told
        return Letter(delivery.id, DeliveryKind.LINK, told["address"], payload=told | {"url": link_in(delivery)})
    about = await sql(ABOUT, delivery.channel, delivery.copy_of, delivery.request, delivery.user, delivery.message)
    if not about:
        raise Rejected("The address was removed.")
    channel, request = loaded(CommunicationChannel, about[0]), await _request(delivery)
    if delivery.kind == DeliveryKind.CONFIRM and channel.status != ChannelStatus.DISCONNECTED:
        raise Rejected("The address is confirmed already.")
    return Letter(
        id=delivery.id,
        kind=DeliveryKind(delivery.kind),
        address=channel.address,
        user=channel.user,
        request=request.as_dict() if request else {},
        outcome=await _outcome(request, about[0]["handed_on"]) if request else "",
        copy=about[0]["copy"] or "",
        place=about[0]["place"] or "",
        live=about[0]["live"],
        **await _entries(delivery),
        payload=delivery.told | ({"url": confirm_url(channel)} if delivery.kind == DeliveryKind.CONFIRM else {}),
    )


async def _outcome(request: FeedbackRequest, handed_on: UUID | None) -> str:
    """How it ended, or how it did for this person (the recipient `handed_on`): others may still be asked."""
    if not request.open:
        return await request.outcome()
    recipient = await FeedbackRecipient.objects().get(FeedbackRecipient.id == handed_on) if handed_on else None
    return await recipient.handed_on() if recipient else ""


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


async def _entries(delivery: Delivery) -> dict[str, Any]:
    """What of a log it shows, as it is now: one entry, or all that a mail tells."""
    if not delivery.message:
        return {}
    if "upto" not in delivery.told:
        return {"entry": await _entry(delivery.message)}
    answers, asked = await digest_of(delivery.message, delivery.told)
    return {"answers": [one.as_dict() for one in answers], "asked": [one.as_dict() for one in asked]}


async def _entry(message_id: UUID) -> dict[str, Any]:
    return loaded(Message, (await sql("SELECT * FROM messages WHERE id = $1", message_id))[0]).as_dict()


async def _request(delivery: Delivery) -> FeedbackRequest | None:
    rows = await sql("SELECT * FROM feedback_requests WHERE id = $1", delivery.request) if delivery.request else []
    return loaded(FeedbackRequest, rows[0]) if rows else None
