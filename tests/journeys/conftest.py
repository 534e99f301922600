"""One Parley in real processes, one Chromium, and people who arrive with their devices."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import async_playwright, expect

from tests import chromium
from tests.browsing import Browser
from tests.journeys.device import Device
from tests.parley import Parley, home
from tests.stub_llm import StubLLM

SIZE = {"width": 1280, "height": 800}
PATIENCE_MS = 10_000  # machines are busy
numbers = count(1)


@pytest.fixture(scope="session")
async def stub() -> AsyncIterator[StubLLM]:
    async with StubLLM() as llm:
        yield llm


@pytest.fixture(scope="session")
async def parley(stub: StubLLM) -> AsyncIterator[Parley]:
    """Two web processes and a worker, with the stub as their model. It is long in coming back once it was away."""
    provider = {"llm_provider": "openai-compatible", "llm_base_url": stub.base_url, "llm_model": "stub"}
    with home() as folder:
        async with Parley(folder, web_processes="2", backoff_base_seconds="30", **provider) as parley:
            yield parley


@pytest.fixture(scope="session")
async def window() -> AsyncIterator[Chromium]:
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        yield launched
        await launched.close()


@dataclass
class Arrivals:
    """How people come to a Parley: `await arrive("Ana")` is signed up and signed in."""

    url: str
    window: Chromium
    stack: AsyncExitStack
    devices: list[Device] = field(default_factory=list)

    async def __call__(self, name: str = "Ana", *, email: str = "", **options: Any) -> Device:
        """A device of somebody new, or of who has `email` already. Without a `name` nobody is signed in there."""
        http = await self.stack.enter_async_context(Browser(self.url))
        if email:
            await http.sign_in(name, email)
        elif name:
            email = f"{name.lower()}-{next(numbers)}@example.com"
            await http.sign_up(name, email)
        context = await self.window.new_context(**{"viewport": SIZE, **options})
        self.stack.push_async_callback(context.close)
        context.set_default_timeout(PATIENCE_MS)
        await context.add_cookies([{"name": key, "value": value, "url": self.url} for key, value in http.cookies.items()])
        self.devices.append(Device(context, await context.new_page(), http, self.url, email))
        return self.devices[-1]


@asynccontextmanager
async def arrivals(url: str, window: Chromium) -> AsyncIterator[Arrivals]:
    """At the end no page may have complained or asked another origin."""
    async with AsyncExitStack() as stack:
        arriving = Arrivals(url, window, stack)
        yield arriving
    complaints = [one for device in arriving.devices for one in device.unexpected]
    assert not complaints, "\n".join(complaints)


@pytest.fixture
async def arrive(parley: Parley, stub: StubLLM, window: Chromium) -> AsyncIterator[Arrivals]:
    stub.resume()
    stub.away = False
    async with arrivals(parley.url, window) as arriving:
        yield arriving
        stub.resume()
