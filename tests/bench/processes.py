"""Processes that the bench starts, measures and ends by their ids."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil  # type: ignore[import-untyped]

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15


class DidNotStartError(Exception):
    """A process ended or stayed silent; the text holds its last words."""


@dataclass
class Server:
    """A process that answers at `url`. `beside`: ids of processes that work for it but aren't its children."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    beside: list[int] = field(default_factory=list)

    def tree(self) -> list[psutil.Process]:
        return tree([self.process.pid, *self.beside])

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.tree())

    def memory_bytes(self) -> int:
        """Memory that is this tree's alone; not that of what works beside it, which keeps its own pools."""
        return sum(process.memory_full_info().uss for process in tree([self.process.pid]))

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-1500:]


def tree(pids: Iterable[int]) -> list[psutil.Process]:
    found = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            found += [root, *root.children(recursive=True)]
    return found


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def serving(
    argv: Sequence[str | Path],
    port: int,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    ready: str = "/",
    beside: Sequence[int] = (),
) -> AsyncIterator[Server]:
    """Start a server, wait until it answers at `ready`, and end it with all its children afterwards."""
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        process = started(argv, Path(log.name), {**os.environ, **(env or {})}, cwd)
        server = Server(f"http://127.0.0.1:{port}", process, Path(log.name), list(beside))
        try:
            await answering(server, ready)
            yield server
        finally:
            await asyncio.to_thread(end, process)


def started(argv: Sequence[str | Path], log: Path, env: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[bytes]:
    words = [str(part) for part in argv]
    with log.open("ab") as out:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=cwd)


async def answering(server: Server, path: str) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        for _ in range(START_TIMEOUT_S * 20):
            if server.process.poll() is not None:
                break
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with session.get(server.url + path, allow_redirects=False) as answer:
                    if answer.status < 500:
                        return
            await asyncio.sleep(0.05)
    raise DidNotStartError(f"{' '.join(map(str, server.process.args))}\n{server.last_words()}")  # type: ignore[arg-type]


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, then SIGKILL to whatever of its tree is left."""
    family = tree([process.pid])
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S)
    _, left = psutil.wait_procs(family, timeout=1)
    for member in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def python() -> str:
    return sys.executable
