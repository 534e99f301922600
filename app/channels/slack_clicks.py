"""What people do with a request in Slack: answer it by a click or in a window."""

import json
from typing import Any

from app.channels.slack_answers import read_action, read_view, value_of
from app.channels.slack_client import Refused, Said, heard, team
from app.channels.slack_controls import answer_view
from app.channels.slack_people import link_for, person_at
from app.channels.slack_place import Who
from app.domain.channel import ChannelType
from app.domain.errors import Conflict, NotFound, Unfit
from app.domain.feedback import FeedbackRequest
from app.domain.feedback_recipient import FeedbackRecipient
from app.domain.user import User

OTHERS = "This question is for somebody else, so that your click changed nothing."


async def take_interaction(payload: Said) -> None:
    """Do what somebody wants by a click or a form. Whoever may not is told so, where nobody else sees it."""
    who = Who(payload["team"]["id"], payload["user"]["id"])
    clicked, submitted = read_action(payload), read_view(payload)
    if clicked is None and submitted is None:
        return
    where = Where.of(payload, submitted.private if submitted else "")
    person = await person_at(who)
    if person is None:
        return await where.whisper(who, f"I don't know you yet. <{await link_for(who)}|Connect your account>, then answer.")
    request_id = clicked.request_id if clicked else submitted.request_id if submitted else None
    request = await FeedbackRequest.objects().get(FeedbackRequest.id == request_id)
    try:
        if request is None or request_id is None:
            raise NotFound
        await FeedbackRecipient.one(request_id, person.id)
        if clicked and clicked.what == "open":
            return await _open(who, payload["trigger_id"], request, where)
        done = clicked or submitted
        assert done is not None
        await _answer(request, person, value_of(request.as_dict(), done.data), submitted.comment if submitted else "")
    except NotFound:
        await where.whisper(who, OTHERS)
    except (Conflict, Unfit) as late:
        await where.whisper(who, str(late))


async def _answer(request: FeedbackRequest, person: User, value: Any, comment: str) -> None:
    """Read once more after its worker died, it is the same answer."""
    try:
        await request.respond(person, value, ChannelType.SLACK, comment)
    except Conflict as late:
        given = [one for one in getattr(late, "given", []) if one.user == person.id and one.channel == ChannelType.SLACK]
        if not given or json.loads(given[0].value) != value:
            raise


async def _open(who: Who, trigger_id: str, request: FeedbackRequest, where: "Where") -> None:
    """Show the window. A trigger is good for three seconds: later they have to click again."""
    if not request.open:
        return await where.whisper(who, await request.outcome())
    client = await team(who.team)
    try:
        await heard(client.views_open(trigger_id=trigger_id, view=answer_view(request.as_dict(), where.written)))
    except Refused as refused:
        if refused.error not in ("expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"):
            raise
        await where.whisper(who, "That took too long. Click once more.")


class Where:
    """Where somebody clicked: a channel and maybe a thread; nowhere on the Home tab."""

    def __init__(self, channel: str, thread: str) -> None:
        self.channel, self.thread = channel, thread

    @classmethod
    def of(cls, payload: Said, private: str) -> "Where":
        kept = json.loads(private) if private else {}
        container = payload.get("container") or {}
        return cls(
            str(container.get("channel_id") or kept.get("channel", "")),
            str(container.get("thread_ts") or kept.get("thread", "")),
        )

    @property
    def written(self) -> str:
        """As a window keeps it."""
        return json.dumps({"channel": self.channel, "thread": self.thread})

    async def whisper(self, who: Who, words: str) -> None:
        """Say something that only they read."""
        client = await team(who.team)
        channel = self.channel or (await heard(client.conversations_open(users=who.user)))["channel"]["id"]
        await heard(client.chat_postEphemeral(channel=channel, user=who.user, thread_ts=self.thread or None, text=words))
