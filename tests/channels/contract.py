"""What every channel must do, whatever is at its other end. A channel's own test inherits this, and says in `side` how the
other end is reached."""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from app.channels.letters import letter_of
from app.channels.protocol import Channel, Letter
from app.database import sql
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.delivery import Delivery
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_question import Question, Urgency
from app.domain.feedback_value import FeedbackType
from app.domain.user import User
from app.settings import settings
from tests.channels.engine import ask, at_rest, outcomes, reached_by, statuses, work_until
from tests.channels.fickle import Fickle

OTHER = {ChannelType.SLACK: ChannelType.EMAIL, ChannelType.EMAIL: ChannelType.SLACK}
Urgent = Question(FeedbackType.APPROVAL, "Now?", urgency=Urgency.URGENT)


class Side(Protocol):
    """The other end of `channel`, where `address` reaches ana ("": any does). A letter that stands there is told as
    `{"request": id, "kind": ..., "outcome": ..., "copy": ...}`, by the id that it has there. `down`: what a failure without
    a word says of the call."""

    name: ChannelType
    channel: Channel
    address: str
    down: str

    async def next(self, *moods: str) -> None:
        """How the very next sends end, in the words of `Fickle`; those after them end well."""

    async def standing(self) -> dict[str, dict[str, Any]]:
        """What stands there, in the order in which it arrived."""

    async def arrive(self, letter: Letter) -> str:
        """One more copy of a letter arrives."""


