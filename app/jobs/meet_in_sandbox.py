"""Under `make run` whoever has an account here has one in the sandbox's Slack, too, and Parley has a mailbox in its mail:
nothing has to be set up to try them."""

import asyncio
from contextvars import Context
from urllib.parse import urljoin, urlsplit

import structlog

from app.channels.gmail import PROVIDER, SCOPES, keep_mailbox
from app.channels.slack_client import session
from app.channels.slack_people import connect
from app.channels.slack_place import Who
from app.database import loaded, sql
from app.domain.grant import Grant
from app.domain.user import User
from app.settings import is_loopback, settings

log = structlog.get_logger(__name__)
EVERY_SECONDS = 1.0
STRANGERS = """
SELECT u.* FROM users u WHERE u.disabled_at IS NULL AND u.left_at IS NULL
AND NOT EXISTS (SELECT FROM communication_channels c WHERE c."user" = u.id AND c.type = 'slack')
"""


async def meet_in_sandbox() -> None:
    """Until cancelled; at once over where Slack is the real one, or a sandbox that nobody asked for."""
    api = settings().slack_api_url
    if not (settings().sandbox and settings().loopback and is_loopback(urlsplit(api).hostname or "")):
        return
    met: set[object] = set()  # who takes the channel away again doesn't get it back at once
    while True:
        try:
            await asyncio.create_task(_connect(urljoin(api, "/sandbox/mail/mailbox")), context=Context())
            await asyncio.create_task(_meet(met, urljoin(api, "/sandbox/slack/people")), context=Context())
        except Exception as error:
            log.warning("the sandbox does not answer", error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)


async def _connect(url: str) -> None:
    ours = settings()
    if not ours.mail_is_sandbox or [one for one in await Grant.of(PROVIDER) if not one.ended_at]:
        return
    asked = {
        "client_id": ours.google_client_id, "client_secret": ours.google_client_secret, "scope": " ".join(SCOPES)
    }  # fmt: skip
    async with session().post(url, data=asked) as answer:
        answer.raise_for_status()
        told = await answer.json()
    await keep_mailbox(told["address"], {"access_token": "", "refresh_token": told["refresh_token"]})


async def _meet(met: set[object], url: str) -> None:
    for row in await sql(STRANGERS):
        if row["id"] in met:
            continue
        user = loaded(User, row)
        async with session().post(url, json={"name": user.name, "email": user.email}) as answer:
            answer.raise_for_status()
            told = await answer.json()
        await connect(user, Who(told["team"], told["user"]), f"{user.name} in the sandbox")
        met.add(user.id)
