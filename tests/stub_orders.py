"""What one request asks of the stub model: the directives in the last user message, see tests/stub_llm.py."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

DIRECTIVE = re.compile(r"\[\[(?:say=(?P<say>.*?)|ask=(?P<ask>.*?)|(?P<words>[^\[\]]*))\]\]", re.DOTALL)
PROSE = (
    "## A heading\n\nSome *plain* words with **weight** and `code`, then a [link](https://example.org/) to follow.\n\n"
    "- one item\n- another item of **some** length\n- a third\n\n"
    "| name | size |\n|---|---|\n| ana | 1 |\n| ben | 2 |\n\n"
    "```python\ndef add(a: int, b: int) -> int:\n    return a + b\n```\n\n"
)
PROSE_TOKENS: list[str] = re.findall(r"\s*\S{1,5}|\s+$", PROSE)


def word(n: int) -> str:
    """Token `n` of an answer that nothing else was asked of."""
    return f"tok{n} "


def prose(n: int) -> str:
    """Token `n` of an endless Markdown text of headings, lists, tables and code."""
    return PROSE_TOKENS[n % len(PROSE_TOKENS)]


KINDS: dict[str, Callable[[Any], object]] = {
    **dict.fromkeys(("tokens", "fail", "status", "hang", "cut"), int),
    **dict.fromkeys(("rate", "first"), float),
    **dict.fromkeys(("text", "retry_after", "end"), str),
}


@dataclass
class Order:
    """What one request asks of the stub."""

    tokens: int = 200
    rate: float = 50.0
    first: float = 0.05
    text: str = "word"
    say: str | None = None
    fail: int | None = None
    status: int | None = None
    retry_after: str | None = None
    end: str | None = None
    hang: int | None = None
    cut: int | None = None
    received: int = field(default_factory=time.monotonic_ns)

    def answer(self) -> list[Callable[[], str]]:
        """The tokens, each to be called at the moment it is sent."""
        if self.say is not None:
            words: list[Callable[[], str]] = [partial(str, word) for word in re.findall(r"\s*\S+|\s+$", self.say)]
        else:
            words = [partial(self.token, n) for n in range(self.tokens)]
        return words + [partial(str, f"\n\ndone{self.end}")] * (self.end is not None)

    def token(self, n: int) -> str:
        if self.text == "time":
            return self.told_time(n)
        return prose(n) if self.text == "prose" else word(n)

    def told_time(self, n: int) -> str:
        received = "" if n else f"r{self.received} "
        return f"{received}t{time.monotonic_ns()}" + ("\n\n" if n % 40 == 39 else " ")


def asked(words: str) -> str:
    """What an agent writes who asks: `choice Which day? | Monday | Friday`."""
    kind, _, rest = words.partition(" ")
    question, *options = [part.strip() for part in rest.split("|")]
    return json.dumps({"type": kind, "question": question, **({"options": options} if options else {})})


def order_of(body: dict[str, Any]) -> Order:
    """Read the directives in the last user message."""
    said = [text_of(message) for message in body.get("messages", []) if message.get("role") == "user"]
    last = said[-1] if said else ""
    order = Order()
    for found in DIRECTIVE.finditer(last):
        if found["say"] is not None or found["ask"]:
            order.say = found["say"] if found["say"] is not None else asked(found["ask"])
            continue
        for name, _, value in (part.partition("=") for part in found["words"].split()):
            if name == "echo":
                order.say = DIRECTIVE.sub("", last).strip()
            elif name in KINDS:
                setattr(order, name, KINDS[name](value or 0))
    return order


def text_of(message: dict[str, Any]) -> str:
    content = message.get("content") or ""
    parts = [{"text": content}] if isinstance(content, str) else content
    return "".join(str(part.get("text", "")) for part in parts)
