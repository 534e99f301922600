"""What somebody wrote in a mail, without what their program added: the mail that they answer, a signature, a boast.

Programs say in every language, and in their own way, whose mail follows. What follows an answer to us is always ours: so it
is told by our name or address, which stands in that line whatever the language, and by the line that our mails begin with.
"""

import re

from app.channels.mail_words import BOASTS, CLOSINGS, phrases

MARKER = "-- Reply above this line --"
MARKED = re.compile(r"reply above this line", re.IGNORECASE)
NAME = "parley"
QUOTED = re.compile(r"\s*>(?:[\s>]|$)")
FIELD = re.compile(r"[\s>*]*[^\s:：*][^:：]{0,24}\s?[:：][\s*]")
RULE = re.compile(r"\s*(?:[_-]{8,}|[-_*]{2,}\s?[^\s-].{2,50}[^\s-]\s?[-_*]{2,})\s*$")
SIGNATURE = re.compile(r"(?:--|__|—)\s*$")
BOAST = re.compile(rf"\s*{phrases(BOASTS)}|.*\boutlook \w+ (?:ios|android|mac)\b|.*avast\.com/sig-email", re.IGNORECASE)
LINKED, ADDRESS = re.compile(r"\[([^\]]*)\]\([^)]*\)"), re.compile(r"<[^>]*>")
LOOSE_ITEMS = re.compile(r"^(\s*(?:[-*+]|\d+[.)]) .*)\n\n(?=\s*(?:[-*+]|\d+[.)]) )", re.MULTILINE)
CLOSING = re.compile(rf"\s*{phrases(CLOSINGS)}[\s,.!。、]*$", re.IGNORECASE)
ENDING, DIGIT = re.compile(r"[:：]\s*$"), re.compile(r"\d")
LAST, LONGEST, SHORT, MOST_NAMES = 8, 400, 60, 5


def cut(text: str, *, box: str = "", name: str = "") -> str:
    """The words alone. `box`: our address that was answered; `name`: what the writer is called, for a signature that is
    only that."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").split("\n")
    ours = {NAME, *([box.partition("@")[0].lower()] if box else [])}
    kept = _without_quotes(lines, ours)
    said = _stripped(_without_signature(kept, name))
    return said or _stripped(kept)


def _without_quotes(lines: list[str], ours: set[str]) -> list[str]:
    """Up to where our mail begins; and what was written between its lines, where they are marked as quoted."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        if MARKED.search(lines[at]) or (skipped := _headers(lines, at, ours)):
            skipped = 1 if MARKED.search(lines[at]) else skipped
            rest = lines[at + skipped :]
            if not _is_quoted(rest) and not QUOTED.match(lines[at]):
                return kept
            at += skipped
        elif QUOTED.match(lines[at]):
            kept.append("")  # what was written between the lines of a quote stands apart
            at += 1
        else:
            kept.append(lines[at])
            at += 1
    return kept


def _is_quoted(rest: list[str]) -> bool:
    """Whether what follows has the sign of a quote before each line."""
    return next((bool(QUOTED.match(line)) for line in rest if line.strip()), False)


def _headers(lines: list[str], at: int, ours: set[str]) -> int:
    """How many lines say here that a mail of ours follows; 0 for none."""
    line = lines[at]
    if RULE.match(line) and (below := _after_blank(lines, at)) and _is_block(lines, below):
        return below - at + _block_length(lines, below)
    if not line.strip() or QUOTED.match(line):
        return 0
    for count in (1, 2, 3):
        if _is_attribution(lines, at, count, ours):
            return 0 if any(_is_attribution(lines, at + less, count - less, ours) for less in range(1, count)) else count
    if FIELD.match(line) and _is_block(lines, at) and (_names(line, ours) or _is_whole_block(lines, at)):
        return _block_length(lines, at)
    return 0


