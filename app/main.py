"""The web process: routes, middleware and lifespan wired together, nothing else."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

import uvicorn
from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath
from litestar.types import ASGIApp

from app import database, live, metrics, observability, queue
from app.api import document, problems
from app.api.gmail import hear_of_mail
from app.api.mcp_door import Door, mcp
from app.api.routes import API, OAUTH
from app.api.slack import SLACK
from app.channels import slack_client
from app.disk import disk
from app.domain.errors import NotFound
from app.domain.measure import keep_telling
from app.garbage import spare_what_stays
from app.peer import Peers
from app.rooms.house import House
from app.rooms.streams import Afterwards
from app.settings import settings
from app.tls import Tls
from app.web import (
    account,
    admin,
    answer_links,
    api_keys,
    assets,
    audit,
    channels,
    chat,
    consent,
    deliveries,
    devices,
    errors,
    everybodys_channels,
    export,
    feedback,
    forgotten_passwords,
    health,
    held_mails,
    identities,
    invitations,
    leaving,
    mailbox,
    messages,
    new_password,
    passkey_sign_in,
    passkeys,
    password,
    profile,
    programs,
    providers,
    requests,
    sandbox,
    schema,
    second_factor,
    second_step,
    sessions,
    sign_in,
    sign_up,
    slack,
    stops,
    streams,
    switches,
    system,
    theme,
    unsubscribing,
    users,
    webhooks,
)
from app.web.headers import SecurityHeaders
from app.web.methods import Methods
from app.web.metrics import show_metrics
from app.web.pages import AnyRequest
from app.web.visitors import Visitors, me

MOST_BODY_BYTES = 1024 * 1024
ROUTES = [
    sign_in.home, sign_up.show_sign_up, sign_up.sign_up, sign_in.show_sign_in, sign_in.sign_in, sign_in.sign_out,
    chat.empty_chat, chat.open_chat, chat.show_chat, messages.say, messages.edit, messages.delete, messages.ask_first,
    stops.stop, stops.retry, switches.switch, switches.go_to_thread, streams.stream, streams.open_to_pages,
    theme.choose_theme, account.show_account, profile.change_profile, password.change_password,
    feedback.inbox, feedback.inbox_stream, feedback.show_request, feedback.request_stream, feedback.respond,
    feedback.hand_on, answer_links.show_linked_request, answer_links.answer_linked_request,
    channels.show_channels, channels.add_channel, channels.choose_quiet_hours, channels.show_confirmation,
    channels.confirm_channel, channels.show_channel, channels.place_channel, channels.switch_channel,
    channels.test_channel, channels.send_confirmation, channels.remove_channel,
    sandbox.go_to_sandbox, slack.show_slack_guide, slack.go_to_install, slack.come_back_installed, slack.show_slack_link,
    slack.connect_slack, mailbox.show_gmail_guide, mailbox.go_to_google, mailbox.come_back_connected,
    unsubscribing.show_unsubscribing, unsubscribing.unsubscribe,
    forgotten_passwords.show_forgotten_password, forgotten_passwords.ask_for_link,
    held_mails.show_held_mails, held_mails.release_held_mail, held_mails.block_sender, held_mails.unblock_sender,
    devices.end_device, devices.end_other_devices, export.export_account,
    second_step.show_second_step, second_step.take_second_step, second_factor.begin_authenticator,
    second_factor.show_authenticator, second_factor.confirm_authenticator, second_factor.remove_authenticator,
    consent.ask_consent, consent.consent, programs.register_program, programs.show_program, programs.remove_program,
    programs.take_back_consent, api_keys.make_key, api_keys.remove_key,
    webhooks.add_endpoint, webhooks.show_endpoint, webhooks.test_endpoint, webhooks.enable_endpoint,
    webhooks.remove_endpoint, webhooks.renew_secret, webhooks.replay_deliveries,
    second_factor.make_recovery_codes, second_step.challenge_second_step, second_step.take_passkey,
    providers.go_elsewhere, providers.come_back, identities.show_new_identity, identities.link_identity,
    identities.show_identity, identities.unlink_identity,
    passkey_sign_in.challenge_passkey, passkey_sign_in.sign_in_by_passkey, passkeys.show_new_passkey,
    passkeys.challenge_new_passkey, passkeys.add_passkey, passkeys.show_passkey, passkeys.remove_passkey,
    leaving.leave, leaving.show_leaving, leaving.stay, new_password.show_new_password, new_password.choose_new_password,
    admin.show_admin, users.show_users, users.show_user, users.change_role, users.disable_user, users.enable_user,
    users.reset_password, invitations.invite, invitations.take_back, sessions.show_sessions, sessions.end_session,
    audit.show_audit, requests.show_requests, system.show_system, system.fail_on_purpose,
    deliveries.show_deliveries, deliveries.show_delivery, deliveries.replay_deliveries,
    everybodys_channels.show_everybodys_channels, everybodys_channels.place_anybodys_channel,
    everybodys_channels.switch_anybodys_channel, everybodys_channels.test_anybodys_channel,
    health.alive, health.ready, show_metrics, assets.static_file,
]  # fmt: skip


@get(["/{path:path}"], opt={"open": True}, include_in_schema=False)
async def nothing(path: FromPath[str]) -> None:
    """Any other address."""
    raise NotFound


def answer(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to any exception, for people or for programs."""
    if problems.speaks_json(request.scope["path"]):
        return problems.answer(request, error)
    return errors.answer(request, error)


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """Open what requests need; let it go at the end."""
    await database.connect()
    app.state.house = House()
    app.state.house.open()
    app.state.mcp = Door(app.state.house)
    metrics.gauge("parley_open_streams", lambda: len(app.state.house.boxes()))
    telling = asyncio.create_task(keep_telling("web"))
    try:
        async with app.state.mcp.open():
            yield
    finally:
        telling.cancel()
        await app.state.house.close()
        await queue.close()
        await live.close()
        await slack_client.close()
        await disk.close()
        await database.disconnect()


