"""What every row stands on: the stub model, PostgreSQL, Valkey, and the peers' environments."""

import base64
import contextlib
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.processes import DidNotStartError, Server, free_port, python, serving

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
PEERS = HERE / "peers"
ENVIRONMENTS = ROOT / ".bench"


@dataclass
class Ground:
    """The stub and the stores of one run. `parley` is why ours can't be measured, or None when it can."""

    llm_url: str
    database_url: str
    valkey_url: str
    stores: list[int]  # process ids
    folder: Path
    rounds: int = 5
    quick: bool = False
    without_parley: str | None = None
    complaints: list[str] = field(default_factory=list)

    def parley_environment(self, port: int) -> dict[str, str]:
        """Only names that this Parley knows: it refuses others."""
        from app.settings import known_names

        wanted = {
            "PARLEY_DATABASE_URL": self.database_url,
            "PARLEY_VALKEY_URL": self.valkey_url,
            "PARLEY_LLM_PROVIDER": "openai-compatible",
            "PARLEY_LLM_BASE_URL": self.llm_url,
            "PARLEY_LLM_MODEL": "stub",
            "PARLEY_SECRET_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
            "PARLEY_DATA_DIR": str(self.folder / "parley"),
            "PARLEY_PORT": str(port),
            "PARLEY_HOST": "127.0.0.1",
            "PARLEY_SIGNUP": "open",
            "PARLEY_RATE_PER_MINUTE": "1000000",
            "PARLEY_SIGN_UPS_PER_HOUR": "1000000",
            "PARLEY_SANDBOX": "0",
            "PARLEY_LOG_LEVEL": "warning",
        }
        return {name: value for name, value in wanted.items() if name in known_names()}

    @contextlib.asynccontextmanager
    async def parley(self) -> AsyncIterator[Server | None]:
        """Ours, or None when it doesn't start; the reason is kept for the end of the run."""
        if self.without_parley:
            yield None
            return
        port = free_port()
        argv = [python(), "-m", "app", "run"]
        async with contextlib.AsyncExitStack() as stack:
            server = None
            try:
                environment = self.parley_environment(port)
                server = await stack.enter_async_context(
                    serving(argv, port, env=environment, cwd=ROOT, ready="/health/live", beside=self.stores)
                )
            except (DidNotStartError, ImportError) as reason:
                self.without_parley = str(reason)
            yield server

    @contextlib.asynccontextmanager
    async def peer(self, app: str, **env: str) -> AsyncIterator[Server]:
        """One of the ASGI peers, such as `relay_aiohttp:app`."""
        port = free_port()
        environment = {"LLM_BASE_URL": self.llm_url, "DATABASE_URL": self.database_url, **env}
        argv: list[str | Path] = [interpreter("peers"), PEERS / "serve.py", app, str(port)]
        async with serving(argv, port, env=environment, cwd=PEERS) as server:
            yield server

    @contextlib.asynccontextmanager
    async def chainlit(self) -> AsyncIterator[Server]:
        port = free_port()
        folder = self.folder / "chainlit"
        folder.mkdir(exist_ok=True)
        argv: list[str | Path] = [
            interpreter("chainlit").with_name("chainlit"),
            "run",
            PEERS / "chainlit_app.py",
            "--headless",
        ]
        argv += ["--host", "127.0.0.1", "--port", str(port)]
        environment = {"LLM_BASE_URL": self.llm_url, "CHAINLIT_APP_ROOT": str(folder), "ANONYMIZED_TELEMETRY": "false"}
        async with serving(argv, port, env=environment, cwd=folder) as server:
            yield server


def interpreter(name: str) -> Path:
    """The Python of an environment made from `requirements-<name>.txt`, made again when that has changed."""
    folder, wanted = ENVIRONMENTS / name, HERE / f"requirements-{name}.txt"
    found, made = folder / "bin" / "python", folder / "made-from.txt"
    if not made.exists() or made.read_bytes() != wanted.read_bytes():
        print(f"installing {wanted.name} ...", flush=True)
        subprocess.run([python(), "-m", "venv", "--clear", folder], check=True)
        pip: list[str | Path] = [found, "-m", "pip", "--disable-pip-version-check", "-q", "-q"]
        subprocess.run([*pip, "install", "-r", wanted], check=True)
        made.write_bytes(wanted.read_bytes())
    return found


@contextlib.contextmanager
def stores() -> Iterator[tuple[str, str, list[int], Path]]:
    """PostgreSQL and Valkey as Parley embeds them: their URLs, their process ids and the folder of the run."""
    from app.embedded import start_postgres, start_valkey

    with tempfile.TemporaryDirectory(prefix="parley-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)
        data, logs = folder / "data", folder / "logs"
        for made in (data, logs):
            made.mkdir(mode=0o711)
        postgres = stack.enter_context(start_postgres(data, logs))
        valkey = stack.enter_context(start_valkey(data, logs))
        pids = [server.child.pid for server in (postgres, valkey) if server.child.pid]
        yield postgres.url, valkey.url, pids, folder


@contextlib.asynccontextmanager
async def ground() -> AsyncIterator[Ground]:
    """Start what all rows need and end it afterwards."""
    port = free_port()
    with stores() as (database_url, valkey_url, pids, folder):
        async with serving([python(), "-m", "tests.stub_llm", "--port", str(port)], port, cwd=ROOT) as stub:
            os.environ["PARLEY_VALKEY_URL"], os.environ["PARLEY_DATABASE_URL"] = valkey_url, database_url
            yield Ground(f"{stub.url}/v1", database_url, valkey_url, pids, folder)
