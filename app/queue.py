"""The SAQ queue: a nudge that something is due. A job carries ids only; the rows say what there is to do."""

import asyncio
from contextvars import Context
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from litestar_saq import QueueConfig, SAQConfig
from redis.asyncio import Redis
from redis.exceptions import RedisError
from saq.job import Job
from saq.queue.redis import RedisQueue

from app.settings import settings

NAME = "parley"
log = structlog.get_logger(__name__)
_under_way: set[asyncio.Task[Any]] = set()


class PatientQueue(RedisQueue):
    """SAQ's queue, but a worker waits a second when Valkey is away instead of asking again at once; and what becomes of
    a job is told to nobody, since nobody waits for a nudge: that spares three round trips."""

    async def dequeue(self, timeout: float = 0, poll_interval: float = 0.0) -> Job | None:
        try:
            return await super().dequeue(timeout, poll_interval)
        except (RedisError, OSError):
            await asyncio.sleep(1)
            return None

    async def update(self, job: Job, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(job, name, value)

    async def notify(self, job: Job) -> None:
        pass


def saq_config(**worker: Any) -> SAQConfig:
    """The queue as litestar-saq wants it; `worker` says what a worker needs besides."""
    client = Redis.from_url(settings().valkey_url, health_check_interval=30, socket_connect_timeout=2)
    config = QueueConfig(broker_instance=client, name=NAME, **worker)
    return SAQConfig(queue_configs=[config], queue_instances={NAME: PatientQueue(client, name=NAME)})


@cache
def _queue() -> PatientQueue:
    return PatientQueue(Redis.from_url(settings().valkey_url, socket_timeout=2, socket_connect_timeout=2), name=NAME)


def nudge(job: str, row_id: UUID) -> None:
    """Ask a worker to look at a row now. It may get lost: every worker also looks for due rows each second."""
    task = asyncio.create_task(_enqueue(job, row_id), context=Context())
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


async def _enqueue(job: str, row_id: UUID) -> None:
    try:
        await _queue().enqueue(job, row_id=str(row_id), timeout=0, ttl=-1)
    except Exception as error:  # whatever it is, the row stays due
        log.warning("nudge lost", job=job, row_id=str(row_id), error=repr(error))


async def close() -> None:
    """Wait for nudges under way and let the connections go."""
    await asyncio.gather(*_under_way, return_exceptions=True)
    if _queue.cache_info().currsize:
        await _queue().redis.aclose()
        _queue.cache_clear()


async def workers() -> int:
    """How many worker processes have told Valkey in the last half minute that they live."""
    return len((await _queue().info())["workers"])


async def depth() -> int:
    """How many nudges wait."""
    return await _queue().count("queued")
