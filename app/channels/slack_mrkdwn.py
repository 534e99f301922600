"""What a person wrote in Slack, as Markdown for the log.

Their words come as mrkdwn: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Mapping

_CODE_BLOCK = re.compile(r"[ \t]{0,9}\n?[ \t]{0,9}```\n?(.+?)\n?```[ \t]{0,9}\n?", re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_TOKEN = re.compile(r"<([^<>\n]+)>")
_BULLET = re.compile(r"^([ \t]*)[•◦▪][\ufe0e\ufe0f]?[ \t]+", re.MULTILINE)
_BETWEEN_WORDS = re.compile(r"(?<=\w)\*(?=\w)")
_MARKED = {
    "**": re.compile(r"(?<![\w*\\])\*(?![\s*])([^*\n]*[^*\s])\*(?![\w*])"),
    "~~": re.compile(r"(?<![\w~])~(?![\s~])([^~\n]*[^~\s])~(?![\w~])"),
}
_KEPT = re.compile("\0(\\d+)\0")
_ENTITY = re.compile(r"&(amp|lt|gt);")
_CHARACTERS = {"amp": "&", "lt": "<", "gt": ">"}
_LINK = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_BARE = re.compile(r"https?://[\w\-./?=&%#+:@,]*[\w/=#\-]", re.IGNORECASE)


def markdown_from(text: str, names: Mapping[str, str]) -> str:
    """The `text` of an event as Markdown. `names`: what people and channels are called, by their ids in Slack."""
    kept: list[str] = []

    def keep(shown: str) -> str:
        kept.append(shown)
        return f"\0{len(kept) - 1}\0"

    text = text.replace("\0", "\ufffd").replace("\r\n", "\n")
    text = _CODE_BLOCK.sub(lambda found: keep(_code_block(found[1], names)), text)
    text = _CODE.sub(lambda found: keep(_literal(found[0], names)), text)
    text = _TOKEN.sub(lambda found: keep(_markdown_of(found[1], names)), text)
    text = _BULLET.sub(r"\1- ", text)
    for mark, marked in _MARKED.items():
        text = marked.sub(rf"{mark}\1{mark}", text)
    text = _decoded(_BETWEEN_WORDS.sub(r"\\*", text))
    while "\0" in text:  # what was kept may hold what was kept before it
        text = _KEPT.sub(lambda found: kept[int(found[1])], text)
    return text.strip("\n")


def _code_block(code: str, names: Mapping[str, str]) -> str:
    return f"\n```\n{_literal(code, names)}\n```\n"


def _literal(text: str, names: Mapping[str, str]) -> str:
    return _decoded(_TOKEN.sub(lambda found: _shown(found[1], names), text))


def _decoded(text: str) -> str:
    return _ENTITY.sub(lambda found: _CHARACTERS[found[1]], text)


def _markdown_of(token: str, names: Mapping[str, str]) -> str:
    """What stands between `<` and `>`, with a link where Slack had one."""
    address, shown = _decoded(token.partition("|")[0]), _decoded(_shown(token, names))
    if not _LINK.fullmatch(address):
        return shown
    if shown in (address, address.removeprefix("mailto:"), re.sub("^https?://", "", address)):
        return shown if address.startswith("mailto:") or _BARE.fullmatch(shown) else f"<{address}>"
    label = re.sub(r"([\[\]\\`])", r"\\\1", shown)
    return f"[{label}](<{address}>)" if set(address) & set("()<>\\") else f"[{label}]({address})"


def _shown(token: str, names: Mapping[str, str]) -> str:
    """The words that Slack shows for what stands between `<` and `>`."""
    target, _, label = token.partition("|")
    match target[:1], target[1:]:
        case "@", person:
            return f"@{_one_line(names.get(person) or label or person)}"
        case "#", channel:
            return f"#{_one_line(label or names.get(channel) or channel)}"
        case "!", command:
            shown = label or command.partition("^")[0]
            return shown if command.startswith("date^") else f"@{shown.removeprefix('@')}"
    return label or target


def _one_line(name: str) -> str:
    return " ".join(name.split())
