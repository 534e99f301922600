"""Whether Parley works, for those who watch over it."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from litestar import Response, get

from app import migrate, queue
from app.database import sql
from app.domain.overdue import SINCE, due
from app.valkey import valkey


@get("/health/live", opt={"open": True, "stateless": True})
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/health/ready", opt={"open": True, "stateless": True})
async def ready() -> Response[dict[str, Any]]:
    """200 with database and migrations, else 503. `degraded`: Valkey or every worker is away, or what is due is not done
    (deliveries, the agent's turns, the ladders of requests)."""
    checks = {"database": _database(), "valkey": _valkey(), "worker": _worker()} | {kind: _due(kind) for kind in SINCE}
    found = await asyncio.gather(*(_part(check) for check in checks.values()))
    parts = dict(zip(checks, found, strict=True))
    well = all(words == "ok" for words in found)
    status = "unavailable" if parts["database"] != "ok" else "ok" if well else "degraded"
    headers = {"Retry-After": "2"} if status == "unavailable" else {}
    return Response({"status": status, **parts}, status_code=503 if status == "unavailable" else 200, headers=headers)


async def _part(check: Awaitable[str]) -> str:
    try:
        return await asyncio.wait_for(check, 3)
    except Exception as error:  # whatever it is: this part is not well
        return f"away ({type(error).__name__})"


async def _database() -> str:
    await sql("SELECT 1")
    missing = await migrate.pending(sql)
    return f"{len(missing)} migrations are missing: run `parley migrate`" if missing else "ok"


async def _valkey() -> str:
    client = valkey()
    try:
        await client.execute_command("PING")  # type: ignore[no-untyped-call]
    finally:
        await client.aclose()
    return "ok"


async def _worker() -> str:
    return "ok" if await queue.workers() else "none is running"


async def _due(kind: str) -> str:
    return (await due(kind)).words()
