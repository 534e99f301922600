"""Who comes to the API with a token or a key, and what they may do there (promises.md, security 5 and 8)."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest
import websockets

from app import clock
from app.auth.bearer import Caller, caller
from app.domain.api_key import NOTED, ApiKey
from app.domain.scope import ALL, Scope
from app.domain.sign_in import SignIn
from app.domain.user import Role, User
from tests.api.routes import api_routes, body_of, filled
from tests.auth import test_tokens
from tests.browsing import Browser
from tests.oauth_program import OAuthProgram
from tests.programs import Program

FEEDBACK = [Scope.FEEDBACK]
ALL_BUT_ADMIN = ["chat", "feedback"]


@pytest.fixture
async def api(server: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server, trust_env=False) as client:
        yield client


@pytest.fixture
def as_ana(ana: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The tokens that tests make up say that they are ana's."""
    monkeypatch.setattr(test_tokens, "WHO", ana.id)
    yield monkeypatch
    test_tokens.forget()


async def status(api: httpx.AsyncClient, token: str) -> int:
    sent = [(b"Authorization", (b"Bearer " + token.encode("latin-1", "ignore").replace(b"\0", b"")).strip())]
    return (await api.get("/api/sessions", headers=sent)).status_code


async def test_the_api_takes_no_forged_token(api: httpx.AsyncClient, ana: User, as_ana: pytest.MonkeyPatch) -> None:
    as_ana.setattr(test_tokens, "SIGN_IN", (await SignIn.begin(ana, "")).id)
    assert await status(api, test_tokens.ours()) == 200
    made_up = test_tokens.forgeries() | {
        "a scope that there is not": test_tokens.ours(client_id="x", scope="chat everything"),
        "a program without a scope": test_tokens.ours(client_id="x"),
        "a scope that is no text": test_tokens.ours(client_id="x", scope=["chat"]),
    }
    taken = [what for what, token in made_up.items() if await status(api, token) != 401]
    assert taken == []


@pytest.mark.parametrize(("moved", "expected"), [(-120, 401), (-25, 200), (625, 200), (720, 401)])
async def test_half_a_minute_of_skew_is_accepted_and_two_are_not(
    api: httpx.AsyncClient, server: str, ana: User, moved: int, expected: int
) -> None:
    async with OAuthProgram(server) as program:
        tokens = await program.enter(ana)
    clock.shift(timedelta(seconds=moved))
    assert await status(api, tokens["access_token"]) == expected


async def test_a_token_of_an_old_key_is_taken_until_that_is_taken_away_and_all_current_ones_are_published(
    api: httpx.AsyncClient, server: str, ana: User, as_ana: pytest.MonkeyPatch
) -> None:
    test_tokens.use_keys(as_ana, test_tokens.OLD)
    async with OAuthProgram(server) as program:
        token = (await program.enter(ana))["access_token"]
        before = (await api.get("/.well-known/jwks.json")).json()["keys"]
        test_tokens.use_keys(as_ana, test_tokens.NEW, test_tokens.OLD)
        between = (await api.get("/.well-known/jwks.json")).json()["keys"]
        assert await status(api, token) == await status(api, (await program.enter(ana))["access_token"]) == 200
        assert [len(before), len(between)] == [1, 2]
        assert before[0] == between[1]
        test_tokens.use_keys(as_ana, test_tokens.NEW)
        assert await status(api, token) == 401
        assert (await api.get("/.well-known/jwks.json")).json()["keys"] == between[:1]


