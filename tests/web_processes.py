"""Web processes of their own, on the tests' database and Valkey: what one does, the others must know."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from app.settings import settings
from tests.conftest import free_port
from tests.parley import ROOT
from tests.waiting import until


@asynccontextmanager
async def web_processes(count: int, *, first_port: int = 0, **more: str) -> AsyncIterator[list[str]]:
    """Their addresses. They know one another's cookies; `more` are settings as PARLEY_ names without the prefix."""
    ports = [first_port or free_port(), *(free_port() for _ in range(count - 1))]
    given = {"BASE_URL": settings().base_url, "WEB_PROCESSES": str(count), **more}
    environment = os.environ | {f"PARLEY_{name.upper()}": value for name, value in given.items()}
    running = [
        subprocess.Popen([sys.executable, "-m", "app", "web"], cwd=ROOT, env=environment | {"PARLEY_PORT": str(port)})  # noqa: ASYNC220
        for port in ports
    ]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            for url in urls:
                await until(lambda url=url: answers(client, url), 60, every=0.1)  # type: ignore[misc]
        yield urls
    finally:
        for process in running:
            process.terminate()
        for process in running:
            await asyncio.to_thread(process.wait, 10)


async def answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/health/ready")).status_code == 200
    except httpx.HTTPError:
        return False
