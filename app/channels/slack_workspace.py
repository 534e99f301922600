"""The Slack workspaces in which Parley is installed: begun by OAuth or a token of the settings, ended by their people."""

from typing import Any
from urllib.parse import urlencode, urljoin

from app.channels.slack_client import PROVIDER, heard, keep_installation, team, web
from app.channels.slack_place import Place
from app.database import sql
from app.domain.channel import ChannelType
from app.domain.coming_back import disconnect
from app.domain.grant import Grant
from app.domain.user import User
from app.settings import settings

SCOPES = (
    "app_mentions:read", "assistant:write", "channels:history", "chat:write", "commands", "groups:history", "im:history",
    "im:write", "users:read", "users:read.email",
)  # fmt: skip
"""What Parley asks for: to hear (history, mentions), to write, and to know whose confirmed address is whose."""


def is_set_up() -> bool:
    """Whether the settings know of Slack."""
    return bool(settings().slack_bot_token or settings().slack_client_id)


def callback_url() -> str:
    return f"{settings().base_url}/slack/callback"


def install_url(state: str) -> str:
    """Where an admin lets Parley into a workspace."""
    asked = {
        "client_id": settings().slack_client_id, "scope": ",".join(SCOPES), "redirect_uri": callback_url(), "state": state,
    }  # fmt: skip
    return f"{urljoin(settings().slack_api_url, '/oauth/v2/authorize')}?{urlencode(asked)}"


async def install(code: str, by: User) -> str:
    """Keep what an admin has granted; the workspace's name. Rejected, Unavailable or Uncertain otherwise."""
    ours = settings()
    answer = await heard(
        web().oauth_v2_access(
            client_id=ours.slack_client_id, client_secret=ours.slack_client_secret, code=code, redirect_uri=callback_url()
        )
    )
    await keep_installation(answer, by=by)
    return str(answer["team"]["name"])


async def adopt_token() -> None:
    """Take the workspace in whose token the settings name, if they name one."""
    if token := settings().slack_bot_token:
        told: Any = await heard(web(token).auth_test())
        tokens = {"access_token": token, "bot_user_id": told["user_id"]}
        await Grant.keep(PROVIDER, told["team_id"], told["team"], tokens, scopes=list(SCOPES))


async def thread_url(place: str) -> str:
    """Where people find a thread. Rejected, Unavailable or Uncertain when Slack doesn't say."""
    thread = Place.read(place)
    told = await heard((await team(thread.team)).chat_getPermalink(channel=thread.channel, message_ts=thread.thread))
    return f"{told['permalink']}?{urlencode({'thread_ts': thread.thread, 'cid': thread.channel})}"


async def leave(team_id: str, why: str) -> None:
    """Parley may do nothing more there: whoever was reached by it is told another way, once."""
    await Grant.end(PROVIDER, team_id, why)
    rows = await sql(
        "SELECT id FROM communication_channels WHERE type = $1 AND starts_with(address, $2)",
        ChannelType.SLACK,
        f"{team_id}/",
    )
    for row in rows:
        await disconnect(row["id"], why)
