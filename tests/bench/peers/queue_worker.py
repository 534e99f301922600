"""A worker of Parley's own queue whose one job tells when it started. Needs Parley's environment.

It gives `<row id> <monotonic ns>` on the Valkey list `bench:started`."""

import asyncio
import time
from typing import Any

from litestar_saq import SAQPlugin
from redis.asyncio import Redis

from app import queue
from app.settings import settings


async def bench_started(context: Any, *, row_id: str) -> None:
    started = time.monotonic_ns()
    await context["valkey"].lpush("bench:started", f"{row_id} {started}")


async def start(context: Any) -> None:
    context["valkey"] = Redis.from_url(settings().valkey_url)
    await context["valkey"].lpush("bench:ready", b"queue_worker")


async def main() -> None:
    worker = SAQPlugin(queue.saq_config(tasks=[bench_started], startup=start)).get_workers()[queue.NAME]
    await worker.on_app_startup()
    await worker.start()


if __name__ == "__main__":
    asyncio.run(main())
