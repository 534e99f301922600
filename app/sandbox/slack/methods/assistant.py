"""assistant.threads.*, and reactions.add."""

from app.sandbox.slack.call import Call, Refused
from app.sandbox.slack.world import Json

MOST_STATUS = 250


async def set_status(call: Call) -> Json:
    """Show what the app is doing below a thread, until it answers there; "" takes it away."""
    place = call.place("channel_id")
    ts, status = call.need("thread_ts"), call.text("status")
    if ts not in place.said:
        raise Refused("thread_not_found")
    if status:
        place.statuses[ts] = status[:MOST_STATUS]
    else:
        place.statuses.pop(ts, None)
    call.workspace.changed()
    return {}


async def set_title(call: Call) -> Json:
    """Call a thread something."""
    place = call.place("channel_id")
    ts = call.need("thread_ts")
    if ts not in place.said:
        raise Refused("thread_not_found")
    place.titles[ts] = call.need("title")
    call.workspace.changed()
    return {}


async def react(call: Call) -> Json:
    """Put an emoji below a message."""
    place = call.member_place()
    said = call.said(place, "timestamp")
    by = said.reactions.setdefault(call.need("name").strip(":"), [])
    if call.own in by:
        raise Refused("already_reacted")
    by.append(call.own)
    call.workspace.changed()
    return {}