def create_app() -> Litestar:
    """The Litestar application."""
    return Litestar(
        route_handlers=[*ROUTES, API, OAUTH, SLACK, hear_of_mail, mcp, nothing],
        middleware=[Visitors()],
        dependencies={"me": Provide(me), "admin": Provide(admin.admin)},
        exception_handlers={Exception: answer},
        lifespan=[lifespan],
        openapi_config=document.Described(
            title="Parley",
            version="1",
            description=document.ABOUT,
            use_handler_docstrings=True,
            render_plugins=[schema.Readable(), JsonRenderPlugin()],
            openapi_router=Router(
                "/schema",
                route_handlers=[],
                opt={"open": True},
                before_request=schema.described,
                after_request=schema.found,
                include_in_schema=False,
            ),
        ),
        include_in_schema=False,
        request_max_body_size=MOST_BODY_BYTES,
        logging_config=None,
    )


def create_asgi(app: Litestar | None = None) -> ASGIApp:
    """The application with what stands around every answer, known route or not."""
    wrapped: Any = Peers(SecurityHeaders(observability.RequestLog(Methods(Afterwards(app or create_app())))))
    return wrapped  # type: ignore[no-any-return]


class Server(uvicorn.Server):
    """uvicorn as Parley runs it, `instead` of which tests may set another port. Open streams are ended as soon as it is told
    to stop: else they would hold it up."""

    def __init__(self, app: Litestar, tls: Tls | None = None, **instead: Any) -> None:
        configured: dict[str, Any] = {
            "host": settings().host, "port": settings().port, "loop": "uvloop", "http": "httptools",
            "ws": "websockets-sansio", "ws_per_message_deflate": False, "ws_max_size": MOST_BODY_BYTES,
            "ws_ping_interval": 15, "timeout_graceful_shutdown": 3,
            "access_log": False, "log_config": None, "server_header": False,
            "proxy_headers": False,  # it would believe whoever comes from loopback; app/peer.py asks who is trusted
            "ssl_certfile": tls.certfile if tls else None, "ssl_keyfile": tls.keyfile if tls else None,
        }  # fmt: skip
        super().__init__(uvicorn.Config(create_asgi(app), **configured | instead))
        self.app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if house := self.app.state.get("house"):
            house.end_streams()


def serve(listening: socket.socket | None, tls: Tls | None = None) -> None:
    """Answer requests until SIGTERM or SIGINT, on an inherited socket or on the configured address."""
    observability.set_up_logging()
    server = Server(create_app(), tls)
    spare_what_stays()
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listening] if listening else None))
