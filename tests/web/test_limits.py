"""What a page does when somebody is over the limit (promises.md, 17; contract.md, Limits)."""

import pytest

from app import limits
from app.domain.user import User
from app.settings import settings
from tests.browsing import Browser


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
