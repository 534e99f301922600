"""promises.md 6: what was acknowledged is there, though the process that acknowledged it was killed."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import pytest

from app.database import sql
from app.domain.user import User
from app.run import listen
from app.settings import settings
from tests.conftest import free_port
from tests.faults.table import note
from tests.parley import ROOT
from tests.programs import Program
from tests.waiting import until
from tests.web_processes import answers

POSTS, AT_ONCE, KILLED_EACH = 2000, 20, 300
SEED = int(os.environ.get("SEED", "20261125"))


@dataclass
class Web:
    """Two web processes behind one listening socket, as `parley run` starts them; a dead one is followed by another."""

    listening: socket.socket
    dice: Random
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    deaths: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def start_one(self) -> None:
        number = self.listening.fileno()
        argv = [sys.executable, "-m", "app", "web", "--fd", str(number)]
        environment = os.environ | {"PARLEY_BASE_URL": settings().base_url}
        self.running.append(subprocess.Popen(argv, cwd=ROOT, env=environment, pass_fds=[number]))

    def kill_one(self) -> None:
        process = self.running.pop(self.dice.randrange(len(self.running)))
        process.kill()
        process.wait()
        self.deaths += 1
        self.start_one()


@contextmanager
def web_that_dies() -> Iterator[Web]:
    with listen("127.0.0.1", free_port()) as listening:
        web = Web(listening, Random(SEED))
        for _ in range(2):
            web.start_one()
        try:
            yield web
        finally:
            for process in web.running:
                process.terminate()
            for process in web.running:
                process.wait(10)


@asynccontextmanager
async def program(web: Web, ana: User) -> AsyncIterator[Program]:
    async with httpx.AsyncClient(trust_env=False) as client:
        await until(lambda: answers(client, web.url), 60, every=0.1)
    async with Program(web.url, ana) as program:
        yield program


async def post(program: Program, path: str, body: Any, **headers: str) -> dict[str, Any] | None:
    """What a 2xx tells; None when the connection broke before."""
    try:
        answer = await program.post(path, body, **headers)
    except httpx.TransportError:
        return None
    assert answer.status_code < 300, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_every_post_that_was_acknowledged_has_its_row(ana: User) -> None:
    with web_that_dies() as web:
        async with program(web, ana) as program_of_ana:
            path = f"{await program_of_ana.open()}/messages"
            told = [said for said in await posts(program_of_ana, path, web) if said]
            once = await fifty_at_once(program_of_ana, path, web)
    rows = {str(row["id"]): row["text"] for row in await sql("SELECT id, text FROM messages WHERE author = 'person'")}
    lost = [said for said in told if said["id"] not in rows]
    keyed = [text for text in rows.values() if text.startswith("keyed")]
    same = [text for text in rows.values() if text == "fifty times"]
    note(
        6, f"{POSTS} posts, half with an Idempotency-Key and sent until acknowledged; {web.deaths} web processes killed",
        "every 2xx has its row; one row for a key",
        f"{len(told)} acknowledged, {len(lost)} without a row; {len(keyed)} rows for {POSTS // 2} keys; "
        f"50 at once with one key: {len(same)} row, {len(once)} answer",
        held=not lost and len(keyed) == len(set(keyed)) == POSTS // 2 and len(same) == len(once) == 1 and web.deaths >= 5,
        seed=SEED,
    )  # fmt: skip


async def posts(program: Program, path: str, web: Web) -> list[dict[str, Any] | None]:
    turns, told = iter(range(POSTS)), []

    async def poster() -> None:
        for turn in turns:
            if turn % KILLED_EACH == KILLED_EACH - 1:
                web.kill_one()  # with the posts of all others under way
            if turn % 2:
                told.append(await post(program, path, {"text": f"plain {turn}"}))
            else:
                told.append(await surely(program, path, {"text": f"keyed {turn}"}, f"key {turn}"))

    await asyncio.gather(*(poster() for _ in range(AT_ONCE)))
    return told


async def surely(program: Program, path: str, body: Any, key: str) -> dict[str, Any]:
    """Sent again with the same key until it is acknowledged."""
    return await until(lambda: post(program, path, body, Idempotency_Key=key), 60, every=0.05)


async def fifty_at_once(program: Program, path: str, web: Web) -> set[str]:
    """The ids that they are told, while a process dies under them."""
    asking = [asyncio.create_task(surely(program, path, {"text": "fifty times"}, "fifty")) for _ in range(50)]
    await asyncio.sleep(0.02)
    web.kill_one()
    return {said["id"] for said in await asyncio.gather(*asking)}
