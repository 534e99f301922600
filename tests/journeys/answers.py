"""Answers of the stub model that stand still where a journey wants to look at them."""

import asyncio

from playwright.async_api import expect

from tests.journeys.device import Device
from tests.stub_llm import StubLLM
from tests.waiting import until


def words(count: int) -> str:
    """The stub's answer of so many tokens."""
    return " ".join(f"tok{n}" for n in range(count))


async def pause_after(stub: StubLLM, tokens: int) -> None:
    """Let the model's next answer stand still after so many tokens."""
    before = len(stub.sent)
    await until(lambda: len(stub.sent) > before and len(list(stub.sent.values())[-1]) >= tokens, 30)
    stub.pause()


async def in_the_middle(device: Device, stub: StubLLM) -> str:
    """A new conversation, open on the device, whose answer of 60 tokens stands still after ten or more; its path."""
    pausing = asyncio.create_task(pause_after(stub, 10))
    path = await device.open_chat("[[tokens=60 rate=50]]")
    await pausing
    await expect(device.answer).to_have_attribute("data-status", "streaming")
    await expect(device.answer).to_contain_text("tok9")
    return path
