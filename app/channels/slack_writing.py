"""Messages of ours in Slack: posted, changed, taken back, and found again by the mark that a delivery leaves on its own."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from slack_sdk.web.async_client import AsyncWebClient

from app.channels.slack_client import Refused, Said, heard
from app.channels.slack_place import Place
from app.channels.slack_text import Said as Words

EVENT = "parley_delivery"
BEFORE = timedelta(minutes=1)
PAGES = 10
NOT_THERE = {"message_not_found", "channel_not_found", "thread_not_found"}
STREAMED = {"streaming_state_conflict", "cant_delete_message"}  # it is still being streamed
STREAM_OVER = {"message_not_in_streaming_state", "message_not_found"}


async def post(client: AsyncWebClient, place: Place, words: Words, mark: Said | None) -> str:
    """Post a message; its time, by which Slack knows it."""
    told = await heard(
        client.chat_postMessage(
            channel=place.channel, thread_ts=place.thread or None, text=words.text, blocks=words.blocks,
            metadata=mark, unfurl_links=False, unfurl_media=False,
        )
    )  # fmt: skip
    return str(told["ts"])


async def change(client: AsyncWebClient, place: Place, stamp: str, words: Words, mark: Said | None) -> str:
    """Let a message say this instead. One that is still being streamed ends, one that was removed is posted again; its
    time."""
    about: Said = {"channel": place.channel, "ts": stamp, "text": words.text, "blocks": words.blocks}
    try:
        await heard(client.chat_update(**about, metadata=mark))
    except Refused as refused:
        if refused.error in NOT_THERE:
            return await post(client, place, words, mark)
        if refused.error not in STREAMED:
            raise
        await end_stream(client, place.channel, stamp)
        await heard(client.chat_update(**about, metadata=mark))
    return stamp


async def end_stream(client: AsyncWebClient, channel: str, stamp: str) -> None:
    """No more will be streamed there."""
    try:
        await heard(client.chat_stopStream(channel=channel, ts=stamp))
    except Refused as refused:
        if refused.error not in STREAM_OVER:
            raise


async def delete(client: AsyncWebClient, channel: str, stamp: str) -> None:
    """Take a message back, if it is still there."""
    try:
        await heard(client.chat_delete(channel=channel, ts=stamp))
    except Refused as refused:
        if refused.error in STREAMED:
            await end_stream(client, channel, stamp)
            await heard(client.chat_delete(channel=channel, ts=stamp))
        elif refused.error not in NOT_THERE:
            raise


async def ours_since(client: AsyncWebClient, place: Place, row_id: UUID) -> list[Said]:
    """Our own messages there since a row was written, the oldest first."""
    oldest = f"{(row_id.int >> 80) / 1000 - BEFORE.total_seconds():.6f}"
    words: Said = {"channel": place.channel, "oldest": oldest, "limit": 200, "include_all_metadata": True}
    found: list[Said] = []
    for _ in range(PAGES):
        asking = (
            client.conversations_replies(ts=place.thread, **words) if place.thread else client.conversations_history(**words)
        )
        told = await heard(asking)
        found += [message for message in told["messages"] if message.get("bot_id")]
        words["cursor"] = told.get("response_metadata", {}).get("next_cursor", "")
        if not words["cursor"]:
            break
    return sorted(found, key=lambda message: str(message["ts"]))


def mark_of(letter_id: UUID, part: int = 0) -> Said:
    """What a message of a delivery is known by."""
    return {"event_type": EVENT, "event_payload": {"delivery": str(letter_id), "part": part}}


def marked(message: Said) -> dict[str, Any]:
    """What is written in the mark of a message; {} for one that has none."""
    told: Said = message.get("metadata", {}).get("event_payload", {})
    return told
