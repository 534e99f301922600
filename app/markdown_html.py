"""One piece of Markdown as safe HTML: the parser, how its tokens are written, and the wall behind it."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from importlib import import_module
from time import perf_counter
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES

from app import markdown_unfinished as unfinished
from app.markdown_blocks import ListPart, unclosed
from app.markdown_unfinished import CURSOR


def html_of(source: str, part: ListPart | None = None, being_written: bool = False) -> str:
    """Normal source as HTML; `part` says how a list at its start goes on from the piece before."""
    if part is None and _WORDS.fullmatch(source):
        return f"<p>{source.rstrip()}</p>\n"
    return _WALL.clean(str(_MARKDOWN.render(source, {"part": part, "being_written": being_written})))


_WORDS = re.compile(rf"[A-Za-z][A-Za-z0-9 ,]*{CURSOR}?")  # as most answers begin; the whole way takes a cold 0.4 ms


def open_code_html(info: str, code: str) -> str:
    """Code that is still being written; more of it may be put, escaped, at the end of its <code>."""
    return _WALL.clean(_figure(info, escape(code, quote=False)))


def blocks_of(source: str) -> list[Token]:
    """The block tokens of a source, their inline text not parsed."""
    tokens: list[Token] = []
    _MARKDOWN.block.parse(source, _MARKDOWN, {}, tokens)
    return tokens


def tokens_of(source: str) -> list[Token]:
    """All tokens of a normal source, for what shows it elsewhere than on a page."""
    return _MARKDOWN.parse(source, {"part": None, "being_written": False})


_SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (markdown-it's name)
        return bool(_SAFE_ADDRESS.match(url))


def _parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "xhtmlOut": False}, renderer_cls=_Renderer)
    parser.use(tasklists_plugin)
    parser.disable(["normalize", "reference", "html_block", "html_inline"])
    parser.inline.ruler.at("linkify", _bare_address)
    parser.inline.ruler.at("backticks", unfinished.code)
    parser.inline.ruler.at("link", unfinished.link)
    parser.inline.ruler.at("image", unfinished.image)
    parser.inline.ruler2.after("balance_pairs", "close_emphasis", unfinished.close_emphasis)
    parser.core.ruler.after("inline", "images_as_links", _images_as_links)
    parser.core.ruler.after("block", "list_part", _list_part)
    # Otherwise a table of 2 KB may grow to 65,536 empty cells, which take seconds.
    vars(import_module("markdown_it.rules_block.table"))["MAX_AUTOCOMPLETED_CELLS"] = 2_000
    return parser.enable(["table", "strikethrough", "linkify"])


_ADDRESS = re.compile(rf"https?://[^\s<>\[\]`{{}}|\\^\"*{CURSOR}]+", re.IGNORECASE)


def _bare_address(state: StateInline, silent: bool) -> bool:
    """`https://example.org` is a link without further marks, but for punctuation that ends the sentence."""
    if state.src[state.pos] != ":" or silent or state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = re.search(r"(?<![a-zA-Z0-9])https?\Z", state.pending[-6:], re.IGNORECASE)
    found = scheme and _ADDRESS.match(state.src, state.pos - len(scheme[0]), state.posMax)
    if not scheme or not found:
        return False
    address = _without_sentence_end(found[0])
    href = state.md.normalizeLink(address)
    if not state.md.validateLink(href):
        return False
    state.pending = state.pending[: -len(scheme[0])]
    state.push("link_open", "a", 1).attrs = {"href": href}
    state.push("text", "", 0).content = address
    state.push("link_close", "a", -1)
    state.pos += len(address) - len(scheme[0])
    return True


def _without_sentence_end(address: str) -> str:
    closing = address.count(")") - address.count("(")
    address = address.rstrip("?!.,:;_~'")
    while closing > 0 and address.endswith(")"):
        address = address[:-1].rstrip("?!.,:;_~'")
        closing -= 1
    return address


def _list_part(state: StateCore) -> None:
    """A list shown in pieces goes on counting, and keeps its items as far apart as they were."""
    part: ListPart | None = state.env["part"]
    if not part or not state.tokens or "list_open" not in state.tokens[0].type:
        return
    if part.continued:
        state.tokens[0].attrSet("class", "continued")
        if state.tokens[0].tag == "ol":
            state.tokens[0].attrSet("start", part.number)
    if part.loose:
        for token in state.tokens:
            if token.level == 2 and token.type.startswith("paragraph"):
                token.hidden = False


def _images_as_links(state: StateCore) -> None:
    for token in state.tokens:
        if token.children and "![" in token.content:
            token.children = list(_linked(token.children, state))


def _linked(children: Sequence[Token], state: StateCore) -> Iterator[Token]:
    inside_link = 0
    for token in children:
        if token.type != "image":
            inside_link += token.nesting if token.tag == "a" else 0
            yield token
            continue
        renderer = state.md.renderer
        assert isinstance(renderer, RendererHTML)
        source = str(token.attrs["src"])
        words = renderer.renderInlineAsText(token.children or [], state.md.options, state.env)
        text = Token("text", "", 0, content=words.strip() or source)
        link = Token("link_open", "a", 1, attrs={"href": source})
        yield from (text,) if inside_link else (link, text, Token("link_close", "a", -1))


class _Renderer(RendererHTML):
    """HTML that needs no style attribute and no script; called by token type."""

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        token = tokens[idx]
        words = token.info.split()
        being_written = env["being_written"] and unclosed(token)
        if being_written or not words or words[0].lower() not in _LANGUAGES.split():
            return _figure(token.info, escape(token.content, quote=False))
        return _figure(token.info, _coloured(token.content, words[0].lower()))

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return _figure("", escape(tokens[idx].content, quote=False))

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return '<div class="table" tabindex="0"><table>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        align = str(tokens[idx].attrs.get("style", "")).removeprefix("text-align:")
        return f'<{tokens[idx].tag} align="{align}">' if align else f"<{tokens[idx].tag}>"

    td_open = th_open

    def html_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Only the checkboxes of task lists are such tokens: HTML in the text is not parsed."""
        checked, name = (" checked", "Done") if "checked=" in tokens[idx].content else ("", "To do")
        return f'<input class="task-list-item-checkbox" type="checkbox" disabled aria-label="{name}"{checked}>'


