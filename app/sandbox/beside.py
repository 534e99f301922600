"""The sandbox beside a Parley on this machine, when that has neither Slack nor Google."""

import os
import socket
from pathlib import Path

from app.child import Program
from app.sandbox.mail.keeping import read_or_begin
from app.sandbox.mail.office import SERVER
from app.sandbox.server import HOST
from app.sandbox.slack.keeping import secrets_in
from app.settings import Settings

GIVEN = ("google_client_id", "slack_client_id", "slack_bot_token", "slack_app_token")


def is_wanted(configured: Settings) -> bool:
    """Only while nobody but this machine reaches Parley, and nothing real is configured."""
    return configured.sandbox and configured.loopback and not any(getattr(configured, name) for name in GIVEN)


def beside(configured: Settings, command: list[str]) -> Program | None:
    """The sandbox's process, and Slack's and Gmail's settings for the other ones; None when it isn't wanted."""
    if not is_wanted(configured):
        return None
    folder = configured.data_dir / "sandbox"
    known, mail, port = secrets_in(folder), read_or_begin(folder), _free_port(configured.port + 1)
    base_url = f"http://{HOST}:{port}"
    os.environ |= {
        "PARLEY_GMAIL_API_URL": f"{base_url}/", "PARLEY_GOOGLE_AUTH_URL": f"{base_url}/o/oauth2/v2/auth",
        "PARLEY_GOOGLE_TOKEN_URL": f"{base_url}/token",
        "PARLEY_GOOGLE_CERTS_URL": f"{base_url}/oauth2/v3/certs", "PARLEY_GOOGLE_CLIENT_ID": mail.client_id,
        "PARLEY_GOOGLE_CLIENT_SECRET": mail.client_secret, "PARLEY_MAIL_AUTHSERV_ID": SERVER,
        "PARLEY_GMAIL_POLL_SECONDS": str(min(configured.gmail_poll_seconds, 1.0)),
        "PARLEY_SLACK_API_URL": f"{base_url}/api/", "PARLEY_SLACK_CLIENT_ID": known.client_id,
        "PARLEY_SLACK_CLIENT_SECRET": known.client_secret, "PARLEY_SLACK_SIGNING_SECRET": known.signing_secret,
        "PARLEY_SLACK_BOT_TOKEN": known.bot_token,
    }  # fmt: skip
    told = ["--port", str(port), "--folder", str(folder.resolve()), "--base-url", configured.base_url]
    return Program("sandbox", [*command, "sandbox", *told], log=Path(configured.data_dir) / "logs" / "sandbox.log")


def _free_port(wanted: int) -> int:
    """That one, or another when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AssertionError("no port is free")
