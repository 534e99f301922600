"""People, places, messages and views in the shapes in which Slack tells of them."""

from app.sandbox.slack.world import Json, Person, Place, Said, View, World


def person(world: World, one: Person, *, with_email: bool) -> Json:
    """A user object."""
    first, _, last = one.real_name.partition(" ")
    profile: Json = {
        "real_name": one.real_name, "real_name_normalized": one.real_name, "display_name": one.name,
        "display_name_normalized": one.name, "first_name": first, "last_name": last, "team": world.team_id,
    }  # fmt: skip
    if one.is_bot:
        profile |= {"bot_id": world.app.bot_id, "api_app_id": world.app.id}
    elif with_email:
        profile["email"] = one.email
    return {
        "id": one.id, "team_id": world.team_id, "name": one.name, "real_name": one.real_name, "deleted": one.deleted,
        "is_bot": one.is_bot, "is_app_user": False, "is_admin": False, "is_restricted": False, "updated": 0,
        "is_email_confirmed": one.email_confirmed, "tz": "Etc/UTC", "tz_offset": 0, "profile": profile,
    }  # fmt: skip


def place(world: World, one: Place) -> Json:
    """A conversation object."""
    told: Json = {"id": one.id, "is_im": one.is_im, "is_channel": not one.is_im, "is_archived": False, "created": 0}
    if one.is_im:
        return told | {"user": one.partner(world.app.bot_user), "is_org_shared": False}
    return told | {
        "name": one.name, "name_normalized": one.name, "is_private": False, "is_member": world.app.bot_user in one.members,
        "num_members": len(one.members),
    }  # fmt: skip


def message(world: World, where: Place, one: Said, *, with_metadata: bool = False) -> Json:
    """A message object."""
    if one.deleted:
        told: Json = {"type": "message", "subtype": "tombstone", "text": "This message was deleted.", "user": "USLACKBOT",
                      "hidden": True, "ts": one.ts}  # fmt: skip
        return told | _thread(where, one)
    told = {"type": "message", "user": one.user, "ts": one.ts, "text": one.text, "team": world.team_id}
    optional = {
        "subtype": one.subtype, "client_msg_id": one.client_msg_id, "blocks": one.blocks, "attachments": one.attachments,
        "streaming_state": one.streaming, "metadata": one.metadata if with_metadata else None,
        "edited": {"user": one.user, "ts": one.edited_ts} if one.edited_ts else None,
        "reactions": [{"name": name, "users": by, "count": len(by)} for name, by in one.reactions.items()],
    }  # fmt: skip
    told |= {name: value for name, value in optional.items() if value}
    return told | (_bot(world) if one.by_app else {}) | _thread(where, one)


def _bot(world: World) -> Json:
    app = world.app
    profile = {"id": app.bot_id, "app_id": app.id, "name": app.name, "deleted": not world.installed,
               "team_id": world.team_id, "updated": 0, "icons": {}}  # fmt: skip
    return {"bot_id": app.bot_id, "app_id": app.id, "bot_profile": profile}


def _thread(where: Place, one: Said) -> Json:
    """What a message says of the thread that it heads or stands in."""
    if not one.thread_ts:
        return {}
    if one.in_thread:
        head = where.said.get(one.thread_ts)
        return {"thread_ts": one.thread_ts, **({"parent_user_id": head.user} if head else {})}
    replies = [reply for reply in where.replies(one.ts) if not reply.only_for]
    who = list(dict.fromkeys(reply.user for reply in replies))
    last = {"latest_reply": replies[-1].ts} if replies else {}
    return {"thread_ts": one.ts, "reply_count": len(replies), "reply_users": who, "reply_users_count": len(who), **last}


def view(world: World, one: View) -> Json:
    """A view object, with what its person has filled in."""
    content = one.content
    return {
        "id": one.id, "team_id": world.team_id, "type": content["type"], "blocks": content["blocks"],
        "private_metadata": content.get("private_metadata", ""), "callback_id": content.get("callback_id", ""),
        "state": {"values": one.values}, "hash": one.hash, "title": content.get("title"),
        "clear_on_close": bool(content.get("clear_on_close")), "notify_on_close": bool(content.get("notify_on_close")),
        "close": content.get("close"), "submit": content.get("submit"), "external_id": content.get("external_id", ""),
        "previous_view_id": one.stack[-1] if one.stack else None, "root_view_id": one.stack[0] if one.stack else one.id,
        "app_id": world.app.id, "app_installed_team_id": world.team_id, "bot_id": world.app.bot_id,
    }  # fmt: skip


def user_of_payload(world: World, user: str) -> Json:
    """Who did it, as interactions name a person."""
    one = world.people[user]
    return {"id": one.id, "username": one.name, "name": one.name, "team_id": world.team_id}


def team_of_payload(world: World) -> Json:
    return {"id": world.team_id, "domain": world.team_domain}
