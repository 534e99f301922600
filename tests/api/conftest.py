"""Programs of ana's and ben's. Nothing here reads Parley's settings when it is imported: the tests' own are not set by
then."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from app.domain.user import User
    from tests.programs import Program


@pytest.fixture
async def program(server: str, ana: "User") -> "AsyncIterator[Program]":
    """One that speaks for ana."""
    from tests.programs import Program

    async with Program(server, ana) as program:
        yield program


@pytest.fixture
async def bens(server: str, ben: "User") -> "AsyncIterator[Program]":
    """One that speaks for ben."""
    from tests.programs import Program

    async with Program(server, ben) as program:
        yield program
