"""A person's channels: their order, switching off, removing and confirming; and what that does to what waits for them."""

import asyncio

import pytest

from app.channels.letters import letter_of
from app.channels.protocol import Rejected
from app.clock import shift, timedelta
from app.database import sql
from app.domain.audit import entries_of
from app.domain.channel import MOST_CHANNELS, ChannelStatus, ChannelType, CommunicationChannel
from app.domain.confirmation import ask_to_confirm, confirm_url, confirmable
from app.domain.delivery import Delivery
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.user import User
from tests.channels.engine import ask, at_rest, reached_by, statuses, work_until
from tests.channels.fickle import Fickle


async def labels(user: User) -> list[str]:
    return [f"{channel.type} {channel.status}" for channel in await CommunicationChannel.of(user.id)]


async def first(user: User) -> CommunicationChannel:
    return (await CommunicationChannel.of(user.id))[0]


async def test_a_channel_moves_up_and_down_but_not_over_the_end(ana: User) -> None:
    await reached_by(ana, slack=Fickle())
    slack = await first(ana)
    for places, expected in (
        (1, "web slack email"),
        (1, "web email slack"),
        (1, "web email slack"),
        (-2, "slack web email"),
    ):
        await slack.move(places)
        assert " ".join(channel.type for channel in await CommunicationChannel.of(ana.id)) == expected


async def test_two_devices_that_move_at_once_lose_no_channel(ana: User) -> None:
    await reached_by(ana, slack=Fickle(), email=Fickle())
    channels = await CommunicationChannel.of(ana.id)
    await asyncio.gather(*(channel.move(places) for channel in channels for places in (1, -1, 2)))
    places = [channel.position for channel in await CommunicationChannel.of(ana.id)]
    assert sorted(places) == sorted(set(places))
    assert len(places) == len(channels)


async def test_switched_off_before_it_left_a_request_goes_the_next_way(ana: User) -> None:
    slack, mail = Fickle(), Fickle()
    await reached_by(ana, slack=slack, email=mail)
    request = await ask(ana)
    await (await first(ana)).switch(False, by=ana)
    await work_until(at_rest)
    assert not slack.copies
    assert mail.seen() == {str(request.id): 1}
    assert (await statuses(request))["slack"] == "rejected"


