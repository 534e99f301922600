"""An access token is one of ours, for us, in time; anything else is nobody's (promises.md, security 5)."""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from app import clock
from app.auth import tokens
from app.auth.cookies import read_cookies
from app.domain.sign_in import SignIn
from app.domain.user import User
from app.settings import settings
from tests.browsing import Browser

WHO, SIGN_IN = uuid4(), uuid4()
OLD, NEW = "an old key of more than thirty-two characters", "a new key of more than thirty-two characters"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Secret keys that a test may change, and a clock that it may move."""
    yield monkeypatch
    monkeypatch.undo()
    forget()
    clock.shift(timedelta())


def use_keys(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    monkeypatch.setattr(settings(), "secret_keys", keys)
    forget()


def forget() -> None:
    """Be as a process that has just started with these settings."""
    tokens._signing_keys.cache_clear()
    tokens._checking_keys.cache_clear()
    tokens._signed.cache_clear()


def ours(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token signed with our own key, some of its header and claims changed (None: left out)."""
    key = tokens._signing_keys().keys[0]
    at = int(clock.now().timestamp())
    all_claims = {
        "iss": settings().base_url, "aud": "parley", "sub": str(WHO), "sid": str(SIGN_IN), "iat": at, "exp": at + 600
    } | claims  # fmt: skip
    whole = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid} | (header or {})
    return jwt.encode(
        {name: value for name, value in whole.items() if value is not None},
        {name: value for name, value in all_claims.items() if value is not None},
        key, algorithms=["ES256"],
    )  # fmt: skip


def signed_by(key: Any, algorithm: str, **header: Any) -> str:
    """The right claims under somebody else's signature."""
    claims = json.loads(decoded(ours().split(".")[1]))
    return jwt.encode({"alg": algorithm, "typ": "at+jwt", **header}, claims, key, algorithms=[algorithm])


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def forged_claims() -> dict[str, str]:
    """Tokens that we signed and still don't take, by what they say."""
    return {
        "no typ": ours({"typ": None}),
        "typ JWT": ours({"typ": "JWT"}),
        "another iss": ours(iss="https://evil.example"),
        "no iss": ours(iss=None),
        "another aud": ours(aud="somebody-else"),
        "aud as a list": ours(aud=["parley", "somebody-else"]),
        "no aud": ours(aud=None),
        "no exp": ours(exp=None),
        "exp as a text": ours(exp="tomorrow"),
        "no sub": ours(sub=None),
        "sub that is no id": ours(sub="ana"),
        "sid that is no id": ours(sid=5),
    }


def forgeries() -> dict[str, str]:
    """Tokens that are none of ours, by what is wrong with them."""
    header, payload, signature = ours().split(".")
    own = tokens._signing_keys().keys[0]
    public = own.as_dict(private=False)
    theirs, okp, rsa = ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519"), RSAKey.generate_key(2048)
    none, loud_none = (encoded(json.dumps({"alg": alg, "typ": "at+jwt"}).encode()) for alg in ("none", "NONE"))
    critical = encoded(json.dumps({"alg": "ES256", "crit": ["x"], "x": 1}).encode())
    return forged_claims() | {
        "alg none, no signature": f"{none}.{payload}.",
        "alg none, our signature": f"{none}.{payload}.{signature}",
        "alg None in capitals": f"{loud_none}.{payload}.",
        "HS256 with our public key": signed_by(OctKey.import_key(decoded(public["x"])), "HS256", kid=own.kid),
        "HS256 with our public key as JSON": signed_by(OctKey.import_key(json.dumps(public).encode()), "HS256", kid=own.kid),
        "EdDSA": signed_by(okp, "EdDSA", kid=own.kid),
        "RS256": signed_by(rsa, "RS256", kid=own.kid),
        "another key under our kid": signed_by(theirs, "ES256", kid=own.kid),
        "another key without a kid": signed_by(theirs, "ES256"),
        "another key in jwk": signed_by(theirs, "ES256", jwk=theirs.as_dict(private=False)),
        "another key at jku": signed_by(theirs, "ES256", jku="https://evil.example/keys.json"),
        "our key, with jwk": ours({"jwk": public}),
        "our key, with jku": ours({"jku": "https://evil.example/keys.json"}),
        "our key, with x5u": ours({"x5u": "https://evil.example/cert.pem"}),
        "a changed payload": f"{header}.{encoded(decoded(payload).replace(b'parley', b'parlez'))}.{signature}",
        "a cut signature": ours()[:-4],
        "four parts": f"{ours()}.x",
        "a header too deep": f"{encoded(b'[' * 20_000)}.{payload}.{signature}",
        "a header that is a number": f"{encoded(b'5')}.{payload}.{signature}",
        "a header that is no text": f"{encoded(bytes([255]))}.{payload}.{signature}",
        "a critical header nobody knows": f"{critical}.{payload}.{signature}",
        "odd text": "\0.é.\ud800",
        "nothing": "",
    }


