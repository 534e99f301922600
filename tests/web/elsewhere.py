"""A browser's way to Google or Slack and back, and what has come of it here."""

import httpx

from app.database import sql
from app.settings import settings
from tests.browsing import TRUST, Browser
from tests.stub_provider import Person

CLEO = Person("g-cleo", "cleo@example.com", name="Cleo  Marsh")
"""Somebody who is new here."""


async def sent(browser: Browser, which: str = "google", query: str = "") -> str:
    """Off to the provider and back: the address of the callback, which this browser has not opened yet."""
    there = await browser.get(f"/sign-in/{which}{query}")
    assert there.status_code == 303, there.text
    async with httpx.AsyncClient(trust_env=False, verify=TRUST) as client:
        back = await client.get(there.headers["location"])
    assert back.status_code == 302, back.text
    return back.headers["location"].removeprefix(settings().base_url)


async def by(browser: Browser, which: str = "google", query: str = "") -> httpx.Response:
    """Sign in with it; the answer to the callback."""
    return await browser.get(await sent(browser, which, query))


async def who(browser: Browser) -> str:
    """Whom the browser is signed in as, by e-mail; "" for nobody."""
    page = await browser.get("/account")
    return page.text.partition('type="email" value="')[2].partition('"')[0] if page.status_code == 200 else ""


async def people() -> list[str]:
    return [row["email"] for row in await sql("SELECT email FROM users ORDER BY email")]


async def identities() -> list[tuple[str, str, str]]:
    rows = await sql(
        'SELECT u.email, i.provider, i.subject FROM identities i JOIN users u ON u.id = i."user" ORDER BY linked_at'
    )
    return [tuple(row) for row in rows]
