"""What a conversation is called."""

from app.domain.errors import Unfit
from app.domain.message import storable

TITLE_LENGTH = 60
LONGEST_TITLE = 200


def fit_title(title: str) -> str:
    """A title as it is kept, on one line. Unfit when it is long or can't be stored."""
    title = " ".join(title.split())
    if len(title) > LONGEST_TITLE:
        raise Unfit(f"A title has at most {LONGEST_TITLE} characters.")
    return storable(title)


def titled(text: str) -> str:
    """A title by rule: the first line, cut at a word to 60 characters."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= TITLE_LENGTH:
        return line
    return line[:TITLE_LENGTH].rsplit(" ", 1)[0].rstrip(".,;:") + "…"
