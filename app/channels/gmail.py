"""What is said to Gmail's API, and how its answers are understood (developers.google.com/workspace/gmail/api/guides)."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache, partial
from typing import Any, TypeVar

from app.backoff import backoff_seconds
from app.channels.protocol import Rejected, Unavailable, Uncertain
from app.clock import now
from app.database import transaction
from app.domain.channel import ChannelType
from app.domain.grant import Grant
from app.domain.notice import tell_admins
from app.settings import settings

PROVIDER = "gmail"
SCOPES = ("https://www.googleapis.com/auth/gmail.compose", "https://www.googleapis.com/auth/gmail.readonly")
"""What Parley asks for: to write, and to read what is answered."""
TIMEOUT_SECONDS = 10.0
INSIST = 4
AGAIN_SHARE = 0.1  # of the waits between whole attempts
BUSY = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
NO_MAILBOX = "No mailbox is connected that Parley could write from."
ENDED = "Google lets Parley use its mailbox no longer: an admin has to connect it again."

Json = dict[str, Any]
T = TypeVar("T")
Call = Callable[[Any], Any]
"""Of the API's `users`, the request that is to be made."""

_threads = ThreadPoolExecutor(40, thread_name_prefix="gmail")


class Refused(Rejected):
    """Gmail said no, with this status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"Gmail said: {why}")
        self.status = status


class Stale(Unavailable):
    """The token is good no longer, though its time is not over."""


class Once:
    """What google-api-python-client asks by. httplib2, which it brings, sends a second time what may have arrived,
    whatever number of tries it is given, and is not safe for threads."""

    def __init__(self) -> None:
        import httpx2

        self.client = httpx2.Client(
            timeout=TIMEOUT_SECONDS, trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0)
        )

    def request(self, uri: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any) -> tuple[Any, bytes]:
        """As httplib2's: what was answered, and its body."""
        import httplib2

        answer = self.client.request(method, uri, content=body, headers=headers)
        told = httplib2.Response({"status": str(answer.status_code)} | dict(answer.headers))
        told.reason = answer.reason_phrase
        return told, answer.content


@cache
def _once() -> Once:
    return Once()


class Users:
    """The API, described by the file that comes with the library. Each of its parts is made once: the library would read
    its description anew for each call, which takes longer than the call."""

    def __init__(self, api_url: str) -> None:
        from googleapiclient.discovery import build

        made = build("gmail", "v1", http=_once(), static_discovery=True, client_options={"api_endpoint": api_url})
        self._users = made.users()
        parts = {name: getattr(self._users, name)() for name in ("drafts", "history", "messages", "threads")}
        self.__dict__.update({name: partial(_same, part) for name, part in parts.items()})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._users, name)


def _same(part: Any) -> Any:
    return part


_made: dict[str, Users] = {}


async def prepare() -> Users:
    """Load the library and its description: half a second, in which nothing else waits and no mail's time runs."""
    api_url = settings().gmail_api_url
    if api_url not in _made:
        _made[api_url] = await _on_thread(lambda: Users(api_url))
    return _made[api_url]


async def mailbox() -> Grant:
    """The one that Parley writes from, its token renewed if it ends soon. Unavailable when there is none, or no longer."""
    wanted = settings().gmail_address.lower()
    grants = [grant for grant in await Grant.of(PROVIDER) if wanted in ("", grant.account)]
    if not grants:
        raise Unavailable(NO_MAILBOX)
    grant = next((one for one in grants if not one.ended_at), grants[0])
    if grant.ended_at:
        raise Unavailable(ENDED)
    return await _renewed(grant) if grant.due else grant


async def heard(call: Call, *, again: int = 0) -> Json:
    """What Gmail answers. Unavailable: it did nothing. Uncertain: maybe it did. Refused: it said no. What can be done twice
    is tried up to `again` times more, a moment later each time."""
    grant = await mailbox()
    for attempt in range(again + 1):
        try:
            return await _heard(call, grant.tokens["access_token"])
        except Stale:
            grant = await _renewed(grant)
        except (Unavailable, Uncertain):
            if attempt == again:
                raise
            await asyncio.sleep(backoff_seconds(attempt + 1) * AGAIN_SHARE)
    return await _heard(call, grant.tokens["access_token"])


async def insist(call: Call) -> Json:
    """The same for what changes nothing, or may be changed twice."""
    return await heard(call, again=INSIST)


