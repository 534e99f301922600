"""Headers that stand on every answer, whatever it is (promises.md, security 9)."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.database import DB
from app.domain.session import ChatSession
from app.domain.user import User
from app.settings import settings
from app.web.assets import assets, version
from tests.browsing import Browser
from tests.web.test_security_routes import filled, routes

ELSEWHERE = re.compile(
    rb"""(?<!<a )(?:src|href|action|srcset|data|poster)"""
    rb"""\s*=\s*["']?\s*((?:https?:)?//[^"'\s>]+)|@import|url\((["']?https?:[^)]+)"""
)


@pytest.fixture
async def browser(server: str, ana: User) -> AsyncIterator[Browser]:
    async with Browser(server) as browser:
        await browser.enter(ana)
        yield browser


def check(headers: object) -> None:
    """The headers of one answer."""
    found = dict(headers.items())  # type: ignore[attr-defined]
    policy = {part.split()[0]: part.split()[1:] for part in found["content-security-policy"].split("; ")}
    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == policy["connect-src"] == ["'self'"]
    assert policy["img-src"] == ["'self'", "data:"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert "unsafe" not in found["content-security-policy"]
    assert found["x-content-type-options"] == "nosniff"
    assert found["referrer-policy"] in ("same-origin", "no-referrer")
    assert found["cache-control"]
    assert len(found["x-request-id"]) == 32
    assert "server" not in found or "uvicorn" in found["server"], "the test's own server; `parley web` names none"


async def test_they_stand_on_every_route_for_strangers_and_members(server: str, browser: Browser) -> None:
    session_id = await browser.open_chat("hello")
    async with Browser(server) as stranger:
        for method, path in routes():
            where = filled(path, session_id, session_id)
            check((await stranger.client.request(method, where)).headers)
            if path.endswith("/stream"):
                async with browser.client.stream(method, where) as answer:
                    check(answer.headers)
                    there = "{request_id" not in path  # a conversation's id is no request's
                    assert answer.headers["content-type"].startswith("text/event-stream") == there
            else:
                check((await browser.client.request(method, where)).headers)


async def test_they_stand_on_every_error(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id = await browser.open_chat("hello")
    token = await browser.csrf()
    answers = {
        400: await browser.get(f"/chat/{session_id}?before=x"),
        403: await browser.post("/chat", csrf="forged"),
        404: await browser.get("/nowhere"),
        405: await browser.client.put("/chat"),
        413: await browser.post("/chat", {"text": "x" * 2_000_000}),
        422: await browser.post("/chat", {"text": ""}),
        204: await browser.client.options("/chat"),
        303: await browser.get("/"),
    }

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as bug:
        bug.setattr(ChatSession, "open", broken)
        answers[500] = await browser.post("/chat", {"text": "x"})
    with monkeypatch.context() as gone:
        gone.setattr(DB, "pool", asyncpg.create_pool("postgresql://x@127.0.0.1:1/x", min_size=0))
        answers[503] = await browser.post("/chat", {"text": "x"}, csrf=token)
    for status, answer in answers.items():
        assert answer.status_code == status
        check(answer.headers)
        assert answer.headers["cache-control"] == "no-store"


async def test_files_are_kept_and_pages_are_not(browser: Browser) -> None:
    for path in assets():
        answer = await browser.get(f"/static/{version()}/{path}")
        check(answer.headers)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "set-cookie" not in answer.headers
    assert (await browser.get("/chat")).headers["cache-control"] == "no-store"
    assert (await browser.get("/static/older/css/app.css")).headers["cache-control"] == "no-cache"


async def test_https_is_asked_for_off_loopback_only(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "strict-transport-security" not in (await browser.get("/sign-in")).headers
    monkeypatch.setattr(settings(), "base_url", "https://parley.example.com")
    for path in ("/sign-in", "/nowhere", "/health/live", f"/static/{version()}/css/app.css"):
        assert "max-age=31536000" in (await browser.get(path)).headers["strict-transport-security"]
    monkeypatch.setattr(settings(), "base_url", "https://localhost:8443")
    assert "strict-transport-security" not in (await browser.get("/sign-in")).headers, "other programs have ports of it"


async def elsewhere(browser: Browser, session_id: str, paths: list[str]) -> list[tuple[str, bytes]]:
    """What these pages would load from another place, or write in a style or script of their own."""
    found = []
    for path in paths:
        content = (await browser.get(filled(path, session_id, session_id))).content
        found += [(path, match[0][:80]) for match in ELSEWHERE.finditer(content)]
        found += [(path, match[0]) for match in re.finditer(rb"<style|<script(?![^>]* src=)", content)]
    return found


async def test_no_page_names_a_place_elsewhere_to_load_from(server: str, browser: Browser) -> None:
    session_id = await browser.open_chat("hello")
    paths = [path for method, path in routes() if method == "GET" and not path.endswith("/stream")]
    pages = [path for path in paths if not path.startswith("/schema")]
    async with Browser(server) as stranger:
        assert await elsewhere(stranger, session_id, paths) + await elsewhere(browser, session_id, pages) == []


async def test_the_schema_names_no_place_elsewhere_either(browser: Browser) -> None:
    pages = [path for _, path in routes() if path.startswith("/schema")]
    assert "/schema" in pages
    assert await elsewhere(browser, "x", [*pages, "/schema/openapi.json"]) == []
    assert "openapi" in (await browser.get("/schema/openapi.json")).json()


async def test_the_schema_is_a_page_like_others_and_what_is_not_there_too(server: str, browser: Browser) -> None:
    shown = await browser.get("/schema")
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    async with Browser(server) as stranger:
        for page in (shown, await stranger.get("/schema")):
            assert "/api/sessions/{session_id}/messages" in page.text
            assert "What went wrong (RFC 9457)." not in page.text.partition("<h1>")[0]
        for path in ("/schema/redoc", "/schema/swagger", "/schema/x/y", "/schema/openapi.yaml"):
            missing = await stranger.get(path)
            assert (missing.status_code, "Nothing is here" in missing.text) == (404, True), path


def test_our_files_name_no_place_elsewhere_to_load_from() -> None:
    ours = {
        path: asset for path, asset in assets().items() if path.endswith((".css", ".js", ".svg")) and "vendor" not in path
    }
    assert [(path, match[0]) for path, asset in ours.items() for match in ELSEWHERE.finditer(asset.content)] == []
