"""Slack's markup, typed and shown."""

import pytest

from app.sandbox.slack.beginning import begin
from app.sandbox.slack.mrkdwn import as_rich_text, html, typed, untyped

WORLD = begin()
ANA = next(one.id for one in WORLD.people.values() if one.name == "ana")


def test_what_is_typed_comes_back_to_be_changed() -> None:
    text = "@ana: a < b & c, see https://x.example/?a=1&b=2."
    kept = typed(WORLD, text)
    assert kept == f"<@{ANA}>: a &lt; b &amp; c, see <https://x.example/?a=1&amp;b=2>."
    assert untyped(WORLD, kept) == text
    pieces = as_rich_text(kept)["elements"][0]["elements"]
    assert [one["type"] for one in pieces] == ["user", "text", "link", "text"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*b* _i_ ~s~ `c`", "<b>b</b> <i>i</i> <s>s</s> <code>c</code>"),
        ("a_b_c 2*3*4", "a_b_c 2*3*4"),
        ("```x = 1 &lt; 2```", "<pre>x = 1 &lt; 2</pre>"),
        ("&gt; told\nand", "<q>told</q>and"),
        ("a &lt;b&gt; &amp; <script>", "a &lt;b&gt; &amp; &lt;script&gt;"),
        (f"<@{ANA}>", '<span class="mention">@Ana Lindqvist</span>'),
        ("<https://x.example/?a=1&amp;b=2|here>",
         '<a href="https://x.example/?a=1&amp;b=2" target="_blank" rel="noreferrer">here</a>'),
        ('<https://x.example/"onclick=1>',
         '<a href="https://x.example/&quot;onclick=1" target="_blank" rel="noreferrer">https://x.example/&quot;onclick=1</a>'),
        ("<javascript:alert(1)|here>", "&lt;javascript:alert(1)&gt;"),
        ("<!date^1^{date}|today>", "today"),
        (":tada: :unknown:", "🎉 :unknown:"),
    ],
)  # fmt: skip
def test_markup_is_shown_and_nothing_else_is(text: str, shown: str) -> None:
    assert html(WORLD, text) == shown