def _is_attribution(lines: list[str], at: int, count: int, ours: set[str]) -> bool:
    """Whether these lines say, as one sentence, that we wrote what follows, and when."""
    window = lines[at : at + count]
    if len(window) < count or not all(one.strip() for one in window) or not ENDING.search(window[-1]):
        return False
    words = " ".join(one.strip() for one in window)
    if len(words) > LONGEST or words.count("<") < words.count(">") or not DIGIT.search(words) or not _names(words, ours):
        return False
    follows = next((line for line in lines[at + count :] if line.strip()), "")
    return "@" in words or bool(QUOTED.match(follows) or MARKED.search(follows))


def _is_block(lines: list[str], at: int) -> bool:
    """Whether the lines from here on are headers of a mail, as Outlook writes them."""
    return sum(bool(FIELD.match(f"{line} ")) for line in lines[at : at + 6]) >= 3


def _is_whole_block(lines: list[str], at: int) -> bool:
    """Whether it is the head of a mail, whoever wrote that: from, sent, to, subject, with an address."""
    head = lines[at : at + 4]
    return len(head) == 4 and all(FIELD.match(f"{line} ") for line in head) and any("@" in line for line in head)


def _block_length(lines: list[str], at: int) -> int:
    return next((count for count, line in enumerate(lines[at : at + 10]) if count and not line.strip()), 6)


def _after_blank(lines: list[str], at: int) -> int:
    """The next line that holds something, if it is near."""
    return next((one for one in range(at + 1, min(at + 4, len(lines))) if lines[one].strip()), 0)


def _names(words: str, ours: set[str]) -> bool:
    return any(one in words.lower() for one in ours)


def _without_signature(lines: list[str], name: str) -> list[str]:
    """Up to a signature, which is marked as one, or stands at the end and begins with a boast, a greeting or the name."""
    lines = lines[: next((at for at, line in enumerate(lines) if SIGNATURE.match(line)), len(lines))]
    filled = [at for at, line in enumerate(lines) if line.strip()]
    for at in filled[1:][-LAST:]:
        ends = _is_closing(lines[at], name) or _is_name(lines[at], name)
        if _is_boast(lines[at]) or (ends and _is_signed(lines[at + 1 :])):
            lines = lines[:at]
            break
    filled = [at for at in filled if at < len(lines)]
    while len(filled) > 1 and _is_left_over(lines[filled[-1]]):
        lines = lines[: filled.pop()]
    return lines


def _is_signed(rest: list[str]) -> bool:
    """Whether what follows a greeting is a name and not another sentence."""
    line = next((one.strip() for one in rest if one.strip()), "")
    return len(line.split()) <= MOST_NAMES and not line.endswith((".", "!", "?", ":", ";", "。"))


def _is_boast(line: str) -> bool:
    plain = ADDRESS.sub("", LINKED.sub(r"\1", line)).strip()
    return bool(BOAST.match(line) or BOAST.match(plain)) and len(plain) <= SHORT and ":" not in plain


def _is_closing(line: str, name: str) -> bool:
    """Also with the name behind it."""
    plain = line.strip(" ,.!–—-\t")
    for one in (name, name.partition(" ")[0]):
        if one and plain.casefold().endswith(f" {one.casefold()}"):
            plain = plain[: -len(one)]
    return bool(CLOSING.match(plain))


def _is_name(line: str, name: str) -> bool:
    words = line.strip(" ,.-–—*_\t").casefold()
    return bool(name) and words in (name.casefold(), name.casefold().split()[0])


def _is_left_over(line: str) -> bool:
    """A rule, or a greeting that we don't know, above a signature that is gone."""
    return bool(re.fullmatch(r"\s*[-_*]{3,}\s*", line)) or bool(re.fullmatch(r"\s*[^\W\d]+(?: [^\W\d]+){0,3},\s*", line))


def _stripped(lines: list[str]) -> str:
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines))
    return LOOSE_ITEMS.sub(r"\1\n", text).strip("\n").strip()
