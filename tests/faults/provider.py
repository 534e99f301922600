"""A provider of messages in a process of its own, standing for Slack or mail: it keeps what arrives and fails as it is
told. `python -m tests.faults.provider PORT CONTROL_PORT`: being dead, it answers on the second port only."""

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from aiohttp import web

NEVER_SECONDS = 3600.0


@dataclass
class Faults:
    """How calls end. `rate`: the share of them that fails, each by one of `kinds`; `next`: how the very next sends end.

    "busy" (a wait is named), "down", "no" (never this one), "gone" (nothing any more), "silent" (no reply, not kept), "lost"
    (kept, no reply), "late" (kept only after `late_seconds`, no reply), "well"."""

    seed: int = 1
    rate: float = 0.0
    kinds: list[str] = field(default_factory=lambda: ["down"])
    next: list[str] = field(default_factory=list)
    latency_seconds: float = 0.01
    late_seconds: float = 10.0
    retry_after_seconds: float = 0.2
    dead: bool = False


@dataclass
class Kept:
    """A message as it stands there."""

    id: str
    letter: dict[str, Any]
    at: float
    removed_at: float | None = None


class Provider:
    """Messages, calls, and the faults of the moment."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.calls: list[tuple[float, str]] = []
        self.faults = Faults()
        self.dice = Random(1)
        self.later: set[asyncio.Task[None]] = set()

    async def send(self, request: web.Request) -> web.Response:
        """Keep a message: its id. Its `id` is the delivery's, by which it is found again."""
        letter = await request.json()
        match fault := await self._call("send"):
            case "silent":
                await asyncio.sleep(NEVER_SECONDS)
            case "lost":
                self._keep(letter)
                await asyncio.sleep(NEVER_SECONDS)
            case "late":
                self.later.add(task := asyncio.create_task(self._keep_late(letter)))
                task.add_done_callback(self.later.discard)
                await asyncio.sleep(NEVER_SECONDS)
            case "no":
                return web.json_response({"error": "no such place"}, status=400)
            case "gone":
                return web.json_response({"error": "account closed"}, status=410)
        return self._refused(fault) or web.json_response({"id": self._keep(letter)}, status=201)

    async def find(self, request: web.Request) -> web.Response:
        """The ids of the copies of one delivery, the first one first."""
        if refused := self._refused(await self._call("find")):
            return refused
        wanted = request.query["delivery"]
        found = [kept.id for kept in self.kept.values() if kept.letter["id"] == wanted and kept.removed_at is None]
        return web.json_response({"ids": found})

    async def remove(self, request: web.Request) -> web.Response:
        if refused := self._refused(await self._call("remove")):
            return refused
        kept = self.kept.get(request.match_info["id"])
        if kept and kept.removed_at is None:
            kept.removed_at = time.time()
        return web.json_response({})

    async def record(self, _: web.Request) -> web.Response:
        """All that has arrived here and when, and every call and how it ended."""
        return web.json_response({"kept": [asdict(kept) for kept in self.kept.values()], "calls": self.calls})

    async def set_faults(self, request: web.Request) -> web.Response:
        given = await request.json()
        if "seed" in given:
            self.dice = Random(given["seed"])
        self.faults = Faults(**(asdict(self.faults) | given))
        return web.json_response(asdict(self.faults))

    async def clear(self, _: web.Request) -> web.Response:
        """As new."""
        for task in self.later:
            task.cancel()
        self.kept, self.calls, self.faults, self.dice = {}, [], Faults(), Random(1)
        return web.json_response({})

    async def _call(self, what: str) -> str:
        await asyncio.sleep(self.faults.latency_seconds)
        fault = "well"
        if what == "send" and self.faults.next:
            fault = self.faults.next.pop(0)
        elif self.dice.random() < self.faults.rate:
            fault = self.dice.choice(self.faults.kinds)
        self.calls.append((time.time(), f"{what} {fault}"))
        if what != "send" and fault in ("silent", "lost", "late"):
            await asyncio.sleep(NEVER_SECONDS)
        return fault

    def _refused(self, fault: str) -> web.Response | None:
        match fault:
            case "busy":
                again = {"Retry-After": str(self.faults.retry_after_seconds)}
                return web.json_response({"error": "busy"}, status=429, headers=again)
            case "down":
                return web.json_response({"error": "broken"}, status=500)
        return None

    def _keep(self, letter: dict[str, Any]) -> str:
        kept = Kept(f"m{len(self.kept) + 1}", letter, time.time())
        self.kept[kept.id] = kept
        return kept.id

    async def _keep_late(self, letter: dict[str, Any]) -> None:
        await asyncio.sleep(self.faults.late_seconds)
        self._keep(letter)


async def serve(port: int, control_port: int) -> None:
    """Until cancelled. Dead, nobody listens on `port` and its connections are cut."""
    provider = Provider()
    api, control = web.Application(), web.Application()
    api.add_routes(
        [
            web.post("/messages", provider.send),
            web.get("/messages", provider.find),
            web.delete("/messages/{id}", provider.remove),
        ]
    )
    control.add_routes(
        [web.put("/faults", provider.set_faults), web.get("/record", provider.record), web.delete("/record", provider.clear)]
    )
    runner = web.AppRunner(control)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", control_port).start()
    while True:
        alive = web.AppRunner(api, shutdown_timeout=0) if not provider.faults.dead else None
        if alive:
            await alive.setup()
            await web.TCPSite(alive, "127.0.0.1", port, reuse_address=True).start()
        dead = provider.faults.dead
        while provider.faults.dead == dead:  # noqa: ASYNC110 - a switch that is thrown twice in a run
            await asyncio.sleep(0.02)
        if alive:
            await alive.cleanup()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
