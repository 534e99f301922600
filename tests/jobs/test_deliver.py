"""Nothing that was asked gets lost, whatever the channels do."""

import asyncio
from collections.abc import Callable, Iterator
from random import Random

import pytest

from app.channels.letters import letter_of
from app.database import sql
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.delivery import Delivery, DeliveryKind
from app.domain.user import User
from app.jobs.deliver import carry
from tests.channels.engine import ask, at_rest, reached_by, statuses, work_until
from tests.channels.fickle import Fickle
from tests.conftest import person
from tests.outages import postgres_away
from tests.waiting import until


def moods(*given: str) -> Callable[[], str]:
    """These, one after the other, and then well."""
    left: Iterator[str] = iter(given)
    return lambda: next(left, "well")


async def test_it_goes_to_the_first_channel_and_stands_on_the_page(ana: User) -> None:
    slack, mail = Fickle(), Fickle()
    await reached_by(ana, slack=slack, email=mail)
    request = await ask(ana)
    await work_until(at_rest)
    assert await statuses(request) == {"slack": "accepted", "web": "accepted"}
    assert slack.seen() == {str(request.id): 1}
    assert not mail.copies


@pytest.mark.parametrize("mood", ["down", "busy", "silent", "lost"])
async def test_after_one_failure_it_arrives_once_by_the_same_channel(ana: User, mood: str) -> None:
    slack, mail = Fickle(moods(mood)), Fickle()
    await reached_by(ana, slack=slack, email=mail)
    request = await ask(ana)
    await work_until(at_rest)
    assert slack.seen() == {str(request.id): 1}
    assert not mail.copies
    assert (await statuses(request))["slack"] == "accepted"


@pytest.mark.parametrize("mood", ["no", "gone"])
async def test_refused_it_goes_to_the_next_channel_at_once(ana: User, mood: str) -> None:
    slack, mail = Fickle(moods(mood)), Fickle()
    await reached_by(ana, slack=slack, email=mail)
    request = await ask(ana)
    await work_until(at_rest)
    assert mail.seen() == {str(request.id): 1}
    assert (await statuses(request))["slack"] == "rejected"
    channel = (await CommunicationChannel.of(ana.id))[0]
    assert channel.status == (ChannelStatus.DISCONNECTED if mood == "gone" else ChannelStatus.ACTIVE)


async def test_a_dead_channel_is_left_for_the_next_and_gets_nothing_when_it_comes_back(ana: User) -> None:
    mood = "down"
    slack, mail = Fickle(lambda: mood), Fickle()
    await reached_by(ana, slack=slack, email=mail)
    requests = [await ask(ana) for _ in range(3)]

    async def all_by_mail() -> bool:
        return sum(mail.seen().values()) == 3

    await work_until(all_by_mail)
    mood = "well"
    await work_until(at_rest)
    assert mail.seen() == {str(request.id): 1 for request in requests}
    assert not slack.copies


