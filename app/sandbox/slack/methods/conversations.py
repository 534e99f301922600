"""conversations.*"""

from app.sandbox.slack import shapes
from app.sandbox.slack.call import Call, Refused
from app.sandbox.slack.methods.paging import paged
from app.sandbox.slack.world import Json, Place, Said


async def open_one(call: Call) -> Json:
    """The conversation with one person; it is the same each time."""
    if call.text("channel"):
        found = call.place()
    else:
        users = [one for one in call.need("users").split(",") if one]
        if len(users) != 1:
            raise Refused("not_enough_users" if not users else "too_many_users")
        person = call.world.people.get(users[0])
        if person is None or person.deleted:
            raise Refused("user_not_found")
        if person.is_bot:
            raise Refused("cannot_dm_bot")
        found = call.world.im_of(person.id)
        call.workspace.changed()
    whole = call.flag("return_im")
    return {"no_op": True, "already_open": True, "channel": shapes.place(call.world, found) if whole else {"id": found.id}}


async def info(call: Call) -> Json:
    found = call.place()
    call.need_scope(f"{found.scope}:read")
    return {"channel": shapes.place(call.world, found)}


async def history(call: Call) -> Json:
    """The newest first, without what stands in threads only."""
    found = call.member_place()
    call.need_scope(f"{found.scope}:history")
    listed = [one for one in found.said.values() if not one.in_thread and not one.only_for and _within(call, one.ts)]
    page, more = paged(call, listed[::-1], otherwise=100)
    return {"messages": _shapes(call, found, page), "pin_count": 0} | more


async def replies(call: Call) -> Json:
    """A thread, oldest first, with its head."""
    found = call.member_place()
    call.need_scope(f"{found.scope}:history")
    head = found.said.get(call.need("ts"))
    if head is None or head.only_for:
        raise Refused("thread_not_found")
    top = found.said.get(head.thread_ts, head) if head.in_thread else head
    answers = [one for one in found.replies(top.ts) if not one.only_for and _within(call, one.ts)]
    page, more = paged(call, [top, *answers], otherwise=1000)
    return {"messages": _shapes(call, found, page)} | more


def _within(call: Call, ts: str) -> bool:
    """Whether a message lies between `oldest` and `latest`; these count themselves only if `inclusive`."""
    oldest, latest = call.text("oldest"), call.text("latest")
    if call.flag("inclusive"):
        return (not oldest or _order(ts) >= _order(oldest)) and (not latest or _order(ts) <= _order(latest))
    return (not oldest or _order(ts) > _order(oldest)) and (not latest or _order(ts) < _order(latest))


def _order(ts: str) -> tuple[int, int]:
    seconds, _, rest = ts.partition(".")
    try:
        return int(seconds), int(rest.ljust(6, "0") or 0)
    except ValueError:
        raise Refused("invalid_ts_latest") from None


def _shapes(call: Call, found: Place, page: list[Said]) -> list[Json]:
    with_metadata = call.flag("include_all_metadata")
    return [shapes.message(call.world, found, one, with_metadata=with_metadata) for one in page]
