"""What the model is given: the log, as far back as its window reaches. Pure: the same log gives the same context."""

import json
import re
from collections.abc import Iterable, Mapping
from uuid import UUID

from app.baml_client.types import Said
from app.domain.feedback import FeedbackRequest
from app.domain.message import Author, Message, MessageType

CHARACTERS_PER_TOKEN = 3.2  # cautious for English prose; code and other scripts come nearer to it than to 4
PARLEY = "[Parley]"
"""What stands before words of ours in the model's context; in anybody else's it is changed, so that nobody can tell the
model that something was approved."""
FORGED = re.compile(r"\[\s*parley\s*\]", re.IGNORECASE)
LONGEST_TOLD = 2_000
NOTHING: Mapping[UUID, FeedbackRequest] = {}


def context(log: Iterable[Message], budget_tokens: int, requests: Mapping[UUID, FeedbackRequest] = NOTHING) -> list[Said]:
    """The newest entries of `log` (oldest first) that fit the budget, at least the newest; entries that were replaced
    or emptied are left out. `requests` are those that the log tells of, by their id."""
    entries = list(log)
    replaced = {entry.replaces for entry in entries if entry.replaces}
    kept_entries = [entry for entry in entries if entry.id not in replaced and _tells(entry)]
    said = [one for entry in kept_entries for one in _said(entry, requests)]
    left = budget_tokens
    kept: list[Said] = []
    for one in reversed(said):
        left -= tokens(one.text)
        if left < 0 and kept:
            break
        kept.append(one if left >= 0 else _end_of(one, budget_tokens))
    return _joined(kept[::-1])


def tokens(text: str) -> int:
    """About how many tokens a text costs, role marks included; rather too many than too few."""
    wide = 0 if text.isascii() else sum(character > "\u02ff" for character in text)
    return int((len(text) - wide) / CHARACTERS_PER_TOKEN) + wide + 5


def _joined(said: list[Said]) -> list[Said]:
    """What one side says in a row, as one: many models want the sides to take turns."""
    joined: list[Said] = []
    for one in said:
        if joined and joined[-1].role == one.role:
            joined[-1] = Said(role=one.role, text=f"{joined[-1].text}\n\n{one.text}")
        else:
            joined.append(one)
    return joined


def _tells(entry: Message) -> bool:
    return bool(entry.text.strip()) and entry.type != MessageType.NOTICE


def _said(entry: Message, requests: Mapping[UUID, FeedbackRequest]) -> list[Said]:
    match entry.type:
        case MessageType.FEEDBACK_REQUEST if request := requests.get(entry.id):
            return _asked(entry, request)
        case MessageType.FEEDBACK_RESPONSE:
            return [_told(f"{_question(requests.get(entry.about))}{entry.text}")]
    if entry.author == Author.AGENT:
        return [Said(role="assistant", text=entry.text)]
    return [Said(role="user", text=_unforged(entry.text))]


def _asked(entry: Message, request: FeedbackRequest) -> list[Said]:
    """A request: the agent's own as it wrote it, another one as Parley tells of it."""
    if entry.about:
        said = [_told(f"{request.code}: your person wants to decide whether you go on as you said before.")]
    elif entry.author == Author.AGENT:
        said = [Said(role="assistant", text=_written(request))]
    else:
        said = [_told(f"{request.asked_by_name} asks {request.code}: {_written(request)}")]
    return [*said, _told(f"{request.code} waits: nobody has decided it yet.")] if request.open else said


def _written(request: FeedbackRequest) -> str:
    """A request as an Ask is written."""
    given = {
        "type": request.type, "question": request.question, "options": request.options,
        "context": request.context[:LONGEST_TOLD],
    }  # fmt: skip
    return json.dumps({name: value for name, value in given.items() if value}, ensure_ascii=False)


def _question(request: FeedbackRequest | None) -> str:
    """What an answer is about."""
    return f"{request.code} ({request.question}): " if request else ""


def _told(words: str) -> Said:
    """Words of ours, with others' in them."""
    return Said(role="user", text=f"{PARLEY} {_unforged(words)}")


def _unforged(text: str) -> str:
    return FORGED.sub("(Parley)", text)


def _end_of(said: Said, budget_tokens: int) -> Said:
    """A single message larger than the window: its end, where the question mostly stands."""
    text = said.text[-int(budget_tokens * CHARACTERS_PER_TOKEN) :]
    while tokens(text) > budget_tokens and len(text) > 100:
        text = text[len(text) // 10 :]
    return Said(role=said.role, text=text)
