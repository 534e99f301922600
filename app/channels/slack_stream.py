"""An answer that is read in Slack while it is written: streams of Slack's own, or a message that is changed again and again
where those are not to be had."""

import time
from typing import Any
from uuid import UUID

from slack_sdk.web.async_client import AsyncWebClient

from app.channels.protocol import Letter
from app.channels.slack_client import Refused, heard
from app.channels.slack_place import Copy, Place, Who
from app.channels.slack_text import Escaping
from app.channels.slack_words import words_of

LONGEST = 11_000  # Slack ends a stream at 12,000 characters and after 5 minutes
LONGEST_SECONDS = 240
PIECE = 4_000
CHANGE_EACH_SECONDS = 3.0
ENDED = {"message_not_in_streaming_state", "message_not_found"}
NO_STREAMS = {
    "method_not_supported_for_channel_type", "missing_scope", "unknown_method", "not_allowed_token_type", "feature_not_enabled",
    "missing_recipient_user_id", "missing_recipient_team_id", "channel_type_not_supported",
}  # fmt: skip


class SlackStream:
    """One answer in one thread. What was streamed so far is `sent`; each of `stamps` is a message, rolled before Slack's
    limits. One that a worker which died has begun is written anew, whole, in its place."""

    def __init__(self, client: AsyncWebClient, place: Place, who: Who, letter_id: UUID, known: Copy | None) -> None:
        self.client, self.place, self.who, self.letter_id = client, place, who, letter_id
        self.stamps = list(known.stamps) if known else []
        self.fresh, self.streams, self.open = known is None, True, False
        self.escaping, self.fed, self.sent = Escaping(), "", ""
        self.length, self.began_at, self.changed_at = 0, 0.0, 0.0

    @property
    def copy(self) -> str:
        """What is there so far; "" for nothing."""
        return str(Copy(self.place.channel, tuple(self.stamps))) if self.stamps else ""

    async def show(self, text: str) -> None:
        """Let all of `text` be read there."""
        if not self.fresh or not text.startswith(self.fed):
            self.fresh = False  # another worker said otherwise before: it is put right at the end
            return
        piece, self.fed = self.escaping.feed(text[len(self.fed) :]), text
        if self.streams:
            await self._stream(piece)
        else:
            await self._change(text)

    async def finish(self, letter: Letter) -> str:
        """The answer has ended: let the whole of it stand there, once; where it stands."""
        words = words_of(letter)
        if self.streams and self.open and self.fresh and letter.plain_answer.startswith(self.fed):
            await self._stream(self.escaping.feed(letter.plain_answer[len(self.fed) :]) + self.escaping.end())
            await self._stop({"part": len(self.stamps) - 1, "last": True})
            return self.copy
        if self.open:
            await self._stop({})
        return await self._write_anew(words)

    async def _stream(self, piece: str) -> None:
        while piece:
            now, self_piece = piece[:PIECE], piece[PIECE:]
            try:
                await self._send(now)
            except Refused as refused:
                if refused.error in NO_STREAMS and not self.stamps:
                    self.streams = False
                    return
                if refused.error not in ENDED or not self.open:
                    raise
                self.open = False  # Slack has ended it, or its reader has
                continue
            piece = self_piece

    async def _send(self, piece: str) -> None:
        if self.open and (self.length + len(piece) > LONGEST or time.monotonic() - self.began_at > LONGEST_SECONDS):
            await self._stop({"part": len(self.stamps) - 1})
        if self.open:
            await heard(self.client.chat_appendStream(channel=self.place.channel, ts=self.stamps[-1], markdown_text=piece))
        else:
            told = await heard(
                self.client.chat_startStream(
                    channel=self.place.channel, thread_ts=self.place.thread, markdown_text=piece,
                    recipient_team_id=self.who.team, recipient_user_id=self.who.user,
                )
            )  # fmt: skip
            self.stamps.append(str(told["ts"]))
            self.open, self.length, self.began_at = True, 0, time.monotonic()
        self.length += len(piece)
        self.sent += piece

    async def _stop(self, marked: dict[str, Any]) -> None:
        from app.channels.slack import mark

        self.open = False
        metadata = mark(self.letter_id)
        metadata["event_payload"] |= marked
        try:
            await heard(self.client.chat_stopStream(channel=self.place.channel, ts=self.stamps[-1], metadata=metadata))
        except Refused as refused:
            if refused.error not in ENDED:
                raise

    async def _change(self, text: str) -> None:
        """The beginning of it as an ordinary message, changed at a polite rate."""
        if time.monotonic() - self.changed_at < CHANGE_EACH_SECONDS:
            return
        self.changed_at = time.monotonic()
        await self._put(0, words_of_text(text)[0])

    async def _write_anew(self, words: list[Any]) -> str:
        """Each message in its place; what is left over goes."""
        from app.channels.slack import delete

        for stamp in self.stamps[len(words) :]:
            await delete(self.client, self.place.channel, stamp)
        del self.stamps[len(words) :]
        for part, one in enumerate(words):
            await self._put(part, one)
        return self.copy

    async def _put(self, part: int, words: Any) -> None:
        from app.channels.slack import mark, post

        if part < len(self.stamps):
            try:
                await heard(
                    self.client.chat_update(
                        channel=self.place.channel, ts=self.stamps[part], text=words.text, blocks=words.blocks,
                        metadata=mark(self.letter_id, part),
                    )
                )  # fmt: skip
                return
            except Refused as refused:
                if refused.error not in ENDED:
                    raise
            self.stamps[part] = await post(self.client, self.place, words, self.letter_id, part)
        else:
            self.stamps.append(await post(self.client, self.place, words, self.letter_id, part))
