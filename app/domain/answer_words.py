"""What somebody's own words answer, where that is beyond doubt: "yes", "option 2", "4 stars"."""

import re
from dataclasses import dataclass
from typing import Any

from app.domain.feedback_value import FeedbackType
from app.domain.yes_and_no import (
    ALL,
    COUNTED_THINGS,
    DOUBTS,
    LONGER_DOUBTS,
    LONGER_NO,
    LONGER_YES,
    NO,
    NOT,
    NUMBERS,
    POLITE,
    YES,
)

DOUBT = re.compile("|".join([*(rf"\b{one}\b" for one in DOUBTS), *map(re.escape, LONGER_DOUBTS)]), re.IGNORECASE)
WORD = re.compile(r"[^\s,.;:!–—]+")
ENDS = re.compile(rf"\s*(?:$|[,.;:!–—]|- |(?:{'|'.join(POLITE)})(?!\w))")
NUMBER = re.compile(rf"(?:(?:{'|'.join(COUNTED_THINGS)})\s*[.º°]?\s*)?#?(\d{{1,2}})\s*[.)]?")
STARS = re.compile(r"(\d)\s*(?:/\s*5|(?:of|out of|von|sur|de|su|van|na|av)\s*5|\*|★|⭐️?|\w{3,12})?[.!]?")
NONE_LEFT = " \t,.;:!–—-"


@dataclass(frozen=True)
class Read:
    """An answer, and what was said besides."""

    value: Any
    comment: str = ""


def read_words(type: FeedbackType, options: list[str], words: str) -> Read | None:
    """The answer that these words give; None where a person would ask back."""
    words = words.strip()
    if type == FeedbackType.TEXT:
        return Read(words) if words else None
    first, _, rest = words.partition("\n")
    match type:
        case FeedbackType.APPROVAL:
            return _approval(first, rest)
        case FeedbackType.RATING:
            stars = _stars(_plain(first))
            return Read(stars, rest.strip()) if stars else None
        case FeedbackType.CHOICE:
            option = _option(options, first)
            return Read(option, rest.strip()) if option else None
    chosen = _several(options, words if _several(options, words) else first)
    return Read(chosen) if chosen else None


def _approval(first: str, rest: str) -> Read | None:
    """By the word that it begins with, where that stands for itself: a "yes, but" is neither, nor is "no problem"."""
    plain = _plain(first)
    for value, single, longer in ((False, NO, LONGER_NO), (True, YES, LONGER_YES)):
        begun = next((one for one in longer if re.match(rf"{re.escape(one)}(?!\w)", plain)), "")
        if not begun and (spoken := WORD.match(plain)) and spoken[0] in single and ENDS.match(plain[spoken.end() :]):
            begun = spoken[0]
        if not begun:
            continue
        left = f"{plain[len(begun) :]} {_plain(rest)}"
        if DOUBT.search(first) or _says(left, (YES, NO)[value], (LONGER_YES, LONGER_NO)[value]):
            return None
        comment = first.strip()[len(begun) :] if first.strip().casefold().startswith(begun) else ""
        return Read(value, "\n".join(filter(None, [comment.strip(NONE_LEFT), rest.strip()])))
    return None


def _says(plain: str, single: set[str], longer: tuple[str, ...]) -> bool:
    words = {one[0] for one in WORD.finditer(plain)}
    return bool(words & single) or any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", plain) for one in longer)


def _stars(plain: str) -> int:
    """1 to 5, or 0."""
    drawn = re.fullmatch(r"[★⭐*️]{1,10}", plain)
    if drawn:
        return count if 1 <= (count := len(re.findall(r"[★⭐*]", plain))) <= 5 else 0
    found = STARS.fullmatch(plain)
    number = int(found[1]) if found else NUMBERS.get(plain.split()[0], 0) if plain and len(plain.split()) <= 2 else 0
    return number if 1 <= number <= 5 else 0


def _option(options: list[str], words: str) -> str:
    """The one option that is meant, or ""."""
    plain = _plain(words)
    for option in options:
        if _plain(option) == plain:
            return option
    if found := NUMBER.fullmatch(plain):
        return options[int(found[1]) - 1] if 1 <= int(found[1]) <= len(options) else ""
    spoken = [NUMBERS[one] for one in plain.split() if one in NUMBERS]
    if len(plain.split()) <= 3 and len(spoken) == 1 and spoken[0] <= len(options):
        return options[spoken[0] - 1]
    if DOUBT.search(words) or _says(plain, NO | NOT, LONGER_NO):
        return ""
    named = [one for one in options if re.search(rf"(?<!\w){re.escape(_plain(one))}(?!\w)", plain)]
    longest = [one for one in named if not any(one != other and _plain(one) in _plain(other) for other in named)]
    return longest[0] if len(longest) == 1 else ""


def _several(options: list[str], words: str) -> list[str]:
    """All options that are meant; none unless each part names one."""
    if _plain(words) in ALL:
        return options
    whole = _option(options, words)
    parts = re.split(r"[,;\n&+]|\s(?:and|und|et|y|e|en|i|och)\s", words)
    chosen = [_option(options, part.lstrip("-*• ")) for part in parts if part.strip()]
    if all(chosen) and chosen:
        return [option for option in options if option in chosen]
    return [whole] if whole else []


def _plain(words: str) -> str:
    return " ".join(words.casefold().replace("’", "'").split()).strip(" \t\"'“”„.!,;:")
