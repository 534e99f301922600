"""What happens next with a request that waits for a person: rows and a clock in, one step out, and nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.domain.channel import ChannelType
from app.domain.quiet_hours import QuietHours

TRIES = 3
PATIENCE = timedelta(seconds=30)
REMIND_BEFORE = timedelta(hours=1)
CLOSED = "Their account is closed, and it can't be settled without them."


class DeliveryStatus(StrEnum):
    DUE = "due"
    SENDING = "sending"
    ACCEPTED = "accepted"
    UNCERTAIN = "uncertain"
    REJECTED = "rejected"
    DEAD = "dead"
    SEEN = "seen"
    BOUNCED = "bounced"


ARRIVED = (DeliveryStatus.ACCEPTED, DeliveryStatus.SEEN)
UNDER_WAY = (DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN)


@dataclass(frozen=True)
class Rung:
    """One of the person's channels, and what has become of the request there (`status` None: not posted yet).
    `ready_at`: not before this, because of earlier failures; `held_until`: nor before this, because the whole channel
    fails. A rung that was `given_up` is rejected only because another way was open; it may be tried again."""

    channel_id: UUID
    type: ChannelType
    failing: bool = False
    status: DeliveryStatus | None = None
    attempt: int = 0
    ready_at: datetime | None = None
    held_until: datetime | None = None
    accepted_at: datetime | None = None
    given_up: bool = False

    @property
    def exhausted(self) -> bool:
        """Whether waiting for it any longer is not worth it where another way is open."""
        return self.status == DeliveryStatus.DUE and self.attempt >= (1 if self.failing else TRIES)

    def preference(self, at: datetime) -> tuple[bool, datetime]:
        """Among those to be tried again: one that works before one that fails, then the one whose time comes first."""
        return self.failing, self.ready_at or at


@dataclass(frozen=True)
class Ladder:
    """An open request at one person: `rungs` are the channels that can be used or were used, in the person's order. `gone`:
    their account is closed; `needed`: the others alone can't settle it."""

    rungs: tuple[Rung, ...]
    asked_at: datetime
    escalate_after: timedelta
    urgent: bool = False
    deadline: datetime | None = None
    quiet: QuietHours | None = None
    reminded: bool = False
    alarmed: bool = False
    gone: bool = False
    needed: bool = True


@dataclass(frozen=True)
class Post:
    """Post the request on this channel, maybe once more after it was given up."""

    channel_id: UUID


@dataclass(frozen=True)
class GiveUp:
    """Try no longer on this channel: there is another way."""

    channel_id: UUID


@dataclass(frozen=True)
class Remind:
    """Remind the person where the request has arrived."""

    channel_id: UUID


@dataclass(frozen=True)
class Alarm:
    """Nobody was reached outside of the page: an admin should know."""

    why: str


@dataclass(frozen=True)
class Expire:
    """The deadline has come."""


@dataclass(frozen=True)
class Wait:
    """Nothing to do before `until`, or before something happens."""

    until: datetime | None


Step = Post | GiveUp | Remind | Alarm | Expire | Wait


def next_step(ladder: Ladder, at: datetime) -> Step:
    """What to do at the time `at` with a request that is open. Asked again after each step, and when its wait is over."""
    if ladder.deadline and at >= ladder.deadline:
        return Expire()
    step = Wait(ladder.deadline) if ladder.gone else _climb(ladder, at)
    if not isinstance(step, Wait):
        return step
    if (why := unreached(ladder, at)) and not ladder.alarmed:
        return Alarm(why)
    return step if ladder.gone else _remind(ladder, at, step)


def unreached(ladder: Ladder, at: datetime) -> str | None:
    """Why the person may not know of the request, or can't answer it; None if it has arrived, may still arrive at the first
    tries, or was not to leave yet."""
    if ladder.gone:
        return CLOSED if ladder.needed else None
    outside = [rung for rung in ladder.rungs if rung.type != ChannelType.WEB]
    patient = at < ladder.asked_at + PATIENCE
    if not any(rung.status for rung in outside):
        return None
    if any(rung.status in ARRIVED or _hopeful(rung, patient) for rung in outside):
        return None
    return "No channel has taken it: " + ", ".join(f"{rung.type} {rung.status}" for rung in outside) + "."


def _hopeful(rung: Rung, patient: bool) -> bool:
    """One that fails may be well again in a moment, but is not hoped for any longer than that."""
    if rung.status in UNDER_WAY:
        return rung.attempt < TRIES
    return rung.status in (None, DeliveryStatus.DUE) and rung.attempt < TRIES and (patient or not rung.failing)


