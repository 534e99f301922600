"""What a letter says in Slack."""

from app.channels.protocol import Letter
from app.channels.slack_requests import notice_message, reminder_message, request_message, test_message
from app.channels.slack_text import Said, messages_of, mirrored
from app.domain.delivery import DeliveryKind
from app.settings import settings

PLACES = {"web": "on the page", "email": "by e-mail", "slack": "in Slack"}
ENDS = {"stopped": "_Stopped._", "failed": "_The answer failed. Try again on the page._"}


def words_of(letter: Letter) -> list[Said]:
    """The messages that it becomes."""
    match letter.kind:
        case DeliveryKind.REQUEST:
            return [request_words(letter)]
        case DeliveryKind.REMINDER:
            return [reminder_message(letter.request, request_url(letter))]
        case DeliveryKind.NOTICE:
            return [notice_message(letter.payload)]
        case DeliveryKind.MESSAGE if letter.payload.get("begins"):
            return messages_of(letter.payload["text"])
        case DeliveryKind.MESSAGE:
            return _entry(letter)
    return [test_message()]


def request_words(letter: Letter) -> Said:
    """A request as it stands now."""
    return request_message(letter.request, letter.outcome, request_url(letter))


def request_url(letter: Letter) -> str:
    """The page of a request."""
    return f"{settings().base_url}/feedback/{letter.request['id']}"


def _entry(letter: Letter) -> list[Said]:
    """An entry of a log: the agent's answer as it is, what others said as a quotation."""
    entry = letter.entry
    if entry["author"] == "agent" and entry["type"] == "text":
        ended = ENDS.get(entry["status"], "")
        return messages_of(f"{entry['text']}\n\n{ended}".strip() or "…")
    if entry["author"] == "person":
        return mirrored(entry["author_name"], PLACES[entry["channel"]], entry["text"])
    return messages_of(f"_{entry['text']}_")
