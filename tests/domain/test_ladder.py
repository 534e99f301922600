"""What happens next with a request: the one function that decides it, step by step and over random worlds."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.channel import ChannelType
from app.domain.ladder import (
    ARRIVED,
    TRIES,
    Alarm,
    DeliveryStatus,
    Expire,
    GiveUp,
    Ladder,
    Post,
    Remind,
    Rung,
    Step,
    Wait,
    next_step,
    plan,
)  # fmt: skip
from app.domain.quiet_hours import QuietHours

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NIGHT = QuietHours(time(22), time(8), ZoneInfo("Europe/Berlin"))
WEB, SLACK, MAIL = (Rung(UUID(int=number), type) for number, type in enumerate(ChannelType))


def ladder(*rungs: Rung, **details: object) -> Ladder:
    return Ladder(rungs, asked_at=NOON, escalate_after=5 * MINUTE, **details)  # type: ignore[arg-type]


def posted(rung: Rung, status: DeliveryStatus, **details: object) -> Rung:
    return replace(rung, status=status, **details)  # type: ignore[arg-type]


def test_the_first_channel_of_the_person_gets_it_at_once() -> None:
    assert next_step(ladder(SLACK, MAIL, WEB), NOON) == Post(SLACK.channel_id)


def test_where_the_page_comes_first_the_next_channel_waits_for_an_answer() -> None:
    asked = ladder(WEB, SLACK)
    assert next_step(asked, NOON) == Wait(NOON + 5 * MINUTE)
    assert next_step(asked, NOON + 5 * MINUTE) == Post(SLACK.channel_id)


@pytest.mark.parametrize("status", [DeliveryStatus.REJECTED, DeliveryStatus.BOUNCED, DeliveryStatus.DEAD])
def test_a_channel_that_refused_it_or_sent_it_back_is_followed_by_the_next_at_once(status: DeliveryStatus) -> None:
    assert next_step(ladder(posted(SLACK, status), MAIL), NOON) == Post(MAIL.channel_id)


@pytest.mark.parametrize("status", [DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN])
def test_nothing_goes_out_while_a_send_may_have_arrived(status: DeliveryStatus) -> None:
    unsure = posted(SLACK, status, attempt=9, failing=True, ready_at=NOON + MINUTE)
    assert next_step(ladder(unsure, MAIL), NOON) == Wait(NOON + MINUTE)


def test_a_channel_that_keeps_failing_is_left_for_the_next_and_only_then() -> None:
    tried = posted(SLACK, DeliveryStatus.DUE, attempt=TRIES - 1, ready_at=NOON + MINUTE)
    assert next_step(ladder(tried, MAIL), NOON) == Wait(NOON + MINUTE)
    tried = replace(tried, attempt=TRIES)
    assert next_step(ladder(tried, MAIL), NOON) == GiveUp(SLACK.channel_id)
    assert next_step(ladder(tried, alarmed=True), NOON) == Wait(NOON + MINUTE), "the only way is never left"


def test_a_channel_known_to_fail_is_not_waited_for() -> None:
    assert next_step(ladder(replace(SLACK, failing=True), MAIL), NOON) == Post(MAIL.channel_id)
    once = posted(replace(SLACK, failing=True), DeliveryStatus.DUE, attempt=1, ready_at=NOON + MINUTE)
    assert next_step(ladder(once, MAIL), NOON) == GiveUp(SLACK.channel_id)


def test_the_only_way_out_is_tried_although_it_fails_before_the_page_is_waited_for() -> None:
    assert next_step(ladder(replace(SLACK, failing=True), WEB), NOON) == Post(SLACK.channel_id)


def test_what_works_again_is_not_posted_beside_what_has_arrived() -> None:
    arrived = posted(MAIL, DeliveryStatus.ACCEPTED, accepted_at=NOON)
    assert next_step(ladder(SLACK, arrived, WEB), NOON) == Wait(NOON + 5 * MINUTE)


def test_one_that_was_held_back_untried_is_left_for_one_that_works_and_only_for_such() -> None:
    held = posted(replace(SLACK, failing=True), DeliveryStatus.DUE, held_until=NOON + MINUTE)
    assert next_step(ladder(held, MAIL), NOON) == GiveUp(SLACK.channel_id)
    assert next_step(ladder(held, replace(MAIL, failing=True), alarmed=True), NOON) == Wait(NOON + MINUTE)


def test_unanswered_it_climbs_after_a_while() -> None:
    asked = ladder(posted(SLACK, DeliveryStatus.SEEN, accepted_at=NOON), MAIL)
    assert next_step(asked, NOON + MINUTE) == Wait(NOON + 5 * MINUTE)
    assert next_step(asked, NOON + 5 * MINUTE) == Post(MAIL.channel_id)


def test_quiet_hours_hold_back_what_is_not_urgent_and_skip_nothing() -> None:
    at_night = datetime(2026, 3, 2, 21, 40, tzinfo=UTC)  # 22:40 in Berlin
    morning = datetime(2026, 3, 3, 7, tzinfo=UTC)
    asked = replace(ladder(SLACK, MAIL, quiet=NIGHT), asked_at=at_night)
    assert next_step(asked, at_night) == Wait(morning)
    assert next_step(asked, morning) == Post(SLACK.channel_id)
    assert next_step(replace(asked, urgent=True), at_night) == Post(SLACK.channel_id)


def test_quiet_hours_follow_the_wall_clock_over_the_change_to_summer_time() -> None:
    assert NIGHT.over(datetime(2026, 3, 28, 23, tzinfo=UTC)) == datetime(2026, 3, 29, 6, tzinfo=UTC)


def test_when_every_way_fails_there_is_an_alarm_and_each_is_tried_again_in_its_time() -> None:
    slack = posted(SLACK, DeliveryStatus.REJECTED, attempt=3, given_up=True, ready_at=NOON + MINUTE)
    mail = posted(MAIL, DeliveryStatus.DUE, attempt=3, ready_at=NOON + 2 * MINUTE)
    assert next_step(ladder(slack, mail), NOON) == GiveUp(MAIL.channel_id)
    mail = replace(mail, status=DeliveryStatus.REJECTED, given_up=True)
    assert isinstance(next_step(ladder(slack, mail), NOON), Alarm)
    assert next_step(ladder(slack, mail, alarmed=True), NOON) == Wait(NOON + MINUTE)
    assert next_step(ladder(slack, mail, alarmed=True), NOON + MINUTE) == Post(SLACK.channel_id)


def test_held_back_by_a_channel_that_stays_dead_it_is_an_alarm_after_a_while_but_not_what_waits_for_the_morning() -> None:
    held = posted(replace(SLACK, failing=True), DeliveryStatus.DUE, held_until=NOON + MINUTE)
    mail = replace(MAIL, failing=True)
    assert next_step(ladder(held, mail), NOON) == Wait(NOON + MINUTE)
    assert isinstance(next_step(ladder(held, mail), NOON + MINUTE), Alarm)
    night = ladder(replace(SLACK, failing=True), quiet=QuietHours(time(0), time(20), ZoneInfo("UTC")))
    assert isinstance(next_step(night, NOON + MINUTE), Wait)


def test_refused_everywhere_is_an_alarm() -> None:
    assert isinstance(next_step(ladder(WEB, posted(SLACK, DeliveryStatus.REJECTED)), NOON + 5 * MINUTE), Alarm)


def test_the_person_is_reminded_once_before_the_deadline_and_then_it_expires() -> None:
    arrived = posted(SLACK, DeliveryStatus.ACCEPTED, accepted_at=NOON)
    asked = ladder(arrived, deadline=NOON + 100 * MINUTE)
    assert next_step(asked, NOON) == Wait(NOON + 75 * MINUTE)
    assert next_step(asked, NOON + 75 * MINUTE) == Remind(SLACK.channel_id)
    assert next_step(replace(asked, reminded=True), NOON + 75 * MINUTE) == Wait(NOON + 100 * MINUTE)
    assert next_step(asked, NOON + 100 * MINUTE) == Expire()


def test_the_plan_says_what_would_happen() -> None:
    assert plan(ladder(SLACK, MAIL, WEB, urgent=True), NOON) == [(NOON, SLACK), (NOON + 5 * MINUTE, MAIL)]


class World:
    """One request in a world where every send may end in any way until `calm_at`, and then well."""

    def __init__(self, rungs: list[Rung], fates: st.DataObject, calm_after: int) -> None:
        self.ladder, self.at, self.fates = ladder(*rungs), NOON, fates
        self.calm_after = calm_after
        self.sends = 0

    def step(self) -> Step:
        step = next_step(self.ladder, self.at)
        match step:
            case Post(channel):
                self.change(channel, status=DeliveryStatus.DUE, given_up=False, ready_at=self.at)
                self.send(channel)
            case GiveUp(channel):
                self.change(channel, status=DeliveryStatus.REJECTED, given_up=True)
            case Alarm():
                self.ladder = replace(self.ladder, alarmed=True)
            case Wait(until):
                for rung in self.ladder.rungs:
                    if rung.status in (DeliveryStatus.DUE, DeliveryStatus.UNCERTAIN) and until:
                        self.at = max(self.at, until)
                        self.send(rung.channel_id)
                        break
                else:
                    self.at = max(self.at, until or self.at)
        return step

    def send(self, channel: UUID) -> None:
        self.sends += 1
        rung = next(rung for rung in self.ladder.rungs if rung.channel_id == channel)
        fates = ["accepted"] if self.sends > self.calm_after else ["accepted", "due", "due", "uncertain", "rejected"]
        fate = DeliveryStatus(self.fates.draw(st.sampled_from(fates)))
        backoff = MINUTE * 2 ** min(rung.attempt, 4)
        self.change(channel, status=fate, attempt=rung.attempt + 1, ready_at=self.at + backoff,
                    accepted_at=self.at if fate in ARRIVED else None)  # fmt: skip

    def change(self, channel: UUID, **changes: object) -> None:
        rungs = (replace(rung, **changes) if rung.channel_id == channel else rung for rung in self.ladder.rungs)  # type: ignore[arg-type]
        self.ladder = replace(self.ladder, rungs=tuple(rungs))


@given(st.permutations([WEB, SLACK, MAIL]), st.data(), st.integers(0, 12))
def test_in_any_world_it_arrives_or_raises_an_alarm_and_is_never_under_way_twice(
    rungs: list[Rung], fates: st.DataObject, calm_after: int
) -> None:
    world = World(rungs, fates, calm_after)
    for _ in range(80):
        step = world.step()
        states = [rung.status for rung in world.ladder.rungs]
        busy = [status for status in states if status in (DeliveryStatus.DUE, DeliveryStatus.UNCERTAIN)]
        assert len(busy) <= 1, "two ways at once"
        if step == Wait(None):
            break
    else:
        pytest.fail(f"never came to rest: {world.ladder}")
    refused = all(rung.status == DeliveryStatus.REJECTED for rung in world.ladder.rungs if rung.type != ChannelType.WEB)
    assert any(status in ARRIVED for status in states) or (refused and world.ladder.alarmed)
