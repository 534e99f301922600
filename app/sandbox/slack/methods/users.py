"""users.*"""

from app.sandbox.slack import shapes
from app.sandbox.slack.call import Call, Refused
from app.sandbox.slack.methods.paging import paged
from app.sandbox.slack.world import Json, Person


async def info(call: Call) -> Json:
    return {"user": _shape(call, call.person())}


async def look_up_by_email(call: Call) -> Json:
    """Whoever has this address, confirmed or not: `is_email_confirmed` says which."""
    wanted = call.need("email").lower()
    for one in call.world.people.values():
        if one.email.lower() == wanted and not one.deleted:
            return {"user": _shape(call, one)}
    raise Refused("users_not_found")


async def everybody(call: Call) -> Json:
    people, more = paged(call, list(call.world.people.values()), otherwise=100)
    return {"members": [_shape(call, one) for one in people], "cache_ts": int(call.workspace.clock.now())} | more


def _shape(call: Call, one: Person) -> Json:
    return shapes.person(call.world, one, with_email="users:read.email" in call.token.scopes)
