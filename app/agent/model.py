"""Which language model answers, and how its words arrive. BAML writes the request; the tokens are read here, since
BAML's own stream polls every 50 ms."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import msgspec
import structlog
from baml_py import ClientRegistry

from app.agent.request import request
from app.baml_client.types import Said
from app.settings import LLMProvider, settings

SILENCE_SECONDS = 120
log = structlog.get_logger(__name__)
ANSWER_TOKENS = 4096


class ModelAway(Exception):
    """The model can't be reached, is overloaded or broke off: later it may answer. `retry_after` in seconds, if told."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class ModelRefused(Exception):
    """The model won't take the request as it is; the text says why."""


@dataclass(frozen=True)
class Provider:
    """How one kind of model is reached: BAML's name for it, its address, and how much it reads and writes at once. The
    embedded model could read more, but takes a second for each 150 tokens; it writes no JSON, so it asks nothing."""

    baml: str
    base_url: str
    model: str
    window_tokens: int
    answer_tokens: int = ANSWER_TOKENS
    may_ask: bool = True


PROVIDERS = {
    LLMProvider.LOCAL: Provider("openai-generic", "", "local", 2048, 1024, may_ask=False),
    LLMProvider.OPENAI: Provider("openai-generic", "https://api.openai.com/v1", "gpt-5-mini", 128_000),
    LLMProvider.ANTHROPIC: Provider("anthropic", "https://api.anthropic.com", "claude-sonnet-4-5", 128_000),
    LLMProvider.OPENAI_COMPATIBLE: Provider("openai-generic", "", "", 32_000),
    LLMProvider.OLLAMA: Provider("openai-generic", "http://127.0.0.1:11434/v1", "", 8_192, 2048),
}


def budget_tokens() -> int:
    """What of the model's window is left for the conversation: less its answer and the instructions."""
    provider = PROVIDERS[settings().llm_provider]
    window = settings().llm_context_tokens or provider.window_tokens
    return max(256, window - min(provider.answer_tokens, window // 3) - (600 if may_ask() else 300))


def may_ask() -> bool:
    """Whether the model can answer with an Ask, and is told so."""
    return PROVIDERS[settings().llm_provider].may_ask


def base_url() -> str:
    """Where the model is."""
    return settings().llm_base_url or PROVIDERS[settings().llm_provider].base_url


def proxy_for(address: str) -> str | None:
    """The proxy that the environment names for an address. Asked once: aiohttp would ask for each request."""
    parts = urlsplit(address)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


@cache
def registry() -> ClientRegistry:
    """The configured model, as BAML is told of it."""
    provider = PROVIDERS[settings().llm_provider]
    options: dict[str, Any] = {
        "base_url": base_url(),
        "model": settings().llm_model or provider.model,
        "api_key": settings().llm_api_key or "none",
    }
    if provider.baml == "anthropic" or settings().llm_provider in (LLMProvider.LOCAL, LLMProvider.OLLAMA):
        options["max_tokens"] = provider.answer_tokens
    if provider.baml == "anthropic":
        options["base_url"] = options["base_url"].removesuffix("/v1")
    clients = ClientRegistry()
    clients.add_llm_client("configured", provider.baml, options)
    clients.set_primary("configured")
    return clients


class Model:
    """The connections of one worker to its model."""

    def __init__(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_read=SILENCE_SECONDS)
        local = settings().llm_provider == LLMProvider.LOCAL  # llama.cpp closes kept connections at times, unannounced
        connector = aiohttp.TCPConnector(limit=0, force_close=True) if local else aiohttp.TCPConnector(limit=0)
        self.http = aiohttp.ClientSession(
            timeout=timeout, connector=connector, cookie_jar=aiohttp.DummyCookieJar(), proxy=proxy_for(base_url())
        )

    async def respond(self, log: list[Said]) -> AsyncIterator[str]:
        """The model's answer, a piece at a time. ModelAway or ModelRefused; closing it early ends the request."""
        asked = request(log, registry(), may_ask=may_ask())
        try:
            async with self.http.post(asked.url, data=asked.body, headers=asked.headers) as response:
                await _check(response)
                async for data in _events(response.content):
                    text, ended = _read(data)
                    if text:
                        yield text
                    if ended:
                        return
                raise ModelAway("The model broke off in the middle of its answer.")
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            raise ModelAway("The model is away.") from error

    async def close(self) -> None:
        await self.http.close()


async def _events(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """The data of server-sent events, as the bytes arrive; reading line by line costs twice as much."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()


class _Delta(msgspec.Struct):
    content: str | None = None
    text: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None


class _Chunk(msgspec.Struct):
    """An event of OpenAI's or of Anthropic's stream, as far as we read it."""

    choices: list[_Choice] = []
    type: str = ""
    delta: _Delta | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode


def _read(data: bytes) -> tuple[str, bool]:
    """The text in an event, and whether it was the last."""
    if data == b"[DONE]":
        return "", True
    try:
        chunk = _decode(data)
    except msgspec.MsgspecError as error:
        raise ModelAway("The model sent something that is no answer.") from error
    if chunk.error:
        raise ModelAway("The model reported an error in the middle of its answer.")
    if chunk.choices:
        delta = chunk.choices[0].delta
        return (delta.content or "") if delta else "", False
    if chunk.type == "content_block_delta" and chunk.delta:
        return chunk.delta.text or "", False
    return "", chunk.type == "message_stop"


async def _check(response: aiohttp.ClientResponse) -> None:
    """Raise for an answer that isn't 200: what may pass, and what won't."""
    if response.status == 200:
        return
    body = (await response.content.read(2000)).decode(errors="replace")
    if response.status in (408, 409, 425, 429) or response.status >= 500:
        after = response.headers.get("Retry-After", "")
        log.warning("model away", status=response.status, code=_code(body))
        words = "The model is busy." if response.status == 429 else "The model is away."
        raise ModelAway(words, float(after) if after.isdigit() else None)
    log.error("model refused", status=response.status, code=_code(body))
    raise ModelRefused(f"The model refused to answer ({response.status}). An admin finds the reason in the log.")


def _code(body: str) -> str:
    """What a provider calls its error. Its words are not for the log: they may repeat what people wrote."""
    try:
        error = msgspec.json.decode(body)["error"]
        return str(error.get("code") or error.get("type") or "")[:80]
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError):
        return ""
