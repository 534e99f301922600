"""How Parley gets into a Slack workspace, and how a person's account there becomes one of their channels."""

from datetime import timedelta

from litestar import Response, get, post
from litestar.params import FromPath

from app.channels.protocol import Rejected, Unavailable, Uncertain
from app.channels.slack_client import PROVIDER
from app.channels.slack_manifest import as_yaml
from app.channels.slack_people import channel_of, connect, linked_by
from app.channels.slack_workspace import install, install_url
from app.domain import audit
from app.domain.audit import Action
from app.domain.errors import NotFound, Unfit
from app.domain.grant import Grant
from app.sealed import seal_for, unseal_from
from app.settings import settings
from app.web.admin import Admin
from app.web.pages import AnyRequest, browser_of, page, see
from app.web.visitors import Me

PURPOSE, LASTS = "install in Slack", timedelta(minutes=10)


@get("/admin/slack")
async def show_slack_guide(request: AnyRequest, admin: Admin) -> Response[bytes]:
    """How one's own Slack is connected, and how far that is."""
    ours = settings()
    names = ("slack_client_id", "slack_client_secret", "slack_signing_secret")
    return page(
        request, "slack/guide.html", manifest=as_yaml(), base_url=ours.base_url, is_local=ours.loopback,
        is_sandbox=ours.slack_is_sandbox, by_socket=bool(ours.slack_app_token), installs=bool(ours.slack_client_id),
        keys=[(f"PARLEY_{name.upper()}", bool(getattr(ours, name)) and not ours.slack_is_sandbox) for name in names],
        workspaces=[one for one in await Grant.of(PROVIDER) if not one.ended_at],
    )  # fmt: skip


@get("/slack/install")
async def go_to_install(request: AnyRequest, admin: Admin) -> Response[bytes]:
    """Slack asks the admin which workspace, and whether."""
    if not settings().slack_client_id:
        raise NotFound
    state = seal_for(browser_of(request), {"admin": str(admin.id)}, PURPOSE, lasts=LASTS)
    return Response(b"", status_code=303, headers={"Location": install_url(state)})


@get("/slack/callback")
async def come_back_installed(request: AnyRequest, admin: Admin) -> Response[bytes]:
    """Back from Slack, in the browser that was sent there."""
    told = {name: str(request.query_params.get(name, "")) for name in ("code", "state", "error")}
    words = unseal_from(browser_of(request), told["state"], PURPOSE)
    if not words or words["admin"] != str(admin.id):
        raise Unfit("This was begun in another browser, or too long ago. Start again.")
    if told["error"] or not told["code"]:
        return see(request, "/admin/channels?slack=refused")
    try:
        name = await install(told["code"], admin)
    except (Rejected, Unavailable, Uncertain) as why:
        raise Unfit(f"{why} Start again.") from why
    await audit.note(Action.GRANT_GIVEN, by=admin, detail=f"Slack, {name}")
    return see(request, "/admin/channels?slack=installed")


@get("/channels/slack/{token:str}")
async def show_slack_link(request: AnyRequest, me: Me, token: FromPath[str]) -> Response[bytes]:
    """A machine that opens the link connects nothing."""
    who, label = linked_by(token)
    mine = await channel_of(me.id, who)
    return page(request, "slack/link.html", label=label, token=token, connected=bool(mine and mine.usable))


@post("/channels/slack/{token:str}", status_code=303)
async def connect_slack(request: AnyRequest, me: Me, token: FromPath[str]) -> Response[bytes]:
    who, label = linked_by(token)
    await connect(me, who, label)
    return see(request, "/channels?done=connected")
