"""Where a browser's request comes from: what its page is told by `Origin`, which no page can forge."""

from functools import lru_cache
from urllib.parse import urlsplit

from app.settings import is_loopback, settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Foreign(Exception):
    """A page that is not ours asked in a person's name, or none that we know of."""


def is_own(origin: str) -> bool:
    """Whether this is where our pages are. On loopback a reader may have typed another of its names."""
    return origin in _own(settings().base_url, settings().host)


@lru_cache(4)
def _own(base_url: str, host: str) -> tuple[str, ...]:
    own = urlsplit(base_url)
    names = [f"{name}:{own.port}" for name in LOOPBACK] if is_loopback(host) and is_loopback(own.hostname or "") else []
    return tuple(f"{own.scheme}://{place}" for place in (own.netloc, *names))
