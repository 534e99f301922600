"""Whatever is asked wrongly gets problem details that say what is wrong (RFC 9457), and tokens are asked for (RFC 6750)."""

import asyncpg
import httpx
import pytest

from app.auth import present
from app.database import DB
from app.domain.sign_in import SignIn
from app.domain.user import User
from tests.api.routes import api_routes, body_of, filled
from tests.browsing import Browser
from tests.programs import Program

UNKNOWN = "01a20357-01ae-7452-b86f-d5c716779e62"


def is_problem(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text[:200]
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["type"]) == (status, "about:blank")
    assert told["title"]


async def test_every_route_asks_for_a_token(server: str, program: Program) -> None:
    async with httpx.AsyncClient(base_url=server, trust_env=False) as stranger:
        for method, path in api_routes():
            where = filled(path, UNKNOWN)
            for header, error in [
                (None, ""), ("", ""), ("Basic eDp5", ""), ("Bearer", "invalid_token"), ("Bearer x", "invalid_token"),
                (f"Bearer {program.token}x", "invalid_token"), ("Bearer " + "x" * 5000, "invalid_token"),
            ]:  # fmt: skip
                headers = {"Authorization": header} if header is not None else {}
                answer = await stranger.request(method, where, json=body_of(path), headers=headers)
                is_problem(answer, 401)
                assert answer.headers["www-authenticate"].startswith('Bearer realm="parley"')
                assert (f'error="{error}"' in answer.headers["www-authenticate"]) == bool(error), header


async def test_cookies_open_no_door_of_the_api(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        for method, path in api_routes():
            if not path.endswith("/events"):
                answer = await browser.client.request(method, filled(path, UNKNOWN), json=body_of(path))
                is_problem(answer, 401)


async def test_a_token_ends_with_its_sign_in(program: Program) -> None:
    assert (await program.get("/api/sessions")).status_code == 200
    sign_in = await SignIn.objects().get(SignIn.id == program.sign_in.id)
    assert sign_in
    await sign_in.end()
    present.forget(sign_in.id)
    is_problem(await program.get("/api/sessions"), 401)


async def test_places_that_are_none(program: Program) -> None:
    for path in ("/api", "/api/", "/api/nowhere", f"/api/sessions/{UNKNOWN}/x", "/api/nowhere/%00"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            is_problem(await program.client.request(method, path, content=b"x" * 10_000), 404)
    for path in ("/api/sessions/x", "/api/sessions/%00", f"/api/sessions/{UNKNOWN}0"):
        for method in ("GET", "PATCH", "DELETE"):
            is_problem(await program.client.request(method, path, json={"title": "x"}), 404)
    answer = await program.client.put("/api/sessions", json={})
    is_problem(answer, 405)
    assert set(answer.headers["allow"].replace(",", " ").split()) >= {"GET", "POST"}


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 422), (b"{}", 422), (b"[]", 422), (b"null", 422), (b'"x"', 422), (b"1", 422), (b'{"text": 1}', 422),
     (b'{"text": null}', 422), (b'{"text": ["x"]}', 422), (b'{"text": "x", "client_id": 5}', 422),
     (b'{"text": "x", "client_id": "<b>"}', 422), (b"nul", 400), (b"{", 400), (b"\xff", 400), (b'{"text": "\xff"}', 400),
     (b'{"text": "\\ud800"}', 400), (b"[" * 100_000, 400), (b'{"a":' * 50_000, 400), (b'{"text": 1e999}', 400),
     (b"text=x", 400), (b"\xef\xbb\xbf{}", 400), (b'{"text": "x" }x', 400)],
)  # fmt: skip
async def test_bodies_that_are_none(program: Program, body: bytes, status: int) -> None:
    path = await program.open()
    headers = {"Content-Type": "application/json"}
    answer = await program.client.post(f"{path}/messages", content=body, headers=headers)
    is_problem(answer, status)
    if status == 422 and b"client" not in body:
        assert answer.json()["errors"]
    assert (await program.get(f"{path}/messages")).json()["items"] == []


async def test_what_is_over_a_megabyte_is_refused(program: Program) -> None:
    path = await program.open()
    answer = await program.client.post(f"{path}/messages", json={"text": "x" * 10_000_000})
    is_problem(answer, 413)


async def test_limits_are_told_and_kept(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.settings import settings

    monkeypatch.setattr(settings(), "rate_per_minute", 2)
    first = await program.post("/api/sessions")
    assert [first.headers[f"ratelimit-{name}"] for name in ("limit", "remaining")] == ["2", "1"]
    await program.post("/api/sessions")
    refused = await program.post("/api/sessions")
    is_problem(refused, 429)
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert (await program.get("/api/sessions")).headers["ratelimit-limit"] == "20"


async def test_without_the_database_it_says_when_to_come_back(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await program.open()
    present.set_hearing(False)
    with monkeypatch.context() as gone:
        gone.setattr(DB, "pool", asyncpg.create_pool("postgresql://x@127.0.0.1:1/x", min_size=0))
        for method, where in api_routes():
            answer = await program.client.request(method, filled(where, path.rpartition("/")[2]), json=body_of(where))
            is_problem(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
    assert (await program.get(path)).status_code == 200


async def test_what_was_not_foreseen_is_told_by_a_reference_alone(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("app.domain.session.ChatSession.listed", broken)
    answer = await program.get("/api/sessions")
    is_problem(answer, 500)
    assert "secret" not in answer.text
    assert answer.json()["reference"] == answer.headers["x-request-id"]
