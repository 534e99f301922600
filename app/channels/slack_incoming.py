"""What comes from Slack, as it is kept: signed posts and Socket Mode bring the same (docs.slack.dev/apis/events-api)."""

import hashlib
import json
from typing import Any

from slack_sdk.signature import SignatureVerifier

from app.channels.slack_answers import read_view, value_of
from app.channels.slack_client import PROVIDER, Said
from app.domain.errors import Unfit
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_value import FeedbackType, fit_comment, fit_value
from app.domain.inbound import InboundEvent
from app.settings import settings

EVENTS = (
    "agent_session_stopped", "app_home_opened", "app_mention", "app_uninstalled", "message.channels", "message.groups",
    "message.im", "tokens_revoked",
)  # fmt: skip
"""What Parley hears of; `app.channels.slack_events` says what it does then."""
HEARD = {event.partition(".")[0] for event in EVENTS}


class Unsigned(Exception):
    """It does not come from Slack, or not now."""


def is_signed(body: bytes, headers: dict[str, str]) -> bool:
    """Whether Slack has signed it, within the last five minutes. Malformed headers are no signature."""
    secret = settings().slack_signing_secret
    try:
        return bool(secret) and SignatureVerifier(secret).is_valid_request(body, headers)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


async def keep_event(told: Said) -> None:
    """Keep an `event_callback`, once, whatever Slack says of retries."""
    event = told.get("event")
    if not isinstance(event, dict) or event.get("type") not in HEARD or not isinstance(told.get("event_id"), str):
        return
    team, channel = str(told.get("team_id", "")), str(event.get("channel", ""))
    await InboundEvent.keep(PROVIDER, told["event_id"], "event", f"slack {team}/{channel}", json.dumps(told))


async def keep_interaction(payload: Said) -> Said:
    """Keep a click or a form; what Slack is to be answered at once: what is wrong with the form, or nothing."""
    if payload.get("type") == "view_submission" and (wrong := await _wrong_with(payload)):
        return {"response_action": "errors", "errors": wrong}
    if payload.get("type") in ("block_actions", "view_submission"):
        # a trigger is given out once: what comes again with the same one is the same click
        mark = str(payload.get("trigger_id") or hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest())
        team, user = (str((payload.get(name) or {}).get("id", "")) for name in ("team", "user"))
        await InboundEvent.keep(PROVIDER, f"click {mark}", "interaction", f"slack {team}/{user} clicks", json.dumps(payload))
    return {}


async def keep_command(form: dict[str, Any]) -> None:
    """Keep a command whose work is more than an answer."""
    mark = f"command {form.get('trigger_id', '')}"
    line = f"slack {form.get('team_id', '')}/{form.get('user_id', '')} clicks"
    await InboundEvent.keep(PROVIDER, mark, "command", line, json.dumps(form))


async def _wrong_with(payload: Said) -> dict[str, str]:
    """What keeps a form from being an answer, by the name of its field."""
    submitted = read_view(payload)
    request = await FeedbackRequest.objects().get(FeedbackRequest.id == submitted.request_id) if submitted else None
    if submitted is None or request is None:
        return {}
    field = "answer"
    try:
        fit_value(FeedbackType(request.type), request.options, value_of(request.as_dict(), submitted.data))
        field = "comment"
        fit_comment(submitted.comment)
    except Unfit as unfit:
        return {field: str(unfit)}
    return {}


def read(body: str) -> Any:
    """A JSON object; {} for anything else."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
