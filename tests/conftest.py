"""What tests stand on: a real PostgreSQL, a real Valkey, a stub model, and Parley on them. People are ana and ben."""

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.quick import hash_quickly
from tests.waiting import until

if TYPE_CHECKING:
    from app.embedded import Started

SERVERS = ExitStack()
POSTGRES: "list[Started]" = []
VALKEY: "list[Started]" = []


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers before any module of Parley reads its settings."""
    if config.option.collectonly:
        return
    # `make test` starts some tests with `&`: a shell lets those, and the Parley that they start, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from app.embedded import start_postgres, start_valkey

    home = Path(tempfile.mkdtemp(prefix="parley-tests-"))
    home.chmod(0o711)  # PostgreSQL runs as another user when root runs the tests
    SERVERS.callback(shutil.rmtree, home, ignore_errors=True)
    postgres = SERVERS.enter_context(start_postgres(home, home))
    POSTGRES.append(postgres)
    asyncio.run(_trust_the_machine(postgres.url))
    valkey = SERVERS.enter_context(start_valkey(home, home))
    VALKEY.append(valkey)
    for name in [name for name in os.environ if name.startswith("PARLEY_")]:
        del os.environ[name]
    os.environ |= {
        "PARLEY_DATABASE_URL": postgres.url,
        "PARLEY_VALKEY_URL": valkey.url,
        "PARLEY_DATA_DIR": str(home / "data"),
        "PARLEY_SECRET_KEYS": "a test key of more than thirty-two characters",
        "PARLEY_PORT": str(free_port()),
        "PARLEY_LLM_PROVIDER": "openai-compatible",
        "PARLEY_LLM_BASE_URL": f"http://127.0.0.1:{free_port()}/v1",
        "PARLEY_LLM_MODEL": "stub",
        "PARLEY_BACKOFF_BASE_SECONDS": "0.2",
        "PARLEY_LEASE_SECONDS": "3",
        "PARLEY_SIGNUP": "open",
        "PARLEY_RATE_PER_MINUTE": "1000000",
        "PARLEY_SIGN_UPS_PER_HOUR": "1000000",
        "PARLEY_LOG_FORMAT": "json",
    }
    hash_quickly()


async def _trust_the_machine(url: str) -> None:
    """Tests kill processes, not the machine: what was written stays without waiting for the disk."""
    import asyncpg

    connection = await asyncpg.connect(url)
    await connection.execute("ALTER SYSTEM SET fsync = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


def pytest_unconfigure(config: pytest.Config) -> None:
    SERVERS.close()


@pytest.fixture(scope="session")
async def migrated() -> AsyncIterator[None]:
    """The tables, and a pool of connections to them."""
    from app import database, live, queue
    from app.disk import disk
    from app.migrate import migrate

    await migrate()
    await database.connect()
    yield
    await queue.close()
    await live.close()
    await disk.close()
    await database.disconnect()


@pytest.fixture
async def db(migrated: None) -> AsyncIterator[None]:
    """Empty tables, an empty Valkey and a clock that is right."""
    from app import clock, database
    from app.valkey import valkey

    yield
    clock.shift(clock.timedelta())
    await database.sql(EMPTY)
    client = valkey()
    await client.flushall()
    await client.aclose()


@pytest.fixture
async def ana(db: None):  # type: ignore[no-untyped-def]
    """The first person, so an admin. Her password is `PASSWORD`."""
    return await person("Ana")


@pytest.fixture
async def ben(ana: object):  # type: ignore[no-untyped-def]
    """Another person."""
    return await person("Ben")


# The audit trail refuses to be emptied; to a replica, triggers and foreign keys say nothing. TRUNCATE would take longer: it
# makes new files for each table.
EMPTY = """DO $$ DECLARE one text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration' LOOP
    EXECUTE format('DELETE FROM %I', one);
  END LOOP;
END $$"""
PASSWORD = "correct horse battery staple"
_hash: list[str] = []


@pytest.fixture
def costly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords cost as much here as they cost people."""
    from argon2 import PasswordHasher

    monkeypatch.setattr("app.auth.passwords._hasher", PasswordHasher())
    monkeypatch.setattr("tests.conftest._hash", [])


async def person(name: str):  # type: ignore[no-untyped-def]
    from app.auth.passwords import hash_password
    from app.domain.user import User

    if not _hash:
        _hash.append(await hash_password(PASSWORD))
    return await User.sign_up(name=name, email=f"{name.lower()}@example.com", password_hash=_hash[0])


@pytest.fixture
async def llm() -> AsyncIterator[object]:
    """The stub model, at the address that the settings name."""
    from app.settings import settings
    from tests.stub_llm import StubLLM

    port = int(settings().llm_base_url.rsplit(":", 1)[1].split("/")[0])
    async with StubLLM(port=port) as stub:
        yield stub


@pytest.fixture
async def worker(db: None, llm: object) -> AsyncIterator[object]:
    """A worker, in this process."""
    from app.worker import plugin

    working = plugin().get_workers()["parley"]
    working.SIGNALS = []
    task = asyncio.create_task(working.start())
    await until(lambda: "answers" in working.context)
    yield working.context["answers"]
    working.event.set()
    await task
    from app import database

    await database.connect()  # the worker closed this process's


@pytest.fixture(scope="session")
async def server(migrated: None) -> AsyncIterator[str]:
    """A web process's inside, on a real socket; its address."""
    from app.main import Server, create_app
    from app.settings import settings

    app = create_app()
    running = Server(app)
    running.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(running.serve())
    await until(lambda: running.started)
    yield settings().base_url
    app.state.house.end_streams()
    running.should_exit = True
    with suppress(asyncio.CancelledError):
        await task


@pytest.fixture
async def google() -> AsyncIterator[object]:
    """A stand-in for Google, which Parley is registered with."""
    from tests.stub_provider import registered

    async with registered("google") as stub:
        yield stub


@pytest.fixture
async def slack() -> AsyncIterator[object]:
    """The same for Slack."""
    from tests.stub_provider import registered

    async with registered("slack") as stub:
        yield stub


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    from tests.chromium import REMEDY, find

    return find() or pytest.fail(REMEDY)
