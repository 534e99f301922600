"""Who has not answered is reminded once, a while before the deadline, where the request has arrived."""

from dataclasses import replace
from datetime import timedelta

from app.clock import now, shift
from app.domain.delivery import DeliveryKind
from app.domain.feedback import FeedbackRequest
from app.domain.timeline import timeline
from app.domain.user import User
from app.web.cards import Card
from tests.channels.engine import Shall, ask, at_rest, reached_by, work_until
from tests.channels.fickle import Fickle


async def asked_and_three_quarters_over(ana: User) -> FeedbackRequest:
    request = await ask(ana, question=replace(Shall, deadline=now() + timedelta(hours=2)))
    await work_until(at_rest)
    assert not (await Card.of(request, ana.id)).ends_soon
    shift(timedelta(minutes=91))
    await work_until(at_rest)
    return request


async def reminded(request: FeedbackRequest, ana: User) -> list[str]:
    return [one.via for one in await timeline(request.id, ana.id) if one.what == "reminded"]


async def test_a_reminder_follows_the_request_to_its_channel_once(ana: User) -> None:
    slack = Fickle()
    await reached_by(ana, slack=slack)
    request = await asked_and_three_quarters_over(ana)
    shift(timedelta(minutes=100))
    await work_until(at_rest)
    assert slack.seen(DeliveryKind.REMINDER) == {str(request.id): 1}
    assert await reminded(request, ana) == ["slack"]
    assert (await Card.of(request, ana.id)).ends_soon


async def test_who_has_only_the_page_is_reminded_there(ana: User) -> None:
    request = await asked_and_three_quarters_over(ana)
    assert await reminded(request, ana) == ["web"]
    assert "Ends soon" in (await Card.of(request, ana.id)).render()
