"""Every open request is on its way, has arrived, or raised an alarm; what is due is done, or told of."""

import asyncio

import pytest

from app import metrics
from app.clock import timedelta
from app.database import sql
from app.doctor import examine
from app.domain.astray import astray
from app.domain.channel import ChannelType
from app.domain.channel_health import all_failing_on_purpose, let_fail
from app.domain.dead_letters import bury, replay
from app.domain.delivery import Delivery
from app.domain.feedback_question import Question
from app.domain.feedback_value import FeedbackType
from app.domain.inbound import InboundEvent
from app.domain.overdue import SINCE, all_due
from app.domain.session import ChatSession
from app.domain.user import User
from app.jobs.sweep import bring_back
from tests.channels.engine import Shall, ask, at_rest, reached_by, statuses, work_until
from tests.channels.fickle import Fickle

MENDED = "parley_requests_mended_total"


async def test_a_request_that_nothing_brings_any_more_is_brought_and_counted(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack, counted = Fickle(), list[str]()
    monkeypatch.setattr(metrics, "count", lambda name, **_: counted.append(name))
    await reached_by(ana, slack=slack)
    lost, fine = await ask(ana), await ask(ana)
    await sql("DELETE FROM deliveries WHERE request = $1 AND via = 'slack'", lost.id)
    await sql("UPDATE feedback_recipients SET next_at = NULL")
    assert len(await astray()) == 1
    await bring_back()
    assert counted == [MENDED]
    assert await astray() == []
    await work_until(at_rest)
    assert slack.seen() == {str(lost.id): 1, str(fine.id): 1}
    await bring_back()
    assert counted.count(MENDED) == 1, "what is well is not mended"


async def test_refused_everywhere_without_an_alarm_gets_one(ana: User) -> None:
    await reached_by(ana, slack=Fickle(lambda: "no"))
    await ask(ana)
    await work_until(at_rest)
    await sql("UPDATE feedback_recipients SET alarm = '', next_at = NULL")
    await bring_back()
    assert "slack rejected" in (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"]


async def test_what_stands_on_the_page_alone_or_is_answered_is_not_astray(ana: User, ben: User) -> None:
    await ask(ben)
    await reached_by(ana, slack=Fickle())
    shared = await ask(ana, ben, question=Question(FeedbackType.APPROVAL, "Ship?", needed=2))
    await shared.respond(ana, True, ChannelType.WEB)
    await sql("DELETE FROM deliveries WHERE via = 'slack'")
    await sql("UPDATE feedback_recipients SET next_at = NULL")
    assert await astray() == []


async def test_who_has_answered_is_asked_no_more_while_others_are_waited_for(ana: User, ben: User) -> None:
    slack = Fickle()
    await reached_by(ana, slack=slack)
    await sql("UPDATE communication_channels SET position = position + 10 WHERE type = 'slack'")
    shared = await ask(ana, ben, question=Question(FeedbackType.APPROVAL, "Ship?", needed=2))
    await shared.respond(ana, True, ChannelType.WEB)
    await sql("UPDATE feedback_recipients SET next_at = now()")
    await sql("UPDATE feedback_requests SET created_at = now() - interval '1 h'")
    await work_until(at_rest)
    assert not slack.copies


async def test_after_a_week_a_delivery_is_dead_with_an_alarm_and_arrives_when_it_is_replayed(ana: User) -> None:
    mood = "down"
    slack = Fickle(lambda: mood)
    await reached_by(ana, slack=slack)
    request = await ask(ana)

    async def tried() -> bool:
        return bool(await sql("SELECT FROM deliveries WHERE attempt > 0 AND status = 'due'"))

    await work_until(tried)
    await bury()
    assert (await statuses(request))["slack"] == "due"
    await sql("UPDATE deliveries SET created_at = created_at - interval '7 days 1 minute'")
    await bury()
    assert (await statuses(request))["slack"] == "dead"
    assert "7 days" in (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"]
    await work_until(at_rest)
    assert (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"]
    mood = "well"
    (dead,) = await Delivery.objects().where(Delivery.via == "slack")
    assert await replay([dead.id]) == 1
    await bury()
    await work_until(at_rest)
    assert slack.seen() == {str(request.id): 1}
    assert not (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"]
    assert await replay([dead.id]) == 0, "what has arrived is not sent again"


async def test_a_channel_that_fails_on_purpose_is_gone_around_and_works_again_at_once(ana: User) -> None:
    slack, mail = Fickle(), Fickle()
    await reached_by(ana, slack=slack, email=mail)
    await let_fail("slack", True)
    request = await ask(ana)
    await work_until(at_rest)
    assert (await all_failing_on_purpose(), slack.sends) == (["slack"], 0)
    assert mail.seen() == {str(request.id): 1}
    await let_fail("slack", False)
    later = await ask(ana)
    await work_until(at_rest)
    assert str(later.id) in slack.seen() | mail.seen()
    assert await all_failing_on_purpose() == []


async def late() -> dict[str, int]:
    return {one.kind: one.late for one in await all_due()}


async def test_what_is_due_for_more_than_half_a_minute_is_told_of(ana: User) -> None:
    await reached_by(ana, slack=Fickle())
    await ask(ana)
    session = await ChatSession.open(ana)
    await session.say("Hello", by=ana, via=ChannelType.WEB)
    await InboundEvent.keep("slack", "Ev1", "event", "slack T1/C1", "{}")
    await sql("UPDATE feedback_recipients SET next_at = now()")
    assert await late() == dict.fromkeys(SINCE, 0)
    ago = timedelta(seconds=45)
    await sql("UPDATE deliveries SET due_at = now() - $1::interval", ago)
    await sql("UPDATE agent_states SET due_at = now() - $1::interval", ago)
    await sql("UPDATE feedback_recipients SET next_at = now() - $1::interval", ago)
    await sql("UPDATE inbound_events SET due_at = now() - $1::interval", ago)
    assert await late() == dict.fromkeys(SINCE, 1)
    assert (await all_due())[0].words().startswith("1 wait, the oldest for 4")
    await sql("INSERT INTO channel_health (key, probe_at) VALUES ('slack', now() + interval '1 h')")
    assert (await late())["deliveries"] == 0, "what waits for a channel that is down is not forgotten"


async def test_what_waits_behind_another_is_not_late_but_what_a_dead_worker_left_is(ana: User) -> None:
    await reached_by(ana, slack=Fickle())
    await ask(ana)
    await ask(ana)
    await sql("UPDATE deliveries SET due_at = now() - interval '1 h' WHERE via = 'slack'")
    await sql(
        """UPDATE deliveries SET status = 'sending', lease_until = now() + interval '5 s'
           WHERE id = (SELECT id FROM deliveries WHERE via = 'slack' ORDER BY id LIMIT 1)"""
    )
    assert (await late())["deliveries"] == 0
    await sql("UPDATE deliveries SET lease_until = now() - interval '40 s' WHERE status = 'sending'")
    assert (await late())["deliveries"] == 1


async def test_the_doctor_says_so(ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    from app import database

    monkeypatch.setattr(database, "connect", nothing)
    monkeypatch.setattr(database, "disconnect", nothing)
    await reached_by(ana, slack=Fickle())
    await ask(ana, question=Shall)
    assert ("requests", True, "all on their way") in await examine()
    await sql("DELETE FROM deliveries WHERE via = 'slack'")
    await sql("UPDATE feedback_recipients SET next_at = NULL")
    found = [words for part, well, words in await examine() if part == "requests" and not well]
    assert found
    assert "1 open requests are on their way to nobody" in found[0]


async def nothing() -> None:
    """The pool is the tests' own."""
    await asyncio.sleep(0)
