"""What a page does when somebody is over the limit (promises.md, 17; contract.md, Limits)."""

import re

import httpx
import pytest
from litestar.routes import HTTPRoute

from app import limits
from app.api.problems import speaks_json
from app.domain.user import User
from app.main import create_app
from app.settings import settings
from tests.browsing import Browser
from tests.programs import Program
from tests.web.test_security_routes import filled


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three writes a minute, thirty reads."""
    monkeypatch.setattr(settings(), "rate_per_minute", 3)
    monkeypatch.setattr(limits, "_away_until", 0.0)


async def test_a_page_says_when(server: str, ana: User, three: None) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        session_id = await browser.open_chat("one")
        await browser.say(session_id, "two")
        await browser.say(session_id, "three")
        refused = await browser.say(session_id, "four")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) in range(55, 61)
        assert refused.headers["ratelimit-remaining"] == "0"
        assert "<h1>That was a lot at once</h1>" in refused.text
        assert f"You can go on in {refused.headers['retry-after']} seconds." in refused.text
        piece = await browser.client.post(
            f"/chat/{session_id}/messages", data={"csrf": await browser.csrf()}, headers={"HX-Request": "true"}
        )
        assert piece.status_code == 429
        assert 'role="alert"' in piece.text
        assert "<html" not in piece.text


async def test_stopping_leaving_and_forged_forms_are_not_counted(server: str, ana: User, three: None) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        session_id = await browser.open_chat("one")
        for _ in range(5):
            assert (await browser.post(f"/chat/{session_id}/stop")).status_code == 303
            assert (await browser.post("/chat", {"text": "x"}, csrf="forged")).status_code == 403
        assert (await browser.say(session_id, "two")).status_code == 303
        assert (await browser.say(session_id, "three")).status_code == 303
        assert (await browser.say(session_id, "four")).status_code == 429
        assert (await browser.post(f"/chat/{session_id}/stop")).status_code == 303
        assert (await browser.sign_out()).status_code == 303
        assert (await browser.sign_in("Ana")).status_code == 303
        assert (await browser.say(session_id, "four")).status_code == 429, "the limit is the person's"


async def test_reads_are_limited_and_streams_are_no_reads(server: str, ana: User, three: None) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        session_id = await browser.open_chat("one")
        for _ in range(30):
            last = await browser.get("/chat")
        assert last.status_code == 429
        assert last.headers["retry-after"]
        async with browser.stream(session_id) as events:
            assert await anext(events)
        assert (await browser.get("/health/live")).status_code == 200


async def test_every_counted_route_says_when(server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, pieces of pages for htmx, forms without a script, and what programs ask for."""
    monkeypatch.setattr(settings(), "rate_per_minute", 1)
    monkeypatch.setattr(limits, "_away_until", 0.0)
    async with Browser(server) as browser, Program(server, ana) as program:
        await browser.enter(ana)
        session_id = await browser.open_chat("one")
        csrf = await browser.csrf()
        while (await browser.get("/chat")).status_code == 200:
            pass
        asked = 0
        for method, path in counted():
            where = filled(path, session_id, session_id)
            if speaks_json(path):
                asker = (
                    program if path.startswith("/api") else browser
                )  # how to ask is told to strangers, too: only people count
                check(await asker.client.request(method, where, json={}), "json")
            else:
                data = {"csrf": csrf} if method != "GET" else None
                check(await browser.client.request(method, where, data=data), "page")
                check(await browser.client.request(method, where, data=data, headers={"HX-Request": "true"}), "piece")
            asked += 1
    assert asked > 50


def counted() -> list[tuple[str, str]]:
    """Every route whose use counts, as its method and path."""
    walked = [route for route in create_app().routes if isinstance(route, HTTPRoute)]
    options = {
        (method, route.path): handler.opt for route in walked for method, (handler, _) in route.route_handler_map.items()
    }
    return [
        (method, path)
        for (method, path), opt in options.items()
        if method != "OPTIONS"
        and not opt.keys() & {"uncounted", "live"}
        and ("stateless" not in opt or path.startswith("/api/"))
    ]


def check(answer: httpx.Response, kind: str) -> None:
    """A 429 in the asker's own way, with all that says when."""
    assert answer.status_code == 429, (answer.url, answer.status_code)
    seconds = int(answer.headers["retry-after"])
    assert 0 < seconds <= 60
    assert {name: answer.headers[f"ratelimit-{name}"] for name in ("remaining", "reset")} == {
        "remaining": "0",
        "reset": str(seconds),
    }
    assert answer.headers["ratelimit-limit"] in ("1", "10")
    match kind:
        case "json":
            assert answer.headers["content-type"] == "application/problem+json"
            assert f"Come back in {seconds} s." in answer.json()["detail"]
        case "page":
            assert "<html" in answer.text
        case _:
            assert 'role="alert"' in answer.text
            assert "<html" not in answer.text
    assert kind == "json" or re.search(rf"You can go on in (a second|{seconds} seconds)", answer.text)
