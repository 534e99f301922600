"""What the model is given: the log, as far back as its window reaches. Pure: the same log gives the same context."""

from collections.abc import Iterable

from app.baml_client.types import Said
from app.domain.message import Author, Message, MessageType

CHARACTERS_PER_TOKEN = 3.2  # cautious for English prose; code and other scripts come nearer to it than to 4


def context(log: Iterable[Message], budget_tokens: int) -> list[Said]:
    """The newest entries of `log` (oldest first) that fit the budget, at least the newest; entries that were replaced
    or emptied are left out."""
    entries = list(log)
    replaced = {entry.replaces for entry in entries if entry.replaces}
    said = [_said(entry) for entry in entries if entry.id not in replaced and _tells(entry)]
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
    wide = sum(character > "\u02ff" for character in text)
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


def _said(entry: Message) -> Said:
    return Said(role="assistant" if entry.author == Author.AGENT else "user", text=entry.text)


def _end_of(said: Said, budget_tokens: int) -> Said:
    """A single message larger than the window: its end, where the question mostly stands."""
    text = said.text[-int(budget_tokens * CHARACTERS_PER_TOKEN) :]
    while tokens(text) > budget_tokens and len(text) > 100:
        text = text[len(text) // 10 :]
    return Said(role=said.role, text=text)
