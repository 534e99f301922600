"""What is counted and timed: each process gathers its own for a few seconds, then adds it to everybody's in Valkey, so that
whichever process is asked tells of all. While Valkey is away it is kept here; when Valkey is emptied, counting begins anew,
as Prometheus expects of a counter."""

import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import inf
from typing import Any

from app.valkey import AWAY, valkey

COUNTS, PROCESSES = "metrics:counts", "metrics:processes"
BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LIVES_SECONDS = 20.0
MOST_NOTES = 1000
_counts: dict[str, float] = {}
_notes: dict[str, list[float]] = {}
_gauges: dict[str, Callable[[], float]] = {}
_began = time.time()


def sample(name: str, **labels: object) -> str:
    """The name of one number as Prometheus writes it. Labels are ours, and hold neither quote nor backslash."""
    told = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name}{{{told}}}" if told else name


def count(name: str, by: float = 1, **labels: object) -> None:
    """Something happened."""
    _add(sample(name, **labels), by)


def _add(name: str, by: float) -> None:
    _counts[name] = _counts.get(name, 0) + by


def observe(name: str, seconds: float, **labels: object) -> None:
    """Something took so long."""
    buckets, number, total = _histogram(name, tuple(labels.items()))
    for bound, bucket in buckets:
        _add(bucket, seconds <= bound)
    _add(number, 1)
    _add(total, seconds)


@cache
def _histogram(name: str, labels: tuple[tuple[str, object], ...]) -> tuple[list[tuple[float, str]], str, str]:
    """What its numbers are called: one for each bound, then how many there were, then how long all took."""
    told: dict[str, object] = dict(labels)
    bounds: list[tuple[float, object]] = [*((bound, bound) for bound in BOUNDS_SECONDS), (inf, "+Inf")]
    buckets = [(bound, sample(f"{name}_bucket", **told, le=said)) for bound, said in bounds]
    return buckets, sample(f"{name}_count", **told), sample(f"{name}_sum", **told)


def note(kind: str, seconds: float) -> None:
    """Keep this for the charts of the system page; of very many at once, some."""
    kept = _notes.setdefault(kind, [])
    if len(kept) < MOST_NOTES:
        kept.append(seconds)


def take_notes() -> dict[str, list[float]]:
    """What was noted since this was asked last, by kind."""
    taken = dict(_notes)
    _notes.clear()
    return taken


def gauge(name: str, value: Callable[[], float]) -> None:
    """From now on this process tells how much of something it has."""
    _gauges[name] = value


@dataclass(frozen=True)
class Process:
    """A process that lives: `kind` is "web" or "worker"; times are seconds since the epoch, by its own clock."""

    kind: str
    host: str
    pid: int
    began_at: float
    heard_at: float
    gauges: dict[str, float]


async def tell(kind: str) -> None:
    """Add what was gathered to everybody's, and say that this process lives. When Valkey is away it stays here."""
    gathered = dict(_counts)
    _counts.clear()
    told = {"at": time.time(), "began": _began, "gauges": {name: value() for name, value in _gauges.items()}}
    client = valkey()
    try:
        async with client.pipeline(transaction=True) as pipe:
            for name, by in gathered.items():
                pipe.hincrbyfloat(COUNTS, name, by)
            pipe.hset(PROCESSES, f"{kind} {socket.gethostname()} {os.getpid()}", json.dumps(told))
            await pipe.execute()
    except AWAY:
        for name, by in gathered.items():
            _add(name, by)
    finally:
        await client.aclose()


async def counts() -> dict[str, float]:
    """Everything counted so far, by its sample's name. One of AWAY when Valkey is."""
    return {name: float(value) for name, value in (await _ask("HGETALL", COUNTS)).items()}


async def processes() -> list[Process]:
    """Those that have said within the last 20 s that they live. One of AWAY when Valkey is."""
    told = {name: _process(name, json.loads(value)) for name, value in (await _ask("HGETALL", PROCESSES)).items()}
    gone = [name for name, one in told.items() if one.heard_at < time.time() - LIVES_SECONDS]
    if gone:
        await _ask("HDEL", PROCESSES, *gone)
    return sorted((one for name, one in told.items() if name not in gone), key=_place)


async def _ask(*command: str) -> Any:
    client = valkey()
    try:
        reply = await client.execute_command(*command)  # type: ignore[no-untyped-call]
    finally:
        await client.aclose()
    return {name.decode(): value.decode() for name, value in reply.items()} if isinstance(reply, dict) else reply


def _process(name: str, told: dict[str, Any]) -> Process:
    kind, host, pid = name.split(" ")
    return Process(kind, host, int(pid), told["began"], told["at"], told["gauges"])


def _place(process: Process) -> tuple[str, str, int]:
    return process.kind, process.host, process.pid
