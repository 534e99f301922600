"""Choosing how to be reached, in the browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import expect

from app.domain.user import User
from tests.channels.engine import reached_by
from tests.channels.fickle import Fickle
from tests.journeys.arrivals import Arrivals, arrivals
from tests.journeys.test_asked import finds_nothing, photograph


@pytest.fixture
async def visit(server: str, window: Chromium, worker: object, ana: User) -> AsyncIterator[Arrivals]:
    async with arrivals(server, window) as arriving:
        yield arriving


async def test_channels_are_ordered_tested_and_left_alone_at_night(visit: Arrivals, ana: User) -> None:
    await reached_by(ana, slack=Fickle(), email=Fickle())
    laptop = await visit.enter(ana, timezone_id="Europe/Oslo")
    await laptop.open("/channels")
    rows = laptop.page.locator(".channel")
    await expect(rows).to_have_count(4)
    await expect(laptop.page.locator(".preview")).to_contain_text("Slack now, e-mail")
    await rows.first.get_by_role("button", name="Test").click()
    await expect(rows.first.get_by_text("Test sent")).to_be_visible()
    await expect(rows.first).to_contain_text("Slack answered now")
    await rows.nth(1).get_by_role("button", name="up").click()
    await expect(rows.first).to_contain_text("E-mail")
    await photograph(laptop, "channels")
    await finds_nothing(laptop)
