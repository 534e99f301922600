"""What leaves for Slack piece by piece mentions nobody; what people write there comes back as Markdown."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.channels.slack_mrkdwn import markdown_from
from app.channels.slack_streaming import JOINER, Escaping, streamed
from app.markdown import normal
from tests.channels.slack_markdown import MARKDOWN, letters


def test_what_is_streamed_mentions_nobody_and_shows_no_image() -> None:
    assert streamed("<@U1> <#C1|g> <!here> @channel, ![cat](https://a.example/c.png)") == (
        f"<{JOINER}@{JOINER}U1> <{JOINER}#{JOINER}C1|g> <{JOINER}!{JOINER}here> @{JOINER}channel, [cat](https://a.example/c.png)"
    )


@pytest.mark.parametrize(
    "same", ["a < b && c", "me@here.example", "<!DOCTYPE html>", "<https://a.example>", "Oh! [x]", "~~s~~"]
)
def test_what_mentions_nobody_is_streamed_as_it_is(same: str) -> None:
    assert streamed(same) == same


def test_code_is_streamed_with_all_its_characters() -> None:
    assert streamed("```rs\nvec![1]\n```\n![a](b)") == "```rs\nvec![1]\n```\n[a](b)"
    assert streamed("`vec![1]`") == f"`vec!{JOINER}[1]`"


PARTS = st.sampled_from(
    [
        "<",
        "!",
        "@",
        "#",
        "[",
        "`",
        "```",
        "~~~",
        "here",
        "channel",
        "e",
        "U1",
        "\n",
        "\r",
        " ",
        ">",
        "(",
        "é",
        "\0",
        "![a](b)",
    ]
)


@settings(derandomize=True, max_examples=250, deadline=None)
@given(st.lists(PARTS, max_size=20).map("".join) | MARKDOWN, st.data())
def test_what_is_streamed_does_not_depend_on_how_it_is_cut(text: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    escaping = Escaping()
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]
    assert "".join(map(escaping.feed, pieces)) + escaping.close() == streamed(text)


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(PARTS, max_size=20).map("".join))
def test_nothing_streamed_can_be_read_as_a_mention(text: str) -> None:
    shown = streamed(text)
    assert not re.search(r"<[@#]\w|<!(?:here|channel|everyone|subteam)|(?<!\w)@(?:here|channel|everyone)\b", shown)
    assert letters(shown) == letters(normal(text))


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("*bold* _it_ ~gone~ `x`", "**bold** _it_ ~~gone~~ `x`"),
        ("2*3*4, 2 * 3 * 4", "2\\*3\\*4, 2 * 3 * 4"),
        ("<https://a.example/b|label [1]>", "[label \\[1\\]](https://a.example/b)"),
        ("<https://a.example/b(c)|label>", "[label](<https://a.example/b(c)>)"),
        ("<https://a.example/b>", "https://a.example/b"),
        ("<http://a.example|a.example>", "<http://a.example>"),
        ("<mailto:ana@a.example|ana@a.example>", "ana@a.example"),
        ("*<https://a.example|`x`>*", "**[`x`](https://a.example)**"),
        ("<@U1> and <@U2>, <@U3|carl>", "@Ana and @U2, @carl"),
        ("<#C1|general> <#C2> <#C3|>", "#general #ops #C3"),
        ("<!here> <!channel|@channel> <!subteam^S1|@team>", "@here @channel @team"),
        ("<!date^1392734382^{date}|Feb 18>", "Feb 18"),
        ("a &amp; b &lt;c&gt; &amp;lt;", "a & b <c> &lt;"),
        ("see ```a *b* &lt;x&gt;\n<@U1>``` so", "see\n```\na *b* <x>\n@Ana\n```\nso"),
        ("`<https://a.example>`", "`https://a.example`"),
        ("• a\n    ◦ b\n&gt; quote", "- a\n    - b\n> quote"),
        ("<> <|x> ``` * _", "<> x ``` * _"),
    ],
)
def test_what_a_person_wrote_in_slack_is_markdown(text: str, markdown: str) -> None:
    assert markdown_from(text, {"U1": "Ana", "C2": "ops"}) == markdown


@settings(derandomize=True, max_examples=100, deadline=None)
@given(st.lists(PARTS | st.sampled_from(["<@U1>", "|", "*", "_", "~", "&lt;", "<https://a.example|", ";"]), max_size=25))
def test_whatever_is_written_in_slack_keeps_its_letters(parts: list[str]) -> None:
    text = "".join(parts)
    shown = markdown_from(text, {"U1": "U1"})
    assert "\0" not in shown
    if "<" not in text and "&" not in text:
        assert letters(shown) == letters(text.replace("\0", ""))