async def test_with_every_way_dead_there_is_an_alarm_and_it_arrives_after_recovery_once(ana: User) -> None:
    mood = "down"
    slack, mail = Fickle(lambda: mood), Fickle(lambda: mood)
    await reached_by(ana, slack=slack, email=mail)
    request = await ask(ana)

    async def alarmed() -> bool:
        return bool((await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"])

    async def calm() -> bool:
        return not await alarmed()

    await work_until(alarmed)
    mood = "well"
    await work_until(calm)
    await work_until(at_rest)
    assert len(slack.of(request.id)) + len(mail.of(request.id)) == 1


async def test_a_third_of_all_sends_failing_a_hundred_arrive_once_each(ana: User) -> None:
    dice = Random(seed := 11)
    print("seed", seed)
    slack = Fickle(lambda: dice.choice(["down", "busy", "lost", "silent"]) if dice.random() < 1 / 3 else "well", 0.005)
    people = [ana, *[await person(f"Person {number}") for number in range(9)]]
    for one in people:
        await reached_by(one, slack=slack)
    requests = [await ask(people[number % 10]) for number in range(100)]
    await work_until(at_rest, workers=3, seconds=40)
    assert slack.seen() == {str(request.id): 1 for request in requests}


async def test_what_a_stalled_worker_sends_after_its_lease_is_found_and_taken_back(ana: User) -> None:
    slack = Fickle()
    await reached_by(ana, slack=slack)
    request = await ask(ana)
    (stalled,) = await Delivery.claim(1, 0.05)
    await asyncio.sleep(0.1)

    async def arrived() -> bool:
        return (await statuses(request))["slack"] == "accepted"

    await work_until(arrived)
    await carry(stalled)
    assert len(slack.of(request.id)) == 1, "whoever has lost the lease begins no send"
    await stalled.accepted(slack.arrived(await letter_of(stalled)))  # but it may have stopped in the middle of one
    assert len(slack.of(request.id)) == 2
    await work_until(at_rest)
    await sql("UPDATE deliveries SET check_at = now() WHERE check_at IS NOT NULL")
    await work_until(at_rest)
    assert len(slack.of(request.id)) == 1
    assert (await sql("SELECT doubles FROM deliveries WHERE via = 'slack'"))[0]["doubles"] == 1


async def test_an_answer_settles_every_copy_that_was_posted(ana: User) -> None:
    slack = Fickle()
    await reached_by(ana, slack=slack)
    request = await ask(ana)
    await work_until(at_rest)
    await request.respond(ana, True, ChannelType.WEB)
    await work_until(at_rest)
    (settled,) = slack.of(request.id, DeliveryKind.SETTLE)
    assert settled.outcome == "Approved by Ana on the page."
    assert settled.copy in slack.copies


async def test_what_was_answered_before_it_was_sent_is_not_sent(ana: User) -> None:
    slack = Fickle()
    await reached_by(ana, slack=slack)
    request = await ask(ana)
    await request.respond(ana, False, ChannelType.WEB, comment="Too early")
    await work_until(at_rest)
    assert not slack.copies
    assert (await statuses(request))["slack"] == "rejected"


async def test_one_answered_while_it_was_being_sent_is_settled_too(ana: User) -> None:
    slack = Fickle(slow_seconds=0.1)
    await reached_by(ana, slack=slack)
    request = await ask(ana)
    (delivery,) = await Delivery.claim(1, 10)
    sending = asyncio.create_task(carry(delivery))
    await asyncio.sleep(0.05)
    await request.respond(ana, True, ChannelType.WEB)
    await sending
    await work_until(at_rest)
    assert len(slack.of(request.id, DeliveryKind.SETTLE)) == 1


async def test_how_a_send_ended_is_kept_while_the_database_is_away(ana: User) -> None:
    slack = Fickle(slow_seconds=0.1)
    await reached_by(ana, slack=slack)
    request = await ask(ana)
    (delivery,) = await Delivery.claim(1, 30)
    sending = asyncio.create_task(carry(delivery))
    await until(lambda: slack.sends)
    async with postgres_away():
        await asyncio.sleep(0.5)
    await asyncio.wait_for(sending, 15)
    assert (await statuses(request))["slack"] == "accepted"


async def test_one_person_is_told_in_the_order_of_asking(ana: User) -> None:
    slack = Fickle(moods("down"))
    await reached_by(ana, slack=slack)
    requests = [await ask(ana) for _ in range(5)]
    await work_until(at_rest, workers=3)
    assert [letter.request["id"] for letter in slack.copies.values()] == [str(request.id) for request in requests]


async def test_a_whole_channel_that_is_down_is_probed_and_not_hammered(ana: User) -> None:
    mood = "down"
    slack = Fickle(lambda: mood)
    people = [ana, *[await person(f"Person {number}") for number in range(19)]]
    for one in people:
        await reached_by(one, slack=slack)
        await ask(one)
    with pytest.raises(TimeoutError):
        await work_until(at_rest, workers=2, seconds=2)
    assert slack.sends <= 45, "twenty first tries, and then one probe at a time"
    mood = "well"
    await work_until(at_rest, workers=2)
    assert sum(slack.seen().values()) == 20
