"""What somebody writes into Host and X-Forwarded-* changes neither limits nor links (promises.md, security 14)."""

import re
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from app import limits
from app.auth import passwords
from app.database import sql
from app.domain.user import User
from app.settings import settings
from tests.browsing import Browser, csrf_in
from tests.web.test_invitations import link_in
from tests.web.test_security_routes import filled, routes

EVIL = {
    "Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Proto": "https", "X-Forwarded-Port": "666", "X-Forwarded-Prefix": "/evil.example",
    "X-Original-Host": "evil.example", "X-Original-URL": "/evil.example", "X-Rewrite-URL": "/evil.example",
    "Forwarded": "for=198.51.100.1;host=evil.example;proto=https", "X-Forwarded-For": "198.51.100.1, evil.example",
}  # fmt: skip


@pytest.fixture
async def spoofer(server: str, ana: User) -> AsyncIterator[Browser]:
    """Ana's browser, which says all that."""
    async with Browser(server) as browser:
        await browser.enter(ana)
        browser.client.headers.update(EVIL)
        yield browser


async def test_links_lead_to_the_base_url(spoofer: Browser, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what a trusted proxy passes on says no more than an address."""
    monkeypatch.setattr(settings(), "trusted_proxies", (ip_network("127.0.0.1"),))
    session_id = await spoofer.open_chat("hello")
    csrf = csrf_in((await spoofer.get("/account")).text)
    for method, path in routes():
        if path.endswith("/stream") or path == "/sign-out":
            continue
        data = {"csrf": csrf} if method != "GET" else None
        answer = await spoofer.client.request(method, filled(path, session_id, session_id), data=data)
        assert "evil.example" not in answer.text, path
        assert "evil.example" not in str(answer.headers), path
        assert answer.headers.get("location", "/").startswith("/"), path
        assert "__Host-" not in str(answer.headers), "it is http, whatever they say"
    for path, form in ((f"/admin/users/{ana.id}/new-password", {}), ("/admin/invitations", {"email": "cleo@example.com"})):
        page = (await spoofer.post(path, form, csrf=csrf)).text
        assert link_in(page)
        assert re.search(rf"<code>{re.escape(settings().base_url)}/", page)


async def test_a_new_address_with_each_try_gets_no_further(server: str, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(password: str, hashed: str | None) -> bool:
        return False

    monkeypatch.setattr(passwords, "matches", never)
    async with Browser(server) as guesser:
        csrf = await guesser.csrf()
        statuses = []
        for number in range(25):
            form = {"email": f"{number}@example.com", "password": "x"}
            lies = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"}
            answer = await guesser.post("/sign-in", form, csrf=csrf, **lies)
            statuses.append(answer.status_code)
    assert statuses == [422] * 20 + [429] * 5
    assert {row["address"] for row in await sql("SELECT DISTINCT address FROM gate_tries")} == {"127.0.0.1"}
    assert {row["address"] for row in await sql("SELECT DISTINCT address FROM audit_entries WHERE action <> 'joined'")} == {
        "127.0.0.1"
    }


async def test_a_persons_limit_is_the_same_from_everywhere(spoofer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "rate_per_minute", 3)
    monkeypatch.setattr(limits, "_away_until", 0.0)
    csrf = csrf_in((await spoofer.get("/account")).text)
    statuses = []
    for number in range(5):
        lies = {"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"}
        statuses.append((await spoofer.post("/chat", {"text": "x"}, csrf=csrf, **lies)).status_code)
    assert statuses == [303, 303, 303, 429, 429]


async def test_behind_a_trusted_proxy_everybody_has_their_own_address(
    server: str, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "trusted_proxies", (ip_network("127.0.0.1"),))
    async with Browser(server) as browser:
        browser.client.headers["X-Forwarded-For"] = "6.6.6.6, 198.51.100.7"
        assert (await browser.sign_in("Ana")).status_code == 303
        page = (await browser.get("/account")).text
        assert "198.51.100.7" in page
        assert "198.51.100.7" in (await browser.get("/admin/audit")).text
        assert "6.6.6.6" not in page
    assert (await sql("SELECT address FROM sign_ins"))[0]["address"] == "198.51.100.7"