def test_a_token_of_ours_says_who_and_by_which_sign_in() -> None:
    assert tokens.read_access(ours()) == tokens.read_access(tokens.access_token(WHO, SIGN_IN)) == tokens.Access(WHO, SIGN_IN)


def test_a_forged_token_is_nobodys() -> None:
    assert [what for what, token in forgeries().items() if tokens.read_access(token)] == []


async def test_a_page_takes_a_forged_token_for_a_stranger(server: str, ana: User, keys: pytest.MonkeyPatch) -> None:
    begun = await SignIn.begin(ana, "")
    keys.setattr(sys.modules[__name__], "WHO", ana.id)
    keys.setattr(sys.modules[__name__], "SIGN_IN", begun.id)
    async with Browser(server) as browser:
        assert (await browser.get("/chat", Cookie=f"access={ours()}")).status_code == 200
        for what, token in forgeries().items():
            sent = f"access={token}".encode("latin-1", "ignore").replace(b"\0", b"")  # NUL can't be sent in a header
            answer = await browser.client.get("/chat", headers=[(b"Cookie", sent)])
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/chat"), what


@pytest.mark.parametrize(
    ("moved", "fits"), [(-120, False), (-25, True), (600, True), (625, True), (720, False), (90_000, False)]
)
def test_clocks_may_differ_by_half_a_minute(moved: int, fits: bool) -> None:
    token = tokens.access_token(WHO, SIGN_IN)
    clock.shift(timedelta(seconds=moved))
    assert bool(tokens.read_access(token)) is fits


def test_a_new_key_signs_and_the_old_one_is_still_believed_until_it_is_taken_away(keys: pytest.MonkeyPatch) -> None:
    use_keys(keys, OLD)
    token, refresh, form = tokens.access_token(WHO, SIGN_IN), tokens.refresh_token(SIGN_IN, 3), tokens.proof("csrf", SIGN_IN)
    old_kid = json.loads(decoded(token.split(".")[0]))["kid"]
    use_keys(keys, NEW, OLD)
    assert tokens.read_access(token)
    assert tokens.read_refresh(refresh) == (SIGN_IN, 3)
    assert tokens.proves(form, "csrf", SIGN_IN)
    assert json.loads(decoded(tokens.access_token(WHO, SIGN_IN).split(".")[0]))["kid"] != old_kid
    use_keys(keys, NEW)
    assert not tokens.read_access(token)
    assert not tokens.read_refresh(refresh)
    assert not tokens.proves(form, "csrf", SIGN_IN)


def test_the_address_is_part_of_a_token(keys: pytest.MonkeyPatch) -> None:
    token = tokens.access_token(WHO, SIGN_IN)
    keys.setattr(settings(), "base_url", "https://parley.example.com")
    forget()
    assert not tokens.read_access(token)


def test_what_strangers_make_up_does_not_fill_the_memory() -> None:
    assert len(tokens.access_token(WHO, SIGN_IN)) < tokens.LONGEST
    before = tokens._signed.cache_info().currsize
    assert not any(tokens.read_access(f"{n}{'x' * 50_000}") for n in range(20))
    assert tokens._signed.cache_info().currsize == before


def test_a_refresh_token_can_be_neither_guessed_nor_changed() -> None:
    token = tokens.refresh_token(SIGN_IN, 0)
    _, _, proof = token.split(".")
    others = [
        f"{SIGN_IN}.1.{proof}", f"{uuid4()}.0.{proof}", f"{SIGN_IN}.0.", f"{SIGN_IN}.0", f"{SIGN_IN}", "", "..", "a.b.c",
        f"{SIGN_IN}.{'9' * 5000}.{proof}", f"{SIGN_IN}.-1.{proof}", f"{SIGN_IN}.0.é", f"{SIGN_IN}.0.\ud800", token + "x",
    ]  # fmt: skip
    assert tokens.read_refresh(token) == (SIGN_IN, 0)
    assert [other for other in others if tokens.read_refresh(other)] == []


def test_a_proof_is_for_one_purpose_and_one_set_of_words() -> None:
    proof = tokens.proof("csrf", "a", "b")
    assert tokens.proves(proof, "csrf", "a", "b")
    assert not tokens.proves(proof, "refresh", "a", "b")
    assert not tokens.proves(proof, "csrf", "ab")
    assert not tokens.proves(proof, "csrf", "a", "b", "")


def test_odd_cookies_of_other_programs_hide_none_of_ours() -> None:
    odd = b'prefs={"a": "b;c"}; path=/x; a b=c; \xff\xfe=\xff; =; ;; "q=1; access=token.of.ours; refresh=r=1'
    assert read_cookies(odd) | {"access": "token.of.ours", "refresh": "r=1"} == read_cookies(odd)
    assert "access" not in read_cookies(b"")
