"""The processes of a fault run: providers that can be told to fail, and workers that can be killed and stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar

import httpx
import psutil

from app.apart import apart
from tests.conftest import free_port
from tests.parley import ROOT
from tests.waiting import until


@dataclass
class Far:
    """A provider, seen from the test. `url` is where channels reach it."""

    url: str
    control: httpx.AsyncClient

    name = "a provider"
    settings: ClassVar[dict[str, str]] = {}

    async def welcome(self, people: Sequence[Any]) -> None:
        """Anybody is reached here, whatever their address."""

    async def fail(self, **faults: Any) -> None:
        """From now on; see `Faults`."""
        answer = await self.control.put("/faults", json=faults)
        assert answer.status_code == 200, answer.text

    async def forget(self) -> None:
        """As if nothing had ever arrived and nothing failed."""
        await self.control.delete("/record")

    async def record(self) -> dict[str, Any]:
        record: dict[str, Any] = (await self.control.get("/record")).json()
        return record

    async def kept(self, kind: str = "request") -> list[dict[str, Any]]:
        """All that has ever arrived, also what was removed: its `letter`, `at` and `removed_at`."""
        return [kept for kept in (await self.record())["kept"] if kept["letter"]["kind"] == kind]

    async def standing(self, kind: str = "request") -> Counter[str]:
        """How many copies of each request stand there now."""
        return Counter(kept["letter"]["request"] for kept in await self.kept(kind) if kept["removed_at"] is None)


@asynccontextmanager
async def provider() -> AsyncIterator[Far]:
    """One of its own."""
    port, control_port = free_port(), free_port()
    argv = [sys.executable, "-m", "tests.faults.provider", str(port), str(control_port)]
    process = subprocess.Popen(argv, cwd=ROOT)  # noqa: ASYNC220 - it takes a millisecond
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{control_port}", trust_env=False, timeout=20) as client:
            far = Far(f"http://127.0.0.1:{port}", client)
            await until(lambda: listens(far), 30, every=0.1)
            yield far
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, 10)


async def listens(far: Far) -> bool:
    with suppress(httpx.HTTPError):
        return (await far.control.get("/record")).status_code == 200
    return False


@dataclass
class Workers:
    """Worker processes, kept at a number by the one that they are forked from."""

    parent: subprocess.Popen[bytes]
    log: Path
    dice: Random
    stopped: list[psutil.Process] = field(default_factory=list)
    deaths: int = 0

    def alive(self) -> list[psutil.Process]:
        return psutil.Process(self.parent.pid).children()

    def kill_one(self) -> None:
        """kill -9."""
        self.dice.choice(self.alive()).kill()
        self.deaths += 1

    async def stall_one(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT later: it goes on as if no time had passed."""
        with suppress(psutil.NoSuchProcess):
            (process := self.dice.choice(self.alive())).suspend()
            await asyncio.sleep(seconds)
            process.resume()

    def cpu_seconds(self) -> float:
        return sum(times.user + times.system for process in self.alive() for times in [process.cpu_times()])


@asynccontextmanager
async def workers(count: int, dice: Random, log: Path, **more: str | Far) -> AsyncIterator[Workers]:
    """So many, whose channels lead to these providers; words are settings as PARLEY_ names without the prefix."""
    ways = [f"{name}={far.url}" for name, far in more.items() if isinstance(far, Far)]
    given = {f"PARLEY_{name.upper()}": value for name, value in more.items() if isinstance(value, str)}
    with log.open("ab") as words:
        parent = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "tests.faults.worker", str(count), *ways], cwd=ROOT, env=os.environ | given, stderr=words
        )
    running = Workers(parent, log, dice)
    try:
        await until(lambda: len(running.alive()) == count, 60, every=0.1)
        yield running
    finally:
        for process in running.alive():
            with suppress(psutil.NoSuchProcess):
                process.resume()
        parent.send_signal(signal.SIGTERM)
        await asyncio.to_thread(parent.wait, 20)


@asynccontextmanager
async def havoc(*loops: Any) -> AsyncIterator[None]:
    """These go on until the end of the block; what breaks in them breaks it."""
    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(loop) for loop in loops]
        yield
        for task in tasks:
            task.cancel()


async def each(seconds: float, act: Any) -> None:
    """Again and again, until cancelled."""
    while True:
        await asyncio.sleep(seconds)
        if asyncio.iscoroutine(done := act()):
            await apart(done, 60)
