"""Where secrets are not: in the database, in the logs, on error pages (promises.md, security 8 and 15)."""

import asyncio
import json
import os
import re
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from app import settings as settings_module
from app.database import sql
from app.domain.api_key import ApiKey
from app.domain.user import User
from tests.browsing import Browser
from tests.conftest import free_port
from tests.oauth_program import OAuthProgram, notes_of
from tests.waiting import until

PASSWORD = "canary-of-a-password 7f3a"
WORDS = "canary-of-the-words 7f3a"
HEADER = "canary-of-a-header-7f3a"
FORMATS = ("json", "console")
BROKEN = """
from app.domain.words import Words
from app.main import serve

async def broken(session_id, text, **more):
    password, cookies = text, more
    raise RuntimeError("broken on purpose")

async def away(*_, **__):
    raise ConnectionRefusedError("away on purpose")

real = Words.write
async def write(session_id, text, **more):
    return await (broken if "break" in text else away if "away" in text else real)(session_id, text, **more)

Words.write = write
serve(None)
"""


async def test_a_scan_of_the_database_finds_no_secret(server: str, db: None) -> None:
    async with Browser(server) as browser:
        await browser.sign_up("Ana", password=PASSWORD)
        await browser.sign_in("Ana", password=PASSWORD)
        await browser.open_chat("hello")
        found = secrets_of(browser, await browser.csrf())
    assert {"users", "sign_ins"} <= await tables_without(found)
    assert "$argon2id$" in (await sql("SELECT password_hash FROM users"))[0][0]


async def test_nor_does_it_find_what_programs_have(server: str, ana: User) -> None:
    async with OAuthProgram(server, await notes_of(ana)) as notes, Browser(server) as browser:
        await browser.enter(ana)
        key = await ApiKey.make(ana, name="x", scopes=["chat"])
        codes = [await notes.is_allowed_by(browser) for _ in range(2)]
        tokens = (await notes.redeem(codes[0])).json()
        refreshed = (await notes.refresh(tokens["refresh_token"])).json()
        found = [key, key.removeprefix("parley_"), *codes, notes.verifier]
        found += [token for one in (tokens, refreshed) for token in (one["access_token"], one["refresh_token"])]
        found += [token.rsplit(".", 1)[1] for token in found if "." in token]
        assert await notes.status(key) == 200
    assert {"oauth_codes", "api_keys", "sign_ins"} <= await tables_without(found)


async def tables_without(secrets: list[str]) -> set[str]:
    """The tables that hold rows, none of which holds a secret."""
    tables = await sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    rows = {name: await sql(f'SELECT t::text AS row FROM "{name}" t') for (name,) in tables}
    for name, kept in rows.items():
        assert [secret for secret in secrets for row in kept if secret in row["row"]] == [], name
    return {name for name, kept in rows.items() if kept}


def secrets_of(browser: Browser, csrf: str) -> list[str]:
    """All that would let somebody in, whole and the part of it that nobody could guess."""
    cookies = browser.cookies
    return [PASSWORD, csrf, *cookies.values(), cookies["access"].split(".")[2], cookies["refresh"].split(".")[2]]


@asynccontextmanager
async def web_process(log: Path, log_format: str) -> AsyncIterator[str]:
    """A `parley web` of its own that logs everything it can; a message with "break" in it breaks it."""
    port = free_port()
    more = {
        "PARLEY_PORT": str(port),
        "PARLEY_LOG_LEVEL": "debug",
        "PARLEY_LOG_FORMAT": log_format,
        "PYTHONPATH": str(Path.cwd()),
    }
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BROKEN, env=os.environ | more, stdout=out, stderr=out
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            await until(lambda: answers(client), 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/live")).status_code == 200
    except httpx.TransportError:
        return False


async def say_all(address: str, name: str) -> tuple[list[str], list[httpx.Response]]:
    """Do all that a person does, and all that goes wrong; the secrets in it, and the error pages."""
    pages = []
    async with Browser(address, X_Token=HEADER, Authorization=f"Bearer {HEADER}") as browser:
        await browser.sign_up(name, password=PASSWORD)
        await browser.sign_in(name, password=PASSWORD)
        session_id = await browser.open_chat(WORDS)
        csrf = await browser.csrf()
        found = [WORDS, HEADER, *secrets_of(browser, csrf)]
        for text in (f"break {WORDS}", f"away {WORDS}"):
            pages += [await browser.say(session_id, text), await browser.post("/chat", {"text": text}, HX_Request="true")]
        pages.append(await browser.say(session_id, f"{WORDS}\0"))
        pages.append(await browser.say(session_id, WORDS, client_id=f"{WORDS}!"))
        pages.append(await browser.post("/chat", {"text": WORDS}, csrf=f"{csrf}x"))
        pages.append(await browser.get(f"/chat/{session_id}?before={HEADER}"))
        pages.append(await browser.get(f"/nowhere?key={HEADER}"))
        pages.append(await browser.post("/sign-in", {"email": f"a\0{HEADER}@example.com", "password": PASSWORD}))
        pages.append(
            await browser.client.post(
                "/chat", content=b"\xff" + HEADER.encode(), headers={"Content-Type": "multipart/form-data"}
            )
        )
        async with browser.stream(session_id) as events:
            await anext(events)
        await browser.sign_out()
        pages.append(await browser.sign_in(name, password=f"{PASSWORD}x"))
    return found, pages


Told = dict[str, tuple[list[str], list[httpx.Response], str]]


@pytest.fixture(scope="module")
async def told(migrated: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Told]:
    """By format of the log: the secrets there were, the error pages there were, and the log."""
    folder = tmp_path_factory.mktemp("logs")

    async def run(log_format: str) -> tuple[list[str], list[httpx.Response], str]:
        async with web_process(folder / log_format, log_format) as address:
            found, pages = await say_all(address, f"a-name-{log_format}")
        return found, pages, (folder / log_format).read_text()

    yield dict(zip(FORMATS, await asyncio.gather(*map(run, FORMATS)), strict=True))
    await sql("TRUNCATE users CASCADE")


@pytest.mark.parametrize("log_format", FORMATS)
async def test_no_error_page_tells_a_secret(told: Told, log_format: str) -> None:
    found, pages, _ = told[log_format]
    statuses = [page.status_code for page in pages]
    assert statuses.count(500) == 2, "it broke, as it should here"
    assert statuses.count(503) == 2
    assert all(status >= 400 for status in statuses)
    for page in pages:
        text = re.sub(r'name="csrf" value="[^"]*"', "", page.text)
        assert [secret for secret in found if secret in text] == [], page.status_code
        assert "Traceback" not in text
        assert "broken on purpose" not in text
        assert page.status_code != 500 or page.headers["x-request-id"] in text


@pytest.mark.parametrize("log_format", FORMATS)
async def test_no_log_line_tells_a_secret(told: Told, log_format: str) -> None:
    found, _, log = told[log_format]
    written = re.sub(r"[\s│]+", "", re.sub(r"\x1b\[[\d;]*m", "", log))
    assert "brokenonpurpose" in written, "the admin can see what it was"
    assert [secret for secret in found if re.sub(r"\s+", "", secret) in written] == []
    assert "@example.com" not in written
    assert "a-name-" not in written
    assert log_format == "console" or all(json.loads(line) for line in log.splitlines())


def test_the_keys_that_parley_makes_are_for_its_own_eyes(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret_keys"
    keys = settings_module._kept_keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(keys[0]) >= 64
    settings_module._kept_keys.cache_clear()
    assert settings_module._kept_keys(path) == keys
