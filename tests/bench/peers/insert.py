"""The least that acknowledges words: a bare ASGI app that commits one row for each POST. DATABASE_URL says where."""

import os
from typing import Any

import asyncpg

CREATE = "CREATE TABLE IF NOT EXISTS bench_words (id bigserial PRIMARY KEY, words text NOT NULL)"
pools: list[Any] = []


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    body = (await receive()).get("body", b"")
    row = await pools[0].fetchval("INSERT INTO bench_words (words) VALUES ($1) RETURNING id", body.decode())
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(row).encode()})


async def live(receive: Any, send: Any) -> None:
    await receive()
    pools.append(await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=10, max_size=10))
    await pools[0].execute(CREATE)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pools[0].close()
    await send({"type": "lifespan.shutdown.complete"})
