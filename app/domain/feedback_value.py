"""What can be asked, and which answers fit."""

from enum import StrEnum
from typing import Any

from app.domain.errors import Unfit
from app.domain.message import fit_text

MOST_OPTIONS = 20
LONGEST_OPTION = 200
LONGEST_ANSWER = 10_000


class FeedbackType(StrEnum):
    APPROVAL = "approval"
    CHOICE = "choice"
    MULTIPLE_CHOICE = "multiple_choice"
    TEXT = "text"
    RATING = "rating"


WITH_OPTIONS = (FeedbackType.CHOICE, FeedbackType.MULTIPLE_CHOICE)


def fit_options(type: FeedbackType, options: list[str] | None) -> list[str]:
    """The options as they are shown, 2 to 20 different ones where there is something to choose. Unfit otherwise."""
    if type not in WITH_OPTIONS:
        if options:
            raise Unfit(f"A request of type {type} takes no options.")
        return []
    shown = [option.strip() for option in options or []]
    if not 2 <= len(shown) <= MOST_OPTIONS or len(set(shown)) < len(shown):
        raise Unfit(f"Give 2 to {MOST_OPTIONS} different options.")
    if any(not option or len(option) > LONGEST_OPTION or not option.isprintable() for option in shown):
        raise Unfit(f"An option is one line of 1 to {LONGEST_OPTION} characters.")
    return shown


def fit_value(type: FeedbackType, options: list[str], value: Any) -> Any:
    """An answer of this type, ready for JSON: approval a boolean, choice one of the options, multiple_choice a list of
    different ones, text a non-empty string, rating an integer from 1 to 5. Unfit says what fits."""
    match type, value:
        case FeedbackType.APPROVAL, bool():
            return value
        case FeedbackType.CHOICE, str() if value in options:
            return value
        case FeedbackType.MULTIPLE_CHOICE, list() if value and _different(value) and all(one in options for one in value):
            return [option for option in options if option in value]
        case FeedbackType.TEXT, str() if value.strip() and len(value) <= LONGEST_ANSWER:
            return fit_text(value).strip()
        case FeedbackType.RATING, int() if not isinstance(value, bool) and 1 <= value <= 5:
            return value
    raise Unfit(_wanted(type, options))


def fit_comment(comment: str) -> str:
    """What somebody says besides, "" if nothing. Unfit when it is as long as no answer may be."""
    if len(comment) > LONGEST_ANSWER:
        raise Unfit(f"A comment has at most {LONGEST_ANSWER:,} characters.")
    return fit_text(comment).strip() if comment.strip() else ""


def _different(value: list[Any]) -> bool:
    return all(isinstance(one, str) for one in value) and len(set(value)) == len(value)


def _wanted(type: FeedbackType, options: list[str]) -> str:
    match type:
        case FeedbackType.APPROVAL:
            return "Answer true (approve) or false (reject)."
        case FeedbackType.CHOICE:
            return f"Answer one of: {', '.join(options)}."
        case FeedbackType.MULTIPLE_CHOICE:
            return f"Answer a list of one or more of: {', '.join(options)}."
        case FeedbackType.TEXT:
            return f"Answer with 1 to {LONGEST_ANSWER:,} characters."
        case FeedbackType.RATING:
            return "Answer a whole number from 1 to 5."
