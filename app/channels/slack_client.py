"""What is said to Slack's Web API, and how its answers are understood (docs.slack.dev/reference/methods)."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from app.channels.protocol import Rejected, Unavailable, Uncertain
from app.clock import now
from app.database import transaction
from app.domain.grant import Grant
from app.settings import settings

PROVIDER = "slack"
TIMEOUT_SECONDS = 10
# The workspace lets us do nothing more; the person's own account there has ended; it speaks of this one message.
ENDED = {"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked", "team_access_not_granted"}
GONE = {"user_not_found", "user_disabled", "cannot_dm_bot", "user_not_visible"}
BROKEN = {"fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org"}
BUSY = {"ratelimited", "rate_limited", "message_limit_exceeded"}

Said = dict[str, Any]


class Refused(Rejected):
    """Slack said no, in its own word: `error`."""

    def __init__(self, error: str, *, gone: bool = False) -> None:
        super().__init__(f"Slack said: {error}.", gone=gone)
        self.error = error


_session: aiohttp.ClientSession | None = None


def session() -> aiohttp.ClientSession:
    """The connections of this process."""
    global _session
    if _session is None or _session.closed:
        _session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
    return _session


async def close() -> None:
    """Let the connections go."""
    global _session
    if _session is not None:
        closing, _session = _session, None
        await closing.close()


def web(token: str | None = None) -> AsyncWebClient:
    """slack-sdk's client, which tries once: what becomes of a failure is decided here."""
    return AsyncWebClient(
        token, base_url=settings().slack_api_url, timeout=TIMEOUT_SECONDS, session=session(), retry_handlers=[]
    )


async def team(team_id: str) -> AsyncWebClient:
    """The client of a workspace. Rejected, for good, where Parley isn't installed; a token that ends soon is renewed."""
    grant = await Grant.find(PROVIDER, team_id)
    if grant is None or grant.ended_at:
        raise Rejected("Parley is not installed in this Slack workspace any more.", gone=True)
    if grant.due:
        grant = await _renewed(team_id)
    return web(grant.tokens["access_token"])


async def _renewed(team_id: str) -> Grant:
    """With a new token, which one process asks for: the old refresh token is good once."""
    async with transaction():
        grant = await Grant.find(PROVIDER, team_id, lock=True)
        assert grant is not None
        if grant.due:
            ours = settings()
            answer = await heard(
                web().oauth_v2_access(
                    client_id=ours.slack_client_id, client_secret=ours.slack_client_secret,
                    grant_type="refresh_token", refresh_token=grant.tokens["refresh_token"],
                )
            )  # fmt: skip
            await keep_installation(answer | {"team": {"id": team_id, "name": grant.name}})
            grant = await Grant.find(PROVIDER, team_id)
            assert grant is not None
    return grant


async def keep_installation(answer: Said, **more: Any) -> None:
    """Keep what oauth.v2.access answered."""
    lasts = answer.get("expires_in")
    tokens = {name: answer[name] for name in ("access_token", "refresh_token", "bot_user_id", "app_id") if answer.get(name)}
    await Grant.keep(
        PROVIDER, answer["team"]["id"], answer["team"]["name"], tokens, scopes=str(answer.get("scope", "")).split(","),
        expires_at=now() + timedelta(seconds=lasts) if lasts else None, **more,
    )  # fmt: skip


async def heard(call: Awaitable[Any]) -> Said:
    """What Slack answers. Unavailable: it did nothing. Uncertain: maybe it did. Refused: it said no."""
    try:
        answer = await call
    except SlackApiError as error:
        raise _meant(error) from error
    except aiohttp.ClientConnectorError as error:  # nothing was sent
        raise Unavailable(f"Could not reach Slack: {error.__cause__ or error}") from error
    except (aiohttp.ClientError, SlackClientError, TimeoutError, asyncio.IncompleteReadError, OSError) as error:
        raise Uncertain(f"No answer from Slack: {error or type(error).__name__}") from error
    data: Said = answer.data
    return data


def _meant(error: SlackApiError) -> Exception:
    """What an answer that is no success means for what was asked."""
    answer: Any = error.response
    status, data = getattr(answer, "status_code", 0), getattr(answer, "data", None)
    word = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or word in BUSY:
        after = str(getattr(answer, "headers", {}).get("Retry-After", ""))
        return Unavailable("Slack is busy.", float(after) if after.isdigit() else 1.0)
    if word in ENDED:
        return Refused(word, gone=True)
    if not word or word in BROKEN:
        return (
            Unavailable(f"Slack failed ({word or f'HTTP {status}'}).")
            if status == 503
            else Uncertain(f"Slack failed ({word or f'HTTP {status}'}).")
        )
    return Refused(word, gone=word in GONE)
