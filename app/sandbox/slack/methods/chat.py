"""chat.* but for streams."""

import json
from typing import Any
from urllib.parse import urlencode

from app.sandbox.slack import shapes, speaking
from app.sandbox.slack.blocks import MOST_MARKDOWN, checked
from app.sandbox.slack.call import Call, Refused, TooOften
from app.sandbox.slack.world import Json, Place, Said

MOST_TEXT = 40_000
MOST_TEXT_OF_UPDATE = 4_000
MOST_METADATA_BYTES = 16_000
MOST_ATTACHMENTS = 100


async def post(call: Call) -> Json:
    """Say something, at most about once a second in each conversation."""
    place = call.member_place(or_person=True)
    words = content(call, MOST_TEXT)
    meta = metadata(call)
    thread_ts = thread(call, place)
    if wait := call.workspace.rates.message(place.id, call.workspace.clock.now()):
        raise TooOften(wait)
    unfurls = call.flag("unfurl_links") if "unfurl_links" in call.given else None
    said = new(call, thread_ts=thread_ts, metadata=meta, unfurl_links=unfurls, **words)
    speaking.say(call.workspace, place, said)
    return told(call, place, said)


async def post_ephemeral(call: Call) -> Json:
    """Say something that only one person sees, and no history holds."""
    place = call.member_place()
    person = call.person()
    if person.id not in place.members:
        raise Refused("user_not_in_channel")
    words = content(call, MOST_TEXT)
    if wait := call.workspace.rates.message(place.id, call.workspace.clock.now()):
        raise TooOften(wait)
    said = new(call, thread_ts=call.text("thread_ts"), only_for=person.id, **words)
    speaking.say(call.workspace, place, said)
    return {"message_ts": said.ts}


async def update(call: Call) -> Json:
    """Change a message of the app's own. What is not given stays as it was: blocks, too."""
    place = call.place()
    said = call.said(place)
    if not said.by_app:
        raise Refused("cant_update_message")
    if said.streaming == "in_progress":
        raise Refused("streaming_state_conflict")
    words = content(call, MOST_TEXT_OF_UPDATE)
    changes: dict[str, Any] = {name: value for name, value in words.items() if _gives(call, name)}
    if "metadata" in call.given:
        changes["metadata"] = metadata(call)
    speaking.change(call.workspace, place, said, edited_ts=call.workspace.new_ts(), **changes)
    return {"text": said.text} | told(call, place, said)


def _gives(call: Call, name: str) -> bool:
    """Whether the call says anything about this part of a message. Markdown is made of text and blocks."""
    return name in call.given or ("markdown_text" in call.given and name in ("text", "blocks"))


async def delete(call: Call) -> Json:
    """Take back a message of the app's own."""
    place = call.place()
    said = call.said(place)
    if not said.by_app or said.streaming == "in_progress":
        raise Refused("cant_delete_message")
    speaking.remove(call.workspace, place, said)
    return {"channel": place.id, "ts": said.ts}


async def permalink(call: Call) -> Json:
    """Where a person finds a message."""
    place = call.place()
    said = call.said(place, "message_ts")
    query = f"?{urlencode({'thread_ts': said.thread_ts, 'cid': place.id})}" if said.in_thread else ""
    path = f"/archives/{place.id}/p{said.ts.replace('.', '')}"
    return {"channel": place.id, "permalink": f"{call.workspace.base_url}{path}{query}"}


def new(call: Call, **what: Any) -> Said:
    """A message of the app's, not said yet."""
    return Said(ts=call.workspace.new_ts(), user=call.world.app.bot_user, by_app=True, **what)


def told(call: Call, place: Place, said: Said) -> Json:
    shape = shapes.message(call.world, place, said, with_metadata=True)
    return {"channel": place.id, "ts": said.ts, "message": shape}


def content(call: Call, most_text: int) -> dict[str, Any]:
    """The text, blocks and attachments that a call gives. Refused if there is too much, or nothing."""
    text, markdown = call.text("text"), call.text("markdown_text")
    blocks = checked(call.data("blocks", "invalid_blocks_format"))
    attachments = call.data("attachments") or []
    if markdown and (text or blocks):
        raise Refused("markdown_text_conflict")
    if len(text) > most_text or len(markdown) > MOST_MARKDOWN:
        raise Refused("msg_too_long")
    if len(attachments) > MOST_ATTACHMENTS:
        raise Refused("too_many_attachments")
    if markdown:
        text, blocks = markdown, checked([{"type": "markdown", "text": markdown}])
    if not (text.strip() or blocks or attachments):
        raise Refused("no_text")
    return {"text": text, "blocks": blocks, "attachments": attachments}


def metadata(call: Call) -> Json | None:
    """What a call attaches to its message for programs to read."""
    given = call.data("metadata", "invalid_metadata_format")
    if given is None:
        return None
    well = isinstance(given, dict) and given.get("event_type") and isinstance(given.get("event_payload"), dict)
    if not well:
        raise Refused("invalid_metadata_format")
    if len(json.dumps(given)) > MOST_METADATA_BYTES:
        raise Refused("metadata_too_large")
    return {"event_type": given["event_type"], "event_payload": given["event_payload"]}


def thread(call: Call, place: Place) -> str:
    """The thread that a call speaks in, by its head; "" for none."""
    ts = call.text("thread_ts")
    head = place.said.get(ts)
    if ts and (head is None or head.only_for):
        raise Refused("cannot_reply_to_message")
    return head.thread_ts or ts if head else ""
