"""The channels of everybody, for admins: how each way out is, and how each person is reached."""

from itertools import groupby
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromQuery

from app.channels import gmail
from app.channels.slack_client import PROVIDER
from app.database import transaction
from app.domain.channel import ChannelType, CommunicationChannel
from app.domain.channel_health import health
from app.domain.delivery import Delivery
from app.domain.errors import NotFound
from app.domain.grant import Grant
from app.domain.held_mail import HeldMail
from app.domain.people import people
from app.domain.standing import standings
from app.domain.webhook_endpoint import endpoints_in_trouble
from app.web.admin import Admin, paged
from app.web.channels import places, wanted
from app.web.forms import field
from app.web.pages import AnyRequest, page, see
from app.web.visitors import Id


@get("/admin/channels")
async def show_everybodys_channels(
    request: AnyRequest,
    admin: Admin,
    q: FromQuery[str] = "",
    p: FromQuery[int] = 1,
    slack: FromQuery[str] = "",
    mail: FromQuery[str] = "",
) -> Response[bytes]:
    number = max(1, min(p, 10_000))
    found = paged(await people(q.replace("\0", ""), number), number)
    theirs = groupby(await standings(*(one["id"] for one in found["rows"])), lambda standing: standing.channel.user)
    by_person = {user_id: list(group) for user_id, group in theirs}
    known = {one.key: one for one in await health()}
    ways = [(type, known.get(type)) for type in ChannelType if type != ChannelType.WEB]
    return page(
        request, "everybodys_channels/index.html", q=q, p=number, people=found, channels=by_person,
        ways=ways, endpoints=await endpoints_in_trouble(), slack=slack, mail=mail,
        workspaces=await Grant.of(PROVIDER), mailboxes=await Grant.of(gmail.PROVIDER),
        held=await HeldMail.count_held(),
    )  # fmt: skip


@post("/admin/channels/{channel_id:uuid}/place", status_code=303)
async def place_anybodys_channel(request: AnyRequest, admin: Admin, channel_id: Id) -> Response[bytes]:
    channel = await _anybodys(channel_id)
    async with transaction():
        await channel.move(await places(request))
        await channel.note("moved", by=admin)
    return await _back(request, channel)


@post("/admin/channels/{channel_id:uuid}/state", status_code=303)
async def switch_anybodys_channel(request: AnyRequest, admin: Admin, channel_id: Id) -> Response[bytes]:
    channel = await _anybodys(channel_id)
    await channel.switch(await wanted(request), by=admin)
    return await _back(request, channel)


@post("/admin/channels/{channel_id:uuid}/test", status_code=303)
async def test_anybodys_channel(request: AnyRequest, admin: Admin, channel_id: Id) -> Response[bytes]:
    """Its person gets the test."""
    channel = await _anybodys(channel_id)
    async with transaction():
        await Delivery.test(channel)
        await channel.note("tested", by=admin)
    return await _back(request, channel)


async def _anybodys(channel_id: Id) -> CommunicationChannel:
    channel = await CommunicationChannel.objects().get(CommunicationChannel.id == channel_id)
    if channel is None:
        raise NotFound("There is no such channel.")
    return channel


async def _back(request: AnyRequest, channel: CommunicationChannel) -> Response[bytes]:
    """To the list as it was: the form says which part of it."""
    part = {name: value for name in ("q", "p") if (value := await field(request, name, 200))}
    return see(request, f"/admin/channels{'?' if part else ''}{urlencode(part)}#channel-{channel.id}")
