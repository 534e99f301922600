"""Inline Markdown as elements of Slack's rich text, in which every text is literal: nothing in it mentions anybody."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from markdown_it.token import Token

from app.channels.slack_limits import LONGEST_TEXT, Element, cut, weight_of

_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}
_HEAVIEST_ADDRESS = 3_000
_PART_CHARACTERS = 300


def elements_of(children: Sequence[Token], *, bold: bool = False) -> list[Element]:
    """The elements of inline tokens; none of them is empty."""
    styles, found, address, before = Counter(bold=int(bold)), list[Element](), "", 0
    for token in children:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if name in _STYLES:
            styles[_STYLES[name]] += token.nesting
        elif token.type == "link_open":
            address, before = str(token.attrs["href"]), len(found)
        elif token.type == "link_close":
            found[before:] = _linked(found[before:], address)
            address = ""
        elif text := _text_of(token):
            element = text_element(text, styles, code=token.type == "code_inline")
            _append(found, element, apart=bool(address))
    return found


def _text_of(token: Token) -> str:
    match token.type:
        case "softbreak" | "hardbreak":
            return "\n"
        case "html_inline":  # only the checkboxes of task lists: HTML in the text is not parsed
            return "☑" if "checked=" in token.content else "☐"
    return token.content


def text_element(text: str, styles: Counter[str] | None = None, *, code: bool = False) -> Element:
    """A text in the styles that are on."""
    style: dict[str, Any] = {name: True for name, count in (styles or {}).items() if count > 0}
    if code:
        style["code"] = True
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def _linked(shown: list[Element], address: str) -> list[Element]:
    """What stands in a link, as links; where Slack would not take the address, it follows in parentheses."""
    if weight_of(address) > _HEAVIEST_ADDRESS:
        text = "".join(element["text"] for element in shown)
        return shown if text == address else [*shown, text_element(f" ({address})" if text else address)]
    shown = shown or [text_element(address)]
    return [{**element, "type": "link", "url": address} for element in shown]


def joined(elements: list[Element], more: list[Element]) -> None:
    """Add elements to others; texts of one style become one."""
    for element in more:
        if element["text"]:
            _append(elements, element)


def _append(elements: list[Element], element: Element, *, apart: bool = False) -> None:
    last = elements[-1] if elements and not apart else {}
    same = element["type"] == "text" == last.get("type") and last.get("style") == element.get("style")
    if same and len(last["text"]) + len(element["text"]) <= LONGEST_TEXT // 2:
        elements[-1] = {**last, "text": last["text"] + element["text"]}
    else:
        elements.append(element)


def portions(elements: list[Element], most: int) -> Iterator[list[Element]]:
    """The elements in portions of about this weight, cut at lines and words where there are any."""
    portion: list[Element] = []
    weight = 0
    for element in chain.from_iterable(map(_parts, elements)):
        cost = weight_of(element)
        if portion and weight + cost > most:
            yield portion
            portion, weight = [], 0
        _append(portion, element)
        weight += cost
    if portion:
        yield portion


def _parts(element: Element) -> list[Element]:
    if len(element["text"]) <= _PART_CHARACTERS:
        return [element] if element["text"] else []
    return [{**element, "text": text} for text in cut(element["text"], _PART_CHARACTERS)]


def words_of(elements: list[Element]) -> str:
    """Their text alone."""
    return "".join(element["text"] for element in elements)
