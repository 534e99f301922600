"""TLS: what the web processes speak, and what they ask of PostgreSQL and Valkey."""

import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import asyncpg
import httpx
import pytest
import websockets

from app.settings import SettingsError, settings
from app.tls import tls_of
from app.valkey import AWAY, Wire, valkey
from tests.browsing import Browser
from tests.certificates import make_certificate, terminator
from tests.parley import ROOT, Parley, home
from tests.waiting import until
from tests.web_processes import web_processes


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with home() as folder:
        yield folder


@pytest.fixture(scope="module")
def own(folder: Path) -> tuple[Path, Path]:
    return make_certificate(folder)


@pytest.fixture(scope="module")
def strangers(folder: Path) -> tuple[Path, Path]:
    """Another certificate of the same name."""
    return make_certificate(folder, called="strangers")


@asynccontextmanager
async def by_tls(own: tuple[Path, Path]) -> AsyncIterator[tuple[str, str]]:
    """The addresses of the tests' PostgreSQL and Valkey, which now are reached by TLS only."""
    parts = urlsplit(settings().database_url)
    postgres = Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432"
    socket = Path(unquote(urlsplit(settings().valkey_url).path))
    async with terminator(postgres, *own, postgres=True) as database, terminator(socket, *own) as cache:
        database_url = f"postgresql://{parts.netloc.partition('@')[0]}@localhost:{database}{parts.path}"
        yield database_url, f"valkeys://localhost:{cache}"


async def test_parley_works_with_a_database_and_a_valkey_that_it_reaches_by_tls(
    migrated: None, db: None, own: tuple[Path, Path]
) -> None:
    async with by_tls(own) as (database, cache):
        given = {
            "database_url": f"{database}?sslmode=verify-full&sslrootcert={own[0]}",
            "valkey_url": f"{cache}?ssl_ca_certs={own[0]}",
        }
        async with web_processes(1, **given) as (url,), Browser(url) as browser:
            ready = (await browser.get("/health/ready")).json()
            assert (ready["database"], ready["valkey"]) == ("ok", "ok")
            assert (await browser.sign_up("Ana")).status_code == 303
            session_id = await browser.open_chat("hello")
            async with browser.stream(session_id) as events:
                while "hello" not in (await anext(events)).data:
                    pass
                assert (await browser.say(session_id, "told through Valkey")).status_code == 303
                while "told through Valkey" not in (await anext(events)).data:
                    pass


async def test_a_database_that_can_not_show_who_it_is_gets_no_password(
    migrated: None, own: tuple[Path, Path], strangers: tuple[Path, Path]
) -> None:
    async with by_tls(own) as (database, _):
        for query in (f"sslmode=verify-full&sslrootcert={strangers[0]}", f"sslmode=verify-ca&sslrootcert={strangers[0]}"):
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncpg.connect(f"{database}?{query}")
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await asyncpg.connect(f"{database}?sslmode=disable")
        connection = await asyncpg.connect(f"{database}?sslmode=verify-full&sslrootcert={own[0]}")
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


async def test_a_valkey_that_can_not_show_who_it_is_is_away(
    own: tuple[Path, Path], strangers: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with by_tls(own) as (_, cache):
        for wrong in (f"{cache}?ssl_ca_certs={strangers[0]}", cache, cache.replace("valkeys", "valkey")):
            monkeypatch.setattr(settings(), "valkey_url", wrong.replace("valkey", "redis", 1))
            with pytest.raises(AWAY):
                await valkey(1).execute_command("PING")  # type: ignore[no-untyped-call]
            if wrong.startswith("valkeys"):
                with pytest.raises(AWAY):
                    await Wire.open(print, print)
        monkeypatch.setattr(settings(), "valkey_url", f"{cache}?ssl_ca_certs={own[0]}".replace("valkey", "redis", 1))
        heard: list[bytes] = []
        wire = await Wire.open(heard.append, lambda: None)
        wire.write([("PING",)])
        await until(lambda: heard == [b"PONG"])
        wire.close()


async def test_parley_run_speaks_https_itself(folder: Path, own: tuple[Path, Path]) -> None:
    trusted = ssl.create_default_context(cafile=str(own[0]))
    parley = Parley(folder / "data", llm_provider="ollama", llm_model="none", llm_base_url="http://127.0.0.1:9/v1")
    parley.url = parley.environment["PARLEY_BASE_URL"] = f"https://localhost:{parley.port}"
    parley.options = ["--ssl-certfile", str(own[0]), "--ssl-keyfile", str(own[1])]
    parley.trust = trusted
    async with parley:
        async with httpx.AsyncClient(base_url=parley.url, verify=trusted, trust_env=False) as client:
            answer = await client.get("/sign-up")
            assert answer.status_code == 200
            assert "__Host-browser=" in answer.headers["set-cookie"]
            assert "strict-transport-security" not in answer.headers, "localhost has other ports"
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient(trust_env=False) as client:
                await client.get(parley.url)
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with websockets.connect(f"wss://localhost:{parley.port}/api/sessions/{uuid4()}/socket", ssl=trusted):
                pass
        assert refused.value.response.status_code == 401
        told = (folder / "data" / "run.log").read_text()
        assert f"Parley is at {parley.url}" in told


@pytest.mark.parametrize(
    ("certfile", "keyfile", "base_url", "words"),
    [
        ("own.pem", "own.key", "http://localhost:8000", "Set PARLEY_BASE_URL=https://"),
        ("own.pem", "strangers.key", "https://localhost", "strangers.key"),
        ("own.pem", None, "https://localhost", "own.pem"),
        ("own.key", "own.key", "https://localhost", "own.key"),
        ("nowhere.pem", None, "https://localhost", "No such file"),
        (None, "own.key", "https://localhost", "give its certificate too"),
    ],
)
def test_a_certificate_that_will_not_do_is_told(
    folder: Path, own: object, strangers: object, monkeypatch: pytest.MonkeyPatch,
    certfile: str | None, keyfile: str | None, base_url: str, words: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(settings(), "base_url", base_url)
    with pytest.raises(SettingsError, match=words):
        tls_of(folder / certfile if certfile else None, folder / keyfile if keyfile else None)


def test_a_key_may_stand_with_its_certificate(folder: Path, own: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "base_url", "https://localhost")
    both = folder / "both.pem"
    both.write_text("".join(part.read_text() for part in own))
    tls = tls_of(both, None)
    assert tls
    assert tls.options == ["--ssl-certfile", str(both)]
    assert tls_of(None, None) is None


def test_what_is_wrong_is_one_line_at_start(own: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "app", "web", "--ssl-certfile", str(own[0]), "--ssl-keyfile", str(own[1])]
    tried = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert tried.returncode == 2
    assert tried.stderr.startswith("parley: PARLEY_BASE_URL is http://")
    assert tried.stderr.count("\n") == 1
