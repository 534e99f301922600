"""Parley as a person runs it: `parley run` in processes of its own, which tests may kill."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from tests.conftest import free_port
from tests.waiting import until

ROOT = Path(__file__).parents[1]


@contextmanager
def home() -> Iterator[Path]:
    """A data directory for one test. pytest's own are closed to the user that PostgreSQL runs as when root runs us."""
    with tempfile.TemporaryDirectory(prefix="parley-home-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


class Parley:
    """A running Parley with its own embedded parts in `home`; `settings` are PARLEY_ names without the prefix."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home, self.port = home, free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
        given = {"DATA_DIR": str(home), "PORT": str(self.port), "SIGNUP": "open", "LEASE_SECONDS": "3"}
        given |= {
            "RATE_PER_MINUTE": "1000000",
            "SANDBOX": "false",
            "SIGN_UPS_PER_HOUR": "1000000",
            **{name.upper(): value for name, value in settings.items()},
        }
        self.environment = kept | {f"PARLEY_{name}": value for name, value in given.items()}
        self.url = f"http://127.0.0.1:{self.port}"
        self.options: list[str] = []
        self.trust: ssl.SSLContext | bool = True

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        self.home.mkdir(mode=0o711, exist_ok=True)
        self.log = (self.home / "run.log").open("ab")
        command = [sys.executable, str(ROOT / "tests/quick/parley"), "run", *self.options]
        self.process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond
            command, cwd=ROOT, env=self.environment, stdout=self.log, stderr=self.log
        )
        async with httpx.AsyncClient(trust_env=False, verify=self.trust) as client:

            async def ready() -> bool:
                assert self.process.poll() is None, (self.home / "run.log").read_text()[-3000:]
                try:
                    return (await client.get(f"{self.url}/health/ready")).json()["status"] == "ok"
                except httpx.HTTPError:
                    return False

            await until(ready, 90, every=0.2)

    async def stop(self) -> None:
        """Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        await asyncio.to_thread(self.process.wait, 30)
        self.log.close()

    def processes(self, *words: str) -> list[psutil.Process]:
        """Its processes whose command line ends in, or holds, all of these words."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if set(words) <= set(_command(child))]

    def kill(self, *words: str) -> None:
        """kill -9 those processes."""
        for process in self.processes(*words):
            process.kill()


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
