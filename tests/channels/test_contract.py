"""The contract of every channel, kept by the two that stand for all in other tests."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.channels.protocol import Letter
from app.domain.channel import ChannelType
from tests.channels.contract import ChannelContract, Side
from tests.channels.fickle import Fickle
from tests.faults.far_channel import FarChannel, told
from tests.faults.running import Far, provider


class FickleSide:
    """The double in this process."""

    name = ChannelType.SLACK
    address = ""
    down = "unavailable"

    def __init__(self) -> None:
        self.moods: list[str] = []
        self.channel = Fickle(lambda: self.moods.pop(0) if self.moods else "well")

    async def next(self, *moods: str) -> None:
        self.moods = list(moods)

    async def standing(self) -> dict[str, dict[str, Any]]:
        return {key: told(letter) for key, letter in self.channel.copies.items()}

    async def arrive(self, letter: Letter) -> str:
        return self.channel.arrived(letter)


class FarSide:
    """The provider of the fault runs, in a process of its own."""

    address = ""
    down = "unavailable"

    def __init__(self, far: Far, name: ChannelType) -> None:
        self.far, self.name, self.channel = far, name, FarChannel(far.url)

    async def next(self, *moods: str) -> None:
        await self.far.fail(next=list(moods))

    async def standing(self) -> dict[str, dict[str, Any]]:
        kept = (await self.far.record())["kept"]
        return {one["id"]: one["letter"] for one in kept if one["removed_at"] is None}

    async def arrive(self, letter: Letter) -> str:
        return await self.channel.send(letter)


class TestFickle(ChannelContract):
    @pytest.fixture
    async def side(self) -> Side:
        return FickleSide()


@pytest.fixture(scope="module")
async def far() -> AsyncIterator[Far]:
    async with provider() as far:
        yield far


@pytest.mark.parametrize("name", [ChannelType.SLACK, ChannelType.EMAIL])
class TestFarChannel(ChannelContract):
    @pytest.fixture
    async def side(self, far: Far, name: ChannelType) -> AsyncIterator[Side]:
        side = FarSide(far, name)
        await far.forget()
        yield side
        await side.channel.close()
