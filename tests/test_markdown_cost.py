"""What Markdown costs: as much as its length, whatever stands in it."""

from collections.abc import Callable
from html import unescape
from time import process_time

import pytest

from app.markdown import Growing, render
from tests.timing import timed

ANSWER = (
    "## A heading\n\nThe quick brown fox, **jumps** over the `lazy` dog and goes home. Nobody knows why it does so.\n\n"
    "- **One**: the quick brown fox\n- Two: goes home, and sleeps\n\n```python\ndef f(x):\n    return x + 1\n```\n\n"
)
LONG = {
    "answer": ANSWER,
    "paragraph": "The quick brown fox, **jumps** over the `lazy` dog. ",
    "list": "- **One**: the quick brown fox\n",
    "nested list": "  - the quick brown fox\n",
    "quote": "> the quick brown fox *jumps*\n",
    "code": "    x = 1\n",
    "brackets": "[",
    "stars": "*a ",
    "deep quotes": "> ",
}


def seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def written(text: str) -> None:
    growing = Growing()
    for at in range(0, len(text), 20):
        growing.feed(text[at : at + 20])


@timed
@pytest.mark.parametrize("name", LONG)
def test_the_cost_grows_with_the_length_alone(name: str) -> None:
    def of(characters: int) -> str:
        return (LONG[name] * characters)[:characters]

    small, large = of(1_500), of(6_000)
    written(small)
    short = min(seconds(lambda: written(small)) for _ in range(3))
    slack = 3.5 if name == "stars" else 2.5  # pairing thousands of open marks is markdown-it's own cost
    most = short * 4 * slack + 0.01
    took = [seconds(lambda: written(large))]
    while min(took) >= most and len(took) < 3:
        took.append(seconds(lambda: written(large)))
    assert min(took) < most, f"{short:.4f} s for 1,500 characters, {min(took):.4f} s for 6,000"


def test_what_is_sent_grows_with_the_length_alone() -> None:
    for unit in (LONG[name] for name in ("paragraph", "list", "quote", "code")):
        growing, text = Growing(), (unit * 4_000)[:4_000]
        growths = [growing.feed(text[at : at + 5]) for at in range(0, len(text), 5)]
        sent = sum(len(growth.closed + (growth.open or "") + (growth.tail or "")) for growth in growths)
        assert sent < 300 * len(text)


@timed
def test_a_hundred_thousand_characters_take_less_than_a_second() -> None:
    text = (ANSWER * 1_000)[:100_000]
    render(ANSWER)
    assert seconds(lambda: render(text)) < 1


@timed
def test_a_slow_lexer_does_not_hold_up_the_page() -> None:
    attack = "```c\n" + "/*" * 9_000 + "\n```\n"
    assert seconds(lambda: render(attack)) < 1
    assert "/*/*" in unescape(render(attack))
