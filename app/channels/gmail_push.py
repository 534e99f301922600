"""Gmail tells us at once that there is new mail, by Google's Pub/Sub; it is asked for anew each day
(developers.google.com/workspace/gmail/api/guides/push, cloud.google.com/pubsub/docs/authenticate-push-subscriptions)."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from app.channels.gmail import heard, mailbox
from app.clock import now
from app.domain.mail_cursor import MailCursor
from app.settings import settings

ISSUERS = ["https://accounts.google.com", "accounts.google.com"]
KEYS_LAST_SECONDS, KEYS_AGAIN_SECONDS = 3600.0, 60.0
SKEW_SECONDS = 30
DAY = timedelta(days=1)

_keys: KeySet | None = None
_keys_at = -KEYS_LAST_SECONDS


async def is_from_google(token: str) -> bool:
    """Whether Google has signed it, for us, a moment ago. Nobody's word is taken while its keys can't be had."""
    if not settings().gmail_push_audience or not token:
        return False
    for again in (False, True):  # a key that isn't known may be new
        keys = await _google_keys(again=again)
        if keys is not None and _is_good(token, keys):
            return True
    return False


def _is_good(token: str, keys: KeySet) -> bool:
    try:
        read = jwt.decode(token, keys, registry=JWSRegistry(algorithms=["RS256"], strict_check_header=False))
        wanted: Any = {
            "iss": {"essential": True, "values": ISSUERS},
            "aud": {"essential": True, "value": settings().gmail_push_audience},
            "exp": {"essential": True},
        }
        jwt.JWTClaimsRegistry(now=int(now().timestamp()), leeway=SKEW_SECONDS, **wanted).validate(read.claims)
    except (JoseError, ValueError):
        return False
    return read.claims.get("email_verified") is True


async def _google_keys(*, again: bool) -> KeySet | None:
    """Kept for an hour; asked for anew once a minute at most, whoever comes with a key that isn't known."""
    global _keys, _keys_at
    age = time.monotonic() - _keys_at
    if _keys is not None and age < (KEYS_AGAIN_SECONDS if again else KEYS_LAST_SECONDS):
        return _keys
    import httpx2

    try:
        async with asyncio.timeout(5), httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.get(settings().google_certs_url)
            answer.raise_for_status()
            _keys, _keys_at = KeySet.import_key_set(answer.json()), time.monotonic()
    except (httpx2.HTTPError, OSError, ValueError, KeyError, JoseError):
        return _keys
    return _keys


async def keep_watched() -> None:
    """Let Gmail go on telling us, where the settings name the topic that it tells. It ends after seven days by itself."""
    if not settings().gmail_push_topic:
        return
    account = (await mailbox()).account
    cursor = await MailCursor.of(account)
    if cursor is None or (cursor.watched_until and cursor.watched_until > now() + 6 * DAY):
        return
    told = await heard(lambda users: users.watch(userId="me", body={"topicName": settings().gmail_push_topic}))
    until = datetime.fromtimestamp(int(told["expiration"]) / 1000, UTC)
    await MailCursor.watched(account, until)
