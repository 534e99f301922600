"""A person lets a program in by their browser, makes a key, and takes both back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import expect

from app.domain.user import User
from tests.browsing import Browser
from tests.journeys.arrivals import Arrivals
from tests.journeys.axe import finds_nothing
from tests.oauth_program import OAuthProgram, notes_of

URIS = ("http://127.0.0.1/back", "http://[::1]/back")


@asynccontextmanager
async def program_at(host: str) -> AsyncIterator[tuple[str, asyncio.Queue[str]]]:
    """A program on this machine that waits for its person to come back: its address, and the queries that came."""
    came: asyncio.Queue[str] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = urlsplit((await reader.readline()).decode().split(" ")[1])
        if asked.path == "/back":
            came.put_nowait(asked.query)
        body = b"<!doctype html><title>Notes</title><h1>You can close this</h1>"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, host, 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}/back", came


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_a_stranger_signs_in_is_asked_and_comes_back_to_the_program(
    visit: Arrivals, server: str, ana: User, host: str
) -> None:
    device = await visit("", java_script_enabled=host == "::1")
    device.email = ana.email
    async with program_at(host) as (address, came), OAuthProgram(server, await notes_of(ana, uris=URIS)) as notes:
        device.expects(f"left the origin: {address.removesuffix('/back')}".replace("[", r"\["))
        await device.open(notes.asking(redirect_uri=address))
        await device.sign_in()
        await expect(device.page.get_by_role("heading", level=1)).to_have_text("Let Notes do this for you?")
        await device.page.get_by_role("button", name="Allow", exact=True).click()
        await expect(device.page.locator("h1")).to_have_text("You can close this")
        told = parse_qs(await came.get())
        assert told["state"] == ["of this try"]
        assert (await notes.redeem(told["code"][0], redirect_uri=address)).status_code == 200


async def test_what_was_asked_wrongly_leads_back_from_the_sign_in_by_a_link(visit: Arrivals, server: str, ana: User) -> None:
    device = await visit("")
    device.email = ana.email
    async with program_at("127.0.0.1") as (address, came), OAuthProgram(server, await notes_of(ana, uris=URIS)) as notes:
        device.expects(f"left the origin: {address.removesuffix('/back')}", "400")
        await device.open(notes.asking(redirect_uri=address, scope="everything"))
        await device.sign_in()
        await finds_nothing(device)
        await device.page.get_by_role("link", name="Back to Notes").click()
        assert parse_qs(await came.get())["error"] == ["invalid_scope"]


async def test_the_pages_of_programs_and_keys(visit: Arrivals, server: str, ana: User) -> None:
    device = await visit("")
    async with Browser(server) as browser:
        await browser.enter(ana)
        await device.context.add_cookies(
            [{"name": key, "value": value, "url": visit.url} for key, value in browser.cookies.items()]
        )
    page = device.page
    async with OAuthProgram(server, await notes_of(ana, "chat", "feedback", "admin")) as notes:
        await device.open(notes.asking())
        await expect(page.get_by_role("heading", level=1)).to_have_text("Let Notes do this for you?")
        await finds_nothing(device)
        device.expects("400", "422")
        await device.open(notes.asking(redirect_uri="https://evil.example/"))
        await finds_nothing(device)
        await notes.enter(ana)
    await device.open("/account")
    await page.get_by_label("What it is for").fill("Nightly report")
    await page.get_by_role("button", name="Make a key").click()
    await expect(page.locator("#api_keys .secret code")).to_contain_text("parley_")
    await expect(page.locator("#api_keys .secret")).to_be_in_viewport()
    await finds_nothing(device)
    await page.get_by_label("What it is called").fill("Notes for the phone")
    await page.get_by_label("Redirect addresses").fill("nowhere")
    await page.get_by_role("button", name="Make it known").click()
    await expect(page.get_by_label("Redirect addresses")).to_be_focused()
    await finds_nothing(device)
    await page.locator("#programs").get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("status")).to_have_text("That program can do nothing in your name any more.")