class ChannelContract:
    """Each test is one promise of a channel to the delivery engine."""

    @pytest.fixture(autouse=True)
    async def reached(self, side: Side, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settings(), "lease_seconds", 0.5)  # whoever hears no reply waits for most of it
        self.other = Fickle()
        await reached_by(ana, **{side.name: side.channel, OTHER[side.name]: self.other})
        if side.address:
            theirs = f"{side.name} of {ana.name}"
            await sql("UPDATE communication_channels SET address = $2 WHERE address = $1", theirs, side.address)

    async def asked(self, ana: User, side: Side, *moods: str) -> FeedbackRequest:
        """Ask, with the next sends ending so, and let the engine work until nothing is left to do."""
        await side.next(*moods)
        request = await ask(ana)
        await work_until(at_rest)
        return request

    async def copies(self, side: Side, request: FeedbackRequest, kind: str = "request") -> list[str]:
        standing = await side.standing()
        return [key for key, told in standing.items() if (told["request"], told["kind"]) == (str(request.id), kind)]

    async def test_what_it_takes_stands_there_once_under_the_id_that_is_kept(self, side: Side, ana: User) -> None:
        request = await self.asked(ana, side)
        kept = await sql("SELECT external_id FROM deliveries WHERE request = $1 AND via = $2", request.id, side.name)
        assert await self.copies(side, request) == [kept[0]["external_id"]]
        assert (await outcomes(request, side.name), self.other.sends) == (["accepted"], 0)

    @pytest.mark.parametrize("mood", ["no", "gone"])
    async def test_what_it_refuses_is_never_sent_again_that_way(self, side: Side, ana: User, mood: str) -> None:
        request = await self.asked(ana, side, mood)
        assert (await self.copies(side, request), self.other.seen()) == ([], {str(request.id): 1})
        assert await outcomes(request, side.name) == ["rejected"]
        channel = (await CommunicationChannel.of(ana.id))[0]
        assert channel.status == (ChannelStatus.DISCONNECTED if mood == "gone" else ChannelStatus.ACTIVE)
        assert bool(channel.last_error) == (mood == "gone")

    async def test_one_that_is_busy_is_asked_again_when_it_said_and_counts_as_well(self, side: Side, ana: User) -> None:
        request = await self.asked(ana, side, "busy")
        assert await outcomes(request, side.name) == ["unavailable", "accepted"]
        (channel, *_) = await CommunicationChannel.of(ana.id)
        assert (channel.failures, channel.last_error) == (0, "")
        assert len(await self.copies(side, request)) == 1

    async def test_one_that_is_down_for_a_moment_gets_it_later_once(self, side: Side, ana: User) -> None:
        request = await self.asked(ana, side, "down")
        assert await outcomes(request, side.name) == [side.down, "accepted"]
        assert (len(await self.copies(side, request)), self.other.sends) == (1, 0)

    async def test_what_arrived_without_a_reply_is_found_and_not_sent_again(self, side: Side, ana: User) -> None:
        request = await self.asked(ana, side, "lost")
        assert await outcomes(request, side.name) == ["uncertain", "accepted"]
        kept = await sql("SELECT external_id FROM deliveries WHERE request = $1 AND via = $2", request.id, side.name)
        assert await self.copies(side, request) == [kept[0]["external_id"]]
        assert self.other.sends == 0

    async def test_what_did_not_arrive_without_a_reply_is_sent_again(self, side: Side, ana: User) -> None:
        request = await self.asked(ana, side, "silent")
        assert await outcomes(request, side.name) == ["uncertain", "accepted"]
        assert (len(await self.copies(side, request)), self.other.sends) == (1, 0)

    async def test_what_arrives_late_a_second_time_is_taken_back_and_counted_once(self, side: Side, ana: User) -> None:
        request = await self.asked(ana, side)
        delivery = await Delivery.objects().get((Delivery.request == request.id) & (Delivery.via == side.name))
        assert delivery
        first = await self.copies(side, request)
        await side.arrive(await letter_of(delivery))
        for ago in ("1 s", "31 s"):  # what was under way may still come: there is a last look
            changes = "check_at = now(), accepted_at = now() - $2::text::interval"
            await sql(f"UPDATE deliveries SET {changes} WHERE id = $1", delivery.id, ago)
            await work_until(at_rest)
            looks_again = await sql("SELECT check_at IS NOT NULL FROM deliveries WHERE id = $1", delivery.id)
            assert looks_again[0][0] == (ago == "1 s")
        assert await self.copies(side, request) == first
        rows = await sql("SELECT doubles FROM deliveries WHERE id = $1", delivery.id)
        assert rows[0]["doubles"] == 1

    async def test_nothing_is_found_of_what_was_never_sent(self, side: Side, ana: User) -> None:
        await ask(ana)
        (delivery,) = await Delivery.claim(1, 10)
        assert await side.channel.find(await letter_of(delivery)) == []

    async def test_the_outcome_follows_what_was_posted(self, side: Side, ana: User) -> None:
        request = await self.asked(ana, side)
        posted = await self.copies(side, request)
        await request.respond(ana, True, ChannelType.WEB)
        await work_until(at_rest)
        (settled,) = await self.copies(side, request, "settle")
        told = (await side.standing())[settled]
        assert (told["outcome"], told["copy"]) == ("Approved by Ana on the page.", posted[0])

    async def test_one_person_is_told_in_the_order_of_asking(self, side: Side, ana: User) -> None:
        await side.next("down", "lost", "busy")
        requests = [await ask(ana) for _ in range(5)]
        await work_until(at_rest, workers=3)
        assert [told["request"] for told in (await side.standing()).values()] == [str(one.id) for one in requests]

    async def test_nothing_goes_out_in_quiet_hours_but_what_is_urgent(self, side: Side, ana: User) -> None:
        start, end = (datetime.now(UTC) + timedelta(hours=hours) for hours in (-1, 1))
        await sql(
            "UPDATE users SET quiet_from = $2, quiet_to = $3, time_zone = 'UTC' WHERE id = $1",
            ana.id, f"{start:%H:%M}", f"{end:%H:%M}",
        )  # fmt: skip
        calm, urgent = await ask(ana), await ask(ana, question=Urgent)
        await work_until(at_rest)
        assert (await self.copies(side, calm), len(await self.copies(side, urgent))) == ([], 1)
        assert await statuses(calm) == {"web": "accepted"}
        await sql("UPDATE users SET quiet_from = '', quiet_to = '' WHERE id = $1", ana.id)
        await sql("UPDATE feedback_recipients SET next_at = now() WHERE request = $1", calm.id)
        await work_until(at_rest)
        assert len(await self.copies(side, calm)) == 1
