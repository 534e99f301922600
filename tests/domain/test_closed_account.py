"""Somebody's account is closed while they are waited for: nothing goes out, and it is an alarm."""

from dataclasses import replace

from app.database import sql
from app.domain.astray import astray
from app.domain.channel import ChannelType
from app.domain.feedback import FeedbackRequest, FeedbackStatus
from app.domain.user import User
from tests.channels.engine import Shall, ask, at_rest, reached_by, work_until
from tests.channels.fickle import Fickle
from tests.conftest import person

CLOSED = "Their account is closed, and it can't be settled without them."


async def alarms(request: FeedbackRequest) -> dict[str, str]:
    """What an admin is told, by name."""
    rows = await sql(
        'SELECT u.name, p.alarm FROM feedback_recipients p JOIN users u ON u.id = p."user" WHERE p.request = $1', request.id
    )
    return {row["name"]: row["alarm"] for row in rows}


async def test_what_has_not_left_waits_until_they_are_back_and_an_admin_learns_it(ana: User) -> None:
    ben, slack = await person("Ben"), Fickle(mood=lambda: "down")
    await reached_by(ben, slack=slack)
    request = await ask(ben)
    await ben.disable()
    slack.mood = lambda: "well"
    await work_until(at_rest)
    assert slack.sends == 0
    assert await alarms(request) == {"Ben": CLOSED}
    assert not await astray()
    await ben.enable()
    await work_until(at_rest)
    assert slack.seen() == {str(request.id): 1}
    assert await alarms(request) == {"Ben": ""}


async def test_it_is_no_alarm_while_the_others_can_settle_it(ana: User) -> None:
    ben, cay = await person("Ben"), await person("Cay")
    any_of_three = await ask(ana, ben, cay)
    two_of_three = await ask(ana, ben, cay, question=replace(Shall, needed=2))
    await two_of_three.respond(cay, True, ChannelType.WEB)
    await cay.leave()
    await work_until(at_rest)
    await ben.disable()
    await work_until(at_rest)
    assert await alarms(any_of_three) == await alarms(two_of_three) == {"Ana": "", "Ben": "", "Cay": ""}, "ana is still here"
    await two_of_three.respond(ana, True, ChannelType.WEB)
    assert (await FeedbackRequest.locked(two_of_three.id)).status == FeedbackStatus.ANSWERED


async def test_a_quorum_that_can_not_be_reached_any_more_is_an_alarm(ana: User) -> None:
    ben, cay = await person("Ben"), await person("Cay")
    request = await ask(ana, ben, cay, question=replace(Shall, needed=3))
    await ben.leave()
    await work_until(at_rest)
    assert await alarms(request) == {"Ana": "", "Ben": CLOSED, "Cay": ""}
    assert not await astray()
    await ben.stay()
    await work_until(at_rest)
    assert await alarms(request) == {"Ana": "", "Ben": "", "Cay": ""}
