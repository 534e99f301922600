"""Who is at the other end of the present request: the network address, and what the device calls itself.

It goes with the request as a context variable: an address that ten signatures hand on is forgotten by the eleventh."""

from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from litestar.enums import ScopeType
from litestar.exceptions import InternalServerException
from litestar.types import ASGIApp, Receive, Scope, Send

from app.settings import settings

Address = IPv4Address | IPv6Address
CUSTOMER_BITS = 64
FORWARDING = {
    "forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "true-client-ip",
    "cf-connecting-ip",
}  # fmt: skip
"""Headers by which a proxy says that it asks for somebody else."""


@dataclass(frozen=True)
class Peer:
    """`address` is "" where there is none, as in a job; `device` is the User-Agent."""

    address: str = ""
    device: str = ""

    @property
    def network(self) -> str:
        """What counts as one place: an IPv4 address, or the 64 bits of an IPv6 address that its customer can't choose
        (RFC 6177)."""
        found = _read(self.address)
        if isinstance(found, IPv6Address):
            return str(IPv6Address(int(found) >> CUSTOMER_BITS << CUSTOMER_BITS))
        return self.address


_present: ContextVar[Peer] = ContextVar("peer", default=Peer())  # noqa: B039 - it is frozen


def peer() -> Peer:
    """Who asks; nobody outside a request."""
    return _present.get()


class Peers:
    """Says for each request who is at its other end. Of what a proxy may tell, this is all that is believed: links lead to
    PARLEY_BASE_URL whatever X-Forwarded-Host or -Proto say."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in (ScopeType.HTTP, ScopeType.WEBSOCKET):
            return await self.app(scope, receive, send)
        token = _present.set(Peer(_address(scope), ", ".join(_header(scope, b"user-agent"))))
        try:
            await self.app(scope, receive, send)
        finally:
            _present.reset(token)


def is_from_here(scope: Scope) -> bool:
    """Whether a program on this machine asks, and no proxy in somebody else's name: to us all that comes by a proxy looks
    local."""
    client = scope["client"]
    found = _read(client[0]) if client else None
    named = {key.decode("latin-1") for key, _ in scope["headers"]}
    return bool(found and found.is_loopback and not named & FORWARDING)


def _address(scope: Scope) -> str:
    """The nearest address that is none of our proxies: each of them, from the nearest on, is believed about the one before
    it."""
    client = scope["client"]
    nearest = _read(client[0]) if client else None
    for told in _forwarded(scope):
        if nearest is None or not any(nearest in network for network in settings().trusted_proxies):
            break
        if (found := _read(told)) is None:
            break
        nearest = found
    return str(nearest) if nearest else client[0] if client else ""


def _forwarded(scope: Scope) -> Iterator[str]:
    """What proxies say who asked them, the nearest first."""
    return reversed([part for line in _header(scope, b"x-forwarded-for") for part in line.split(",")])


def _header(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _read(text: str) -> Address | None:
    """An address as it is written, maybe with a port or in brackets; one of IPv4 within IPv6 is one of IPv4."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def went_away(error: Exception) -> bool:
    """Whether a peer has gone while it was still sending: nobody hears the answer, and nothing has failed here."""
    return isinstance(error, InternalServerException) and error.detail == "client disconnected prematurely"
