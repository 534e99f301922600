"""Hostile words in a real browser, under our own policy: nothing runs, nothing is asked of another place, nothing that
htmx would obey is left (promises.md, security 10)."""

import os
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, Route, async_playwright

from app.markdown import Growing, render
from app.web.bubbles import Bubble
from app.web.headers import HEADERS
from app.web.pages import render as render_page
from tests.hostile import hostile
from tests.waiting import until

COUNT = 5000 if os.environ.get("WHOLE_RUNS") else 500
SEED, BATCH = 20261122, 1250
WATCH = """
window.ran = []
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => window.ran.push(name)
document.addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI}) => {
  window.ran.push(`${violatedDirective} ${blockedURI}`)
})
"""
TAGS = (
    "A BLOCKQUOTE BR CODE COPY-BUTTON DEL DIV EM FIGCAPTION FIGURE H1 H2 H3 H4 H5 H6 HR INPUT LI OL P PRE S SPAN STRONG "
    "TABLE TBODY TD TH THEAD TR UL"
)
ATTRIBUTES = "class href rel target title start type checked disabled align aria-label tabindex"
FOUND = """selector => {
  const wrong = [], tags = new Set(TAGS.split(" ")), allowed = new Set(ATTRIBUTES.split(" "))
  for (const shown of document.querySelectorAll(selector)) {
    for (const element of shown.querySelectorAll(":not(copy-button *)")) {
      const told = element.outerHTML.slice(0, 200)
      if (!tags.has(element.tagName)) wrong.push(["element", told])
      for (const attribute of element.attributes)
        if (!allowed.has(attribute.name)) wrong.push([`attribute ${attribute.name}`, told])
      if (element.tagName === "A" && element.hasAttribute("href")) {
        if (!["http:", "https:", "mailto:"].includes(element.protocol)) wrong.push(["address", told])
        if (!["noopener", "noreferrer", "nofollow"].every(word => element.relList.contains(word))) wrong.push(["rel", told])
      }
      if (element.tagName === "INPUT" && !(element.type === "checkbox" && element.disabled)) wrong.push(["input", told])
    }
  }
  return wrong
}""".replace("TAGS", f'"{TAGS}"').replace("ATTRIBUTES", f'"{ATTRIBUTES}"')
AGAIN = """selector => { for (const shown of document.querySelectorAll(selector)) shown.innerHTML = shown.innerHTML }"""
LEFT = """() => {
  htmx.process(document.body)
  for (const link of document.querySelectorAll(".prose a")) link.dispatchEvent(new MouseEvent("mouseover", {bubbles: true}))
  return new Promise(done => setTimeout(() => done([window.ran, !!window.pwned]), 100))
}"""


@pytest.fixture
async def page(server: str, chromium: str) -> AsyncIterator[Page]:
    """A page of a real browser. What it asks for is in `page.asked`, by address."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page()
        await page.add_init_script(WATCH)
        yield page
        await browser.close()


def bubble(author: str, text: str, html: str | None, number: int) -> str:
    """A message as pages and streams show it."""
    told: dict[str, Any] = {
        "type": "text", "author": author, "key": f"key-{number:08}", "id": f"key-{number:08}", "session": "s",
        "seq": number + 1,
        "author_name": "Ana", "status": "complete", "channel": "web", "text": text, "error": "",
        "created_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    return Bubble.of(told, busy=False, html=html).render()


def half_written(text: str, chosen: random.Random) -> str:
    """What is shown while it is still being written."""
    growing = Growing()
    cut = chosen.randint(0, len(text))
    growing.feed(text[:cut])
    growing.feed(text[cut : cut + 5])
    return growing.html


async def show(page: Page, server: str, bubbles: list[str]) -> list[str]:
    """Open a page of these messages, with our headers and all scripts of the chat; what it asked for elsewhere."""
    html = render_page(
        "chat/show.html", me={"name": "Ana", "email": "a"}, csrf="x", theme="auto", session=None, messages=[], sessions=[]
    )
    log = html.index(">", html.index('id="log"')) + 1
    body = (html[:log] + "".join(bubbles) + html[log:]).encode("utf-8", "replace")
    address, elsewhere = f"{server}/hostile", []

    async def answer(route: Route) -> None:
        asked = route.request
        if asked.url == address:
            await route.fulfill(body=body, headers={**HEADERS, "Content-Type": "text/html; charset=utf-8"})
        elif asked.resource_type == "stylesheet":
            await route.fulfill(body="", content_type="text/css")  # how it looks takes time and is not asked here
        elif urlsplit(asked.url).netloc == urlsplit(server).netloc and urlsplit(asked.url).path.startswith("/static/"):
            await route.continue_()
        else:
            elsewhere.append(f"{asked.method} {asked.url}")
            await route.abort()

    await page.unroute_all()
    await page.route("**/*", answer)
    await page.goto(address, wait_until="load")
    return elsewhere


@pytest.mark.browser
@pytest.mark.sized
async def test_five_thousand_hostile_bodies_do_nothing(server: str, page: Page) -> None:
    chosen, bodies = random.Random(SEED), list(hostile(COUNT, SEED))
    assert len(bodies) == COUNT
    for start in range(0, COUNT, BATCH):
        batch = bodies[start : start + BATCH]
        shown = [bubble("agent", text, None, start + n) for n, text in enumerate(batch)]
        shown += [bubble("person", text, "", COUNT + start + n) for n, text in enumerate(batch[::5])]
        shown += [
            bubble("agent", "", half_written(text, chosen), 2 * COUNT + start + n) for n, text in enumerate(batch[::5])
        ]
        elsewhere = await show(page, server, shown)
        where = f"seed {SEED}, bodies {start} to {start + BATCH}"
        assert await page.locator("#log > article").count() == len(shown), f"{where}: one broke out of its place"
        assert await page.locator("#log > :not(article)").count() == 0, where
        assert await page.evaluate(FOUND, ".prose") == [], where
        assert await page.locator(".words *").count() == 0, f"{where}: a person's words are text"
        await page.evaluate(AGAIN, ".prose")
        assert await page.evaluate(FOUND, ".prose") == [], f"{where}: harmless once, but not when it is put in again"
        assert await page.evaluate(LEFT) == [[], False], where
        assert elsewhere == [], where


@pytest.mark.browser
async def test_this_test_would_see_it(server: str, page: Page) -> None:
    asks = await show(
        page,
        server,
        [bubble("agent", "", '<img src="/x"><div class="open" hx-get="/sign-out" hx-trigger="load">x</div>', 1)],
    )
    kinds = {kind for kind, _ in await page.evaluate(FOUND, ".prose")}
    assert kinds >= {"element", "attribute src", "attribute hx-get"}
    await until(lambda: {f"GET {server}/x", f"GET {server}/sign-out"} <= set(asks))
    await show(
        page, server, [bubble("agent", "", "<img src=x onerror='window.pwned = 1'><script>window.pwned = 1</script>", 1)]
    )
    ran, pwned = await page.evaluate(LEFT)
    assert not pwned, "our policy is the second wall"
    assert ran


def test_no_picture_of_a_model_is_fetched() -> None:
    for text in (
        "![x](https://evil.example/x.png)",
        "<img src=https://evil.example/x.png>",
        "![x][y]\n\n[y]: https://evil.example/x",
    ):
        html = render(text)
        assert "<img" not in html
