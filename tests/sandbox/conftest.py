"""A sandbox for a test: people are ana, ben and carla (whose address is not confirmed)."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.listening import App, listening
from tests.sandbox.running import Running, running_sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    """A workspace that calls nobody back."""
    async with running_sandbox() as running:
        yield running


@pytest.fixture
async def app() -> AsyncIterator[App]:
    """An app that hears what a sandbox tells it, and that sandbox."""
    async with listening() as hearing:
        yield hearing
