"""The way to the provider of the fault runs, as a channel of its own: real HTTP, real time-outs."""

import json
from typing import Any

import aiohttp

from app.channels.protocol import Letter, Rejected, Unavailable, Uncertain


def told(letter: Letter) -> dict[str, Any]:
    """What the provider is told of a letter."""
    return {
        "id": str(letter.id), "kind": letter.kind, "to": letter.address, "request": letter.request.get("id"),
        "outcome": letter.outcome, "copy": letter.copy,
    }  # fmt: skip


class FarChannel:
    """One provider at `url`. A refused connection or a word of refusal is `Unavailable`; silence is `Uncertain`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client: aiohttp.ClientSession | None = None

    async def send(self, letter: Letter) -> str:
        return str((await self._ask("POST", "/messages", json=told(letter)))["id"])

    async def find(self, letter: Letter) -> list[str]:
        return list((await self._ask("GET", "/messages", params={"delivery": str(letter.id)}))["ids"])

    async def remove(self, letter: Letter, external_id: str) -> None:
        await self._ask("DELETE", f"/messages/{external_id}")

    async def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        if self.client is None:
            self.client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        try:
            async with self.client.request(method, self.url + path, **more) as answer:
                told: dict[str, Any] = json.loads(await answer.text() or "{}")
                match answer.status:
                    case 429:
                        raise Unavailable("429", float(answer.headers["Retry-After"]))
                    case 410:
                        raise Rejected(told["error"], gone=True)
                    case 400:
                        raise Rejected(told["error"])
                    case status if status >= 500:
                        raise Unavailable(str(status))
                return told
        except aiohttp.ClientConnectorError as error:
            raise Unavailable(str(error)) from error
        except aiohttp.ClientError as error:
            raise Uncertain(repr(error)) from error

    async def close(self) -> None:
        if self.client:
            await self.client.close()
