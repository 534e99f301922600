"""Where a browser's request comes from: what its page is told by `Origin`, which no page can forge."""

from urllib.parse import urlsplit

from app.settings import settings

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Foreign(Exception):
    """A page that is not ours asked in a person's name, or none that we know of."""


def is_own(origin: str) -> bool:
    """Whether this is where our pages are. On loopback a reader may have typed another of its names."""
    own = urlsplit(settings().base_url)
    names = [f"{name}:{own.port}" for name in LOOPBACK] if settings().loopback else []
    return origin in [f"{own.scheme}://{place}" for place in (own.netloc, *names)]