async def test_switched_on_again_it_takes_what_has_arrived_nowhere(ana: User) -> None:
    slack = Fickle()
    await reached_by(ana, slack=slack)
    request = await ask(ana)
    await (await first(ana)).switch(False, by=ana)
    await work_until(at_rest)
    assert (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"]
    await (await first(ana)).switch(True, by=ana)
    await work_until(at_rest)
    assert slack.seen() == {str(request.id): 1}
    assert not (await sql("SELECT alarm FROM feedback_recipients"))[0]["alarm"]


async def test_a_new_way_takes_what_waits(ana: User) -> None:
    mail = Fickle()
    await reached_by(ana, email=mail)
    await (await first(ana)).switch(False, by=ana)
    request = await ask(ana)
    await work_until(at_rest)
    assert not mail.copies
    await CommunicationChannel.confirm(ana.id, ana.email)
    await sql("UPDATE communication_channels SET position = -1 WHERE type = 'email'")
    await work_until(at_rest)
    assert mail.seen() == {str(request.id): 1}


async def test_removed_it_gets_nothing_and_what_went_there_is_still_told_of(ana: User) -> None:
    slack, mail = Fickle(), Fickle()
    await reached_by(ana, slack=slack, email=mail)
    request = await ask(ana)
    delivery = await Delivery.objects().get(Delivery.via == "slack")
    assert delivery
    await (await first(ana)).drop(by=ana)
    with pytest.raises(Rejected):
        await letter_of(delivery)
    await work_until(at_rest)
    assert not slack.copies
    assert mail.seen() == {str(request.id): 1}
    assert await statuses(request) == {"web": "accepted", "slack": "rejected", "email": "accepted"}


async def test_the_page_stays(ana: User) -> None:
    page = next(channel for channel in await CommunicationChannel.of(ana.id) if channel.type == ChannelType.WEB)
    for change in (lambda: page.switch(False, by=ana), lambda: page.drop(by=ana), lambda: Delivery.test(page)):
        with pytest.raises(Conflict):
            await change()
    assert "web active" in await labels(ana)


async def test_what_is_not_confirmed_can_be_neither_switched_on_nor_tested(ana: User) -> None:
    mail = await CommunicationChannel.add_email(ana, " Ana@Work.example ")
    assert (mail.address, mail.status) == ("ana@work.example", ChannelStatus.DISCONNECTED)
    for change in (lambda: mail.switch(False, by=ana), lambda: mail.switch(True, by=ana), lambda: Delivery.test(mail)):
        with pytest.raises(Conflict):
            await change()
    assert await labels(ana) == ["web active", "email disconnected", "email disconnected"]


async def test_addresses_that_are_none_or_too_many_are_refused(ana: User) -> None:
    for wrong in ("", "ana", "a@b\r\nBcc: all@x.example", "<ana@x.example>", "a b@x.example"):
        with pytest.raises(Unfit):
            await CommunicationChannel.add_email(ana, wrong)
    with pytest.raises(Conflict, match="already"):
        await CommunicationChannel.add_email(ana, "ANA@example.com")
    for number in range(MOST_CHANNELS - 2):
        await CommunicationChannel.add_email(ana, f"{number}@x.example")
    with pytest.raises(Conflict, match="Remove one"):
        await CommunicationChannel.add_email(ana, "more@x.example")


async def test_a_link_confirms_the_address_of_its_person_for_three_days(ana: User, ben: User) -> None:
    mail = await CommunicationChannel.add_email(ana, "ana@work.example")
    token = confirm_url(mail).rpartition("/")[2]
    assert (await confirmable(ana, token)).id == mail.id
    for who, brought in ((ben, token), (ana, "x"), (ana, token[:-4] + "AAAA"), (ana, "é" * 50)):
        with pytest.raises(NotFound):
            await confirmable(who, brought)
    shift(timedelta(days=3, minutes=1))
    with pytest.raises(NotFound):
        await confirmable(ana, token)


async def test_the_mail_that_asks_to_confirm_goes_out_once_a_minute_and_holds_the_link(ana: User) -> None:
    box = Fickle()
    await reached_by(ana, email=box)
    mail = await CommunicationChannel.add_email(ana, "ana@work.example")
    results = await asyncio.gather(*(ask_to_confirm(mail) for _ in range(4)), return_exceptions=True)
    assert [result for result in results if result is None] == [None]
    await work_until(at_rest)
    (letter,) = box.copies.values()
    assert letter.address == "ana@work.example"
    assert (await confirmable(ana, letter.payload["url"].rpartition("/")[2])).id == mail.id
    stored = [str(tuple(row)) for row in await sql("SELECT * FROM deliveries")]
    assert not [row for row in stored if letter.payload["url"].rpartition("/")[2] in row], "nothing of it is stored"
    with pytest.raises(Conflict):
        await ask_to_confirm(mail)


@pytest.mark.parametrize(
    ("begin", "end", "zone"),
    [("22:00", "", ""), ("", "08:00", ""), ("8:00", "9:00", ""), ("24:00", "08:00", ""), ("08:00", "08:00", ""),
     ("22:00\n", "08:00", ""), ("22:00", "08:00", "Mars/Olympus")],
)  # fmt: skip
async def test_quiet_hours_that_are_none_are_refused(ana: User, begin: str, end: str, zone: str) -> None:
    with pytest.raises(Unfit):
        await ana.keep_quiet(begin, end, zone)


async def test_the_audit_trail_tells_what_was_changed_and_no_address(ana: User, ben: User) -> None:
    await reached_by(ben, slack=Fickle())
    await (await first(ben)).switch(False, by=ana)
    await CommunicationChannel.add_email(ben, "ben@work.example")
    told = [(row["about"], row["detail"]) for row in await entries_of(ben.id) if row["action"] == "channel-changed"]
    assert told == [("Ben", "Slack, switched off"), ("", "E-mail, added")]
