"""Where and when a person is reached, as their programs change it."""

from typing import Annotated, Self
from uuid import UUID

from litestar import delete, get, post, put
from litestar.params import JSONBody
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from app.api.callers import Id, Me
from app.auth import present
from app.database import transaction
from app.domain.channel import ChannelStatus, ChannelType, CommunicationChannel
from app.domain.confirmation import ask_to_confirm
from app.domain.delivery import Delivery
from app.domain.errors import Conflict, NotFound
from app.domain.scope import Scope
from app.domain.user import User

SCOPE = {"scope": Scope.FEEDBACK}
Clock = Annotated[str, Field(json_schema_extra={"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})]


class Channel(BaseModel):
    """A way to reach a person. An e-mail address that is not confirmed yet is `disconnected`."""

    id: UUID
    type: ChannelType
    address: str
    status: ChannelStatus
    position: int
    last_error: str

    @classmethod
    def of(cls, channel: CommunicationChannel) -> Self:
        return cls(
            id=channel.id, type=ChannelType(channel.type), address=channel.address, status=ChannelStatus(channel.status),
            position=channel.position, last_error=channel.last_error,
        )  # fmt: skip


QuietHours = TypedDict("QuietHours", {"from": Clock, "to": Clock})
"""When what is not urgent waits, by the clock of the person's time zone. A class can have no field called `from`."""


class Channels(BaseModel):
    """A person's channels in their order, and when they want to be left alone. There is never more than this one part."""

    items: list[Channel]
    next: None = None
    quiet_hours: QuietHours | None
    time_zone: str


class NewChannel(BaseModel):
    type: ChannelType
    address: str


class Reach(BaseModel):
    """What is to change: the order names each channel once; `quiet_hours` null is never."""

    order: list[UUID] | None = None
    quiet_hours: QuietHours | None = None
    time_zone: str | None = None


@get("/channels", opt=SCOPE)
async def list_channels(me: Me) -> Channels:
    """Your channels, in your order."""
    return await _shown(me)


@post("/channels", status_code=201, opt=SCOPE)
async def add_channel(me: Me, data: JSONBody[NewChannel]) -> Channel:
    """Add an e-mail address. It is used once the link that is mailed to it was followed."""
    if data.type != ChannelType.EMAIL:
        raise Conflict(f"Only an e-mail address is added here, not {data.type.label}.")
    async with transaction():
        channel = await CommunicationChannel.add_email(me, data.address)
        await ask_to_confirm(channel)
    return Channel.of(channel)


@put("/channels", opt=SCOPE)
async def change_reach(me: Me, data: JSONBody[Reach]) -> Channels:
    """Change the order, the quiet hours or the time zone. What is left out stays."""
    async with transaction():
        if data.order is not None:
            await CommunicationChannel.reorder(me.id, data.order)
        if {"quiet_hours", "time_zone"} & data.model_fields_set:
            quiet = data.quiet_hours if "quiet_hours" in data.model_fields_set else _quiet(me)
            zone = me.time_zone if data.time_zone is None else data.time_zone
            await me.keep_quiet(quiet["from"] if quiet else "", quiet["to"] if quiet else "", zone)
    present.forget_person(me.id)
    return await _shown(await _anew(me))


@delete("/channels/{channel_id:uuid}", opt=SCOPE)
async def remove_channel(me: Me, channel_id: Id) -> None:
    """Forget an address. What was to go there goes another way."""
    channel = await CommunicationChannel.one(me.id, channel_id)
    await channel.drop(by=me)


@post("/channels/{channel_id:uuid}/test", status_code=202, opt=SCOPE)
async def test_channel(me: Me, channel_id: Id) -> Channel:
    """Send something there that says that it arrived. An address that is not confirmed yet gets its link once more."""
    channel = await CommunicationChannel.one(me.id, channel_id)
    if channel.type == ChannelType.EMAIL and channel.status == ChannelStatus.DISCONNECTED:
        await ask_to_confirm(channel)
    else:
        await Delivery.test(channel)
    return Channel.of(channel)


async def _shown(me: User) -> Channels:
    items = [Channel.of(channel) for channel in await CommunicationChannel.of(me.id)]
    return Channels(items=items, quiet_hours=_quiet(me), time_zone=me.time_zone)


def _quiet(me: User) -> QuietHours | None:
    return {"from": me.quiet_from, "to": me.quiet_to} if me.quiet_from else None


async def _anew(me: User) -> User:
    """The caller's row as it is now: what this process remembers of a person is shared."""
    found = await User.objects().get(User.id == me.id)
    if found is None:
        raise NotFound("There is no such person.")
    return found
