"""What is new in Parley's mailbox, kept here before anything is done about it
(developers.google.com/workspace/gmail/api/guides/sync)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from app.channels.gmail import PROVIDER, Json, Refused, insist, mailbox
from app.domain.inbound import InboundEvent
from app.domain.mail_cursor import MailCursor

KIND = "mail"
AT_ONCE, PAGE = 5, 100
NOT_READ = {"SENT", "DRAFT", "SPAM", "TRASH", "CHAT"}
BEFORE = timedelta(hours=1)


async def read_new() -> None:
    """Keep every mail that came in since we looked last, each once; the place moves when all before it is kept. Unavailable
    or Uncertain when Gmail is, and then the rest is read the next time."""
    account = (await mailbox()).account
    cursor = await MailCursor.of(account)
    if cursor is None:  # what lay there before Parley was connected is nobody's word to it
        return await MailCursor.move(account, await _newest())
    try:
        async for ids, history_id in _changes(cursor.history_id):
            await _keep(account, ids, history_id)
    except Refused as refused:
        if refused.status != 404:
            raise
        await _read_all(account, cursor.read_at - BEFORE)


async def _changes(start: int) -> AsyncIterator[tuple[list[str], int]]:
    """Page after page: the mails that came in, and up to where that is all."""
    token, seen = "", start
    while True:
        told = await insist(_history(start, token))
        lines = told.get("history", [])
        token = str(told.get("nextPageToken", ""))
        seen = max([seen, *(int(line["id"]) for line in lines)])
        if not token:
            seen = max(seen, int(told.get("historyId", seen)))
        yield [mail_id for line in lines for mail_id in _added(line)], seen
        if not token:
            return


def _history(start: int, token: str) -> Any:
    more = {"pageToken": token} if token else {}
    return lambda users: users.history().list(
        userId="me", startHistoryId=str(start), historyTypes=["messageAdded"], maxResults=PAGE, **more
    )


def _added(line: Json) -> list[str]:
    told = [one["message"] for one in line.get("messagesAdded", [])]
    return [str(one["id"]) for one in told if not NOT_READ & set(one.get("labelIds", []))]


async def _read_all(account: str, since: datetime) -> None:
    """Gmail has forgotten our place: all that came in since we looked is looked at; what is kept already is no news."""
    history_id, token = await _newest(), ""
    while True:
        told = await insist(_listed(since, token))
        await _keep(account, [str(one["id"]) for one in told.get("messages", [])], 0)
        token = str(told.get("nextPageToken", ""))
        if not token:
            return await MailCursor.begin_again(account, history_id)


def _listed(since: datetime, token: str) -> Any:
    more = {"pageToken": token} if token else {}
    query = f"after:{int(since.timestamp())} -in:sent -in:drafts"
    return lambda users: users.messages().list(userId="me", q=query, maxResults=PAGE, **more)


async def _newest() -> int:
    return int((await insist(lambda users: users.getProfile(userId="me")))["historyId"])


async def _keep(account: str, ids: list[str], history_id: int) -> None:
    """Fetch these and keep them, then move to the place up to which that is all (0: to none). What could be fetched is
    kept also when the rest could not: it is not fetched again."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def fetch(mail_id: str) -> None:
        async with turns:
            if mail := await _fetched(mail_id):
                await keep_mail(account, str(mail["id"]), str(mail["threadId"]), str(mail["raw"]))

    names = {f"{account} {mail_id}": mail_id for mail_id in ids}
    for external_id in await InboundEvent.known(PROVIDER, list(names)):
        del names[external_id]
    ends = await asyncio.gather(*map(fetch, names.values()), return_exceptions=True)
    for failure in filter(None, ends):
        raise failure
    if history_id:
        await MailCursor.move(account, history_id)


async def keep_mail(account: str, mail_id: str, thread_id: str, raw: str, *, again: bool = False) -> None:
    """Keep one mail (`raw` is base64url), to be read by a worker. `again`: it is to be read once more."""
    body = json.dumps({"account": account, "id": mail_id, "thread": thread_id, "raw": raw})
    external_id = f"{account} {mail_id}{' again' if again else ''}"
    await InboundEvent.keep(PROVIDER, external_id, KIND, f"mail {account} {thread_id}", body)


async def _fetched(mail_id: str) -> Json | None:
    """A mail as it came; None for one that is gone, or that nobody sent us."""
    try:
        told = await insist(lambda users: users.messages().get(userId="me", id=mail_id, format="raw"))
    except Refused as refused:
        if refused.status != 404:
            raise
        return None
    return None if NOT_READ & set(told.get("labelIds", [])) else told
