"""Conversations as pages."""

from app.domain.user import User
from tests.browsing import Browser

SAME = "0f8e7a52-94d1-4d3c-8d57-3f6f4f1f7a11"


async def test_a_first_message_sent_again_opens_one_conversation(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        first, again = [await browser.open_chat("hello", client_id=SAME) for _ in range(2)]
        assert first == again == SAME
        assert (await browser.get(f"/chat/{first}")).text.count("<article") == 2, "the message, and the bubble's template"


async def test_an_id_that_somebody_else_has_used_opens_nothing(server: str, ana: User, ben: User) -> None:
    async with Browser(server) as browser, Browser(server) as other:
        await browser.enter(ana)
        await other.enter(ben)
        await browser.open_chat("hello", client_id=SAME)
        assert (await other.post("/chat", {"text": "mine?", "client_id": SAME})).status_code == 404


async def test_a_missing_page_shows_so(server: str, ana: User) -> None:
    async with Browser(server) as browser:
        await browser.enter(ana)
        answer = await browser.get("/chat/0f8e7a52-94d1-4d3c-8d57-000000000000")
        assert answer.status_code == 404
        assert "Nothing is here" in answer.text


async def test_head_is_get_without_a_body(server: str) -> None:
    async with Browser(server) as browser:
        answer = await browser.client.head("/health/live")
        assert (answer.status_code, answer.content) == (200, b"")
