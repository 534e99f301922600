"""chat.startStream, appendStream, stopStream: a message that grows before people's eyes."""

from app.sandbox.slack import speaking
from app.sandbox.slack.blocks import MOST_MARKDOWN, checked
from app.sandbox.slack.call import Call, Refused, TooOften
from app.sandbox.slack.methods.chat import metadata, new, thread, told
from app.sandbox.slack.streaming import end, ends_itself
from app.sandbox.slack.world import Json, Place, Said

STEPS = ("task_update", "plan_update")


async def start(call: Call) -> Json:
    """Begin one, in a thread; in a channel it says for whom."""
    place = call.member_place(or_person=True)
    if not place.is_im:
        for name in ("recipient_user_id", "recipient_team_id"):
            if not call.text(name):
                raise Refused(f"missing_{name}")
    call.need("thread_ts")
    text, steps, blocks = _given(call)
    thread_ts = thread(call, place)
    if wait := call.workspace.rates.message(place.id, call.workspace.clock.now()):
        raise TooOften(wait)
    said = new(call, thread_ts=thread_ts, text=text, steps=steps, blocks=blocks)
    said.streaming, said.streaming_since = "in_progress", call.workspace.clock.now()
    speaking.say(call.workspace, place, said)
    return {"channel": place.id, "ts": said.ts}


async def append(call: Call) -> Json:
    """Let it grow. The app is told of the end only."""
    place, said = _stream(call)
    text, steps, blocks = _given(call)
    if not (text or steps or blocks):
        raise Refused("no_text")
    _grow(call, place, said, text, steps, blocks)
    call.workspace.changed()
    return {"channel": place.id, "ts": said.ts}


async def stop(call: Call) -> Json:
    """Say the last of it, and end it."""
    place, said = _stream(call)
    text, steps, blocks = _given(call)
    last = checked(call.data("blocks", "invalid_blocks_format"))
    meta = metadata(call)
    _grow(call, place, said, text, steps, [*blocks, *last])
    said.metadata = meta or said.metadata
    end(call.workspace, place, said)
    return told(call, place, said)


def _stream(call: Call) -> tuple[Place, Said]:
    place = call.place()
    said = call.said(place)
    if not said.by_app:
        raise Refused("message_not_owned_by_app")
    if ends_itself(call.workspace, said):
        end(call.workspace, place, said)
    if said.streaming != "in_progress":
        raise Refused("message_not_in_streaming_state")
    return place, said


def _grow(call: Call, place: Place, said: Said, text: str, steps: list[Json], blocks: list[Json]) -> None:
    """Add to it; too much ends it as it is."""
    if len(said.text) + len(text) > MOST_MARKDOWN:
        end(call.workspace, place, said)
        raise Refused("msg_too_long")
    said.text += text
    said.blocks += blocks
    known = {one.get("id"): one for one in said.steps}
    for one in steps:
        if one.get("id") in known:
            known[one.get("id")].update(one)
        else:
            said.steps.append(one)


def _given(call: Call) -> tuple[str, list[Json], list[Json]]:
    """The text, steps and blocks that a call brings, as `markdown_text` or in chunks."""
    text, steps, blocks = call.text("markdown_text"), list[Json](), list[Json]()
    chunks = call.data("chunks", "invalid_chunks") or []
    if not isinstance(chunks, list):
        raise Refused("invalid_chunks")
    for chunk in chunks:
        match chunk:
            case {"type": "markdown_text", "text": str(words)}:
                text += words
            case {"type": "blocks", "blocks": list(some)}:
                blocks += checked(some)
            case {"type": kind} if kind in STEPS:
                steps.append(chunk)
            case _:
                raise Refused("invalid_chunks")
    if len(text) > MOST_MARKDOWN:
        raise Refused("msg_too_long")
    return text, steps, blocks
