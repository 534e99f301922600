"""Slack as a way out: direct messages, threads, and what they turn into when they are settled."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from uuid import UUID

from slack_sdk.web.async_client import AsyncWebClient

from app.channels.protocol import Letter, Unavailable, Uncertain
from app.channels.slack_client import Said, heard, team
from app.channels.slack_place import Copy, Place, Who, thread_of
from app.channels.slack_words import request_words, words_of
from app.channels.slack_writing import change, delete, mark_of, marked, ours_since, post
from app.domain.binding import ChannelBinding
from app.domain.delivery import DeliveryKind


class Slack:
    """Each message carries the id of its delivery in its metadata, by which it is found again."""

    def __init__(self) -> None:
        self.direct: dict[Who, str] = {}

    async def send(self, letter: Letter) -> str:
        """Post it, or change what it is about; the channel and the times of the messages that it became."""
        who = Who.read(letter.address)
        with _nothing_arrived():
            with_team = await self._team(who)
            if letter.kind == DeliveryKind.SETTLE:
                return await self._settle(with_team, letter)
            place = await self._place(with_team, letter, who)
            standing = await self._live(with_team, place, letter)
            words = words_of(letter)
            for stamp in standing[len(words) :]:
                await delete(with_team, place.channel, stamp)
        stamps: list[str] = []
        for part, one in enumerate(words):
            mark = mark_of(letter.id, part)
            with _arrived_in_part() if part else nullcontext():
                if part < len(standing):
                    stamps.append(await change(with_team, place, standing[part], one, mark))
                else:
                    stamps.append(await post(with_team, place, one, mark))
        copy = str(Copy(place.channel, tuple(stamps)))
        if begins := letter.payload.get("begins"):  # now, so that who answers there at once is understood
            await ChannelBinding.placed(UUID(begins), thread_of(letter.address, copy))
        return copy

    async def find(self, letter: Letter) -> list[str]:
        """All whole copies. Of what was begun and not ended nothing stays."""
        if letter.kind == DeliveryKind.SETTLE:
            return []  # done twice is done once
        who = Who.read(letter.address)
        with_team = await self._team(who)
        place = await self._place(with_team, letter, who)
        whole = len(words_of(letter))
        parts = [
            message for message in await ours_since(with_team, place, self._first_row(letter)) if _is_of(message, letter)
        ]
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

    async def _live(self, client: AsyncWebClient, place: Place, letter: Letter) -> list[str]:
        """The messages that show it already, as it was while it was being written: they become the whole of it. Of one that
        a worker began and didn't live to note, it is only known that no delivery has marked it."""
        if letter.live is None:
            return []
        stamps = Copy.read(letter.live).stamps
        if all(stamps):
            return list(stamps)
        ours = await ours_since(client, place, self._first_row(letter))
        unknown = [message["ts"] for message in ours if not marked(message) and message["ts"] not in stamps]
        return [*filter(None, stamps), *unknown]

    def _first_row(self, letter: Letter) -> UUID:
        """What was written before anything of it was posted."""
        return letter.id if letter.live is None else UUID(letter.entry["id"])

    async def _settle(self, client: AsyncWebClient, letter: Letter) -> str:
        copy = Copy.read(letter.copy)
        words = request_words(letter)
        await heard(client.chat_update(channel=copy.channel, ts=copy.stamps[0], text=words.text, blocks=words.blocks))
        return letter.copy


@contextmanager
def _nothing_arrived() -> Iterator[None]:
    """What happens in here can be done again: if it is not known whether it was, nothing of the letter has arrived."""
    try:
        yield
    except Uncertain as why:
        raise Unavailable(str(why)) from why


@contextmanager
def _arrived_in_part() -> Iterator[None]:
    """A part stands there already: it is looked up before anything is posted again."""
    try:
        yield
    except Unavailable as why:
        raise Uncertain(str(why)) from why


def _is_of(message: Said, letter: Letter) -> bool:
    return marked(message).get("delivery") == str(letter.id)


def _copies(parts: list[Said], whole: int, channel: str) -> Iterator[Copy]:
    """The whole ones among them, which were posted part after part."""
    stamps: list[str] = []
    for message in parts:
        part = marked(message).get("part")
        if part == 0:
            stamps = []
        if part == len(stamps):
            stamps.append(message["ts"])
            if len(stamps) == whole:
                yield Copy(channel, tuple(stamps))
                stamps = []
