"""Markdown becomes safe HTML, whole or while it is being written, at a cost that grows with its length alone."""

import os
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pygments.token import STANDARD_TYPES

from app import markdown_html
from app.markdown import Growing, Growth, render
from app.markdown_html import html_of
from app.markdown_unfinished import CURSOR
from tests.hostile import hostile

ATTRIBUTES = {
    "a": {"href", "title", "target", "rel"},
    "pre": {"tabindex"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
    "div": {"tabindex"},
    "input": {"type", "disabled", "checked", "aria-label"},
}
CLASSES = {"code", "table", "highlight", "continued", "contains-task-list", "task-list-item", "task-list-item-checkbox"}
TAGS = set(
    re.findall(
        r"\S+",
        "a blockquote br code copy-button div em figcaption figure h1 h2 h3 h4 h5 h6 hr input li ol p pre s span strong "
        "table tbody td th thead tr ul",
    )
)


class Inspector(HTMLParser):
    """Fails on anything that may not reach a page; keeps the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            if name == "class":
                assert value in CLASSES or (tag == "span" and value in STANDARD_TYPES.values()), value
            else:
                assert name in ATTRIBUTES.get(tag, set()), (tag, name)
            if name == "href":
                assert value, value
                assert re.match(r"(https?://|mailto:)", value, re.IGNORECASE), value
        if tag == "a":
            assert dict(attrs)["rel"] == "noopener noreferrer nofollow"

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def words(html: str) -> str:
    return re.sub(r"\s+", "", "".join(Inspector(html.replace('<div class="open">', "<div>")).words))


class Page:
    """What a browser shows that is sent every growth."""

    def __init__(self) -> None:
        self.closed = self.open = ""

    def apply(self, growth: Growth) -> None:
        assert not growth.closed or growth.open is not None
        assert growth.tail is None or (not growth.closed and growth.open is None)
        self.closed += growth.closed
        self.open = self.open if growth.open is None else growth.open
        if growth.tail:
            before, end, after = self.open.rpartition("</code>")
            self.open = before + growth.tail + end + after


def shown_at_each_step(text: str, step: int = 1) -> list[str]:
    growing, page, shown = Growing(), Page(), []
    for at in range(0, len(text), step):
        page.apply(growing.feed(text[at : at + step]))
        shown.append(page.closed + page.open)
    return shown


# Safety


@pytest.mark.sized
def test_five_thousand_hostile_bodies_leave_nothing_but_allowed_elements() -> None:
    for body in hostile(5_000 if os.environ.get("WHOLE_RUNS") else 500, seed=2):
        Inspector(render(body))


def test_hostile_bodies_are_as_safe_while_they_are_being_written() -> None:
    for body in hostile(250, seed=3):
        growing, page = Growing(), Page()
        for at in range(0, len(body), 7):
            page.apply(growing.feed(body[at : at + 7]))
            Inspector(page.open)
        Inspector(page.closed + page.open)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JAVASCRIPT&colon;x", "data:image/png;base64,AA", "/sign-out", "//evil.example", "#x"]
)
def test_only_web_and_mail_addresses_become_links(address: str) -> None:
    assert "<a" not in render(f"[x]({address}) ![x]({address}) <{address}>")


def test_a_link_opens_elsewhere_and_tells_nothing() -> None:
    assert render("[x](https://a.example/b)") == (
        '<p><a href="https://a.example/b" target="_blank" rel="noopener noreferrer nofollow">x</a></p>\n'
    )


def test_a_remote_image_becomes_a_link_to_its_address() -> None:
    html = render("![a *cat*](https://a.example/cat.png) ![](http://b.example/) [![in](http://c.example)](http://d.example)")
    assert "<img" not in html
    assert '<a href="https://a.example/cat.png" target="_blank" rel="noopener noreferrer nofollow">a cat</a>' in html
    assert ">http://b.example/</a>" in html
    assert html.count("<a ") == 3


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=300))
def test_no_text_raises(text: str) -> None:
    Inspector(render(text))
    growing = Growing()
    for character in text:
        growing.feed(character)
    Inspector(growing.html.replace('<div class="open">', "<div>"))


# What it looks like


def test_code_is_coloured_by_classes_and_can_be_copied() -> None:
    html = render("```python\nif x < 1: pass\n```")
    assert html.startswith('<figure class="code"><figcaption><span>python</span><copy-button></copy-button></figcaption>')
    assert '<pre tabindex="0"><code class="highlight"><span class="k">if</span>' in html
    assert "&lt;" in html


def test_tables_scroll_and_align_without_style() -> None:
    html = render("| a | b |\n|---|--:|\n| 1 | 2 |")
    assert html.startswith('<div class="table" tabindex="0"><table>')
    assert '<td align="right">2</td>' in html


def test_task_lists_show_disabled_named_checkboxes() -> None:
    html = render("- [ ] sow\n- [x] reap")
    assert html.count("disabled") == 2
    assert 'aria-label="To do"> sow' in html
    assert 'aria-label="Done" checked=""> reap' in html


def test_a_bare_address_is_a_link_but_its_punctuation_is_not() -> None:
    assert ">https://a.example/b_c</a>.</p>" in render("See https://a.example/b_c.")
    assert ">http://a.example/x_(y)</a>)</p>" in render("(See http://a.example/x_(y))")


def test_line_ends_of_any_kind_are_the_same() -> None:
    assert render("# a\r\nb\rc\0") == render("# a\nb\nc\ufffd")


# While it is being written


@pytest.mark.parametrize(
    "text",
    [
        "Some **bold** and *slanted* and ~~gone~~ and `code` words",
        "See [the page](https://a.example/b 'title') and ![a picture](https://a.example/c.png) there",
        "# A heading\n\n- **one**\n- `two`\n  - [x](http://a.example)\n1. three\n\n> quote\n",
        "| Name | Age |\n|:-----|----:|\n| Ann | 3 |\n",
        "Words\n\n```python\nprint('`')\n```\n\nMore\n~~~\nx\n~~~\n",
        "AT&amp;T \\*not bold\\* <https://a.example>",
    ],
)
def test_half_written_marks_are_never_seen(text: str) -> None:
    final = words(render(text))
    for shown in shown_at_each_step(text):
        assert final.startswith(words(shown)), shown


def test_a_paragraph_does_not_become_a_heading_for_a_moment() -> None:
    assert not any("<h" in shown for shown in shown_at_each_step("Some words:\n- a list\n- of two\n\n1. x\n"))


def test_a_table_is_one_from_its_first_cell_on() -> None:
    for shown in shown_at_each_step("| Name | Age |\n|---|---|\n| Ann | 3 |")[2:]:
        assert shown.startswith('<div class="table"')


def test_open_code_grows_by_its_tail_and_is_coloured_when_it_closes() -> None:
    growing = Growing()
    assert growing.feed("Look:\n\n```py").open == ""
    assert growing.feed("\n").open == (
        '<figure class="code"><figcaption><span>py</span><copy-button></copy-button></figcaption>'
        '<pre tabindex="0"><code class="highlight"></code></pre></figure>\n'
    )
    assert growing.feed("if a <") == Growth("", None, "if a &lt;")
    assert growing.feed(" b: pass\n``") == Growth("", None, " b: pass\n")
    closing = growing.feed("`\n")
    assert '<span class="k">if</span>' in closing.closed
    assert closing.open == ""


def test_a_closed_block_is_closed_for_good_and_as_the_whole_text_shows_it() -> None:
    growing = Growing()
    closed = growing.feed("# Title\nSome **words**\n\n- a\n- b\n\nNext").closed
    assert closed == render("# Title\nSome **words**\n\n- a\n- b\n")
    assert growing.html == closed + '<div class="open"><p>Next</p>\n</div>'
    assert growing.text == "# Title\nSome **words**\n\n- a\n- b\n\nNext"


def test_a_long_list_is_closed_in_pieces_that_go_on_counting() -> None:
    growing = Growing()
    for number in range(40):
        growing.feed(f"1. item number {number}\n\n")
    html = growing.html
    assert '<ol start="1" class="continued">' not in html
    starts = [int(start) for start in re.findall(r'start="(\d+)"', html)]
    assert starts == sorted(starts)
    assert len(starts) > 1
    counts = [piece.count("<li>") for piece in html.split("<ol")[1:]]
    assert starts == [1 + sum(counts[: at + 1]) for at in range(len(starts))]
    assert html.count("<li>\n<p>") == 40


# fmt: off
FRAGMENTS = [
    "word ", "two words", "\n", "\n\n", "- ", "* ", "1. ", "2. ", "> ", "# ", "\n```\n", "\n```py\n", "`", "``", "**",
    "*", "_", "~~", "[", "](http://a.example", "](", ")", "]", "![", "---", "\n---\n", "    ", "  ", "<b>",
    "<http://x.example>", "&amp;", "&", "\\", "https://e.example/p", "[ ] ", "\r\n", "\r", "é", "- item\n",
    "    code\n", ". ", ", ", "(", "10. ", ":", "!", "'", "2 * 3", "2024 was", "\n\n- a\n\n  b\n", "\n\nx", " y\n",
    "---\n",
]
# fmt: on
TABLE = "\n\n| a | b |\n|---|---|\n| c | *d* |\n"
marked = st.lists(st.sampled_from([*FRAGMENTS, TABLE]), max_size=30).map("".join)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(marked, st.lists(st.integers(1, 9), min_size=1, max_size=10))
def test_the_pieces_make_no_difference(text: str, sizes: list[int]) -> None:
    whole, pieces, page, at, turn = Growing(), Growing(), Page(), 0, 0
    whole.feed(text)
    while at < len(text):
        size = sizes[turn % len(sizes)]
        page.apply(pieces.feed(text[at : at + size]))
        at, turn = at + size, turn + 1
    assert pieces.html == whole.html
    assert pieces.text == whole.text
    assert pieces.html.startswith(page.closed + '<div class="open">')


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(marked)
def test_at_the_end_it_shows_what_the_whole_text_shows(text: str) -> None:
    text += "\n\nthe end"
    growing = Growing()
    growing.feed(text)
    assert words(growing.html) == words(render(text))


# What it costs


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9 ,]{0,40}", fullmatch=True), st.booleans())
def test_plain_words_take_a_shorter_way_to_the_same(words: str, written: bool) -> None:
    source = words + CURSOR * written
    quickly = html_of(source, None, written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markdown_html, "_WORDS", re.compile(r"(?!)"))
        assert quickly == html_of(source, None, written)
