"""What a mail does that came in: an answer, words in a conversation, a message that came back; or nothing."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from app.channels.email_place import MailPlace
from app.channels.mail_address import NotOurs, answered_delivery
from app.channels.mail_bounce import Bounce, bounce_of
from app.channels.mail_cutting import cut
from app.channels.mail_reading import Mail, automatic, read_mail
from app.channels.mail_trust import is_proven
from app.channels.protocol import Unavailable
from app.database import loaded, sql, transaction
from app.domain.agent_state import AgentState
from app.domain.answer_words import Read, read_words
from app.domain.binding import ChannelBinding
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.coming_back import bounced
from app.domain.delivery import Delivery
from app.domain.errors import Conflict, Unfit
from app.domain.feedback import FeedbackRequest, Settled
from app.domain.feedback_value import FeedbackType
from app.domain.held_mail import HeldMail, HeldStatus
from app.domain.inbox import waiting_for
from app.domain.notice import tell_by
from app.domain.session import ChatSession
from app.domain.title import LONGEST_TITLE
from app.domain.user import User
from app.limits import Kind, allow

Told = dict[str, Any]
Understand = Callable[[FeedbackRequest, str], Awaitable[Read | None]]
"""What somebody's words answer, where no rule says it; None if that is not certain."""

ANSWER = re.compile(r"^(?:\s*(?:re|aw|sv|antw|odp|res|r|回复|返信)\s*[:：])+\s*", re.IGNORECASE)
CODE = re.compile(r"\[([A-Z][0-9][A-Z][0-9])\]")
# Who has shown that this address is theirs. One that several have is only theirs to whom we wrote there.
WRITERS = """
SELECT u.*, c.id AS channel FROM users u JOIN communication_channels c ON c."user" = u.id
WHERE c.type = 'email' AND c.address = $1 AND c.status IN ('active', 'failing', 'off')
  AND u.disabled_at IS NULL AND u.left_at IS NULL AND ($2::uuid IS NULL OR u.id = $2)
"""


class Deleted(Exception):
    """Its person has deleted the conversation that the mail belongs to."""


class NotProven(Exception):
    """It is not certain from whom it is, or that it was meant for us; why."""


async def take_mail(told: Told, understand: Understand) -> str:
    """Do what a mail says; why it has no effect, if it has none. Done twice is done once."""
    mail = read_mail(MailPlace.decoded(told["raw"]))
    if mail.sender == told["account"]:
        return "We wrote it."
    if came_back := bounce_of(mail):
        return await _take_back(came_back)
    if why := automatic(mail):
        return why
    if await HeldMail.is_blocked(mail.sender):
        return "An admin has blocked its sender."
    try:
        person, channel, delivery = await _writer(mail, told)
    except (NotProven, NotOurs) as why:
        await HeldMail.hold(
            f"{told['account']} {told['id']}",
            thread=told["thread"],
            sender=mail.sender,
            subject=mail.subject,
            why=str(why),
            body=told["raw"],
        )
        return f"Held back: {why}"
    words = cut(mail.text, box=told["account"], name=mail.name or person.name)
    if request := await _asked(mail, person, delivery):
        return await _answer(request, person, channel, words, understand)
    return await _say(told, mail, person, channel, delivery, words)


async def _take_back(came_back: Bounce) -> str:
    """A mail of ours has not arrived after all; only its own address can say so."""
    rows = await sql(
        "SELECT c.address FROM deliveries d JOIN communication_channels c ON c.id = d.channel WHERE d.id = $1",
        came_back.delivery,
    )  # fmt: skip
    if not rows or rows[0]["address"].lower() not in came_back.addresses:
        return "It speaks of no mail of ours."
    await bounced(came_back.delivery, came_back.why, gone=came_back.gone)
    return ""


