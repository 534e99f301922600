"""One Parley in real processes, one Chromium, and people who arrive with their devices. Nothing here reads Parley's settings
when it is imported: the tests' own are not set by then."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import async_playwright, expect

from tests import chromium
from tests.parley import Parley, home
from tests.stub_llm import StubLLM

if TYPE_CHECKING:
    from app.domain.user import User
    from tests.journeys.arrivals import Arrivals


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
    from tests.journeys.arrivals import PATIENCE_MS

    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium.find(), args=["--no-sandbox", "--disable-smooth-scrolling"]
        )
        yield launched
        await launched.close()


@pytest.fixture
async def arrive(parley: Parley, stub: StubLLM, window: Chromium) -> "AsyncIterator[Arrivals]":
    from tests.journeys.arrivals import arrivals

    stub.resume()
    stub.away = False
    async with arrivals(parley.url, window) as arriving:
        yield arriving
        stub.resume()


@pytest.fixture
async def visit(server: str, window: Chromium, ana: "User") -> "AsyncIterator[Arrivals]":
    """Devices that come to a Parley within the tests, where ana is the admin."""
    from tests.journeys.arrivals import arrivals

    async with arrivals(server, window) as arriving:
        yield arriving
