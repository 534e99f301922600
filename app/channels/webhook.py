"""Webhooks: events posted to programs, signed as Standard Webhooks say (github.com/standard-webhooks/standard-webhooks)."""

import base64
import hashlib
import hmac
import socket
import time
from functools import partial
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from app.channels.protocol import Letter, Rejected, Unavailable, Uncertain
from app.domain.webhook_address import may_go_to
from app.domain.webhook_endpoint import WebhookEndpoint, WebhookStatus
from app.live import encode

TIMEOUT_SECONDS = 10
MOST_BYTES_READ = 4096
LONGEST_WHY = 500
LONGEST_WAIT_SECONDS = 3600
UNFIT = (400, 409, 413, 415, 422)
GONE = 410
BUSY = (429, 503)


class Forbidden(OSError):
    """A name that leads where webhooks must not go."""


class Webhook:
    """Posts to addresses of people's choosing, so that it trusts none: it connects to the very address that was checked,
    follows no redirect, keeps no cookie, and reads little of an answer.

    2xx is accepted. 400, 409, 413, 415 and 422 speak of this event: rejected, and it can be replayed. 410 ends the endpoint.
    All else (401, 403 and 404 too, since a program that is deployed anew answers so for a while; redirects; 5xx) is tried
    again, in its order, until the endpoint has failed for three days. Where no answer was heard within 10 s, or within the
    lease, it is sent again under the same `webhook-id`, by which a program knows what it has had already."""

    def __init__(self) -> None:
        self.clients: dict[str, aiohttp.ClientSession] = {}

    async def send(self, letter: Letter) -> str:
        """Post it once."""
        endpoint = await WebhookEndpoint.objects().get(WebhookEndpoint.id == letter.endpoint)
        if endpoint is None:
            raise Rejected("The endpoint was removed.")
        if endpoint.status == WebhookStatus.DISABLED:
            raise Rejected("The endpoint is disabled.")
        body = encode(letter.payload)
        try:
            await self._post(letter.address or endpoint.url, body, signed(str(letter.id), body, endpoint.secrets))
        except aiohttp.ClientConnectorError as error:  # nothing was sent
            if isinstance(error.__cause__, Forbidden):
                raise Rejected(str(error.__cause__)) from error
            raise Unavailable(f"Could not connect: {error.__cause__}") from error
        except (aiohttp.InvalidURL, UnicodeError) as error:
            raise Rejected("That is no address.") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Uncertain(f"No answer: {error or type(error).__name__}") from error
        return str(letter.id)

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        client = self._client(urlsplit(url).scheme)
        async with client.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            if 200 <= answer.status < 300:
                return
            why = f"HTTP {answer.status} {_printable(await answer.content.read(MOST_BYTES_READ))}".strip()
            if answer.status in (GONE, *UNFIT):
                raise Rejected(why, gone=answer.status == GONE)
            raise Unavailable(why, _wait_seconds(answer))

    def _client(self, scheme: str) -> aiohttp.ClientSession:
        """What posts by http or https: a new connection each time, so that each is checked."""
        if scheme not in self.clients:
            connector = aiohttp.TCPConnector(
                socket_factory=partial(checked_socket, scheme), force_close=True, use_dns_cache=False
            )
            self.clients[scheme] = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False,
            )  # fmt: skip
        return self.clients[scheme]

    async def find(self, letter: Letter) -> list[str]:
        """Nobody can be asked: it is sent again, and the other side knows it by its id."""
        return []

    async def remove(self, letter: Letter, external_id: str) -> None:
        """It can't be taken back."""

    async def close(self) -> None:
        """Let the connections go."""
        for client in self.clients.values():
            await client.close()


def checked_socket(scheme: str, found: Any) -> socket.socket:
    """A socket for an address as its name was resolved, just before it is connected. What the name leads to a moment later
    matters no more. Forbidden where webhooks must not go."""
    family, kind, protocol, _, place = found
    if not may_go_to(ip_address(place[0].partition("%")[0]), scheme):
        raise Forbidden("It leads into a network where webhooks must not go (PARLEY_WEBHOOK_NETWORKS).")
    return socket.socket(family=family, type=kind, proto=protocol)


def signed(id: str, body: bytes, secrets: list[str]) -> dict[str, str]:
    """The headers of a post: signed with each secret, while a new one takes an old one's place."""
    at = str(int(time.time()))
    words = f"{id}.{at}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    signatures = [base64.b64encode(hmac.digest(key, words, hashlib.sha256)).decode() for key in keys]
    return {
        "webhook-id": id, "webhook-timestamp": at,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
        "Content-Type": "application/json", "User-Agent": "Parley",
    }  # fmt: skip


def _printable(answer: bytes) -> str:
    """The beginning of an answer, on one line."""
    words = " ".join(answer.decode(errors="replace").split())
    return "".join(character for character in words if character.isprintable())[:LONGEST_WHY]


def _wait_seconds(answer: aiohttp.ClientResponse) -> float | None:
    after = answer.headers.get("Retry-After", "")
    if answer.status not in BUSY or not (after.isascii() and after.isdigit()):
        return None
    return float(min(int(after[:9]), LONGEST_WAIT_SECONDS))
