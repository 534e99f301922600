"""Access tokens (JWT, 10 min), refresh tokens and other proofs, all from the secret keys: nothing secret is stored."""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from app.clock import now
from app.domain.scope import ALL, Scope, in_order
from app.settings import settings

ACCESS_LASTS = timedelta(minutes=10)
SKEW = timedelta(seconds=30)
ALGORITHM = "ES256"  # OpenSSL checks it in two thirds of the time that Ed25519 takes
TYPE = "at+jwt"  # RFC 9068
AUDIENCE = "parley"
BROWSERS, PROGRAMS = "refresh", "refresh of a program"
LONGEST = 1000
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Access:
    """What an access token says: who, by which sign-in, and what for. A program's has the `client_id` of the program."""

    user_id: UUID
    sign_in_id: UUID
    scopes: frozenset[Scope] = ALL
    client_id: str = ""


def derived(purpose: str, *words: object, key: str | None = None) -> bytes:
    """32 bytes that only we can compute from `words`, with the newest key unless told otherwise."""
    told = "\x1f".join([purpose, *map(str, words)])
    return hmac.digest((key or settings().keys[0]).encode(), told.encode(), hashlib.sha256)


def proof(purpose: str, *words: object) -> str:
    """A short text that proves we said `words` for `purpose`."""
    return _text(derived(purpose, *words))


def proves(given: str, purpose: str, *words: object) -> bool:
    """Whether `given` is the proof of `words`, under any of the keys. Any text may be given."""
    candidate = given.encode(errors="replace")
    proofs = [_text(derived(purpose, *words, key=key)).encode() for key in settings().keys]
    return sum(hmac.compare_digest(candidate, proof) for proof in proofs) > 0  # all of them, whichever fits


def access_token(user_id: UUID, sign_in_id: UUID, *, client_id: str = "", scopes: Iterable[Scope] = ALL) -> str:
    """A token for 10 minutes; for a program with its `client_id`, as RFC 9068 has it, for a browser without."""
    key = _signing_keys().keys[0]
    at = now()
    claims: dict[str, object] = {
        "iss": settings().base_url, "aud": AUDIENCE, "sub": str(user_id), "sid": str(sign_in_id),
        "iat": int(at.timestamp()), "exp": int((at + ACCESS_LASTS).timestamp()),
    }  # fmt: skip
    if client_id:
        claims |= {"client_id": client_id, "scope": " ".join(in_order(scopes)), "jti": secrets.token_urlsafe(12)}
    return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


def read_access(token: str) -> Access | None:
    """What a token says, if we signed it, for us, and it is in time (30 s of skew)."""
    signed = _signed(token) if len(token) <= LONGEST else None  # what strangers make up is not to fill the memory
    at, skew = now().timestamp(), SKEW.total_seconds()
    return signed.access if signed and signed.since - skew <= at <= signed.until + skew else None


class Signed(NamedTuple):
    """What a token of ours says, and when it holds, in seconds since the epoch."""

    access: Access
    since: int
    until: int


@lru_cache(maxsize=4096)
def _signed(token: str) -> Signed | None:
    """A token of ours, whenever it ends. A browser shows the same one for 10 minutes: it is checked once."""
    try:
        read = jwt.decode(token, _checking_keys(), algorithms=[ALGORITHM])
        claims: dict[str, Any] = read.claims
        if read.header.get("typ") != TYPE or {"jwk", "jku", "x5u", "x5c"} & read.header.keys():
            return None
        if claims["iss"] != settings().base_url or claims["aud"] != AUDIENCE:
            return None
        scopes = frozenset(map(Scope, claims["scope"].split())) if "client_id" in claims else ALL
        access = Access(UUID(claims["sub"]), UUID(claims["sid"]), scopes, claims.get("client_id", ""))
        return Signed(access, int(claims["iat"]), int(claims["exp"]))
    except (JoseError, ValueError, KeyError, TypeError, AttributeError):
        return None


def refresh_token(sign_in_id: UUID, generation: int, purpose: str = BROWSERS) -> str:
    """The refresh token of a sign-in's generation: derived, so that a repeated refresh gets the same one. A program's is of
    no use in a cookie, nor a browser's to a program."""
    return f"{sign_in_id}.{generation}.{proof(purpose, sign_in_id, generation)}"


def read_refresh(token: str, purpose: str = BROWSERS) -> tuple[UUID, int] | None:
    """Sign-in and generation of a refresh token, if it is one of ours."""
    sign_in, _, rest = token.partition(".")
    generation, _, given = rest.partition(".")
    try:
        sign_in_id, number = UUID(sign_in), int(generation)
    except ValueError:
        return None
    return (sign_in_id, number) if proves(given, purpose, sign_in_id, number) else None


def public_keys() -> list[dict[str, Any]]:
    """The keys by which others can check our access tokens (RFC 7517), newest first."""
    return [key.as_dict(private=False) | {"use": "sig", "alg": ALGORITHM} for key in _checking_keys().keys]


@cache
def _signing_keys() -> KeySet:
    """One P-256 key per secret key, newest first; its `kid` is its thumbprint (RFC 7638)."""
    return KeySet([_signing_key(derived("access token", key=key)) for key in settings().keys])


@cache
def _checking_keys() -> KeySet:
    """Their public halves: from the others each check would compute them anew."""
    return KeySet([ECKey.import_key(key.as_dict(private=False)) for key in _signing_keys().keys])


def _signing_key(seed: bytes) -> ECKey:
    """The key whose private number is the seed, which is one of 1 to n - 1."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

    private = derive_private_key(int.from_bytes(seed) % (P256_ORDER - 1) + 1, SECP256R1())
    point, number = private.public_key().public_numbers(), private.private_numbers().private_value
    parts = {name: _text(part.to_bytes(32)) for name, part in (("d", number), ("x", point.x), ("y", point.y))}
    key = ECKey.import_key({"kty": "EC", "crv": "P-256", **parts})
    return ECKey.import_key(key.as_dict(private=True) | {"kid": key.thumbprint()})


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
