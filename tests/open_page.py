"""What an open page makes of its stream: a small stand-in for htmx that does with each piece what the browser would."""

import re
from dataclasses import dataclass, field
from html import unescape

from tests.browsing import Event

PARTIAL = re.compile(r'<hx-partial hx-target="([^"]*)" hx-swap="([^"]*)">(.*)</hx-partial>', re.DOTALL)
ARTICLE = re.compile(r'<article id="(message-[^"]*)".*?</article>', re.DOTALL)
OPEN = '<div class="open">'


@dataclass
class OpenPage:
    """`articles` by their id, in the order they came; `status` is what #agent-status holds."""

    articles: dict[str, str] = field(default_factory=dict)
    status: str = ""
    title: str = ""
    inbox: dict[str, str] = field(default_factory=dict)
    last_id: str = ""

    def hear(self, event: Event) -> None:
        """Swap in one event."""
        self.last_id = event.id or self.last_id
        partial = PARTIAL.fullmatch(event.data)
        assert partial, event.data
        target, swap, html = partial[1], partial[2].split()[0], partial[3].replace("&#10;", "\n")
        match target.split():
            case ["#agent-status"]:
                self.status = html
            case ["#title"]:
                self.title = unescape(html)
            case ["head", *_] | ["#conversations", *_]:
                assert self.title in unescape(html)
            case ["#channel-now"]:
                assert "data-now" in html
            case ["#docked"] | ["#waiting-count"]:
                self.inbox[target] = html
            case ["#log"]:
                self.articles[ARTICLE.search(html)[1]] = html  # type: ignore[index]
            case [article]:
                assert (swap, article[1:] in self.articles) == ("outerMorph", True)
                self.articles[article[1:]] = html
            case [article, *inner]:
                self.articles[article[1:]] = self.grown(self.articles[article[1:]], inner, html)

    def grown(self, article: str, inner: list[str], html: str) -> str:
        """An article with `html` put where a growing answer puts it."""
        prose = article.index('<div class="prose">') + len('<div class="prose">')
        end = article.index("</div><footer>") if "</div><footer>" in article else article.rindex("</div>")
        if inner == [".prose"]:
            return article[:prose] + html + article[end:]
        block = article.rindex(OPEN)
        if inner == [".open"]:
            return article[:block] + html + article[end:]
        assert inner == [".open", "code"]
        code = article.rindex("</code>")
        assert code > block
        return article[:code] + html + article[code:]

    def prose(self) -> str:
        """The inner HTML of the newest answer."""
        article = list(self.articles.values())[-1]
        assert 'data-author="agent"' in article
        return article.split('<div class="prose">', 1)[1].rsplit("</article>", 1)[0].rsplit("</div>", 1)[0]

    def words(self) -> str:
        """The newest answer as text."""
        return unescape(re.sub(r"<[^>]*>", "", self.prose())).strip()

    @property
    def done(self) -> bool:
        last = list(self.articles.values())[-1] if self.articles else ""
        return 'data-author="agent"' in last and 'data-status="complete"' in last