def _climb(ladder: Ladder, at: datetime) -> Step:
    """Up the ladder: the first rung that is to be waited for, tried or left."""
    ready = ladder.asked_at
    for rung in _in_order(ladder):
        if rung.type == ChannelType.WEB:
            ready = max(ready, ladder.asked_at) + ladder.escalate_after  # it stands in the inbox from the start
        elif rung.status is None:
            return _post(ladder, rung, ready, at)
        elif rung.status in UNDER_WAY:
            return Wait(rung.ready_at)  # it may arrive yet: nothing else goes out before that is known
        elif rung.status == DeliveryStatus.DUE:
            held = max(filter(None, (rung.ready_at, rung.held_until)), default=None)
            return GiveUp(rung.channel_id) if _another(ladder, rung, at) else Wait(held)
        elif rung.status in ARRIVED:
            ready = (rung.accepted_at or at) + ladder.escalate_after
    return _once_more(ladder, at)


def _post(ladder: Ladder, rung: Rung, ready: datetime, at: datetime) -> Step:
    if ladder.quiet and not ladder.urgent:
        ready = ladder.quiet.over(max(ready, at))
    return Post(rung.channel_id) if ready <= at else Wait(ready)


def _in_order(ladder: Ladder) -> Iterator[Rung]:
    """The person's order, the page in its own place; of the others those that were tried come first, so that nothing
    goes out beside what has arrived, and what keeps failing comes after what works."""
    outside = [rung for rung in ladder.rungs if rung.type != ChannelType.WEB]
    ordered = iter(sorted(outside, key=lambda rung: (rung.status is None, rung.status is None and rung.failing)))
    return (rung if rung.type == ChannelType.WEB else next(ordered) for rung in ladder.rungs)


def _another(ladder: Ladder, left: Rung, at: datetime) -> bool:
    """Whether to leave this rung, which is exhausted or fails, for another: one not tried yet, or a better one that was
    given up. Where nothing was tried here, only for one that is known to work."""
    others = [rung for rung in ladder.rungs if rung is not left and rung.type != ChannelType.WEB]
    untried = any(rung.status is None and (left.exhausted or not rung.failing) for rung in others)
    again = any(rung.given_up and rung.preference(at) < left.preference(at) for rung in others)
    return (left.exhausted or left.failing) and (untried or again)


def _once_more(ladder: Ladder, at: datetime) -> Step:
    """Every rung was tried. If the request has arrived nowhere, those given up come again, each when its time has come."""
    outside = [rung for rung in ladder.rungs if rung.type != ChannelType.WEB]
    again = [rung for rung in outside if rung.given_up]
    if not again or any(rung.status in ARRIVED for rung in outside):
        return Wait(None)
    rung = min(again, key=lambda rung: rung.preference(at))
    return _post(ladder, rung, rung.ready_at or at, at)


def _remind(ladder: Ladder, at: datetime, step: Wait) -> Step:
    """A while before the deadline, once, there where it arrived last."""
    until, arrived = step.until, [rung for rung in ladder.rungs if rung.status in ARRIVED]
    if ladder.deadline:
        span = ladder.deadline - ladder.asked_at
        remind_at = ladder.deadline - min(REMIND_BEFORE, span / 4)
        if ladder.quiet and not ladder.urgent:
            remind_at = min(ladder.quiet.over(remind_at), ladder.deadline)
        waits = not ladder.reminded and arrived and remind_at < ladder.deadline
        if waits and at >= remind_at:
            return Remind(max(arrived, key=lambda rung: rung.accepted_at or ladder.asked_at).channel_id)
        next_time = remind_at if waits else ladder.deadline
        until = min(until, next_time) if until else next_time
    return Wait(until)


def plan(ladder: Ladder, at: datetime) -> list[tuple[datetime, Rung]]:
    """When the request would be posted where, if every channel takes it at once and nobody answers."""
    posts: list[tuple[datetime, Rung]] = []
    ladder = replace(ladder, deadline=None)
    while True:
        step = next_step(ladder, at)
        if isinstance(step, Wait) and step.until and step.until > at:
            at = step.until
        elif isinstance(step, Post):
            rung = next(rung for rung in ladder.rungs if rung.channel_id == step.channel_id)
            posts.append((at, rung))
            taken = replace(rung, status=DeliveryStatus.ACCEPTED, accepted_at=at)
            ladder = replace(ladder, rungs=tuple(taken if each is rung else each for each in ladder.rungs))
        else:
            return posts