async def test_a_key_opens_every_route_the_stream_and_the_socket(server: str, ana: User) -> None:
    key = await ApiKey.make(ana, name="all", scopes=[*Scope])
    async with Program(server, ana) as program:
        program.token = key
        program.client.headers["Authorization"] = f"bearer  {key}"
        path = await program.open("by a key")
        session_id = path.rpartition("/")[2]
        for method, route in api_routes():
            if route.endswith(("/events", "/api", "/{path:path}")) or method == "DELETE":
                continue
            answer = await program.client.request(method, filled(route, session_id), json=body_of(route))
            there = not set(re.findall(r"{(\w+):", route)) - {"session_id"}  # what other ids name is not there
            assert answer.status_code < 300 if there else answer.status_code == 404, (method, route, answer.text)
        async with program.client.stream("GET", f"{path}/events?after=0") as stream:
            assert stream.status_code == 200
        headers = {"Authorization": f"Bearer {key}"}
        async with websockets.connect(
            f"{server.replace('http', 'ws')}{path}/socket", additional_headers=headers, proxy=None
        ):
            pass
        assert (await program.client.delete(path)).status_code == 204


async def test_a_scope_that_is_missing_is_named(server: str, api: httpx.AsyncClient, ana: User) -> None:
    key = await ApiKey.make(ana, name="asks", scopes=FEEDBACK)
    async with OAuthProgram(server) as program, Program(server, ana) as other:
        tokens, path = await program.enter(ana, Scope.FEEDBACK), await other.open()
        for bearer in (key, tokens["access_token"]):
            headers = {"Authorization": f"Bearer {bearer}"}
            for where in ("/api/sessions", f"{path}/events"):
                answer = await api.get(where, headers=headers)
                assert answer.status_code == 403
                assert 'error="insufficient_scope", scope="chat"' in answer.headers["www-authenticate"]
            with pytest.raises(websockets.InvalidStatus) as refused:
                async with websockets.connect(
                    f"{server.replace('http', 'ws')}{path}/socket", additional_headers=headers, proxy=None
                ):
                    pass
            assert refused.value.response.status_code == 403


async def test_admin_works_for_admins_only(ana: User, ben: User) -> None:
    key = await ApiKey.make(ana, name="all", scopes=[*Scope])

    async def held() -> Caller:
        return await caller(f"Bearer {key}")

    assert (await held()).scopes == ALL
    assert (await held()).may(Scope.ADMIN)
    await ben.become(Role.ADMIN)
    await ana.become(Role.MEMBER)
    assert not (await held()).may(Scope.ADMIN)
    assert (await held()).may(Scope.CHAT)


async def test_a_key_ends_when_it_is_removed_and_its_person_is_shut_out_or_leaves(
    api: httpx.AsyncClient, ana: User, ben: User
) -> None:
    keys = [await ApiKey.make(who, name="x", scopes=ALL_BUT_ADMIN) for who in (ben, ben, ana)]
    assert [await status(api, key) for key in keys] == [200] * 3
    first = (await ApiKey.of(ben))[-1]
    await ApiKey.take_back(ben, first.id)
    assert [await status(api, key) for key in keys] == [401, 200, 200]
    await ben.disable()
    assert [await status(api, key) for key in keys] == [401, 401, 200]
    await ben.enable()
    assert await status(api, keys[1]) == 200
    await ben.leave()
    assert [await status(api, key) for key in keys] == [401, 401, 200]
    for wrong in (keys[2][:-1], keys[2] + "x", keys[2].upper(), "parley_", "parley_é"):
        assert await status(api, wrong) == 401


async def test_the_last_use_of_a_key_is_noted_once_a_minute(ana: User) -> None:
    key = await ApiKey.make(ana, name="x", scopes=ALL_BUT_ADMIN)
    seen = [(await ApiKey.of(ana))[0].last_used_at]
    for moved in (0, 30, 61):
        clock.shift(timedelta(seconds=moved))
        await caller(f"Bearer {key}")
        seen.append((await ApiKey.of(ana))[0].last_used_at)
    assert seen[0] is None
    assert seen[1] == seen[2] < seen[3]
    assert NOTED.total_seconds() <= 60


async def test_a_key_in_a_cookie_opens_nothing(server: str, ana: User) -> None:
    key = await ApiKey.make(ana, name="x", scopes=[*Scope])
    async with Browser(server) as browser:
        browser.take({"access": key, "refresh": key})
        assert (await browser.get("/account")).status_code == 303