async def _writer(mail: Mail, told: Told) -> tuple[User, CommunicationChannel, Delivery | None]:
    """Whose words they are, by which of their addresses, and what they answer if that is certain."""
    released = await HeldMail.standing_of(f"{told['account']} {told['id']}") == HeldStatus.RELEASED
    if not released and not is_proven(mail.message, mail.sender):
        raise NotProven("Our provider has not found that it is from whom it says.")
    try:
        delivery = await answered_delivery(told["account"], mail.to)
    except NotOurs:
        if not released:
            raise
        delivery = None
    rows = await sql(WRITERS, mail.sender, delivery.user if delivery else None)
    if not rows and released:
        delivery, rows = None, await sql(WRITERS, mail.sender, None)
    if not rows and delivery:
        raise NotProven("It answers what was sent to somebody else.")
    if len(rows) != 1:
        raise NotProven("Nobody here has confirmed this address." if not rows else "Several here have this address.")
    person = loaded(User, rows[0])
    return person, await CommunicationChannel.one(person.id, rows[0]["channel"]), delivery


async def _asked(mail: Mail, person: User, delivery: Delivery | None) -> FeedbackRequest | None:
    """The request that it answers: the one whose mail it is an answer to, or whose code stands in the subject."""
    if delivery and delivery.request:
        found: FeedbackRequest | None = await FeedbackRequest.objects().get(FeedbackRequest.id == delivery.request)
        return found
    codes = set(CODE.findall(mail.subject)) if delivery is None else set()
    named = [one for one in await waiting_for(person.id) if one.code in codes] if codes else []
    return named[0] if len(named) == 1 else None


async def _answer(
    request: FeedbackRequest, person: User, channel: CommunicationChannel, words: str, understand: Understand
) -> str:
    """The words answer it, if it can be told how; else its person is asked once more. What is sensitive is answered on the
    page."""
    if request.sensitive and request.open:
        await tell_by(channel, "This is sensitive: a reply does not answer it. Please sign in for it.", request=request.id)
        return "It is sensitive."
    read = read_words(FeedbackType(request.type), request.options, words) if words else None
    if read is None and words and request.open:
        read = await understand(request, words)
    try:
        if read is None and request.open:
            raise Unfit("I could not tell what you answer.")
        value = read.value if read else True  # of one that is settled, that it is
        await request.respond(person, value, ChannelType.EMAIL, read.comment if read else "")
    except Settled as settled:
        await _tell(request, channel, f"This was settled before your answer came. {settled}")
        return str(settled)
    except Unfit as why:
        await _tell(request, channel, f"{why} Nothing is decided yet: please use a button, or reply with one word.")
        return str(why)
    except Conflict as why:
        await _tell(request, channel, str(why))
        return str(why)
    return ""


async def _tell(request: FeedbackRequest, channel: CommunicationChannel, text: str) -> None:
    await tell_by(channel, text, request=request.id)


async def _say(
    told: Told, mail: Mail, person: User, channel: CommunicationChannel, delivery: Delivery | None, words: str
) -> str:
    """The words go into the conversation that they answer, or that of their thread; one begins where there is none."""
    if not words.strip():
        return "no words"
    verdict = await allow(Kind.WRITE, person.id)
    try:
        async with transaction():
            session = await _session(told, mail, person, channel, delivery)
            await session.say(words, by=person, via=ChannelType.EMAIL, client_id=f"mail-{told['id']}")
            if not verdict.allowed:  # what is said here is always kept: over the limit it is the answer that waits
                await AgentState.delay(session.id, verdict.retry_after_seconds)
    except Deleted:
        await tell_by(channel, "This conversation was deleted. Begin another one with a new mail.")
        return "The conversation was deleted."
    return ""


async def _session(
    told: Told, mail: Mail, person: User, channel: CommunicationChannel, delivery: Delivery | None
) -> ChatSession:
    place = str(MailPlace(told["account"], told["thread"]))
    binding = await ChannelBinding.on_line(delivery.line) if delivery else None
    for known in (place, place := f"{place}/{person.id}"):
        binding = binding or await ChannelBinding.at(ChannelType.EMAIL, known)
        found = await ChatSession.objects().get(ChatSession.id == binding.session) if binding else None
        if found is None:
            place = known
            break
        if found.owner == person.id:
            if found.deleted_at:
                raise Deleted
            return found
        binding = None
    session = await ChatSession.open(person, title=_title(mail.subject), channel=ChannelType.EMAIL)
    if await ChannelBinding.bind(session, channel, place) is None:
        raise Unavailable("Its thread was noted just now.")
    return session


def _title(subject: str) -> str:
    """What a conversation is called that begins with this mail."""
    return ANSWER.sub("", subject)[:LONGEST_TITLE].strip()
