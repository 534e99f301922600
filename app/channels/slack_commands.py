"""The slash command /parley: what waits for somebody, and how to go on."""

from typing import Any

from app.channels.slack_people import link_for, person_at
from app.channels.slack_place import Who
from app.domain.inbox import waiting_for
from app.settings import settings

HELP = "Write to me here, or name me in a channel: we go on in the thread. `/parley status` says what waits for you."


async def answer_command(form: dict[str, Any]) -> dict[str, Any]:
    """What its writer alone reads."""
    who = Who(str(form.get("team_id", "")), str(form.get("user_id", "")))
    person = await person_at(who)
    if person is None:
        return _said(f"I don't know you yet. <{await link_for(who)}|Connect your account> first.")
    if str(form.get("text", "")).strip().lower() != "status":
        return _said(HELP)
    waiting = await waiting_for(person.id)
    if not waiting:
        return _said("Nothing waits for you.")
    lines = [f"• <{settings().base_url}/feedback/{one.id}|{one.code}> {_plain(one.question)[:200]}" for one in waiting[:20]]
    return _said("\n".join([f"{len(waiting)} waiting for you:", *lines]))


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _said(text: str) -> dict[str, Any]:
    return {"response_type": "ephemeral", "text": text}
