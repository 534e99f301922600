"""Words that we give a browser to keep for a while and to bring back: it can neither read nor change them."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from app.clock import now
from app.encryption import Undecipherable, decrypt, encrypt


def seal(words: dict[str, Any], purpose: str, *, lasts: timedelta) -> str:
    """`words` for `purpose`, to be brought back within that time."""
    return encrypt(json.dumps({"until": (now() + lasts).isoformat(), "words": words}), "sealed", purpose)


def unseal(brought: str, purpose: str) -> dict[str, Any] | None:
    """The words that were sealed for this purpose; None for anything else, and when it is too late."""
    try:
        sealed = json.loads(decrypt(brought, "sealed", purpose))
    except Undecipherable:
        return None
    words: dict[str, Any] = sealed["words"]
    return words if now() < datetime.fromisoformat(sealed["until"]) else None


def seal_for(browser: str, words: dict[str, Any], purpose: str, *, lasts: timedelta) -> str:
    """The same, worth nothing in another browser; `browser` is its mark."""
    return seal({"words": words, "browser": _hash(browser)}, purpose, lasts=lasts)


def unseal_from(browser: str, brought: str, purpose: str) -> dict[str, Any] | None:
    """The words that were sealed for this browser and purpose; None for anything else, and when it is too late."""
    sealed = unseal(brought, purpose)
    words: dict[str, Any] | None = sealed["words"] if sealed and sealed["browser"] == _hash(browser) else None
    return words


def _hash(browser: str) -> str:
    return hashlib.sha256(browser.encode()).hexdigest()
