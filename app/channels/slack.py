"""Slack as a way out: direct messages, threads, and what they turn into when they are settled."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from slack_sdk.web.async_client import AsyncWebClient

from app.channels.protocol import Letter
from app.channels.slack_client import Refused, Said, heard, team
from app.channels.slack_place import Copy, Place, Who
from app.channels.slack_text import Said as Words
from app.channels.slack_words import request_words, words_of
from app.domain.delivery import DeliveryKind

EVENT = "parley_delivery"
BEFORE = timedelta(minutes=1)
PAGES = 10
NOT_THERE = {"message_not_found", "channel_not_found", "thread_not_found"}


class Slack:
    """Each message carries the id of its delivery in its metadata, by which it is found again."""

    def __init__(self) -> None:
        self.direct: dict[Who, str] = {}

    async def send(self, letter: Letter) -> str:
        """Post it, or change what it is about; the channel and the times of the messages that it became."""
        who = Who.read(letter.address)
        with_team = await self._team(who)
        if letter.kind == DeliveryKind.SETTLE:
            return await self._settle(with_team, letter)
        place = await self._place(with_team, letter, who)
        stamps = [await post(with_team, place, words, letter.id, part) for part, words in enumerate(words_of(letter))]
        return str(Copy(place.channel, tuple(stamps)))

    async def find(self, letter: Letter) -> list[str]:
        """All whole copies. Of what was begun and not ended nothing stays."""
        if letter.kind == DeliveryKind.SETTLE:
            return []  # done twice is done once
        who = Who.read(letter.address)
        with_team = await self._team(who)
        place = await self._place(with_team, letter, who)
        whole, parts = (
            len(words_of(letter)),
            [message for message in await self._since(with_team, place, letter.id) if _is_of(message, letter)],
        )
        copies = list(_copies(parts, whole, place.channel))
        kept = {stamp for copy in copies for stamp in copy.stamps}
        for message in parts:
            if message["ts"] not in kept:
                await delete(with_team, place.channel, message["ts"])
        return [str(copy) for copy in copies]

    async def remove(self, letter: Letter, external_id: str) -> None:
        """Take a copy back."""
        copy = Copy.read(external_id)
        with_team = await self._team(Who.read(letter.address))
        for stamp in copy.stamps:
            await delete(with_team, copy.channel, stamp)

    async def _team(self, who: Who) -> AsyncWebClient:
        return await team(who.team)

    async def _place(self, client: AsyncWebClient, letter: Letter, who: Who) -> Place:
        """The thread that the letter names, else the person's direct messages."""
        if letter.place:
            return Place.read(letter.place)
        if who not in self.direct:
            opened = await heard(client.conversations_open(users=who.user))
            self.direct[who] = opened["channel"]["id"]
        return Place(who.team, self.direct[who])

    async def _settle(self, client: AsyncWebClient, letter: Letter) -> str:
        copy = Copy.read(letter.copy)
        words = request_words(letter)
        await heard(client.chat_update(channel=copy.channel, ts=copy.stamps[0], text=words.text, blocks=words.blocks))
        return letter.copy

    async def _since(self, client: AsyncWebClient, place: Place, letter_id: UUID) -> list[Said]:
        """Our own messages there since the letter was written, the oldest first."""
        oldest = f"{(letter_id.int >> 80) / 1000 - BEFORE.total_seconds():.6f}"
        words: Said = {"channel": place.channel, "oldest": oldest, "limit": 200, "include_all_metadata": True}
        found: list[Said] = []
        for _ in range(PAGES):
            asking = (
                client.conversations_replies(ts=place.thread, **words)
                if place.thread
                else client.conversations_history(**words)
            )
            told = await heard(asking)
            found += [message for message in told["messages"] if message.get("bot_id")]
            words["cursor"] = told.get("response_metadata", {}).get("next_cursor", "")
            if not words["cursor"]:
                break
        return sorted(found, key=lambda message: str(message["ts"]))


async def post(client: AsyncWebClient, place: Place, words: Words, letter_id: UUID, part: int = 0) -> str:
    """Post a message; its time, by which Slack knows it."""
    told = await heard(
        client.chat_postMessage(
            channel=place.channel, thread_ts=place.thread or None, text=words.text, blocks=words.blocks,
            metadata=mark(letter_id, part), unfurl_links=False, unfurl_media=False,
        )
    )  # fmt: skip
    return str(told["ts"])


async def delete(client: AsyncWebClient, channel: str, stamp: str) -> None:
    """Take a message back, if it is still there."""
    try:
        await heard(client.chat_delete(channel=channel, ts=stamp))
    except Refused as refused:
        if refused.error not in NOT_THERE:
            raise


def mark(letter_id: UUID, part: int = 0) -> dict[str, Any]:
    """What a message of ours is known by."""
    return {"event_type": EVENT, "event_payload": {"delivery": str(letter_id), "part": part}}


def _marked(message: Said) -> Said:
    told: Said = message.get("metadata", {}).get("event_payload", {})
    return told


def _is_of(message: Said, letter: Letter) -> bool:
    return _marked(message).get("delivery") == str(letter.id)


def _copies(parts: list[Said], whole: int, channel: str) -> Iterator[Copy]:
    """The whole ones among them, which were posted part after part."""
    stamps: list[str] = []
    for message in parts:
        part = _marked(message).get("part")
        if part == 0:
            stamps = []
        if part == len(stamps):
            stamps.append(message["ts"])
            if len(stamps) == whole:
                yield Copy(channel, tuple(stamps))
                stamps = []
