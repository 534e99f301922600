"""A person's browser, as journeys use it. What its pages complain of, or fetch from elsewhere, is kept."""

import re
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Route, expect

from tests.browsing import Browser
from tests.conftest import PASSWORD
from tests.waiting import until

REMEMBER_STEPS = """() => {
  window.steps = []
  new MutationObserver(() => {
    const length = [...document.querySelectorAll('[data-author=agent] .prose')].at(-1)?.textContent.length
    if (length && length !== window.steps.at(-1)) window.steps.push(length)
  }).observe(document.querySelector('#log'), { childList: true, subtree: true, characterData: true })
}"""
CONNECTED = """() => {
  const { sse, ws } = document.querySelector('#stream')._htmx ?? {}
  return Boolean(sse?.reader) || ws?.connection?.socket?.readyState === WebSocket.OPEN
}"""
HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden })
  document.dispatchEvent(new Event('visibilitychange'))
}"""


@dataclass
class Device:
    """One browser of one person, with one page in front. `http` is the same sign-in without a page; `complaints` are
    errors in the console, the CSP's refusals, and requests that leave the origin, but those that a test `expects`."""

    context: BrowserContext
    page: Page
    http: Browser
    url: str
    email: str = ""
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.on("console", self._said)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on("request", self._requested)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} ({message.location.get('url')})")

    def _requested(self, request: Request) -> None:
        self.asked.append(request.url.removeprefix(self.url))
        if not request.url.startswith((f"{self.url}/", "data:")):
            self.complaints.append(f"left the origin: {request.url}")

    def expects(self, *patterns: str) -> None:
        """Complaints that belong to what the test does."""
        self.expected += patterns

    @property
    def unexpected(self) -> list[str]:
        return [one for one in self.complaints if not any(re.search(pattern, one) for pattern in self.expected)]

    @property
    def composer(self) -> Locator:
        return self.page.locator("#text")

    @property
    def messages(self) -> Locator:
        return self.page.locator("#log > .message")

    @property
    def answer(self) -> Locator:
        """The newest answer."""
        return self.page.locator("#log > [data-author=agent]").last

    def said(self, words: str) -> Locator:
        """A person's message that holds these words."""
        return self.page.locator("#log > [data-author=person]").filter(has_text=words)

    async def open(self, path: str = "/chat") -> None:
        await self.page.goto(f"{self.url}{path}")

    async def open_chat(self, words: str, transport: str = "stream") -> str:
        """Begin a conversation and open it, its stream (or "socket") connected; its path."""
        path = f"/chat/{await self.http.open_chat(words)}"
        await self.open(f"{path}?transport=socket" if transport == "socket" else path)
        await self.connected()
        return path

    async def connected(self) -> None:
        await self.comes_true(CONNECTED)

    async def comes_true(self, script: str, argument: Any = None) -> None:
        """Wait for it to be so in the page. (Playwright's own way evaluates strings within it, which the CSP forbids.)"""
        await until(lambda: self.page.evaluate(script, argument), 20)

    async def say(self, words: str) -> None:
        """Type it and press Enter."""
        await self.composer.fill(words)
        await self.composer.press("Enter")

    async def is_answered(self, words: str, status: str = "complete") -> None:
        await expect(self.answer).to_have_attribute("data-status", status)
        await expect(self.answer.locator(".prose")).to_have_text(words)
        await self.holds_nothing_twice()

    async def holds_nothing_twice(self) -> None:
        ids = await self.page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)")
        assert len(ids) == len(set(ids)), sorted(ids)

    async def remember_steps(self) -> None:
        """From now on keep how long the newest answer was at each change of the page."""
        await self.page.evaluate(REMEMBER_STEPS)

    async def steps(self) -> list[int]:
        found: list[int] = await self.page.evaluate("window.steps")
        return found

    async def hide(self, hidden: bool = True) -> None:
        """Put the page behind another tab, or in front again."""
        await self.page.evaluate(HIDE, hidden)

    async def answer_instead(self, pattern: str, status: int, body: str = "") -> None:
        """Let requests that match be answered by this, until `page.unroute`."""

        async def refuse(route: Route) -> None:
            await route.fulfill(status=status, body=body, content_type="text/html")

        self.expects(str(status))
        await self.page.route(re.compile(pattern), refuse)

    async def sign_in(self, **more: Any) -> None:
        """By the form that is in front."""
        await self.page.fill("[name=email]", self.email)
        await self.page.fill("[name=password]", PASSWORD)
        await self.page.click("main form button")
