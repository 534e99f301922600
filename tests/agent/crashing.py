"""A worker that dies in the middle of a turn."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app import live
from app.agent.model import Model
from app.agent.turn import Answers
from app.database import AWAY, sql
from app.domain.session import ChatSession
from app.valkey import Wire


class Short:
    """Settings with a heartbeat that comes in the middle of an answer."""

    lease_seconds = 0.09
    backoff_base_seconds = 0.01
    backoff_cap_seconds = 0.1


class Crash(BaseException):
    """The worker was killed here."""


class CrashAfter:
    """Breaks off after the `n`-th statement that reaches PostgreSQL, or batch that reaches Valkey, as `kill -9` would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, n: int) -> None:
        self.left, self.crashed = n, False
        self.connections: set[asyncpg.Connection] = set()
        for name in ("fetch", "execute"):
            monkeypatch.setattr(asyncpg.Connection, name, self.counted(getattr(asyncpg.Connection, name)))
        monkeypatch.setattr(Wire, "write", self.batch(Wire.write))

    def counted(self, original: Any) -> Any:
        async def statement(connection: Any, *arguments: Any, **named: Any) -> Any:
            if self.crashed:  # a dead process sends nothing, no rollback either: the server does that itself
                raise Crash
            if isinstance(connection, asyncpg.Connection):
                self.connections.add(connection)
            result = await original(connection, *arguments, **named)
            self.left -= 1
            if self.left == 0:
                self.crash()
                raise Crash
            return result

        return statement

    def batch(self, original: Any) -> Any:
        def write(wire: Wire, commands: Any) -> None:
            if not self.crashed:
                original(wire, commands)
                self.left -= 1
                if self.left == 0:
                    self.crash()

        return write

    def crash(self) -> None:
        self.crashed = True
        for one in self.connections:
            one.terminate()


async def answer_until_crash(session: ChatSession, model: Model, points: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Answer, and die after so many statements, with all that was begun; then the lease is over. False if it lived on."""
    with monkeypatch.context() as patch:
        crash = CrashAfter(patch, points)
        living = asyncio.all_tasks()
        try:
            await Answers(model).answer(session.id)
        except (Crash, *AWAY):
            pass
        except AttributeError:  # what asyncpg says of a statement whose connection was terminated before it was bound
            if not crash.crashed:
                raise
        dead = asyncio.all_tasks() - living
        for task in dead:
            task.cancel()
        await asyncio.gather(*dead, return_exceptions=True)
        monkeypatch.setattr(live, "_sender", None)
    await sql("UPDATE agent_states SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL")
    return crash.crashed
