"""The workspace as it runs: the world, and what is only true while it runs."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from app.sandbox.faults import Faults
from app.sandbox.slack.beginning import secrets_of
from app.sandbox.slack.clock import Clock
from app.sandbox.slack.keeping import keeper_of, read_or_begin
from app.sandbox.slack.options import Options, Secrets
from app.sandbox.slack.outward import Outward
from app.sandbox.slack.rates import Rates
from app.sandbox.slack.record import Record
from app.sandbox.slack.response_urls import ResponseUrls
from app.sandbox.slack.sockets import Sockets
from app.sandbox.slack.triggers import Triggers
from app.sandbox.slack.world import Json, Place
from app.sandbox.watching import Watchers


@dataclass
class Code:
    """What an authorization code stands for."""

    kind: str
    user: str
    redirect_uri: str
    scopes: list[str]
    user_scopes: list[str]
    nonce: str
    challenge: str
    expires_at: float


class Workspace:
    """`base_url` is where it is reached, known once it runs."""

    def __init__(self, options: Options, base_url: str = "") -> None:
        self.options = options
        self.base_url = base_url
        self.world = read_or_begin(options.folder)
        self.clock = Clock(self.world.last_ts)
        self.keeper = keeper_of(self.world, options.folder)
        self.faults = Faults()
        self.record = Record()
        self.rates = Rates(options.rate, options.burst)
        self.triggers = Triggers(self.clock, options.trigger_seconds)
        self.response_urls = ResponseUrls(self.clock)
        self.codes: dict[str, Code] = {}
        self.watchers = Watchers()
        self.sockets = Sockets(self.clock)
        self.outward = Outward(self.world, self.sockets, self.record, self.clock, options)
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def secrets(self) -> Secrets:
        return secrets_of(self.world)

    def new_ts(self) -> str:
        return self.clock.new_ts()

    def changed(self) -> None:
        """Something is otherwise than before: pages show it, and it is kept."""
        self.keeper.changed()
        self.watchers.tell()

    def tell(self, event: Json, scope: str = "", place: Place | None = None) -> None:
        """Let the app know, if it may: it has the scope, and is in the place."""
        scopes = self.world.scopes
        if scopes and (not scope or scope in scopes) and (place is None or self.world.app.bot_user in place.members):
            self.soon(self.outward.event(event))

    def soon(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do this beside all else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Let go of everything, and keep the world as it is."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.sockets.close()
        await self.outward.close()
        self.watchers.close()
        self.keeper.keep()
