"""What a person is told would become of a request: the ladder's own plan, in words."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.clock import now
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.ladder import Ladder, Rung
from app.domain.preview import preview, sentence
from app.domain.quiet_hours import QuietHours
from app.domain.user import User
from tests.channels.engine import reached_by
from tests.channels.fickle import Fickle

OSLO = ZoneInfo("Europe/Oslo")
NIGHT = QuietHours(time(22), time(8), OSLO)
WEB, SLACK, MAIL = (Rung(UUID(int=number), type) for number, type in enumerate(ChannelType))
NAMES = {WEB.channel_id: "the page", SLACK.channel_id: "Slack", MAIL.channel_id: "e-mail"}
LATE, NOON = datetime(2026, 11, 25, 21, 40, tzinfo=UTC), datetime(2026, 11, 25, 11, tzinfo=UTC)


def told(*rungs: Rung, at: datetime, **more: object) -> str:
    return sentence(Ladder(rungs, at, timedelta(minutes=5), quiet=NIGHT, **more), NAMES, OSLO)  # type: ignore[arg-type]


def test_at_night_it_waits_and_what_is_urgent_does_not() -> None:
    assert (
        told(SLACK, MAIL, WEB, at=LATE) == "At 22:40 this would wait until 08:00; if urgent: Slack now, e-mail after 5 min."
    )


def test_by_day_it_goes_from_one_to_the_next() -> None:
    assert told(SLACK, MAIL, WEB, at=NOON) == "At 12:00 this would go out like this: Slack now, e-mail after 5 min."
    assert told(WEB, MAIL, at=NOON) == "At 12:00 this would go out like this: the page now, e-mail after 5 min."


def test_what_would_fall_into_the_night_waits_for_its_end() -> None:
    at = datetime(2026, 11, 25, 20, 58, tzinfo=UTC)
    assert told(SLACK, MAIL, at=at) == "At 21:58 this would go out like this: Slack now, e-mail at 08:00."


def test_a_channel_that_fails_comes_later() -> None:
    assert "e-mail now, Slack after" in told(replace(SLACK, failing=True), MAIL, at=NOON)


def test_with_the_page_alone_it_says_so() -> None:
    assert "on the page only" in told(WEB, at=NOON)


async def test_it_is_that_persons_own_order_and_night(ana: User) -> None:
    assert "on the page only" in (await preview(ana, now()))[0], "an address that is not confirmed is no way"
    await reached_by(ana, slack=Fickle(), email=Fickle())
    await CommunicationChannel.confirm(ana.id, ana.email)
    await ana.keep_quiet("22:00", "08:00", "Europe/Oslo")
    by_day, by_night = await preview(ana, NOON)
    assert by_day == (
        "At 12:00 this would go out like this: Slack now, e-mail (email of Ana) after 5 min, "
        "e-mail (ana@example.com) after 15 min."
    )
    assert by_night.startswith("At 22:00 this would wait until 08:00; if urgent: Slack now, ")
    assert len(await preview(ana, LATE)) == 1


@pytest.mark.parametrize("at", [NOON, datetime(2026, 11, 25, 21, tzinfo=UTC), datetime(2026, 3, 28, 22, tzinfo=UTC)])
def test_quiet_hours_begin_next_at_their_time(at: datetime) -> None:
    begin = NIGHT.next_begin(at)
    assert begin.astimezone(OSLO).time() == time(22)
    assert timedelta(0) < begin - at <= timedelta(hours=25)