async def address_of(access_token: str) -> str:
    """Whose mailbox a token opens."""
    return str((await _heard(lambda users: users.getProfile(userId="me"), access_token))["emailAddress"])


def header_of(told: Json, name: str) -> str:
    """A header of a mail as Gmail shows it, on one line; "" if it has none."""
    headers = told.get("payload", {}).get("headers", [])
    return next((" ".join(str(one["value"]).split()) for one in headers if one["name"].lower() == name.lower()), "")


async def _heard(call: Call, access_token: str) -> Json:
    import httpx2
    from googleapiclient.errors import HttpError

    request = call(await prepare())
    request.headers["authorization"] = f"Bearer {access_token}"
    try:
        return await _on_thread(lambda: request.execute(http=_once()) or {})
    except HttpError as error:
        raise _meant(error) from error
    except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:  # nothing was sent
        raise Unavailable(f"Could not reach Gmail: {error}") from error
    except (httpx2.HTTPError, OSError) as error:
        raise Uncertain(f"No answer from Gmail: {error or type(error).__name__}") from error


async def _on_thread(work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


def _meant(error: Any) -> Exception:
    """What an answer that is no success means for what was asked."""
    status = int(error.status_code)
    details = error.error_details if isinstance(error.error_details, list) else []
    reason = str(details[0].get("reason", "")) if details and isinstance(details[0], dict) else ""
    if status == 429 or reason in BUSY:
        after = str(error.resp.get("retry-after", ""))
        return Unavailable("Gmail is busy.", float(after) if after.isdigit() else None)
    if status >= 500:
        return Uncertain(f"Gmail failed (HTTP {status}).")
    if status == 401:
        return Stale(f"Gmail does not let us: {error.reason}")
    if status == 403:
        return Unavailable(f"Gmail does not let us: {error.reason}")
    return Refused(status, str(error.reason))


async def _renewed(grant: Grant) -> Grant:
    """With a new token, which one process asks for. What the grant is worth no more is noted for all."""
    async with transaction():
        kept = await Grant.find(PROVIDER, grant.account, lock=True)
        assert kept is not None
        if kept.secret != grant.secret:
            return kept
        told = await _tokens(grant_type="refresh_token", refresh_token=kept.tokens["refresh_token"])
        if "access_token" in told:
            await keep_mailbox(kept.account, kept.tokens | told)
    if told.get("error") == "invalid_grant":
        if await Grant.end(PROVIDER, grant.account, ENDED):
            words = f"Parley can write from {grant.name} and read it no longer. Connect it again: {_reconnect_url()}"
            await tell_admins(words, without=ChannelType.EMAIL)
        raise Unavailable(ENDED)
    if "access_token" not in told:
        raise Unavailable(f"Google gives no token: {told.get('error', 'no answer')}.")
    found = await Grant.find(PROVIDER, grant.account)
    assert found is not None
    return found


def _reconnect_url() -> str:
    return f"{settings().base_url}/gmail/connect"


async def exchange(code: str, redirect_uri: str) -> Json:
    """The tokens for a code that an admin brought back. Rejected unless they are lasting."""
    told = await _tokens(grant_type="authorization_code", code=code, redirect_uri=redirect_uri)
    if "access_token" not in told or "refresh_token" not in told:
        raise Rejected(f"Google gives no token: {told.get('error', 'none that lasts')}.")
    return told


async def _tokens(**asked: str) -> Json:
    """What Google's token endpoint says; `error` where it gives none."""
    import httpx2

    ours = settings()
    form = {"client_id": ours.google_client_id, "client_secret": ours.google_client_secret} | asked

    def ask() -> Json:
        try:
            told = json.loads(_once().client.post(ours.google_token_url, data=form).content)
        except (httpx2.HTTPError, OSError, ValueError) as error:
            return {"error": str(error) or type(error).__name__}
        return told if isinstance(told, dict) else {}

    return await _on_thread(ask)


async def keep_mailbox(address: str, tokens: Json, **more: Any) -> None:
    """Keep what Google granted for a mailbox."""
    kept = {name: tokens[name] for name in ("access_token", "refresh_token") if tokens.get(name)}
    lasts = timedelta(seconds=float(tokens.get("expires_in", 0)))
    await Grant.keep(PROVIDER, address.lower(), address, kept, scopes=list(SCOPES), expires_at=now() + lasts, **more)