def _figure(info: str, code: str) -> str:
    language = escape((info.split() or [""])[0][:40])
    caption = f"<span>{language}</span>" if language else ""
    return (
        f'<figure class="code"><figcaption>{caption}<copy-button></copy-button></figcaption>'
        f'<pre tabindex="0"><code class="highlight">{code}</code></pre></figure>\n'
    )


_LANGUAGES = (
    "bash c c# c++ clojure console cpp cs csharp css diff docker dockerfile elixir erlang go graphql haskell html http "
    "ini java javascript js json jsx kotlin lua make makefile nginx objective-c perl php postgres postgresql powershell "
    "py python python3 r rb ruby rs rust scala scss sh shell sql swift toml ts tsx typescript xml yaml yml zig zsh"
)
"""Languages with a lexer that is known to be quick; any other code stays plain."""

_MOST_COLOURED_CHARACTERS = 20_000
_MOST_COLOURING_SECONDS = 0.1


@lru_cache(maxsize=64)
def _coloured(code: str, language: str) -> str:
    """Code in Pygments' classes. Long code stays plain, and so does the rest where a lexer takes too long."""
    if len(code) > _MOST_COLOURED_CHARACTERS:
        return escape(code, quote=False)
    deadline = perf_counter() + _MOST_COLOURING_SECONDS
    parts: list[str] = []
    open_name = ""
    for at, kind, value in get_lexer_by_name(language).get_tokens_unprocessed(code):
        if perf_counter() > deadline:
            parts.append("</span>" * bool(open_name) + escape(code[at:], quote=False))
            return "".join(parts)
        name = _class_of(kind)
        if name != open_name:
            parts.append("</span>" * bool(open_name) + f'<span class="{name}">' * bool(name))
            open_name = name
        parts.append(escape(value, quote=False))
    return "".join(parts) + "</span>" * bool(open_name)


def _class_of(kind: Any) -> str:
    while kind not in STANDARD_TYPES:
        kind = kind.parent
    return str(STANDARD_TYPES[kind]).removeprefix("w")


_TAGS = (
    "a blockquote br code copy-button del div em figcaption figure h1 h2 h3 h4 h5 h6 hr input li ol p pre s span strong "
    "table tbody td th thead tr ul"
)
_WALL = nh3.Cleaner(
    tags=set(_TAGS.split()),
    clean_content_tags={"script", "style"},
    attributes={
        "a": {"href", "title"},
        "div": {"tabindex"},
        "pre": {"tabindex"},
        "ol": {"start"},
        "td": {"align"},
        "th": {"align"},
        "input": {"type", "checked", "disabled", "aria-label"},
    },
    allowed_classes={
        "code": {"highlight"},
        "div": {"table"},
        "figure": {"code"},
        "input": {"task-list-item-checkbox"},
        "li": {"task-list-item"},
        "ol": {"contains-task-list", "continued"},
        "ul": {"contains-task-list", "continued"},
        "span": set(STANDARD_TYPES.values()) - {""},
    },
    set_tag_attribute_values={"a": {"target": "_blank"}, "input": {"type": "checkbox", "disabled": ""}},
    link_rel="noopener noreferrer nofollow",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)
_MARKDOWN = _parser()
