"""`parley doctor`: looks at each part and says what is wrong with it and what to do."""

import shutil
from collections.abc import Awaitable, Callable

import aiohttp
import asyncpg

from app import database, migrate
from app.agent.model import PROVIDERS
from app.domain.astray import astray
from app.domain.overdue import all_due
from app.settings import LLMProvider, settings
from app.valkey import AWAY, valkey


async def examine() -> list[tuple[str, bool, str]]:
    """Each part: its name, whether it is well, and what there is to say."""
    parts: dict[str, Callable[[], Awaitable[str]]] = {
        "data directory": _data, "database": _database, "Valkey": _valkey, "language model": _model,
        "requests": _requests,
    }  # fmt: skip
    found = []
    for name, look in parts.items():
        try:
            found.append((name, True, await look()))
        except Exception as error:  # whatever it is, it is the finding
            found.append((name, False, str(error) or type(error).__name__))
    return found


async def _data() -> str:
    path = settings().data_dir
    path.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(path).free
    if free < 500 * 1024**2:
        raise RuntimeError(f"PARLEY_DATA_DIR: {path} has {free // 1024**2} MB free; make room for 500 MB.")
    return f"{path.resolve()}, {free // 1024**3} GB free"


async def _database() -> str:
    if not settings().database_url:
        return "embedded, started by `parley run`"
    try:
        connection = await asyncpg.connect(settings().database_url, timeout=5)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise RuntimeError(f"PARLEY_DATABASE_URL: can't connect ({error}). Is PostgreSQL running there?") from error
    version = await connection.fetchval("SHOW server_version")
    missing = await migrate.pending(connection.fetch)
    await connection.close()
    if missing:
        raise RuntimeError(f"PostgreSQL {version}: {len(missing)} migrations are missing; run `parley migrate`.")
    return f"PostgreSQL {version}, up to date"


async def _valkey() -> str:
    if not settings().valkey_url:
        return "embedded, started by `parley run`"
    client = valkey()
    try:
        version = (await client.info("server")).get("valkey_version", "compatible")
    except AWAY as error:
        raise RuntimeError(f"PARLEY_VALKEY_URL: can't connect ({error}). Is Valkey running there?") from error
    finally:
        await client.aclose()
    return f"Valkey {version}"


async def _requests() -> str:
    """Whether every open request is on its way, and what is due is done."""
    if not settings().database_url:
        return "looked at by the worker, each minute"
    await database.connect()
    try:
        lost, late = await astray(), [one for one in await all_due() if one.late]
    finally:
        await database.disconnect()
    complaints = [f"{one.kind}: {one.words()}" for one in late]
    if lost:
        complaints.append(f"{len(lost)} open requests are on their way to nobody; a worker mends that within a minute")
    if complaints:
        raise RuntimeError(f"{'; '.join(complaints)}. Is a worker running?")
    return "all on their way"


async def _model() -> str:
    provider = settings().llm_provider
    if provider == LLMProvider.LOCAL and not settings().llm_base_url:
        return "embedded, started by `parley run`"
    base = settings().llm_base_url or PROVIDERS[provider].base_url
    url = f"{base.removesuffix('/v1')}/v1/models"
    key = settings().llm_api_key
    headers = {"Authorization": f"Bearer {key}", "x-api-key": key, "anthropic-version": "2023-06-01"}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(10)) as http:
        try:
            async with http.get(url, headers=headers) as response:
                if response.status in (401, 403):
                    raise RuntimeError(f"PARLEY_LLM_API_KEY: the model refuses it ({response.status}).")
        except aiohttp.ClientError as error:
            raise RuntimeError(f"PARLEY_LLM_BASE_URL: can't reach {base} ({error}).") from error
    return f"{provider} at {base}, {settings().llm_model or PROVIDERS[provider].model}"
