"""Secrets at rest: encrypted under the newest secret key, readable under each, and only for what they were kept for."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.settings import settings


class Undecipherable(Exception):
    """Not a secret of ours, or not the one of this purpose, or its key has gone from PARLEY_SECRET_KEYS."""


def encrypt(secret: str, *purpose: object) -> str:
    """`secret` as it is kept. `purpose` says what for and whose, such as "totp" and a person's id: kept for one, it
    can't be read as another's."""
    return _keys(purpose).encrypt(secret.encode()).decode()


def decrypt(kept: str, *purpose: object) -> str:
    """The secret that was kept for this purpose, under any of the secret keys. Undecipherable for any other text."""
    try:
        return _keys(purpose).decrypt(kept.encode(errors="replace")).decode()
    except InvalidToken:
        raise Undecipherable from None


def renewed(kept: str, *purpose: object) -> str:
    """The same secret under the newest key, so that the older ones can go one day."""
    return _keys(purpose).rotate(kept.encode()).decode()


def mark(told: bytes, *purpose: object) -> bytes:
    """What shows that `told` is ours, made for this purpose: 32 bytes, of which the first few can do."""
    return _marks(told, purpose)[0]


def is_marked(told: bytes, brought: bytes, *purpose: object) -> bool:
    """Whether `brought` is the beginning of a mark of ours, under any of the secret keys."""
    return any(hmac.compare_digest(one[: len(brought)], brought) for one in _marks(told, purpose))


def _marks(told: bytes, purpose: tuple[object, ...]) -> list[bytes]:
    words = "\x1f".join(("mark", *map(str, purpose))).encode()
    return [hmac.digest(_derived(key, words), told, hashlib.sha256) for key in settings().keys]


def _keys(purpose: tuple[object, ...]) -> MultiFernet:
    told = "\x1f".join(map(str, purpose)).encode()
    return MultiFernet([Fernet(urlsafe_b64encode(_derived(key, told))) for key in settings().keys])


def _derived(key: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=b"parley: secrets at rest", info=purpose).derive(key.encode())
