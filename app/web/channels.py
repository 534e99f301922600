"""How a person wants to be reached: their channels in their order, and the hours in which they want to be left alone."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from app.auth import present
from app.clock import now
from app.database import transaction
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.confirmation import ask_to_confirm, confirmable
from app.domain.delivery import Delivery
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.preview import preview
from app.domain.standing import standings
from app.domain.user import User, zones
from app.web.forms import field
from app.web.pages import AnyRequest, page, see
from app.web.visitors import Id, Me


@get("/channels")
async def show_channels(request: AnyRequest, me: Me, done: FromQuery[str] = "") -> Response[bytes]:
    return await channels_page(request, me, done=done)


async def channels_page(request: AnyRequest, me: User, *, status: int = 200, **told: Any) -> Response[bytes]:
    """The list, quiet hours, and what they mean for a request that came now. `errors` are texts by the name of a field."""
    context = {
        "standings": await standings(me.id), "preview": await preview(me, now()), "zones": zones(), "done": "",
        "problem": "", "errors": {}, "values": {}, **told,
    }  # fmt: skip
    return page(request, "channels/index.html", status=status, **context)


@post("/channels", status_code=303)
async def add_channel(request: AnyRequest, me: Me) -> Response[bytes]:
    """Another e-mail address; it is used once the link that is sent to it was followed."""
    address = await field(request, "address")
    try:
        async with transaction():
            channel = await CommunicationChannel.add_email(me, address)
            await ask_to_confirm(channel)
    except (Unfit, Conflict) as why:
        return await channels_page(request, me, status=422, errors={"address": str(why)}, values={"address": address})
    return _back(request, channel, "added")


@post("/channels/{channel_id:uuid}/place", status_code=303)
async def place_channel(request: AnyRequest, me: Me, channel_id: Id) -> Response[bytes]:
    """One place up or down."""
    channel = await CommunicationChannel.one(me.id, channel_id)
    await channel.move(await places(request))
    return _back(request, channel, "")


@post("/channels/{channel_id:uuid}/state", status_code=303)
async def switch_channel(request: AnyRequest, me: Me, channel_id: Id) -> Response[bytes]:
    """On or off."""
    channel = await CommunicationChannel.one(me.id, channel_id)
    await channel.switch(await wanted(request), by=me)
    return _back(request, channel, "")


@post("/channels/{channel_id:uuid}/test", status_code=303)
async def test_channel(request: AnyRequest, me: Me, channel_id: Id) -> Response[bytes]:
    """Send something there that says that it arrived."""
    channel = await CommunicationChannel.one(me.id, channel_id)
    await Delivery.test(channel)
    return _back(request, channel, "")


@post("/channels/{channel_id:uuid}/confirmation", status_code=303)
async def send_confirmation(request: AnyRequest, me: Me, channel_id: Id) -> Response[bytes]:
    """The link to confirm an address, once more."""
    channel = await CommunicationChannel.one(me.id, channel_id)
    try:
        await ask_to_confirm(channel)
    except Conflict as conflict:
        return await channels_page(request, me, status=409, problem=str(conflict))
    return _back(request, channel, "")


@get("/channels/{channel_id:uuid}")
async def show_channel(request: AnyRequest, me: Me, channel_id: Id) -> Response[bytes]:
    """Whether it is to be removed."""
    channel = await CommunicationChannel.one(me.id, channel_id)
    if channel.type == ChannelType.WEB:
        raise NotFound
    return page(request, "channels/removal.html", channel=channel)


@post("/channels/{channel_id:uuid}/delete", status_code=303)
async def remove_channel(request: AnyRequest, me: Me, channel_id: Id) -> Response[bytes]:
    channel = await CommunicationChannel.one(me.id, channel_id)
    await channel.drop(by=me)
    return see(request, "/channels?done=removed")


@post("/channels/quiet-hours", status_code=303)
async def choose_quiet_hours(request: AnyRequest, me: Me) -> Response[bytes]:
    """When nothing goes out that is not urgent. Both empty: never."""
    values = {name: (await field(request, name)).strip() for name in ("begin", "end", "time_zone")}
    try:
        await me.keep_quiet(**values)
    except Unfit as unfit:
        wrong = "time_zone" if "zone" in str(unfit) else "begin"
        return await channels_page(request, me, status=422, errors={wrong: str(unfit)}, values=values)
    present.forget_person(me.id)  # this process is told too, but maybe after the next page
    return see(request, "/channels?done=quiet#quiet")


@get("/channels/confirm/{token:str}")
async def show_confirmation(request: AnyRequest, me: Me, token: FromPath[str]) -> Response[bytes]:
    """A machine that opens the link confirms nothing."""
    return page(request, "channels/confirmation.html", channel=await confirmable(me, token), token=token)


@post("/channels/confirm/{token:str}", status_code=303)
async def confirm_channel(request: AnyRequest, me: Me, token: FromPath[str]) -> Response[bytes]:
    channel = await confirmable(me, token)
    await CommunicationChannel.confirm(me.id, channel.address)
    return _back(request, channel, "confirmed")


async def places(request: AnyRequest) -> int:
    """How many places on the form moves a channel."""
    where = await field(request, "to")
    if where not in ("up", "down"):
        raise Unfit("It goes up or down.")
    return -1 if where == "up" else 1


async def wanted(request: AnyRequest) -> bool:
    """Whether the form switches it on."""
    state = await field(request, "state")
    if state not in ("on", "off"):
        raise Unfit("It is switched on or off.")
    return state == "on"


def _back(request: AnyRequest, channel: CommunicationChannel, done: str) -> Response[bytes]:
    return see(request, f"/channels{f'?done={done}' if done else ''}#channel-{channel.id}")
