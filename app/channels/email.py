"""E-mail as a way out, from the one mailbox that Parley has at Gmail."""

import asyncio
from uuid import UUID

from app.channels.email_place import MailCopy, MailPlace
from app.channels.gmail import Json, Refused, header_of, heard, insist, mailbox
from app.channels.mail_writing import DELIVERY, Thread, mail_of
from app.channels.protocol import Letter, Rejected, Unavailable, Uncertain
from app.domain.binding import ChannelBinding
from app.domain.delivery import DeliveryKind

BEFORE_SECONDS = 60
LOOKED_AT_ONCE = 5
NOWHERE = {400, 404}


class Email:
    """Each mail is made as a draft, which is then sent: what fails before that has surely not arrived. It carries the id of
    its delivery, by which it is found among the mails that were sent. Those of one conversation are one thread."""

    async def send(self, letter: Letter) -> str:
        """Send it; Gmail's id of the mail. One that is settled can't be changed: its link shows how it ended."""
        if letter.kind == DeliveryKind.SETTLE:
            return letter.copy
        account = (await mailbox()).account
        try:  # what is not known to have been done in here can be done again: nothing has arrived by it
            thread_id, thread = await _thread(letter, account)
            mail = mail_of(letter, sender=account, thread=thread).as_bytes()
            told: Json = {"raw": MailPlace.encoded(mail)} | ({"threadId": thread_id} if thread_id else {})
            draft = await insist(lambda users: users.drafts().create(userId="me", body={"message": told}))
        except Uncertain as why:
            raise Unavailable(str(why)) from why
        try:
            sent = await heard(lambda users: users.drafts().send(userId="me", body={"id": draft["id"]}))
        except Refused as refused:
            if refused.status not in NOWHERE:
                raise
            raise Rejected(str(refused), gone=refused.status == 400 and "ecipient" in str(refused)) from refused
        copy = _copy(account, sent)
        if begins := letter.payload.get("begins"):  # now, so that who answers at once is understood
            await ChannelBinding.placed(UUID(begins), str(copy.place))
        return str(copy)

    async def find(self, letter: Letter) -> list[str]:
        """All that were sent. A draft of it that was not goes."""
        if letter.kind == DeliveryKind.SETTLE:
            return []  # done twice is done once
        for draft_id in await self._drafts(letter):
            await _gone(draft_id)
        return await self._sent(letter)

    async def remove(self, letter: Letter, external_id: str) -> None:
        """What was sent can't be taken back."""

    async def _sent(self, letter: Letter) -> list[str]:
        account = (await mailbox()).account
        query = f"in:sent {_about(letter)} after:{_written_at(letter.id) - BEFORE_SECONDS}"
        told = await insist(lambda users: users.messages().list(userId="me", q=query, maxResults=100))
        by_id = {str(one["id"]): one for one in told.get("messages", [])}
        ours = [str(_copy(account, by_id[mail_id])) for mail_id, is_ours in await _which(list(by_id), letter) if is_ours]
        return ours[::-1]  # Gmail names the newest first

    async def _drafts(self, letter: Letter) -> list[str]:
        told = await insist(lambda users: users.drafts().list(userId="me", q=_about(letter), maxResults=100))
        by_mail = {str(one["message"]["id"]): str(one["id"]) for one in told.get("drafts", [])}
        return [by_mail[mail_id] for mail_id, is_ours in await _which(list(by_mail), letter) if is_ours]


def _about(letter: Letter) -> str:
    """What few other mails have in common with it: each that is found has to be looked at."""
    code = f" subject:{letter.request['code']}" if letter.request else ""
    return f"to:{letter.address}{code}"


def _copy(account: str, told: Json) -> MailCopy:
    return MailCopy(MailPlace(account, str(told["threadId"])), str(told["id"]))


async def _thread(letter: Letter, account: str) -> tuple[str, Thread]:
    """The mails that this one follows, and the id of their thread where it belongs into it. None of a mailbox that we had
    before, nor of a thread that somebody has thrown away."""
    if not letter.place or (place := MailPlace.read(letter.place)).account != account:
        return "", Thread()
    try:
        told = await insist(
            lambda users: users.threads().get(
                userId="me", id=place.thread, format="metadata", metadataHeaders=["Message-ID", "Subject"]
            )
        )
    except Refused as refused:
        if refused.status not in NOWHERE:
            raise
        return "", Thread()
    mails = [one for one in told.get("messages", []) if "DRAFT" not in one.get("labelIds", [])]
    ids = tuple(filter(None, (header_of(one, "Message-ID") for one in mails)))
    subject = header_of(mails[0], "Subject") if mails else ""
    return (place.thread if letter.kind == DeliveryKind.MESSAGE else ""), Thread(ids, subject)


async def _which(ids: list[str], letter: Letter) -> list[tuple[str, bool]]:
    """Of which of these mails the letter is the delivery."""
    turns = asyncio.Semaphore(LOOKED_AT_ONCE)

    async def look(mail_id: str) -> tuple[str, bool]:
        async with turns:
            return mail_id, await _delivery_of(mail_id) == str(letter.id)

    return list(await asyncio.gather(*(look(mail_id) for mail_id in ids)))


async def _delivery_of(mail_id: str) -> str:
    """Which delivery a mail is; "" for none of ours, and for one that has gone."""
    try:
        told: Json = await insist(
            lambda users: users.messages().get(userId="me", id=mail_id, format="metadata", metadataHeaders=[DELIVERY])
        )
    except Refused as refused:
        if refused.status not in NOWHERE:
            raise
        return ""
    return header_of(told, DELIVERY)


async def _gone(draft_id: str) -> None:
    try:
        await insist(lambda users: users.drafts().delete(userId="me", id=draft_id))
    except Refused as refused:
        if refused.status not in NOWHERE:
            raise


def _written_at(delivery_id: UUID) -> int:
    """When its row was written, in seconds since 1970: the id tells."""
    return (delivery_id.int >> 80) // 1000
